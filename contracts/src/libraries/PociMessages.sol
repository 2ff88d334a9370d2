// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AvailabilityProof} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {Tags} from "./Tags.sol";

/// @title Hashes what chips and operators sign for the registry (`docs/protocol.md`, sections 2 and 4).
library PociMessages {
    bytes32 internal constant ATTESTATION_TYPEHASH =
        keccak256("ChipAttestation(address operator,bytes32 blsKeyHash,uint256 nonce,uint64 deadline)");
    bytes32 internal constant AVAILABILITY_TYPEHASH = keccak256(
        "AvailabilityProof(address operator,uint64 epoch,bytes32 absentHash,bytes32 signatureHash,bytes32 leafRoot)"
    );

    function chipId(bytes32 x, bytes32 y) internal pure returns (ChipId) {
        return ChipId.wrap(keccak256(abi.encode(x, y)));
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
                keccak256(abi.encodePacked(proof.absent)),
                keccak256(proof.signature),
                proof.leafRoot
            )
        );
    }

    /// @dev What a proof of possession is bound to; this contract is the registry.
    function possessionContext(address operator, ChipId chip) internal view returns (bytes32) {
        return keccak256(abi.encode(Tags.POSSESSION, block.chainid, address(this), operator, chip));
    }

    /// @dev What the present chips of an operator sign in an epoch; this contract is the registry.
    function availability(address operator, uint64 epoch, bytes32 beacon) internal view returns (bytes32) {
        return keccak256(abi.encode(Tags.AVAILABILITY, block.chainid, address(this), operator, epoch, beacon));
    }
}
