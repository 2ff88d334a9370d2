// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAvailability} from "../interfaces/IAvailability.sol";
import {IBeaconHistory} from "../interfaces/IBeaconHistory.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IPociViews} from "../interfaces/IPociViews.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {SampleDraw} from "../libraries/SampleDraw.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {PociVerify} from "../precompiles/PociVerify.sol";
import {SeVerify} from "../precompiles/SeVerify.sol";
import {AvailabilityProof, BookedProof, ChipSignature} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {AvailabilityOpening, AvailabilityParameters, BookedLeaves} from "../types/Openings.sol";

/// @title Takes the proofs of which chips are there, and the leaves that a later beacon draws from them.
/// @dev Safety: the registry is trusted to name the chips that count and their keys' sum, the beacons to come
/// after the proofs. Liveness: none needed, who proves or opens nothing misses.
contract Availability is IAvailability {
    /// @dev Epochs whose proofs are remembered: openings need two, evidence has the rest.
    uint64 private constant KEPT = 8;

    /// @dev Blocks; two epochs lie between the first block that BeaconHistory must know and the last opening.
    uint64 private constant LONGEST_EPOCH = 4095;

    IPociRegistry private immutable REGISTRY;
    IBeaconHistory private immutable BEACONS;
    /// @dev Blocks.
    uint64 private immutable EPOCH;

    /// @inheritdoc IAvailability
    uint64 public immutable sampleDelay; // forge-lint: disable-line(screaming-snake-case-immutable)
    /// @inheritdoc IAvailability
    uint8 public immutable sampleSize; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @dev Hash of the proof of epoch e at e % KEPT; written by `prove` only.
    mapping(address operator => mapping(uint256 place => bytes32 bookedHash)) private _booked;

    constructor(AvailabilityParameters memory parameters) {
        // The window has a block at least, and in its last one the epoch's own beacon is still known.
        bool isWindow = parameters.sampleDelay + 1 < parameters.epochBlocks;
        if (parameters.sampleSize != 0) {
            if (!isWindow) revert AvailabilityBadParameter("sampleDelay");
            if (parameters.epochBlocks > LONGEST_EPOCH) revert AvailabilityBadParameter("epochBlocks");
        }
        REGISTRY = IPociRegistry(parameters.registry);
        BEACONS = IBeaconHistory(parameters.beacons);
        EPOCH = parameters.epochBlocks;
        sampleDelay = parameters.sampleDelay;
        sampleSize = parameters.sampleSize;
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
        bytes32 hash =
            keccak256(abi.encode(proof.epoch, proof.leafRoot, booked.width, booked.present, booked.absent));
        _booked[proof.operator][proof.epoch % KEPT] = hash;

        emit AvailabilityProven(
            proof.operator, proof.epoch, booked.present, booked.absent, proof.leafRoot, booked.width
        );
    }

    /// @inheritdoc IAvailability
    function open(AvailabilityOpening calldata opening) external {
        BookedLeaves calldata booked = opening.booked;
        _requireWindow(booked.epoch);
        if (!isBooked(booked)) revert AvailabilityNotBooked(booked.operator, booked.epoch);
        ChipId[] memory chips = PociMessages.chipIds(opening.leaves);
        uint32[] memory places = IPociViews(address(REGISTRY)).standsOn(booked.operator, booked.epoch, chips);
        if (booked.present > sampleSize) _requireSample(opening, places);
        else _requireAll(booked, places);
        _requireSigned(opening, places);
        _requireRoot(opening, chips, places);

        REGISTRY.bookOpening(booked.operator, booked.epoch);

        emit AvailabilityOpened(booked.operator, booked.epoch);
    }

    /// @inheritdoc IAvailability
    function isBooked(BookedLeaves calldata booked) public view returns (bool) {
        bytes32 hash =
            keccak256(abi.encode(booked.epoch, booked.leafRoot, booked.width, booked.present, booked.absent));
        return _booked[booked.operator][booked.epoch % KEPT] == hash;
    }

    /// @inheritdoc IAvailability
    function seedOf(address operator, uint64 epoch) public view returns (bytes32) {
        bytes32 beacon = BEACONS.beaconAt((epoch + 1) * EPOCH + sampleDelay);
        return PociMessages.sampleSeed(address(REGISTRY), operator, epoch, beacon);
    }

    function _requireAuthority(AvailabilityProof calldata proof, bytes calldata authority) private view {
        if (msg.sender == proof.operator) return;
        bytes32 digest = PociMessages.typed(address(REGISTRY), PociMessages.authority(proof));
        if (!Signatures.isSignedBy(digest, proof.operator, authority)) {
            revert AvailabilityBadAuthority(proof.operator);
        }
    }

    function _requireWindow(uint64 epoch) private view {
        if (sampleSize == 0) revert AvailabilityNotAsked();
        uint256 next = (uint256(epoch) + 1) * EPOCH;
        (uint256 first, uint256 last) = (next + sampleDelay + 1, next + EPOCH - 1);
        if (block.number < first || block.number > last) {
            revert AvailabilityOutsideWindow(epoch, first, last);
        }
    }

    /// @dev The leaves are those that the beacon drew. A place that is drawn and left out is absent by the
    /// proof, or no chip counts on it by the registry.
    function _requireSample(AvailabilityOpening calldata opening, uint32[] memory places) private view {
        BookedLeaves calldata booked = opening.booked;
        _requireCount(places.length, sampleSize);
        _requireUncounted(booked, opening.uncounted);
        bytes32 seed = seedOf(booked.operator, booked.epoch);
        uint32[] memory sample =
            SampleDraw.draw(seed, sampleSize, booked.width, booked.absent, opening.uncounted);
        if (SampleDraw.areSame(places, sample)) return;
        for (uint256 i = 0; i < sample.length; ++i) {
            if (places[i] != sample[i]) revert AvailabilityWrongPlace(i, places[i], sample[i]);
        }
    }

    /// @dev So few chips are present that all are opened: as many different ones that count as were booked.
    function _requireAll(BookedLeaves calldata booked, uint32[] memory places) private pure {
        _requireCount(places.length, booked.present);
        for (uint256 i = 0; i < places.length; ++i) {
            bool isNext = i == 0 || places[i - 1] < places[i];
            if (!isNext || SampleDraw.isIn(booked.absent, places[i])) revert AvailabilityBadPlaces(i);
        }
    }

    function _requireUncounted(BookedLeaves calldata booked, uint32[] calldata places) private view {
        if (places.length == 0) return;
        for (uint256 i = 0; i < places.length; ++i) {
            bool isNext = i == 0 || places[i - 1] < places[i];
            if (!isNext || places[i] >= booked.width) revert AvailabilityBadPlaces(i);
        }
        ChipId[] memory chips = IPociViews(address(REGISTRY)).countedOn(booked.operator, booked.epoch, places);
        for (uint256 i = 0; i < places.length; ++i) {
            bytes32 chip = ChipId.unwrap(chips[i]);
            if (chip != 0) revert AvailabilityCounted(places[i], chip);
        }
    }

    /// @dev All signatures in one call; who is at fault is looked up only on failure.
    function _requireSigned(AvailabilityOpening calldata opening, uint32[] memory places) private view {
        bytes32 message = REGISTRY.availabilityMessage(opening.booked.operator, opening.booked.epoch);
        uint256 bits = SeVerify.verify(SeVerify.batchOf(message, opening.leaves));
        if (bits == type(uint256).max >> (SeVerify.MOST - places.length)) return;
        for (uint256 i = 0; i < places.length; ++i) {
            if (bits >> i & 1 == 0) revert AvailabilityBadLeaf(places[i]);
        }
    }

    function _requireRoot(AvailabilityOpening calldata opening, ChipId[] memory chips, uint32[] memory places)
        private
        pure
    {
        BookedLeaves calldata booked = opening.booked;
        bytes32[] memory leaves = PociMessages.availabilityLeaves(places, chips, opening.leaves);
        (bytes32 root, bool isWhole) = MerkleTree.rootOfMany(leaves, places, booked.width, opening.nodes);
        if (!isWhole || root != booked.leafRoot) revert AvailabilityBadRoot(booked.operator, booked.epoch);
    }

    function _requireCount(uint256 brought, uint256 expected) private pure {
        if (brought != expected) revert AvailabilityWrongCount(brought, expected);
    }
}
