// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

import {IAvailability} from "../interfaces/IAvailability.sol";
import {IChipEvidence} from "../interfaces/IChipEvidence.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IPociViews} from "../interfaces/IPociViews.sol";
import {IRanking} from "../interfaces/IRanking.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {SampleDraw} from "../libraries/SampleDraw.sol";
import {SeVerify} from "../precompiles/SeVerify.sol";
import {VrfVerify} from "../precompiles/VrfVerify.sol";
import {Accused, Attestation, EvidenceParameters, LeafEvidence, Seal} from "../types/Evidence.sol";
import {ChipId} from "../types/Ids.sol";
import {BookedLeaves} from "../types/Openings.sol";

/// @title Slashes chips by what they signed: who brings it need not be believed.
/// @dev Stores nothing. Safety: the registry and Availability are trusted to say what they keep, Ranking to
/// take a note. Liveness: none needed.
contract ChipEvidence is IChipEvidence {
    using RLP for Memory.Slice;

    /// @dev What the evidence of a seal reads in a header.
    struct Header {
        bytes32 parent;
        uint256 height;
    }

    /// @dev Places of fields in a header, and how many the oldest form has.
    uint256 private constant PARENT_FIELD = 0;
    uint256 private constant HEIGHT_FIELD = 8;
    uint256 private constant EXTRA_FIELD = 12;
    uint256 private constant FEWEST_FIELDS = 15;

    IPociRegistry private immutable REGISTRY;
    IAvailability private immutable AVAILABILITY;
    IRanking private immutable RANKING;
    /// @dev Blocks.
    uint64 private immutable EPOCH;

    constructor(EvidenceParameters memory parameters) {
        REGISTRY = IPociRegistry(parameters.registry);
        AVAILABILITY = IAvailability(parameters.availability);
        RANKING = IRanking(parameters.ranking);
        EPOCH = parameters.epochBlocks;
    }

    /// @inheritdoc IChipEvidence
    function doubleAttestation(
        Accused calldata accused,
        Attestation calldata first,
        Attestation calldata second
    ) external {
        ChipId chip = _chipOf(accused);
        bool isSame = first.operator == second.operator && first.blsKeyHash == second.blsKeyHash;
        if (isSame) revert ChipEvidenceSameWord(chip);
        uint64 next = _views().chipOf(chip).registrations;
        _requireBinding(chip, accused, first, next);
        _requireBinding(chip, accused, second, next);

        emit DoubleAttestation(chip, msg.sender, next);

        _slash(chip, accused);
    }

    /// @inheritdoc IChipEvidence
    function falseLeaf(Accused calldata accused, LeafEvidence calldata evidence) external {
        ChipId chip = _chipOf(accused);
        BookedLeaves calldata booked = evidence.booked;
        if (!AVAILABILITY.isBooked(booked)) revert ChipEvidenceNotBooked(booked.operator, booked.epoch);
        uint32 place = _placeOf(chip, booked);
        if (SampleDraw.isIn(booked.absent, place)) revert ChipEvidenceAbsent(chip, place);
        (bytes32 root, bool isWhole) =
            MerkleTree.rootOfOrdered(_leafOf(evidence, place), place, booked.width, evidence.path);
        if (!isWhole || root != booked.leafRoot) revert ChipEvidenceNotInTree(chip, place);
        if (_isTrue(chip, accused, evidence)) revert ChipEvidenceTrueLeaf(chip, place);

        emit FalseLeaf(chip, msg.sender, booked.epoch, place);

        _slash(chip, accused);
    }

    /// @inheritdoc IChipEvidence
    function equivocation(Accused calldata accused, Seal calldata first, Seal calldata second) external {
        ChipId chip = _chipOf(accused);
        (bytes32 digest, bytes32 another) = (_digestOf(first), _digestOf(second));
        if (digest == another) revert ChipEvidenceSameSeal(chip);
        uint64 height = _requireSibling(chip, first.header);
        uint64 other = _requireSibling(chip, second.header);
        if (height != other) revert ChipEvidenceOtherHeight(chip, height, other);
        if (height / EPOCH <= _views().chipOf(chip).registeredEpoch) {
            revert ChipEvidenceOtherHolder(chip, height);
        }
        _requireSealed(chip, accused, first, digest);
        _requireSealed(chip, accused, second, another);

        emit Equivocation(chip, msg.sender, height);

        _slash(chip, accused);
    }

    function _slash(ChipId chip, Accused calldata accused) private {
        REGISTRY.slash(chip, accused.blsKey, msg.sender);
        RANKING.noteSlashed(chip);
    }

    /// @dev The attestation can be used for the chip's next registration, and is the chip's.
    function _requireBinding(
        ChipId chip,
        Accused calldata accused,
        Attestation calldata attestation,
        uint64 next
    ) private view {
        if (attestation.nonce != next) {
            revert ChipEvidenceOtherNonce(chip, attestation.nonce, next);
        }
        if (block.timestamp > attestation.deadline) revert ChipEvidenceRunOut(chip, attestation.deadline);
        bytes32 word = PociMessages.attestation(
            attestation.operator, attestation.blsKeyHash, attestation.nonce, attestation.deadline
        );
        bytes32 digest = PociMessages.typed(address(REGISTRY), word);
        if (!_isSigned(accused, digest, attestation.r, attestation.s)) revert ChipEvidenceNotSigned(chip);
    }

    function _requireSealed(ChipId chip, Accused calldata accused, Seal calldata seal, bytes32 digest)
        private
        view
    {
        // Another length would let the proof's end and the header's begin be cut elsewhere.
        bool isWhole = seal.pi.length == VrfVerify.PROOF_BYTES;
        if (!isWhole || !_isSigned(accused, digest, seal.r, seal.s)) revert ChipEvidenceNotSigned(chip);
    }

    /// @dev What the chip signed: a block's hash hangs on round and proof as on its header.
    function _digestOf(Seal calldata seal) private view returns (bytes32) {
        return PociMessages.seal(seal.round, seal.pi, seal.header);
    }

    /// @dev The header follows this chain's block of the height before its own.
    function _requireSibling(ChipId chip, bytes calldata header) private view returns (uint64 height) {
        Header memory read = _read(chip, header);
        if (read.height == 0 || read.height > block.number) revert ChipEvidenceOtherParent(chip, 0);
        height = uint64(read.height); // fits: at most the current height
        bytes32 parent = Blockhash.blockHash(read.height - 1);
        if (parent == 0 || parent != read.parent) revert ChipEvidenceOtherParent(chip, height);
    }

    /// @dev Where the accused chip stands, if it counts in the proof's snapshot.
    function _placeOf(ChipId chip, BookedLeaves calldata booked) private view returns (uint32) {
        ChipId[] memory chips = new ChipId[](1);
        chips[0] = chip;
        return _views().standsOn(booked.operator, booked.epoch, chips)[0];
    }

    function _isTrue(ChipId chip, Accused calldata accused, LeafEvidence calldata evidence)
        private
        view
        returns (bool)
    {
        if (ChipId.unwrap(evidence.claimed) != ChipId.unwrap(chip)) return false;
        bytes32 message = REGISTRY.availabilityMessage(evidence.booked.operator, evidence.booked.epoch);
        return _isSigned(accused, message, evidence.r, evidence.s);
    }

    function _isSigned(Accused calldata accused, bytes32 digest, bytes32 r, bytes32 s)
        private
        view
        returns (bool)
    {
        return SeVerify.isSigned(digest, [r, s], [accused.x, accused.y]);
    }

    function _views() private view returns (IPociViews) {
        return IPociViews(address(REGISTRY));
    }

    function _read(ChipId chip, bytes calldata header) private pure returns (Header memory read) {
        Memory.Slice[] memory fields = RLP.decodeList(header);
        bool isHeader = fields.length >= FEWEST_FIELDS && fields[EXTRA_FIELD].readBytes().length == 0;
        if (!isHeader) revert ChipEvidenceNotHeader(chip);
        read.parent = fields[PARENT_FIELD].readBytes32();
        read.height = fields[HEIGHT_FIELD].readUint256();
    }

    function _leafOf(LeafEvidence calldata evidence, uint32 place) private pure returns (bytes32) {
        bool isEmpty = ChipId.unwrap(evidence.claimed) == 0 && evidence.r == 0 && evidence.s == 0;
        if (isEmpty) return 0;
        return PociMessages.availabilityLeaf(place, evidence.claimed, evidence.r, evidence.s);
    }

    function _chipOf(Accused calldata accused) private pure returns (ChipId) {
        return PociMessages.chipId(accused.x, accused.y);
    }
}
