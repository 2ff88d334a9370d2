// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IIntervalCourt} from "contracts/src/interfaces/IIntervalCourt.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {IntervalCourt} from "contracts/src/rental/IntervalCourt.sol";
import {DisputeEnd, DisputeState} from "contracts/src/types/Disputes.sol";
import {RentalId} from "contracts/src/types/Ids.sol";
import {RentalState} from "contracts/src/types/Rentals.sol";

import {RegistryDouble} from "../doubles/RegistryDouble.sol";
import {IntervalFixture} from "../fixtures/IntervalFixture.sol";

/// @title Tests disputes of intervals that others decide: a committee, the registry, or nobody before the
/// settlement.
contract IntervalVerdictsTest is IntervalFixture {
    // The committee

    function test_appoint_asksACommittee() public {
        contested();
        bytes32 subject = court.subjectOf(id);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.CommitteeAsked(id, subject, START + 40 + JUDGING);
        appoint();

        (address plaintiff, address defendant) = committee.partiesOf(subject);
        assertEq(plaintiff, renter, "who disputes");
        assertEq(defendant, operator, "who contests");
        (,,, uint8 seats) = committee.verdictOf(subject);
        assertEq(seats, 3, "seats");
    }

    function test_appoint_revertsWhen_callerIsNotTheRenter() public {
        contested();

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotParty.selector, id, operator));
        vm.prank(operator);
        court.appoint{value: COMMITTEE_PRICE}(id);
    }

    function test_appoint_revertsWhen_nothingIsContested() public {
        dispute();

        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongState.selector, id, DisputeState.Open)
        );
        appoint();
    }

    function test_poke_followsACommitteeThatFindsForTheRenter() public {
        judged(court.UNAVAILABLE(), 2);
        vm.expectRevert(tooEarly(14));
        court.poke(id);
        passUntilKnown();

        court.poke(id);

        settle();
        assertEarned(RENT - DISPUTED, BOND, 0);
    }

    function test_poke_followsACommitteeThatFindsForTheOperator() public {
        judged("available", 3);

        court.poke(id);

        settle();
        assertEarned(RENT, 0, BOND);
    }

    function test_poke_leavesEverythingAsItWasWhenTheCommitteeFindsNothing() public {
        judged(0, 0);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(id, DisputeEnd.Undecided, false);
        court.poke(id);

        settle();
        assertEarned(RENT, 0, 0);
    }

    /// @dev Members that say why they found nothing have not found for the operator.
    function test_poke_leavesEverythingAsItWasWhenTheCommitteeGivesAReason() public {
        judged(0, 3);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(id, DisputeEnd.Undecided, false);
        court.poke(id);

        settle();
        assertEarned(RENT, 0, 0);
    }

    function test_poke_theLeastWordAboveTheReasonsIsAFinding() public {
        judged(bytes32(uint256(1 << 16)), 3);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(id, DisputeEnd.Available, false);
        court.poke(id);
    }

    function test_poke_waitsForTheCommitteeOnlySoLong() public {
        contested();
        appoint();
        skip(JUDGING);
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotDue.selector, id, START + 40 + JUDGING)
        );
        court.poke(id);
        skip(1);

        court.poke(id);

        assertTrue(court.disputeOf(id).state == DisputeState.None, "over");
        assertEq(vault.lockedOf(INTERVAL_COURT, RentalId.unwrap(id)), 0, "both bonds are back");
    }

    function test_poke_revertsWhen_nobodyDisputes() public {
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongState.selector, id, DisputeState.None)
        );
        court.poke(id);
    }

    // The registry

    function test_closeOnRecord_findsForTheRenterWhenNoChipWasThere() public {
        pass(40);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 16, START + 48, "");
        missAll(11, 13);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(id, DisputeEnd.OnRecord, true);
        vm.prank(stranger);
        court.closeOnRecord(id);

        assertEq(escrow.rentalOf(id).forgiven, RENT * 32 / 100, "the interval's rent");
    }

    /// @dev Epochs 42 and 43 lie between seconds 524 and 588; the line to now looked for them where all was
    /// there.
    function test_closeOnRecord_findsEpochsThatWereMissedWhileBlocksAreSlow() public {
        extend();
        pass(460);
        passSlowly(56);
        missAll(42, 43);
        disputeSeconds(541, 556);
        vm.expectRevert(tooEarly(45));
        court.closeOnRecord(id);
        passSlowly(64);

        court.closeOnRecord(id);

        assertEq(escrow.rentalOf(id).forgiven, RENT * 15 / 100, "the interval's rent");
    }

    /// @dev The line between start and dispute may be early by one epoch.
    function test_closeOnRecord_revertsWhen_theEpochAfterIsNotMissed() public {
        pass(40);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 16, START + 48, "");
        missAll(11, 12);

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotOnRecord.selector, id));
        court.closeOnRecord(id);
    }

    function test_closeOnRecord_revertsWhen_theEpochOfTheFirstSecondIsNotMissed() public {
        pass(40);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 15, START + 48, "");
        missAll(11, 13);

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotOnRecord.selector, id));
        court.closeOnRecord(id);
    }

    function test_closeOnRecord_revertsWhen_aChipWasThere() public {
        pass(40);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 16, START + 48, "");
        for (uint64 epoch = 11; epoch < 14; ++epoch) {
            registry.miss(chips[0], epoch);
        }

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotOnRecord.selector, id));
        court.closeOnRecord(id);
    }

    function test_closeOnRecord_revertsWhen_nothingWaits() public {
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongState.selector, id, DisputeState.None)
        );
        court.closeOnRecord(id);
    }

    /// @dev Its chips are free, and none is looked at: nothing is known, not everything missed.
    function test_closeOnRecord_revertsWhen_theRentalIsSettled() public {
        contested();
        missAll(10, 12);
        settle();

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotOnRecord.selector, id));
        court.closeOnRecord(id);
    }

    /// @dev One epoch more than fits.
    function test_concede_looksAtNoEpochMoreThanFits() public {
        vm.roll((10 + 134_432) * EPOCH);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START, START + 40, "");
        vm.mockCall(REGISTRY, abi.encodeWithSelector(RegistryDouble.missesIn.selector), abi.encode(0));

        vm.expectCall(REGISTRY, abi.encodeCall(RegistryDouble.missesIn, (chips[0], 11, 10 + 131_072)));
        vm.prank(operator);
        court.concede(id);
    }

    /// @dev More would not fit into one transaction.
    function test_concede_looksAtTheLastEpochsOfALongInterval() public {
        vm.roll(block.number + 200_000 * EPOCH);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START, START + 40, "");
        uint64 last = 11 + (registry.currentEpoch() - 10) * 39 / 40;
        vm.mockCall(REGISTRY, abi.encodeWithSelector(RegistryDouble.missesIn.selector), abi.encode(0));

        vm.expectCall(REGISTRY, abi.encodeCall(RegistryDouble.missesIn, (chips[0], last + 1 - 131_072, last)));
        vm.prank(operator);
        court.concede(id);
    }

    // Settlement while a dispute is open

    function test_settlement_doesNotWaitForTheDispute() public {
        contested();
        settle();

        assertTrue(escrow.stateOf(id) == RentalState.Settled, "settled");
        assertEq(vault.lockedOf(ESCROW, RentalId.unwrap(id)), DISPUTED, "only the disputed rent waits");
        assertEq(escrow.chipsOf(id).length, 0, "no chip waits");
    }

    function test_thaw_paysTheRenterAfterTheSettlement() public {
        contested();
        appoint();
        settle();
        committee.rule(court.subjectOf(id), court.UNAVAILABLE(), 2);

        court.poke(id);

        assertEarned(RENT - DISPUTED, BOND, 0);
    }

    function test_thaw_paysTheOperatorAfterTheSettlementLessTheFee() public {
        contested();
        settle();
        skip(ANSWER + 1);

        court.poke(id);

        uint256 fees = (RENT - DISPUTED + 99) / 100 + (DISPUTED + 99) / 100;
        assertFree(operator, FUNDS + RENT - fees + 2 * BOND, "rent and the renter's bond");
        assertEq(vault.lockedOf(ESCROW, RentalId.unwrap(id)), 0, "nothing waits");
    }

    /// @dev Only the operator is silent in phase II: no rent is due, none waits.
    function test_settlement_leavesNothingWaitingWhenNoRentIsDue() public {
        contested();
        pass(65);
        commitAs(id, renter, 80, RENTER_SALT);
        skip(COMMIT + 1);
        escrow.poke(id);
        assertEq(vault.lockedOf(ESCROW, RentalId.unwrap(id)), 0, "all of it went to the renter");
        skip(ANSWER);

        court.poke(id);

        assertNothingLocked(id);
    }

    function test_freeze_revertsWhen_callerIsNotTheCourt() public {
        vm.startPrank(renter);
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotIntervalCourt.selector, renter));
        escrow.freeze(id, START + 10, START + 30);
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotIntervalCourt.selector, renter));
        escrow.thaw(id, true, 0);
    }

    /// @dev However the seconds are cut into disputes and whoever wins them, every wei is paid out once.
    function testFuzz_disputes_payOutWhatWasLocked(uint8[6] memory cuts, uint8 winners, uint8 misses) public {
        pass(DURATION);
        for (uint64 i = 0; i < 8; ++i) {
            if (misses >> i & 1 == 1) registry.miss(chips[i % 2], 10 + i);
        }
        uint64 last = START;
        for (uint256 i = 0; i < cuts.length; ++i) {
            uint64 next = last + cuts[i] % 17; // six fit into the duration
            if (next == last) continue;
            vm.prank(renter);
            court.dispute{value: BOND}(id, last, next, "");
            last = next;
            if (winners >> i & 1 == 1) {
                vm.prank(operator);
                court.concede(id);
                continue;
            }
            vm.prank(operator);
            court.contest{value: BOND}(id, "");
            if (i + 1 == cuts.length) break; // the last one stays open beyond the settlement
            vm.prank(renter);
            court.appoint{value: COMMITTEE_PRICE}(id);
            committee.rule(court.subjectOf(id), "available", 3);
            court.poke(id);
        }
        skip(1000);
        escrow.poke(id);
        if (court.disputeOf(id).state != DisputeState.None) court.poke(id);

        assertNothingLocked(id);
        assertEq(vault.totalLocked(), 0, "nothing waits");
    }

    function missAll(uint64 first, uint64 last) private {
        for (uint64 epoch = first; epoch <= last; ++epoch) {
            registry.miss(chips[0], epoch);
            registry.miss(chips[1], epoch);
        }
    }
}
