// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {PociMessages} from "contracts/src/libraries/PociMessages.sol";
import {Tags} from "contracts/src/libraries/Tags.sol";
import {AvailabilityProof, ChipRegistration, ChipSignature} from "contracts/src/types/Chips.sol";
import {ChipId} from "contracts/src/types/Ids.sol";
import {AvailabilityOpening, BookedLeaves} from "contracts/src/types/Openings.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

import {OpeningFixture} from "../lib/OpeningFixture.sol";
import {SortedTree} from "../lib/SortedTree.sol";

/// @dev Writes `snapshots/OpeningGas.json`: what proofs and openings of large fleets cost as transactions,
/// base and calldata included, and the floor of EIP-7623 for their calldata.
contract OpeningGasTest is OpeningFixture {
    uint32 private constant FLEET = 512;
    uint32 private constant LARGE_FLEET = 4096;
    uint256 private constant MOST_PROOF = 200_000;
    uint256 private constant MOST_OPENING = 300_000;

    /// @dev No chips of the fixture: the fleet's own, more of them.
    function loadChips() internal override {}

    function test_fleetOf512() public {
        muster(FLEET);
        proveFleet(1, FLEET);
        availability.open(openingOfFleet(1, FLEET)); // makes the word of opened epochs
        uint256 proof = proveFleet(2, FLEET);
        vm.snapshotValue("OpeningGas", "prove 512 chips, transaction", proof);
        assertLe(proof, MOST_PROOF, "proof");

        AvailabilityOpening memory opening = openingOfFleet(2, FLEET);
        bytes memory input = abi.encodeCall(availability.open, (opening));
        uint256 spent = transactionOf(AVAILABILITY, input);
        vm.snapshotValue("OpeningGas", "open 16 of 512, transaction", spent);
        vm.snapshotValue("OpeningGas", "open 16 of 512, floor", floorOf(input));
        vm.snapshotValue("OpeningGas", "open 16 of 512, nodes", opening.nodes.length);
        assertLe(spent > floorOf(input) ? spent : floorOf(input), MOST_OPENING, "opening");
        assertTrue(views.isOpened(operator, 2), "opened");
    }

    /// @dev The cost of a proof does not grow with the chips: eight times as many are pretended in the only
    /// thing that it reads of them, the snapshot of their keys' sum.
    function test_fleetOf4096_provesForTheSame() public {
        muster(32);
        pretend(LARGE_FLEET);
        proveFleet(1, LARGE_FLEET);
        uint256 proof = proveFleet(2, LARGE_FLEET);
        vm.snapshotValue("OpeningGas", "prove 4,096 chips, transaction", proof);
        assertLe(proof, MOST_PROOF, "proof");
    }

    /// @dev Writes number and keys' sum of a fleet into the operator's snapshot of epoch 0.
    function pretend(uint32 count) private {
        vm.record();
        views.snapshotOf(operator, 1);
        (bytes32[] memory reads,) = vm.accesses(REGISTRY);
        bytes memory key = SoftChip.blsKey(sumOf(count));
        (bytes32 head, bytes32 tail) = abi.decode(bytes.concat(key, new bytes(16)), (bytes32, bytes32));
        // The last two reads are of the snapshot's slots: number and tail of the key, and its head.
        uint256 slot = Math.min(uint256(reads[reads.length - 1]), uint256(reads[reads.length - 2]));
        vm.store(REGISTRY, bytes32(slot), bytes32(uint256(count) << 32 | uint256(tail) >> 128 << 64));
        vm.store(REGISTRY, bytes32(slot + 1), head);
        (, uint32 counted) = views.snapshotOf(operator, 1);
        assertEq(counted, count, "pretended");
    }

    function sumOf(uint32 count) private pure returns (uint256) {
        return uint256(count) * (secretOf(0) + secretOf(count - 1)) / 2;
    }

    /// @dev Registers chips 0 to count - 1, 32 at a time, each time a batch of their own.
    function muster(uint32 count) private {
        vm.deal(operator, uint256(count) * PHI * BOND);
        for (uint32 first = 0; first < count; first += 32) {
            ChipRegistration[] memory chips = new ChipRegistration[](32);
            bytes32[] memory leaves = new bytes32[](32);
            for (uint32 i = 0; i < 32; ++i) {
                chips[i] = entryOf(first + i);
                leaves[i] = PociMessages.vendorLeaf(chips[i].x, chips[i].y, MODEL, chips[i].serialHash);
                ids.push(PociMessages.chipId(chips[i].x, chips[i].y));
            }
            vm.prank(vendor);
            batch = vendors.postBatch(SortedTree.root(leaves), MODEL, 32);
            for (uint32 i = 0; i < 32; ++i) {
                (chips[i].batch, chips[i].path) = (batch, SortedTree.path(leaves, i));
            }
            bytes memory key = vrfKey();
            vm.prank(operator);
            registry.register{value: bondOf(32)}(chips, key);
        }
    }

    function entryOf(uint32 i) private view returns (ChipRegistration memory entry) {
        uint256 secret = secretOf(i);
        (entry.x, entry.y) = SoftChip.identity(secret);
        entry.serialHash = keccak256(abi.encode("serial", i));
        entry.blsKey = SoftChip.blsKey(secret);
        entry.deadline = 4_000_000_000;
        bytes32 word = PociMessages.attestation(operator, keccak256(entry.blsKey), 0, entry.deadline);
        (entry.r, entry.s) = SoftChip.sign(secret, PociMessages.typed(REGISTRY, word));
        ChipId id = PociMessages.chipId(entry.x, entry.y);
        bytes32 context = keccak256(abi.encode(Tags.POSSESSION, block.chainid, REGISTRY, operator, id));
        entry.possession = SoftChip.possession(secret, context);
    }

    function proveFleet(uint64 epoch, uint32 width) private returns (uint256 spent) {
        mineToEpoch(epoch);
        if (width == FLEET) plant(epoch, width, nobody);
        else tree.push(keccak256("any"));
        bytes memory signature =
            SoftChip.availability(sumOf(width), registry.availabilityMessage(operator, epoch));
        AvailabilityProof memory proof =
            AvailabilityProof(operator, epoch, "", signature, SortedTree.orderedRoot(tree));
        bytes memory input = abi.encodeCall(availability.prove, (proof, ""));
        vm.startPrank(operator);
        spent = transactionOf(AVAILABILITY, input);
        vm.stopPrank();
    }

    function openingOfFleet(uint64 epoch, uint32 width) private returns (AvailabilityOpening memory opening) {
        mineToWindow(epoch);
        BookedLeaves memory booked =
            BookedLeaves(operator, epoch, SortedTree.orderedRoot(tree), width, width, nobody);
        uint32[] memory sample = this.sampleOf(booked, nobody);
        bytes32 message = registry.availabilityMessage(operator, epoch);
        opening.booked = booked;
        opening.leaves = new ChipSignature[](sample.length);
        for (uint256 i = 0; i < sample.length; ++i) {
            ChipSignature memory leaf = opening.leaves[i];
            (leaf.x, leaf.y) = SoftChip.identity(secretOf(sample[i]));
            (leaf.r, leaf.s) = SoftChip.sign(secretOf(sample[i]), message);
        }
        opening.nodes = SortedTree.manyNodes(tree, sample);
    }

    /// @dev Gas of a call as a transaction of its own, cold: execution, base and calldata.
    function transactionOf(address to, bytes memory input) private returns (uint256 spent) {
        vm.cool(AVAILABILITY);
        vm.cool(REGISTRY);
        vm.cool(VIEWS);
        vm.cool(BEACONS);
        (bool isDone,) = to.call(input);
        spent = vm.lastCallGas().gasTotalUsed + intrinsicOf(input);
        assertTrue(isDone, "done");
    }

    /// @dev Base, and 4 or 16 gas for each byte that is zero or not (EIP-2028).
    function intrinsicOf(bytes memory input) private pure returns (uint256) {
        return 21_000 + 4 * tokensOf(input);
    }

    /// @dev Base, and 10 gas for each token of the calldata (EIP-7623).
    function floorOf(bytes memory input) private pure returns (uint256) {
        return 21_000 + 10 * tokensOf(input);
    }

    /// @dev One for each zero byte, four for each other.
    function tokensOf(bytes memory input) private pure returns (uint256 tokens) {
        for (uint256 i = 0; i < input.length; ++i) {
            tokens += input[i] == 0 ? 1 : 4;
        }
    }
}
