// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAvailability} from "contracts/src/interfaces/IAvailability.sol";
import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {AvailabilityProof, ChipSignature} from "contracts/src/types/Chips.sol";
import {AvailabilityOpening, BookedLeaves} from "contracts/src/types/Openings.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

import {OpeningFixture} from "../lib/OpeningFixture.sol";

/// @title Somebody opens what was not drawn, not proven, not his, or not in time.
contract OpeningTricksAttack is OpeningFixture {
    /// @dev Signatures of the epoch before stand for another message.
    function test_replay_ofLastEpochsLeavesIsRefused() public {
        register(8);
        BookedLeaves memory first = proveAll(1, 8, nobody);
        mineToWindow(1);
        AvailabilityOpening memory old = openingOf(first);
        availability.open(old);
        BookedLeaves memory second = proveAll(2, 8, nobody);
        mineToWindow(2);

        refuse(old, outside(1));
        old.booked.epoch = 2;
        refuse(old, notBooked(operator, 2));
        old.booked = second;
        refuse(old, abi.encodeWithSelector(IAvailability.AvailabilityBadLeaf.selector, uint32(0)));
    }

    /// @dev Another operator's proof and leaves open nothing of one's own.
    function test_anotherOperatorsLeaves_areRefused() public {
        register(8);
        BookedLeaves memory booked = proveAll(1, 8, nobody);
        mineToWindow(1);
        AvailabilityOpening memory opening = openingOf(booked);
        opening.booked.operator = newOperator;
        refuse(opening, notBooked(newOperator, 1));
    }

    /// @dev One chip that is there in the place of all.
    function test_repeatedLeaves_areRefused() public {
        register(8);
        BookedLeaves memory booked = proveAll(1, 8, nobody);
        mineToWindow(1);
        AvailabilityOpening memory opening = openingOf(booked);
        opening.leaves[1] = opening.leaves[0];
        refuse(opening, abi.encodeWithSelector(IAvailability.AvailabilityBadPlaces.selector, 1));
    }

    /// @dev A chip that was named absent does not fill the sample.
    function test_absentChips_areNotOpened() public {
        register(8);
        BookedLeaves memory booked = proveAll(1, 8, one(7));
        mineToWindow(1);
        AvailabilityOpening memory opening = openingOf(booked);
        bytes32 message = registry.availabilityMessage(operator, 1);
        (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(7), message);
        opening.leaves[6] = signed(7, r, s);
        refuse(opening, abi.encodeWithSelector(IAvailability.AvailabilityBadPlaces.selector, 6));
    }

    /// @dev A drawn place is hidden by calling it uncounted.
    function test_hidingACountedChip_isRefused() public {
        register(24);
        BookedLeaves memory booked = proveAll(1, 24, nobody);
        mineToWindow(1);
        uint32[] memory hidden = one(this.sampleOf(booked, nobody)[0]);

        AvailabilityOpening memory opening = openingOn(booked, this.sampleOf(booked, hidden));
        opening.uncounted = hidden;

        refuse(
            opening,
            abi.encodeWithSelector(IAvailability.AvailabilityCounted.selector, hidden[0], ids[hidden[0]])
        );
    }

    function test_uncountedPlaces_ascendAndLieInTheTree() public {
        register(24);
        BookedLeaves memory booked = proveAll(1, 24, nobody);
        mineToWindow(1);
        AvailabilityOpening memory opening = openingOf(booked);

        opening.uncounted = one(24);
        refuse(opening, abi.encodeWithSelector(IAvailability.AvailabilityBadPlaces.selector, 0));
        opening.uncounted = two(5, 5);
        refuse(opening, abi.encodeWithSelector(IAvailability.AvailabilityBadPlaces.selector, 1));
    }

    /// @dev A chip that is taken off the line and put back between proof and draw is hidden by neither: its
    /// return waits until nothing reads its old term.
    function test_leavingTheLineAfterTheProof_hidesNothing() public {
        register(24);
        mineToEpoch(4); // silent so far: all are overdue
        registry.suspendSilent(only(3), entries[3].blsKey);
        BookedLeaves memory booked = proveAll(4, 24, nobody);
        mineToEpoch(5);

        bytes32 message = registry.availabilityMessage(operator, 5);
        (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(3), message);
        ChipSignature memory fresh = signed(3, r, s);
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryWrongEpoch.selector, uint64(6), uint64(5))
        );
        vm.prank(operator);
        registry.resume(ids[3], fresh, entries[3].blsKey);

        assertEq(keccak256(abi.encode(views.countedOn(operator, 4, one(3)))), keccak256(abi.encode(only(3))));
        open(booked);
        assertTrue(views.isOpened(operator, 4));
    }

    /// @dev After the window the beacon could be waited for, the leaves be made.
    function test_lateOpening_isRefused() public {
        register(8);
        BookedLeaves memory booked = proveAll(1, 8, nobody);
        mineToWindow(1);
        AvailabilityOpening memory opening = openingOf(booked);
        mineToEpoch(3);
        refuse(opening, outside(1));
        assertFalse(registry.wasPresent(ids[0], 1), "missed");
    }

    /// @dev Who makes the block of the sample's beacon gives his VRF's only output, or no block: the root
    /// stands before, once, and every operator has a sample of its own.
    function test_grindingTheBeacon_needsABlockAwayForEachTry() public {
        register(24);
        proveAll(1, 24, nobody);
        bytes memory signature = SoftChip.availability(secretOf(0), registry.availabilityMessage(operator, 1));
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryAlreadyProven.selector, operator, uint64(1))
        );
        vm.prank(operator);
        availability.prove(AvailabilityProof(operator, 1, "", signature, keccak256("another root")), "");

        mineToWindow(1);
        assertNotEq(availability.seedOf(operator, 1), availability.seedOf(newOperator, 1), "operators");
        bytes32 seed = availability.seedOf(operator, 1);
        mineToWindow(2);
        assertEq(availability.seedOf(operator, 1), seed, "later blocks change nothing");
        assertNotEq(availability.seedOf(operator, 2), seed, "epochs");
    }

    function outside(uint64 epoch) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IAvailability.AvailabilityOutsideWindow.selector,
            epoch,
            (epoch + 1) * EPOCH + DELAY + 1,
            (epoch + 2) * EPOCH - 1
        );
    }

    function notBooked(address account, uint64 epoch) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAvailability.AvailabilityNotBooked.selector, account, epoch);
    }

    function refuse(AvailabilityOpening memory opening, bytes memory reason) private {
        vm.expectRevert(reason);
        availability.open(opening);
    }
}
