// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {ChipState} from "contracts/src/types/Chips.sol";
import {ChipId} from "contracts/src/types/Ids.sol";
import {BookedLeaves} from "contracts/src/types/Openings.sol";

import {EvidenceFixture} from "../lib/EvidenceFixture.sol";

/// @title A chip leaves so that nobody, or somebody else, bears what it missed or did.
contract LeavingChipAttack is EvidenceFixture {
    function setUp() public override {
        super.setUp();
        register(2);
    }

    /// @dev A rented chip is suspended; the rental ends; the operator asks to leave before the settlement, so
    /// that only the epochs before the suspension would be paid back.
    function test_leaving_washesAwayNoTimeOffTheLine() public {
        rentOut();
        mineToEpoch(4);
        registry.suspendSilent(only(0), entries[0].blsKey);
        mineToEpoch(40);
        endRental();
        assertEq(views.missesIn(ids[0], 1, 39), 39, "before");

        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);

        assertEq(views.missesIn(ids[0], 1, 39), 39, "at once");
        assertEq(chipOf(0).misses, 39, "in a row");
        mineToEpoch(50);
        assertEq(views.missesIn(ids[0], 1, 39), 39, "at the settlement");
        assertEq(views.missesIn(ids[0], 1, 49), 40, "until the last epoch that it owed");
        registry.finishExit(ids[0]);
        assertEq(views.missesIn(ids[0], 1, 39), 39, "once it is gone");
    }

    /// @dev The same by a chip that answers no question.
    function test_leaving_washesAwayNoTimeAfterAPenalty() public {
        rentOut();
        mineToEpoch(2);
        vm.prank(CHALLENGES);
        registry.failChallenge(ids[0], entries[0].blsKey, stranger);
        mineToEpoch(20);
        endRental();

        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);

        assertEq(views.missesIn(ids[0], 3, 19), 17);
    }

    /// @dev The same by a chip whose vendor's batch was revoked.
    function test_leaving_washesAwayNoTimeInQuarantine() public {
        rentOut();
        mineToEpoch(2);
        vm.prank(governor);
        vendors.revokeBatch(batch);
        registry.quarantine(only(0), entries[0].blsKey);
        mineToEpoch(20);
        endRental();

        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);

        assertEq(views.missesIn(ids[0], 3, 19), 17);
    }

    /// @dev Anybody expels a chip that is away for long, to the renter's loss.
    function test_expulsion_washesAwayNoTimeOffTheLine() public {
        rentOut();
        mineToEpoch(4);
        registry.suspendSilent(only(0), entries[0].blsKey);
        mineToEpoch(146);
        endRental();

        vm.prank(stranger);
        registry.expel(ids[0]);

        assertEq(views.missesIn(ids[0], 1, 145), 145, "at once");
        mineToEpoch(150);
        assertEq(views.missesIn(ids[0], 1, 149), 146, "until the last epoch that it owed");
    }

    /// @dev What an earlier exit left behind says nothing of the term that follows.
    function test_comingAgain_forgetsWhenTheChipLeft() public {
        mineToEpoch(1);
        sell();
        uint64 back = registry.currentEpoch();
        mineToEpoch(back + 4);
        registry.suspendSilent(only(0), entries[0].blsKey);
        mineToEpoch(back + 10);

        assertEq(views.missesIn(ids[0], 0, back + 9), 9, "of the new term, all");
        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Suspended), "state");
    }

    /// @dev The root over a false leaf is booked, and the chip leaves at once: its bond would be out before
    /// anybody has seen the leaf.
    function test_leaving_doesNotOutrunAFalseLeaf() public {
        mineToEpoch(1);
        plant(1, 2, nobody);
        tree[0] = 0;
        BookedLeaves memory booked = proveTree(1, 2, nobody);
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        uint64 exitAt = time() + EXIT_SECONDS;
        skipSeconds(EXIT_SECONDS);
        mineTo(10 * EPOCH - 1); // the last block in which eight epochs are kept

        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryExitPending.selector, ids[0], exitAt)
        );
        registry.finishExit(ids[0]);
        accuse(accusedOf(0), leafEvidence(booked, 0, ChipId.wrap(0), 0, 0));

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Slashed), "state");
        assertEq(vault.freeOf(stranger), PHI * BOND / 10, "reporter");
    }

    function rentOut() private {
        mineToEpoch(1);
        vm.prank(ESCROW);
        registry.reserve(operator, only(0));
    }

    function endRental() private {
        vm.startPrank(ESCROW);
        registry.free(placesOf(only(0)));
        vm.stopPrank();
    }

    /// @dev The first chip leaves and is registered by another operator.
    function sell() private {
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        mineTo(uint64(vm.getBlockNumber()) + EXIT_SECONDS + EPOCH);
        registry.finishExit(ids[0]);
        consent(1, newOperator, 1);
        bytes memory key = vrfKey();
        vm.prank(newOperator);
        registry.register{value: bondOf(1)}(slice(0, 1), key);
    }
}
