// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {AvailabilityProof, ChipSignature} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {Tags} from "./Tags.sol";

/// @title Hashes what chips and operators sign for the registry and what is drawn (`docs/protocol.md`,
/// sections 2 and 4).
library PociMessages {
    bytes32 internal constant ATTESTATION_TYPEHASH =
        keccak256("ChipAttestation(address operator,bytes32 blsKeyHash,uint256 nonce,uint64 deadline)");
    bytes32 internal constant AVAILABILITY_TYPEHASH = keccak256(
        "AvailabilityProof(address operator,uint64 epoch,bytes32 absentHash,bytes32 signatureHash,bytes32 leafRoot)"
    );

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME_HASH = keccak256("UtilityNet PociRegistry");
    bytes32 private constant VERSION_HASH = keccak256("1");

    /// @dev EIP-712 domain separator.
    function domainOf(address registry) internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, registry));
    }

    /// @dev EIP-712 digest of a struct hash.
    function typed(address registry, bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domainOf(registry), structHash);
    }

    function chipId(bytes32 x, bytes32 y) internal pure returns (ChipId chip) {
        assembly ("memory-safe") {
            // chip = keccak256(abi.encode(x, y)), in the scratch space
            mstore(0, x)
            mstore(32, y)
            chip := keccak256(0, 64)
        }
    }

    /// @dev `chipId` of every key.
    function chipIds(ChipSignature[] calldata signed) internal pure returns (ChipId[] memory chips) {
        chips = new ChipId[](signed.length);
        assembly ("memory-safe") {
            // chips[i] = chipId(signed[i].x, signed[i].y), neighbours in signed[i], by the scratch space
            let from := signed.offset
            let to := add(chips, 32)
            for { let end := add(to, shl(5, signed.length)) } lt(to, end) { to := add(to, 32) } {
                calldatacopy(0, from, 64)
                mstore(to, keccak256(0, 64))
                from := add(from, 128)
            }
        }
    }

    /// @dev Leaf of a vendor's batch.
    function vendorLeaf(bytes32 x, bytes32 y, uint32 model, bytes32 serialHash)
        internal
        pure
        returns (bytes32 leaf)
    {
        assembly ("memory-safe") {
            // leaf = keccak256(abi.encodePacked(bytes1(0x00), x, y, uint256(model), serialHash))
            let free := mload(0x40)
            mstore8(free, 0x00)
            mstore(add(free, 1), x)
            mstore(add(free, 33), y)
            mstore(add(free, 65), model)
            mstore(add(free, 97), serialHash)
            leaf := keccak256(free, 129)
        }
    }

    /// @dev Struct hash of a chip's word that an operator may register it.
    /// @param nonce Registrations of that chip so far.
    function attestation(address operator, bytes32 blsKeyHash, uint256 nonce, uint64 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(ATTESTATION_TYPEHASH, operator, blsKeyHash, nonce, deadline));
    }

    /// @dev Struct hash of an operator's word that anybody may carry its proof.
    function authority(AvailabilityProof calldata proof) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                AVAILABILITY_TYPEHASH,
                proof.operator,
                proof.epoch,
                keccak256(proof.absent),
                keccak256(proof.signature),
                proof.leafRoot
            )
        );
    }

    /// @dev What a proof of possession is bound to.
    function possessionContext(address registry, address operator, ChipId chip)
        internal
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(Tags.POSSESSION, block.chainid, registry, operator, chip));
    }

    /// @dev What the present chips of an operator sign in an epoch; this contract is the registry.
    function availability(address operator, uint64 epoch, bytes32 beacon) internal view returns (bytes32) {
        return keccak256(abi.encode(Tags.AVAILABILITY, block.chainid, address(this), operator, epoch, beacon));
    }

    /// @dev Leaf of an availability proof: a chip's signature over the epoch's message, on its place.
    function availabilityLeaf(uint32 place, ChipId chip, bytes32 r, bytes32 s)
        internal
        pure
        returns (bytes32 leaf)
    {
        assembly ("memory-safe") {
            // leaf = keccak256(abi.encodePacked(bytes1(0x00), uint256(place), chip, r, s))
            let free := mload(0x40)
            mstore8(free, 0x00)
            mstore(add(free, 1), place)
            mstore(add(free, 33), chip)
            mstore(add(free, 65), r)
            mstore(add(free, 97), s)
            leaf := keccak256(free, 129)
        }
    }

    /// @dev `availabilityLeaf` of every signature.
    function availabilityLeaves(
        uint32[] memory places,
        ChipId[] memory chips,
        ChipSignature[] calldata signed
    ) internal pure returns (bytes32[] memory leaves) {
        assert(places.length == signed.length && chips.length == signed.length);
        leaves = new bytes32[](signed.length);
        assembly ("memory-safe") {
            // leaves[i] = availabilityLeaf(places[i], chips[i], signed[i].r, signed[i].s), all in the same
            // buffer; r and s are neighbours, behind x and y
            let buffer := mload(0x40)
            mstore8(buffer, 0x00)
            let from := add(signed.offset, 64)
            let end := add(32, shl(5, signed.length))
            for { let i := 32 } lt(i, end) { i := add(i, 32) } {
                mstore(add(buffer, 1), mload(add(places, i)))
                mstore(add(buffer, 33), mload(add(chips, i)))
                calldatacopy(add(buffer, 65), from, 64)
                mstore(add(leaves, i), keccak256(buffer, 129))
                from := add(from, 128)
            }
        }
    }

    /// @dev What draws the sample of an operator's epoch.
    function sampleSeed(address registry, address operator, uint64 epoch, bytes32 beacon)
        internal
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(Tags.SAMPLE, block.chainid, registry, operator, epoch, beacon));
    }

    /// @dev What a challenged chip signs; this contract is `ChipChallenges`.
    function question(ChipId chip, uint32 number, bytes32 beacon) internal view returns (bytes32) {
        return keccak256(abi.encode(Tags.CHALLENGE, block.chainid, address(this), chip, number, beacon));
    }

    /// @dev What a drawn chip signs under a block.
    function seal(uint32 round, bytes calldata pi, bytes calldata header) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(Tags.SEAL, block.chainid, uint256(round), pi, header));
    }
}
