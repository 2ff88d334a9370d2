// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAvailability} from "contracts/src/interfaces/IAvailability.sol";
import {IBeaconHistory} from "contracts/src/interfaces/IBeaconHistory.sol";
import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {Availability} from "contracts/src/poci/Availability.sol";
import {PrecompileHome} from "contracts/src/precompiles/PrecompileHome.sol";
import {SeVerify} from "contracts/src/precompiles/SeVerify.sol";
import {ChipState} from "contracts/src/types/Chips.sol";
import {AvailabilityOpening, AvailabilityParameters, BookedLeaves} from "contracts/src/types/Openings.sol";

import {OpeningFixture} from "../lib/OpeningFixture.sol";

contract PociOpeningTest is OpeningFixture {
    function test_open_makesPresenceLast() public {
        register(24);
        BookedLeaves memory booked = proveAll(1, 24, nobody);
        assertTrue(registry.wasPresent(ids[3], 1), "proven, and there is time to open");
        assertFalse(views.isOpened(operator, 1), "not yet");
        mineToWindow(1);

        AvailabilityOpening memory opening = openingOf(booked);
        vm.expectEmit(AVAILABILITY);
        emit IAvailability.AvailabilityOpened(operator, 1);
        vm.prank(stranger);
        availability.open(opening);

        assertTrue(views.isOpened(operator, 1), "opened");
        mineToEpoch(4);
        assertTrue(registry.wasPresent(ids[3], 1), "for good");
        assertTrue(views.isProven(operator, 1), "proven for good");
        assertEq(views.missesIn(ids[3], 1, 1), 0, "no miss");
    }

    function test_open_withoutItEveryChipMissesTheEpoch() public {
        register(24);
        proveAll(1, 24, nobody);

        mineTo(3 * EPOCH - 1);
        assertTrue(registry.wasPresent(ids[0], 1), "in the last block of the window");
        assertEq(views.missesIn(ids[0], 1, 1), 0, "no miss yet");

        mineToEpoch(3);
        assertFalse(registry.wasPresent(ids[0], 1), "over");
        assertFalse(views.isProven(operator, 1), "as if not proven");
        assertEq(views.missesIn(ids[0], 1, 1), 1, "a miss");
        assertEq(chipOf(0).misses, 2, "and epoch 2 was not proven at all");
    }

    function test_open_threeEpochsWithoutItSuspend() public {
        register(24);
        for (uint64 epoch = 1; epoch <= 3; ++epoch) {
            proveAll(epoch, 24, nobody);
        }
        mineToEpoch(4);
        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Active), "epoch 3 may still be opened");

        mineToEpoch(5);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Suspended), "three in a row");
    }

    function test_open_rewardNeedsIt() public {
        register(24);
        open(proveAll(1, 24, nobody));
        proveAll(2, 24, nobody);

        mineToEpoch(3);
        vm.prank(SYSTEM);
        assertEq(emission.onBlock(operator, ids[0]), 100e9, "epoch 1 was opened");

        mineToEpoch(4);
        vm.prank(SYSTEM);
        assertEq(emission.onBlock(operator, ids[0]), 0, "epoch 2 was not");
    }

    function test_open_ofFewChipsOpensAll() public {
        register(8);
        BookedLeaves memory booked = proveAll(1, 8, two(2, 5));

        open(booked);

        assertTrue(views.isOpened(operator, 1));
        assertEq(openingOf(booked).leaves.length, 6, "all that are present");
    }

    function test_open_asManyAsTheSampleOpensAll() public {
        register(16);
        open(proveAll(1, 16, nobody));
        assertTrue(views.isOpened(operator, 1));
    }

    function test_open_skipsTheAbsent() public {
        register(24);
        BookedLeaves memory booked = proveAll(1, 24, two(0, 23));
        mineToWindow(1);

        uint32[] memory sample = this.sampleOf(booked, nobody);

        for (uint256 i = 0; i < sample.length; ++i) {
            assertTrue(sample[i] != 0 && sample[i] != 23, "absent");
        }
        availability.open(openingOf(booked));
        assertTrue(views.isOpened(operator, 1));
    }

    function test_open_isTheSameWhateverIsRegisteredBeforeTheProof() public {
        register(20);
        mineToEpoch(1);
        registerFrom(20, 12);

        open(proveAll(1, 20, nobody));

        assertTrue(views.isOpened(operator, 1));
        assertEq(views.widthOf(operator, 1), 20, "of those that count");
        assertEq(views.widthOf(operator, 2), 32, "of the next epoch");
    }

    /// @dev A chip that leaves has a place until it has left, and does not count any more.
    function test_open_skipsThePlacesOnWhichNoChipCounts() public {
        BookedLeaves memory booked = proveAfterLeaving(32, 20);

        uint32[] memory uncounted = new uint32[](12);
        for (uint32 i = 0; i < 12; ++i) {
            uncounted[i] = 20 + i;
        }
        AvailabilityOpening memory opening = openingOn(booked, this.sampleOf(booked, uncounted));
        opening.uncounted = uncounted;
        availability.open(opening);

        assertTrue(views.isOpened(operator, 2));
    }

    /// @dev Nothing is drawn, so nothing must be left out by name.
    function test_open_asManyAsTheSampleNamesNoPlacesOfThoseWhoLeft() public {
        BookedLeaves memory booked = proveAfterLeaving(20, 16);

        availability.open(openingOn(booked, range(16)));

        assertTrue(views.isOpened(operator, 2));
    }

    function test_open_asksAboutAllSignaturesAtOnce() public {
        register(24);
        BookedLeaves memory booked = proveAll(1, 24, nobody);
        mineToWindow(1);
        AvailabilityOpening memory opening = openingOf(booked);

        vm.expectCall(PrecompileHome.choose(SeVerify.AT, SeVerify.FALLBACK), "", 1);
        availability.open(opening);
    }

    function test_open_revertsWhen_windowIsNotOpenYetOrOver() public {
        register(8);
        AvailabilityOpening memory opening = openingOn(proveAll(1, 8, nobody), range(8));
        bytes memory reason = abi.encodeWithSelector(
            IAvailability.AvailabilityOutsideWindow.selector, uint64(1), 2 * EPOCH + 9, 3 * EPOCH - 1
        );

        mineTo(2 * EPOCH + 8);
        vm.expectRevert(reason);
        availability.open(opening);

        mineToEpoch(3);
        vm.expectRevert(reason);
        availability.open(opening);
    }

    function test_open_worksInTheLastBlockOfTheWindow() public {
        register(8);
        AvailabilityOpening memory opening = openingOn(proveAll(1, 8, nobody), range(8));
        mineTo(3 * EPOCH - 1);

        availability.open(opening);

        assertTrue(views.isOpened(operator, 1));
    }

    function test_open_revertsWhen_opened() public {
        register(8);
        BookedLeaves memory booked = proveAll(1, 8, nobody);
        open(booked);
        refuse(
            openingOf(booked),
            abi.encodeWithSelector(IPociRegistry.PociRegistryAlreadyOpened.selector, operator, uint64(1))
        );
    }

    function test_open_revertsWhen_proofWasAnother() public {
        register(8);
        BookedLeaves memory booked = proveAll(1, 8, one(7));
        mineToWindow(1);
        AvailabilityOpening memory opening = openingOf(booked);
        bytes memory reason =
            abi.encodeWithSelector(IAvailability.AvailabilityNotBooked.selector, operator, uint64(1));

        opening.booked.present = 6;
        refuse(opening, reason);
        opening.booked.present = 7;
        opening.booked.width = 7;
        refuse(opening, reason);
        opening.booked.width = 8;
        opening.booked.absent = nobody;
        refuse(opening, reason);
    }

    function test_open_revertsWhen_aLeafIsMissing() public {
        register(24);
        BookedLeaves memory booked = proveAll(1, 24, nobody);
        mineToWindow(1);
        uint32[] memory sample = this.sampleOf(booked, nobody);
        uint32[] memory less = new uint32[](15);
        for (uint256 i = 0; i < 15; ++i) {
            less[i] = sample[i];
        }
        refuse(openingOn(booked, less), wrongCount(15, 16));
    }

    function test_open_revertsWhen_anotherPlaceIsOpened() public {
        register(24);
        BookedLeaves memory booked = proveAll(1, 24, nobody);
        mineToWindow(1);
        uint32[] memory sample = this.sampleOf(booked, nobody);
        uint32[] memory first = range(16);
        uint256 i = 0;
        while (sample[i] == first[i]) {
            ++i;
        }
        refuse(
            openingOn(booked, first),
            abi.encodeWithSelector(IAvailability.AvailabilityWrongPlace.selector, i, first[i], sample[i])
        );
    }

    function test_open_revertsWhen_aSignatureIsFalse() public {
        register(8);
        BookedLeaves memory booked = proveAll(1, 8, nobody);
        mineToWindow(1);
        AvailabilityOpening memory opening = openingOf(booked);
        opening.leaves[3].r = bytes32(uint256(opening.leaves[3].r) ^ 1);
        refuse(opening, abi.encodeWithSelector(IAvailability.AvailabilityBadLeaf.selector, uint32(3)));
    }

    function test_open_revertsWhen_aSignatureIsNotInTheTree() public {
        register(8);
        mineToEpoch(1);
        plant(1, 8, nobody);
        tree[3] = keccak256("another leaf");
        BookedLeaves memory booked = proveTree(1, 8, nobody);
        mineToWindow(1);
        refuse(
            openingOf(booked),
            abi.encodeWithSelector(IAvailability.AvailabilityBadRoot.selector, operator, uint64(1))
        );
    }

    function test_open_revertsWhen_aNodeTooManyIsBrought() public {
        register(24);
        BookedLeaves memory booked = proveAll(1, 24, nobody);
        mineToWindow(1);
        AvailabilityOpening memory opening = openingOf(booked);
        bytes32[] memory more = new bytes32[](opening.nodes.length + 1);
        for (uint256 i = 0; i < opening.nodes.length; ++i) {
            more[i] = opening.nodes[i];
        }
        opening.nodes = more;
        refuse(
            opening, abi.encodeWithSelector(IAvailability.AvailabilityBadRoot.selector, operator, uint64(1))
        );
    }

    function test_open_revertsWhen_theChipDoesNotCount() public {
        register(8);
        BookedLeaves memory booked = proveAll(1, 8, nobody);
        registerFrom(8, 1);
        mineToWindow(1);
        AvailabilityOpening memory opening = openingOf(booked);
        (opening.leaves[7].x, opening.leaves[7].y) = (entries[8].x, entries[8].y);
        refuse(
            opening,
            abi.encodeWithSelector(IPociRegistry.PociRegistryNotCounted.selector, ids[8], operator, uint64(1))
        );
    }

    function test_open_revertsWhen_thisChainAsksForNone() public {
        AvailabilityParameters memory wanted = openings();
        wanted.sampleSize = 0;
        Availability other = new Availability(wanted);
        AvailabilityOpening memory opening;
        vm.expectRevert(IAvailability.AvailabilityNotAsked.selector);
        other.open(opening);
    }

    function test_constructor_revertsWhen_theBeaconIsForgottenBeforeTheLastOpening() public {
        AvailabilityParameters memory wanted = openings();
        wanted.epochBlocks = 4095;
        new Availability(wanted);
        wanted.epochBlocks = 4096;
        refuseToBuild(wanted, "epochBlocks");
    }

    function test_constructor_revertsWhen_theWindowHasNoBlock() public {
        AvailabilityParameters memory wanted = openings();
        wanted.sampleDelay = EPOCH - 1;
        refuseToBuild(wanted, "sampleDelay");
    }

    function test_seedOf_isKnownWithItsBeaconOnly() public {
        mineTo(2 * EPOCH + DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IBeaconHistory.BeaconHistoryUnknown.selector, 2 * EPOCH + DELAY, 2 * EPOCH + DELAY - 1
            )
        );
        availability.seedOf(operator, 1);

        mineTo(2 * EPOCH + DELAY);

        bytes32 beacon = beaconOf(2 * EPOCH + DELAY);
        bytes32 tag = keccak256("UNC/v1/sample");
        assertEq(
            availability.seedOf(operator, 1),
            keccak256(abi.encode(tag, block.chainid, REGISTRY, operator, uint64(1), beacon))
        );
    }

    function test_isBooked_forgetsAfterEightEpochs() public {
        register(8);
        BookedLeaves memory booked = proveAll(1, 8, nobody);
        assertTrue(availability.isBooked(booked), "booked");
        open(booked);

        proveAll(9, 8, nobody);

        assertFalse(availability.isBooked(booked), "overwritten");
    }

    function test_bookOpening_revertsWhen_callerIsNotTheAvailabilityContract() public {
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryNotAvailability.selector, operator));
        vm.prank(operator);
        registry.bookOpening(operator, 1);
    }

    /// @dev Of the registered chips all but the first `staying` leave in epoch 1: in the window of epoch 2,
    /// which the others proved.
    function proveAfterLeaving(uint32 registered, uint32 staying)
        private
        returns (BookedLeaves memory booked)
    {
        register(registered);
        mineToEpoch(1);
        for (uint256 i = staying; i < registered; ++i) {
            vm.prank(operator);
            registry.requestExit(ids[i], entries[i].blsKey);
        }
        mineToEpoch(2);
        plant(2, staying, nobody);
        for (uint256 i = staying; i < registered; ++i) {
            tree.push(0);
        }
        booked = proveTree(2, staying, nobody);
        booked.width = registered;
        mineToWindow(2);
    }

    function range(uint32 count) private pure returns (uint32[] memory list) {
        list = new uint32[](count);
        for (uint32 i = 0; i < count; ++i) {
            list[i] = i;
        }
    }

    function wrongCount(uint256 brought, uint256 expected) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAvailability.AvailabilityWrongCount.selector, brought, expected);
    }

    function refuseToBuild(AvailabilityParameters memory wanted, bytes32 field) private {
        vm.expectRevert(abi.encodeWithSelector(IAvailability.AvailabilityBadParameter.selector, field));
        new Availability(wanted);
    }

    function refuse(AvailabilityOpening memory opening, bytes memory reason) private {
        vm.expectRevert(reason);
        availability.open(opening);
    }
}
