// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAvailability} from "../interfaces/IAvailability.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {PociVerify} from "../precompiles/PociVerify.sol";
import {AvailabilityProof, BookedProof} from "../types/Chips.sol";

/// @title Takes the proofs of which chips are there.
/// @dev Safety: the registry is trusted to name the chips that count and their keys' sum. Liveness: none
/// needed, who proves nothing misses.
contract Availability is IAvailability {
    IPociRegistry private immutable REGISTRY;

    constructor(address registry) {
        REGISTRY = IPociRegistry(registry);
    }

    /// @inheritdoc IAvailability
    function prove(AvailabilityProof calldata proof, bytes calldata authority) external {
        uint256 length = proof.signature.length;
        if (length != PociVerify.PROOF_BYTES) revert AvailabilityBadLength(length, PociVerify.PROOF_BYTES);
        _requireAuthority(proof, authority);

        BookedProof memory booked = REGISTRY.bookProof(proof.operator, proof.epoch, proof.absent);
        bool isSigned =
            PociVerify.isAggregate(booked.message, proof.signature, booked.aggregateKey, proof.absent);
        if (!isSigned) revert AvailabilityBadAggregate(proof.operator, proof.epoch);

        emit AvailabilityProven(proof.operator, proof.epoch, booked.present, booked.absent, proof.leafRoot);
    }

    function _requireAuthority(AvailabilityProof calldata proof, bytes calldata authority) private view {
        if (msg.sender == proof.operator) return;
        bytes32 digest = PociMessages.typed(address(REGISTRY), PociMessages.authority(proof));
        if (!Signatures.isSignedBy(digest, proof.operator, authority)) {
            revert AvailabilityBadAuthority(proof.operator);
        }
    }
}
