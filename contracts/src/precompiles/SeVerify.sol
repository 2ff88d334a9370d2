// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipRegistration, ChipSignature} from "../types/Chips.sol";
import {PrecompileHome} from "./PrecompileHome.sol";

/// @title Asks SE_VERIFY, 0x…555401, which chip signatures verify (`docs/precompiles.md`).
library SeVerify {
    address internal constant AT = 0x0000000000000000000000000000000000555401;

    /// @dev `SeFallback`, where this chain has no such precompile.
    address internal constant FALLBACK = 0xc351365cD105619da25825a29D82af993435c37f;

    /// @dev Most signatures in one call: the bits of a word.
    uint256 internal constant MOST = 256;

    uint256 private constant ITEM_BYTES = 160;

    /// @dev The precompile and its fallback are missing, or refused the input's form.
    error SeVerifyUnavailable();

    /// @dev Room for `count` signatures, to be filled with `put`.
    function batch(uint256 count) internal pure returns (bytes memory) {
        return new bytes(count * ITEM_BYTES);
    }

    /// @dev Writes the signature at place `i` of a batch: `batch[160 i ..] = digest ‖ r ‖ s ‖ x ‖ y`.
    /// Low s is the precompile's to check.
    function put(
        bytes memory items,
        uint256 i,
        bytes32 digest,
        bytes32[2] memory signature,
        bytes32[2] memory key
    ) internal pure {
        assert(i < items.length / ITEM_BYTES);
        assembly ("memory-safe") {
            let to := add(add(items, 32), mul(i, 160))
            mstore(to, digest)
            mcopy(add(to, 32), signature, 64)
            mcopy(add(to, 96), key, 64)
        }
    }

    /// @dev `put` of the signature that a registration brings.
    function putRegistration(bytes memory items, uint256 i, bytes32 digest, ChipRegistration calldata entry)
        internal
        pure
    {
        assert(i < items.length / ITEM_BYTES);
        assembly ("memory-safe") {
            // put(items, i, digest, [entry.r, entry.s], [entry.x, entry.y]); entry is x ‖ y, three other
            // words, r ‖ s and more
            let to := add(add(items, 32), mul(i, 160))
            mstore(to, digest)
            calldatacopy(add(to, 32), add(entry, 160), 64)
            calldatacopy(add(to, 96), entry, 64)
        }
    }

    /// @dev The batch of signatures over the same digest.
    function batchOf(bytes32 digest, ChipSignature[] calldata signed)
        internal
        pure
        returns (bytes memory items)
    {
        items = batch(signed.length);
        assembly ("memory-safe") {
            // put(items, i, digest, [signed[i].r, signed[i].s], [signed[i].x, signed[i].y]); signed[i] is
            // x ‖ y ‖ r ‖ s
            let from := signed.offset
            let to := add(items, 32)
            for { let end := add(to, mload(items)) } lt(to, end) { to := add(to, 160) } {
                mstore(to, digest)
                calldatacopy(add(to, 32), add(from, 64), 64)
                calldatacopy(add(to, 96), from, 64)
                from := add(from, 128)
            }
        }
    }

    /// @dev Which signatures of a batch verify: bit i for the one at place i.
    function verify(bytes memory items) internal view returns (uint256 bits) {
        (bool answered, bytes memory answer) = PrecompileHome.choose(AT, FALLBACK).staticcall(items);
        // An address without code succeeds and returns nothing: neither stands on this chain.
        if (!answered || answer.length != 32) revert SeVerifyUnavailable();
        return abi.decode(answer, (uint256));
    }

    /// @dev Whether one signature verifies, with low s.
    function isSigned(bytes32 digest, bytes32[2] memory signature, bytes32[2] memory key)
        internal
        view
        returns (bool)
    {
        bytes memory items = batch(1);
        put(items, 0, digest, signature, key);
        return verify(items) == 1;
    }

    /// @dev The same of a signature that comes with its key.
    function isSigned(bytes32 digest, ChipSignature calldata signed) internal view returns (bool) {
        return verify(abi.encodePacked(digest, signed.r, signed.s, signed.x, signed.y)) == 1;
    }
}
