// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IChipAdmission} from "../interfaces/IChipAdmission.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IVendorRegistry} from "../interfaces/IVendorRegistry.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {PociVerify} from "../precompiles/PociVerify.sol";
import {SeVerify} from "../precompiles/SeVerify.sol";
import {Admitted, ChipRegistration, toAdmitted} from "../types/Chips.sol";
import {ChipBatchId, ChipId} from "../types/Ids.sol";

/// @title Checks what a registration claims: that chips are genuine, want this operator and hold their keys.
/// @dev Stores nothing. Safety: the vendor registry is trusted. Liveness: none needed.
contract ChipAdmission is IChipAdmission {
    using SafeCast for uint256;

    /// @dev What all chips are checked with: one call to each precompile, one look-up for each batch.
    struct Check {
        address registry;
        /// EIP-712 domain of the registry
        bytes32 domain;
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
        all.domain = PociMessages.domainOf(msg.sender);
        all.signatures = SeVerify.batch(chips.length);
        all.possessions = PociVerify.possessions(chips.length);
        admitted = new Admitted[](chips.length);
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipRegistration calldata entry = chips[i];
            _lookUp(entry.batch, all);
            _put(entry, i, nonces[i], all);
            admitted[i] = all.terms;
        }
        _checkProofs(chips, all);
    }

    function _lookUp(ChipBatchId batch, Check memory all) private view {
        if (ChipBatchId.unwrap(all.batch) == ChipBatchId.unwrap(batch)) return;
        (uint32 number, bytes32 root, uint32 model, uint64 phi) = VENDORS.termsOf(batch);
        (all.batch, all.root, all.model) = (batch, root, model);
        all.terms = toAdmitted(number, uint256(phi).toUint32());
    }

    /// @dev Checks what one chip's own bytes tell, and writes down what its signatures are checked with.
    function _put(ChipRegistration calldata entry, uint256 i, uint32 nonce, Check memory all) private view {
        bytes calldata key = entry.blsKey;
        bytes calldata possession = entry.possession;
        _requireLengths(key, possession, entry.wrappedKeys);
        ChipId id = _idOf(entry);
        _requireTimely(id, entry.deadline);
        _requireGenuine(id, entry, all);

        bytes32 context = PociMessages.possessionContext(all.registry, all.operator, id);
        PociVerify.putPossession(all.possessions, i, context, key, possession);
        bytes32 attestation = PociMessages.attestation(all.operator, keccak256(key), nonce, entry.deadline);
        bytes32 digest = MessageHashUtils.toTypedDataHash(all.domain, attestation);
        SeVerify.putRegistration(all.signatures, i, digest, entry);
    }

    function _requireTimely(ChipId id, uint64 deadline) private view {
        if (block.timestamp > deadline) revert IPociRegistry.PociRegistryAttestationExpired(id, deadline);
    }

    function _requireGenuine(ChipId id, ChipRegistration calldata entry, Check memory all) private pure {
        bytes32 leaf = PociMessages.vendorLeaf(entry.x, entry.y, all.model, entry.serialHash);
        if (MerkleTree.rootOfSorted(leaf, entry.path) != all.root) {
            revert IPociRegistry.PociRegistryNotGenuine(id);
        }
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

    function _requireLengths(bytes calldata key, bytes calldata possession, bytes calldata wrapped)
        private
        pure
    {
        _requireLength("blsKey", key.length, PociVerify.KEY_BYTES);
        _requireLength("possession", possession.length, PociVerify.PROOF_BYTES);
        if (wrapped.length > MOST_WRAPPED_BYTES) {
            _requireLength("wrappedKeys", wrapped.length, MOST_WRAPPED_BYTES);
        }
    }

    function _requireLength(bytes32 field, uint256 length, uint256 expected) private pure {
        if (length != expected) revert IPociRegistry.PociRegistryBadLength(field, length, expected);
    }

    function _idOf(ChipRegistration calldata entry) private pure returns (ChipId) {
        return PociMessages.chipId(entry.x, entry.y);
    }
}
