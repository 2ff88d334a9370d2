// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PociMessages} from "contracts/src/libraries/PociMessages.sol";
import {SampleDraw} from "contracts/src/libraries/SampleDraw.sol";
import {Tags} from "contracts/src/libraries/Tags.sol";
import {ChipChallenges} from "contracts/src/poci/ChipChallenges.sol";
import {ChipEvidence} from "contracts/src/poci/ChipEvidence.sol";
import {Ranking} from "contracts/src/rental/Ranking.sol";
import {
    AvailabilityProof,
    ChipRegistration,
    ChipSignature,
    PociParameters
} from "contracts/src/types/Chips.sol";
import {Accused, ChallengeParameters, EvidenceParameters} from "contracts/src/types/Evidence.sol";
import {ChipId} from "contracts/src/types/Ids.sol";
import {AvailabilityOpening, BookedLeaves} from "contracts/src/types/Openings.sol";
import {RankingParameters} from "contracts/src/types/Ranks.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

import {PociFixture} from "./PociFixture.sol";
import {SortedTree} from "./SortedTree.sol";

/// @title Registers chips whose keys the tests hold, on a chain that asks for openings.
abstract contract OpeningFixture is PociFixture {
    uint8 internal constant SAMPLE = 16;
    uint64 internal constant DELAY = 8;
    uint64 internal constant ANSWER_BLOCKS = 16;
    uint128 internal constant CHALLENGE_BOND = 0.1 ether;

    ChipChallenges internal challenges = ChipChallenges(CHALLENGES);
    ChipEvidence internal evidences = ChipEvidence(EVIDENCE);
    Ranking internal ranking = Ranking(RANKING);

    /// @dev The tree under an operator's last proof.
    bytes32[] internal tree;

    function setUp() public virtual override {
        super.setUp();
        build(CHALLENGES, type(ChipChallenges).creationCode, abi.encode(challengeParameters()));
        EvidenceParameters memory evidence = EvidenceParameters(REGISTRY, AVAILABILITY, RANKING, EPOCH);
        build(EVIDENCE, type(ChipEvidence).creationCode, abi.encode(evidence));
        RankingParameters memory rank =
            RankingParameters(address(1), REGISTRY, ESCROW, ROLLUP, 0.01 ether, 256, 90 days);
        build(RANKING, type(Ranking).creationCode, abi.encode(rank));
        vm.deal(stranger, 1000 ether);
    }

    function parameters() internal pure virtual override returns (PociParameters memory wanted) {
        wanted = super.parameters();
        wanted.sampleSize = SAMPLE;
    }

    function challengeParameters() internal pure returns (ChallengeParameters memory) {
        return ChallengeParameters(REGISTRY, BEACONS, VAULT, CHALLENGE_BOND, ANSWER_BLOCKS);
    }

    /// @dev Chips of numbers instead of those of the vectors: the tests sign for them.
    function loadChips() internal virtual override {
        bytes32[] memory leaves = new bytes32[](CHIPS);
        for (uint256 i = 0; i < CHIPS; ++i) {
            ChipRegistration storage entry = entries.push();
            (entry.x, entry.y) = SoftChip.identity(secretOf(i));
            entry.serialHash = keccak256(abi.encode("serial", i));
            leaves[i] = PociMessages.vendorLeaf(entry.x, entry.y, MODEL, entry.serialHash);
            ids.push(PociMessages.chipId(entry.x, entry.y));
        }
        vm.prank(vendor);
        batch = vendors.postBatch(SortedTree.root(leaves), MODEL, CHIPS);
        for (uint256 i = 0; i < CHIPS; ++i) {
            entries[i].batch = batch;
            entries[i].path = SortedTree.path(leaves, i);
            entries[i].blsKey = SoftChip.blsKey(secretOf(i));
        }
        consent(CHIPS, operator, 0);
    }

    /// @dev The first `count` chips agree to be registered by an account, for the nonce-th time.
    function consent(uint256 count, address account, uint256 nonce) internal {
        for (uint256 i = 0; i < count; ++i) {
            ChipRegistration storage entry = entries[i];
            entry.deadline = 4_000_000_000;
            (entry.r, entry.s) = attest(i, account, keccak256(entry.blsKey), nonce, entry.deadline);
            bytes32 context = keccak256(abi.encode(Tags.POSSESSION, block.chainid, REGISTRY, account, ids[i]));
            entry.possession = SoftChip.possession(secretOf(i), context);
        }
    }

    function attest(uint256 i, address account, bytes32 keyHash, uint256 nonce, uint64 deadline)
        internal
        view
        returns (bytes32 r, bytes32 s)
    {
        bytes32 word = PociMessages.attestation(account, keyHash, nonce, deadline);
        return SoftChip.sign(secretOf(i), PociMessages.typed(REGISTRY, word));
    }

    function vrfKey() internal pure override returns (bytes memory) {
        return SoftChip.vrfKey(secretOf(0));
    }

    /// @dev A chip's scalar in both curves.
    function secretOf(uint256 i) internal pure returns (uint256) {
        return 1000 + i;
    }

    function accusedOf(uint256 i) internal view returns (Accused memory) {
        return Accused(entries[i].x, entries[i].y, entries[i].blsKey);
    }

    /// @dev Goes to an epoch and proves it with a tree of true leaves. Chip i stands on place i.
    function proveAll(uint64 epoch, uint32 width, uint32[] memory absent)
        internal
        returns (BookedLeaves memory)
    {
        mineToEpoch(epoch);
        plant(epoch, width, absent);
        return proveTree(epoch, width, absent);
    }

    /// @dev Makes the true tree of an epoch.
    function plant(uint64 epoch, uint32 width, uint32[] memory absent) internal {
        bytes32 message = registry.availabilityMessage(operator, epoch);
        delete tree;
        for (uint32 place = 0; place < width; ++place) {
            tree.push(contains(absent, place) ? bytes32(0) : leafOf(place, message));
        }
    }

    function leafOf(uint32 place, bytes32 message) internal view returns (bytes32) {
        (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(place), message);
        return PociMessages.availabilityLeaf(place, ids[place], r, s);
    }

    /// @dev Proves the current epoch under the tree that was planted.
    function proveTree(uint64 epoch, uint32 width, uint32[] memory absent)
        internal
        returns (BookedLeaves memory booked)
    {
        uint256 sum = 0;
        uint32 present = 0;
        for (uint32 place = 0; place < width; ++place) {
            if (contains(absent, place)) continue;
            sum += secretOf(place);
            ++present;
        }
        bytes32 root = SortedTree.orderedRoot(tree);
        bytes32 message = registry.availabilityMessage(operator, epoch);
        bytes memory signature = SoftChip.availability(sum, message);
        vm.prank(operator);
        availability.prove(AvailabilityProof(operator, epoch, keysOf(absent), signature, root), "");
        return BookedLeaves(operator, epoch, root, width, present, absent);
    }

    /// @dev Goes to the first block of an epoch's window.
    function mineToWindow(uint64 epoch) internal {
        mineTo((epoch + 1) * EPOCH + DELAY + 1);
    }

    /// @dev Goes to the window and opens a proof truly.
    function open(BookedLeaves memory booked) internal {
        mineToWindow(booked.epoch);
        availability.open(openingOf(booked));
    }

    /// @dev The true opening of a proof in its window.
    function openingOf(BookedLeaves memory booked) internal view returns (AvailabilityOpening memory) {
        return openingOn(booked, this.sampleOf(booked, new uint32[](0)));
    }

    /// @dev The opening of a proof on these places, as the chips sign them.
    function openingOn(BookedLeaves memory booked, uint32[] memory places)
        internal
        view
        returns (AvailabilityOpening memory opening)
    {
        bytes32 message = registry.availabilityMessage(operator, booked.epoch);
        opening.booked = booked;
        opening.leaves = new ChipSignature[](places.length);
        for (uint256 i = 0; i < places.length; ++i) {
            (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(places[i]), message);
            opening.leaves[i] = signed(places[i], r, s);
        }
        opening.nodes = SortedTree.manyNodes(tree, places);
    }

    /// @dev The places to be opened: drawn, or all.
    function sampleOf(BookedLeaves calldata booked, uint32[] calldata uncounted)
        external
        view
        returns (uint32[] memory places)
    {
        if (booked.present > SAMPLE) {
            bytes32 seed = availability.seedOf(booked.operator, booked.epoch);
            return SampleDraw.draw(seed, SAMPLE, booked.width, booked.absent, uncounted);
        }
        places = new uint32[](booked.present);
        uint256 count = 0;
        for (uint32 place = 0; place < booked.width; ++place) {
            bool isLeftOut = contains(booked.absent, place) || contains(uncounted, place);
            if (!isLeftOut) places[count++] = place;
        }
    }

    function contains(uint32[] memory list, uint32 item) internal pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == item) return true;
        }
        return false;
    }

    function isSame(ChipId one, ChipId other) internal pure returns (bool) {
        return ChipId.unwrap(one) == ChipId.unwrap(other);
    }
}
