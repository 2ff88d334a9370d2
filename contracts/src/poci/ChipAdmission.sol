// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IChipAdmission} from "../interfaces/IChipAdmission.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IVendorRegistry} from "../interfaces/IVendorRegistry.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {PociVerify} from "../precompiles/PociVerify.sol";
import {SeVerify} from "../precompiles/SeVerify.sol";
import {Admitted, ChipRegistration} from "../types/Chips.sol";
import {ChipBatchId, ChipId} from "../types/Ids.sol";

/// @title Checks what a registration claims: that chips are genuine, want this operator and hold their keys.
/// @dev Stores nothing. Safety: the vendor registry is trusted. Liveness: none needed.
contract ChipAdmission is IChipAdmission {
    using SafeCast for uint256;

    /// @dev What all chips are checked with: one call to each precompile, one look-up for each batch.
    struct Check {
        address registry;
        address operator;
        bytes signatures;
        bytes possessions;
        /// the batch that was looked up last
        ChipBatchId batch;
        bytes32 root;
        uint32 model;
        Admitted terms;
    }

    /// @dev Most bytes of wrapped keys in an event.
    uint256 private constant MOST_WRAPPED_BYTES = 1024;

    IVendorRegistry private immutable VENDORS;

    constructor(address vendors) {
        VENDORS = IVendorRegistry(vendors);
    }

    /// @inheritdoc IChipAdmission
    function check(address operator, ChipRegistration[] calldata chips, uint32[] calldata nonces)
        external
        view
        returns (Admitted[] memory admitted)
    {
        Check memory all;
        (all.registry, all.operator) = (msg.sender, operator);
        all.signatures = SeVerify.batch(chips.length);
        all.possessions = PociVerify.possessions(chips.length);
        admitted = new Admitted[](chips.length);
        for (uint256 i = 0; i < chips.length; ++i) {
            _lookUp(chips[i].batch, all);
            _put(chips[i], i, nonces[i], all);
            (admitted[i].batch, admitted[i].phi) = (all.terms.batch, all.terms.phi);
        }
        _checkProofs(chips, all);
    }

    function _lookUp(ChipBatchId batch, Check memory all) private view {
        if (ChipBatchId.unwrap(all.batch) == ChipBatchId.unwrap(batch)) return;
        uint64 phi;
        (all.terms.batch, all.root, all.model, phi) = VENDORS.termsOf(batch);
        all.terms.phi = uint256(phi).toUint32();
        all.batch = batch;
    }

    /// @dev Checks what one chip's own bytes tell, and writes down what its signatures are checked with.
    function _put(ChipRegistration calldata entry, uint256 i, uint32 nonce, Check memory all) private view {
        _requireLengths(entry);
        ChipId id = _idOf(entry);
        if (block.timestamp > entry.deadline) {
            revert IPociRegistry.PociRegistryAttestationExpired(id, entry.deadline);
        }
        bytes32 leaf = PociMessages.vendorLeaf(entry.x, entry.y, all.model, entry.serialHash);
        if (MerkleTree.rootOfSorted(leaf, entry.path) != all.root) {
            revert IPociRegistry.PociRegistryNotGenuine(id);
        }

        bytes32 attestation =
            PociMessages.attestation(all.operator, keccak256(entry.blsKey), nonce, entry.deadline);
        bytes32 digest = PociMessages.typed(all.registry, attestation);
        SeVerify.put(all.signatures, i, digest, [entry.r, entry.s], [entry.x, entry.y]);
        bytes32 context = PociMessages.possessionContext(all.registry, all.operator, id);
        PociVerify.putPossession(all.possessions, i, context, entry.blsKey, entry.possession);
    }

    /// @dev One call for all attestations, one for all possessions; who is at fault is looked up only on
    /// failure.
    function _checkProofs(ChipRegistration[] calldata chips, Check memory all) private view {
        uint256 bits = SeVerify.verify(all.signatures);
        for (uint256 i = 0; i < chips.length; ++i) {
            if (bits >> i & 1 == 0) revert IPociRegistry.PociRegistryBadAttestation(_idOf(chips[i]));
        }
        if (PociVerify.arePossessed(all.possessions)) return;
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipId id = _idOf(chips[i]);
            bytes memory single = PociVerify.possessions(1);
            bytes32 context = PociMessages.possessionContext(all.registry, all.operator, id);
            PociVerify.putPossession(single, 0, context, chips[i].blsKey, chips[i].possession);
            if (!PociVerify.arePossessed(single)) revert IPociRegistry.PociRegistryBadPossession(id);
        }
    }

    function _requireLengths(ChipRegistration calldata entry) private pure {
        _requireLength("blsKey", entry.blsKey.length, PociVerify.KEY_BYTES);
        _requireLength("possession", entry.possession.length, PociVerify.PROOF_BYTES);
        if (entry.wrappedKeys.length > MOST_WRAPPED_BYTES) {
            _requireLength("wrappedKeys", entry.wrappedKeys.length, MOST_WRAPPED_BYTES);
        }
    }

    function _requireLength(bytes32 field, uint256 length, uint256 expected) private pure {
        if (length != expected) revert IPociRegistry.PociRegistryBadLength(field, length, expected);
    }

    function _idOf(ChipRegistration calldata entry) private pure returns (ChipId) {
        return PociMessages.chipId(entry.x, entry.y);
    }
}
