// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PrecompileHome} from "./PrecompileHome.sol";

/// @dev A BLS12-381 G1 key, 48 bytes compressed, as two words: `head ‖ tail`.
struct BlsKey {
    bytes32 head;
    bytes16 tail;
}

/// @title Asks POCI_VERIFY, 0x…555402, about aggregates, possession and sums of BLS keys
/// (`docs/precompiles.md`).
library PociVerify {
    address internal constant AT = 0x0000000000000000000000000000000000555402;

    /// @dev `PociFallback`, where this chain has no such precompile.
    address internal constant FALLBACK = 0x59C7a3201087B2FD514b09c12b7534507dA5bD89;

    /// @dev Most proofs of possession in one call.
    uint256 internal constant MOST_POSSESSIONS = 64;

    uint256 internal constant KEY_BYTES = 48;
    uint256 internal constant PROOF_BYTES = 96;

    uint256 private constant POSSESSION_BYTES = 176;

    /// @dev Compressed point at infinity: the sum of no keys.
    bytes32 private constant INFINITY_HEAD = bytes32(uint256(0xc0) << 248);

    /// @dev The precompile and its fallback are missing, or refused the input's form.
    error PociVerifyUnavailable();

    /// @dev Bytes that should be keys are none.
    error PociVerifyNotKeys();

    function infinity() internal pure returns (BlsKey memory) {
        return BlsKey(INFINITY_HEAD, 0);
    }

    function toBytes(BlsKey memory key) internal pure returns (bytes memory) {
        return abi.encodePacked(key.head, key.tail);
    }

    /// @dev Room for `count` keys, to be filled with `append`; empty so far.
    function keyList(uint256 count) internal pure returns (bytes memory keys) {
        keys = new bytes(count * KEY_BYTES);
        assembly ("memory-safe") {
            mstore(keys, 0)
        }
    }

    /// @dev Appends a key to a list that has room: `keys = keys ‖ key`, in place.
    function append(bytes memory keys, bytes calldata key) internal pure {
        assert(key.length == KEY_BYTES);
        assembly ("memory-safe") {
            let length := mload(keys)
            calldatacopy(add(add(keys, 32), length), key.offset, 48)
            mstore(keys, add(length, 48))
        }
    }

    /// @dev Whether everybody of an aggregate key but the absent signed a message.
    /// @param absent Keys of the absent, one after the other.
    function isAggregate(
        bytes32 message,
        bytes calldata signature,
        bytes memory aggregate,
        bytes calldata absent
    ) internal view returns (bool) {
        bytes memory answer = _ask(abi.encodePacked(bytes1(0), message, signature, aggregate, absent), 32);
        return abi.decode(answer, (uint256)) == 1;
    }

    /// @dev Room for `count` proofs of possession, to be filled with `putPossession`.
    function possessions(uint256 count) internal pure returns (bytes memory items) {
        items = new bytes(1 + count * POSSESSION_BYTES);
        items[0] = 0x01;
    }

    /// @dev Writes the proof at place `i`: `items[1 + 176 i ..] = context ‖ key ‖ proof`.
    function putPossession(
        bytes memory items,
        uint256 i,
        bytes32 context,
        bytes calldata key,
        bytes calldata proof
    ) internal pure {
        assert(i < items.length / POSSESSION_BYTES);
        assert(key.length == KEY_BYTES && proof.length == PROOF_BYTES);
        assembly ("memory-safe") {
            let to := add(add(items, 33), mul(i, 176))
            mstore(to, context)
            calldatacopy(add(to, 32), key.offset, 48)
            calldatacopy(add(to, 80), proof.offset, 96)
        }
    }

    /// @dev Whether every proof of a list holds.
    function arePossessed(bytes memory items) internal view returns (bool) {
        return abi.decode(_ask(items, 32), (uint256)) == 1;
    }

    /// @dev The sum of the keys in `plus` less those in `minus`, all of them registered or sums of such.
    function sum(bytes memory plus, bytes memory minus) internal view returns (BlsKey memory key) {
        // Fits: a transaction's gas pays for fewer than 2^16 keys.
        // forge-lint: disable-next-line(unsafe-typecast)
        bytes2 count = bytes2(uint16(plus.length / KEY_BYTES));
        bytes memory answer = _ask(abi.encodePacked(bytes1(0x02), count, plus, minus), 32 + KEY_BYTES);
        uint256 isKey;
        (isKey, key.head) = abi.decode(answer, (uint256, bytes32));
        if (isKey != 1) revert PociVerifyNotKeys();
        assembly ("memory-safe") {
            // key.tail = answer[64:80], the lower half of the word left zero
            mstore(add(key, 32), shl(128, shr(128, mload(add(answer, 96)))))
        }
    }

    function _ask(bytes memory input, uint256 expected) private view returns (bytes memory answer) {
        bool answered;
        (answered, answer) = PrecompileHome.choose(AT, FALLBACK).staticcall(input);
        // An address without code succeeds and returns nothing: neither stands on this chain.
        if (!answered || answer.length != expected) revert PociVerifyUnavailable();
    }
}
