// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IIntervalCourt} from "contracts/src/interfaces/IIntervalCourt.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {IntervalCourt} from "contracts/src/rental/IntervalCourt.sol";
import {Dispute, DisputeEnd, DisputeState, IntervalCourtParameters} from "contracts/src/types/Disputes.sol";
import {RentalId} from "contracts/src/types/Ids.sol";
import {RentalState} from "contracts/src/types/Rentals.sol";

import {IntervalFixture} from "../fixtures/IntervalFixture.sol";

/// @title Tests disputes of intervals between the two parties: what waits, and what their words or silence
/// decide.
contract IntervalCourtTest is IntervalFixture {
    bytes32 private constant SECONDS_FIELD = "answerSeconds";
    bytes32 private constant SEATS_FIELD = "seats";

    function test_constructor_revertsWhen_aParameterIsZero() public {
        IntervalCourtParameters memory wrong = courtParameters();
        wrong.answerSeconds = 0;
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtBadParameter.selector, SECONDS_FIELD)
        );
        new IntervalCourt(wrong);
        wrong = courtParameters();
        wrong.seats = 0;
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtBadParameter.selector, SEATS_FIELD)
        );
        new IntervalCourt(wrong);
    }

    // dispute

    function test_dispute_freezesTheIntervalsRentAndABond() public {
        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentFrozen(id, DISPUTED);
        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.IntervalDisputed(
            id, START + 10, START + 30, DISPUTED, BOND, START + 40 + ANSWER, "pings"
        );
        dispute();

        Dispute memory kept = court.disputeOf(id);
        assertTrue(kept.state == DisputeState.Open, "state");
        assertEq(kept.deadline, START + 40 + ANSWER, "deadline of the answer");
        assertEq(kept.madeAt, START + 40, "second of the dispute");
        assertEq(kept.madeIn, 12, "epoch of the dispute");
        assertEq(escrow.rentalOf(id).frozen, DISPUTED, "a fifth of the rent waits");
        assertEq(vault.lockedOf(INTERVAL_COURT, RentalId.unwrap(id)), BOND, "the bond");
        assertTrue(escrow.stateOf(id) == RentalState.Active, "the rental goes on");
    }

    function test_bondOf_isTheRatingsBond() public view {
        assertEq(court.bondOf(id), BOND);
    }

    function test_dispute_revertsWhen_callerIsNotTheRenter() public {
        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotParty.selector, id, operator));
        vm.prank(operator);
        court.dispute{value: BOND}(id, START + 10, START + 30, "");
    }

    function test_dispute_revertsWhen_theBondIsAnother() public {
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongBond.selector, id, BOND - 1, BOND)
        );
        vm.prank(renter);
        court.dispute{value: BOND - 1}(id, START + 10, START + 30, "");
    }

    function test_dispute_revertsWhen_oneIsOpen() public {
        dispute();

        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongState.selector, id, DisputeState.Open)
        );
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 30, START + 35, "");
    }

    function test_dispute_revertsWhen_theIntervalIsEmpty() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IIntervalCourt.IntervalCourtBadInterval.selector, id, START + 10, START + 10, 0
            )
        );
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 10, START + 10, "");
    }

    function test_dispute_revertsWhen_theIntervalMeetsAnEarlierOne() public {
        dispute();
        passUntilKnown();
        vm.prank(operator);
        court.concede(id);

        vm.expectRevert(
            abi.encodeWithSelector(
                IIntervalCourt.IntervalCourtBadInterval.selector, id, START + 29, START + 35, START + 30
            )
        );
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 29, START + 35, "");
    }

    function test_dispute_revertsWhen_theIntervalIsNotWithinTheUse() public {
        expectOutside(START - 1, START + 30);
        expectOutside(START + 10, START + 41);
    }

    function test_dispute_revertsWhen_evidenceIsLong() public {
        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtTooMuchEvidence.selector, 257));
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 10, START + 30, new bytes(257));
    }

    function test_dispute_revertsWhen_theRentalIsSettled() public {
        skip(1000);
        escrow.poke(id);

        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, id, RentalState.Settled)
        );
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 10, START + 30, "");
    }

    function test_dispute_isPossibleAfterTheEndAndBeforeTheSettlement() public {
        pass(DURATION);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 10, START + 100, "");

        assertEq(escrow.rentalOf(id).frozen, RENT * 90 / 100, "up to the last second of use");
    }

    // concede, contest

    function test_concede_givesTheIntervalsRentToTheRenter() public {
        dispute();
        passUntilKnown();

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(id, DisputeEnd.Conceded, true);
        vm.prank(operator);
        court.concede(id);

        assertEq(escrow.rentalOf(id).forgiven, DISPUTED, "it is the renter's");
        settle();
        assertEarned(RENT - DISPUTED, 0, 0);
    }

    /// @dev What is missed in an epoch that runs, or may be opened, is not known yet.
    function test_concede_revertsWhen_proofsMayStillCome() public {
        dispute();
        vm.startPrank(operator);
        vm.expectRevert(tooEarly(14));
        court.concede(id);
        pass(23);
        vm.expectRevert(tooEarly(14));
        court.concede(id);
        pass(1);
        court.concede(id);

        assertEq(escrow.rentalOf(id).forgiven, DISPUTED, "it is the renter's");
    }

    /// @dev Silence waits for the same, so that speaking early would gain the operator nothing.
    function test_poke_ofASilentOperatorRevertsWhen_proofsMayStillCome() public {
        dispute();
        skip(ANSWER + 1); // no blocks: 31 seconds of the epoch that ran
        vm.expectRevert(tooEarly(14));
        court.poke(id);
        vm.roll(block.number + 24);

        court.poke(id);

        assertEq(escrow.rentalOf(id).forgiven, DISPUTED, "it is the renter's");
    }

    /// @dev The line to now named epoch after epoch: each that passed moved it on.
    function test_concede_waitsForOneEpochThoughTimePassedWithoutBlocks() public {
        extend();
        skip(500);
        pass(16);
        disputeSeconds(540, 556);
        vm.startPrank(operator);
        vm.expectRevert(tooEarly(15));
        court.concede(id);
        pass(23);
        vm.expectRevert(tooEarly(15));
        court.concede(id);
        pass(1);
        court.concede(id);

        assertEq(escrow.rentalOf(id).forgiven, RENT * 16 / 100, "it is the renter's");
    }

    function test_concede_ofAnIntervalInTheFirstEpochWaitsForTwoMore() public {
        vm.roll(11 * EPOCH - 1);
        dispute();

        vm.startPrank(operator);
        vm.roll(12 * EPOCH - 1);
        vm.expectRevert(tooEarly(12));
        court.concede(id);
        vm.roll(12 * EPOCH);
        court.concede(id);

        assertEq(escrow.rentalOf(id).forgiven, DISPUTED, "it is the renter's");
    }

    function test_concede_revertsWhen_callerIsNotTheOperator() public {
        dispute();

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotParty.selector, id, renter));
        vm.prank(renter);
        court.concede(id);
    }

    /// @dev Who contested has put a bond in: only the committee, or the renter's silence, may give it away.
    function test_concede_revertsWhen_nothingIsOpen() public {
        vm.startPrank(operator);
        vm.expectRevert(wrongState(DisputeState.None));
        court.concede(id);
        vm.stopPrank();
        contested();

        vm.expectRevert(wrongState(DisputeState.Contested));
        vm.prank(operator);
        court.concede(id);

        appoint();
        vm.expectRevert(wrongState(DisputeState.Judging));
        vm.prank(operator);
        court.concede(id);
    }

    function test_poke_findsForTheRenterWhenTheOperatorIsSilent() public {
        dispute();
        pass(ANSWER);
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotDue.selector, id, START + 40 + ANSWER)
        );
        court.poke(id);
        pass(1);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(id, DisputeEnd.Unanswered, true);
        vm.prank(stranger);
        court.poke(id);

        settle();
        assertEarned(RENT - DISPUTED, 0, 0);
    }

    function test_contest_keepsTheRentWaiting() public {
        dispute();

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.IntervalContested(id, START + 40 + ANSWER, "logs");
        vm.prank(operator);
        court.contest{value: BOND}(id, "logs");

        assertTrue(court.disputeOf(id).state == DisputeState.Contested, "state");
        assertEq(vault.lockedOf(INTERVAL_COURT, RentalId.unwrap(id)), 2 * BOND, "both bonds");
    }

    function test_contest_worksInTheLastSecond() public {
        dispute();
        skip(ANSWER);

        vm.prank(operator);
        court.contest{value: BOND}(id, "");

        assertTrue(court.disputeOf(id).state == DisputeState.Contested, "state");
    }

    function test_evidence_hasABoundOnBothSides() public {
        bytes memory refusal =
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtTooMuchEvidence.selector, 257);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 10, START + 30, new bytes(256));

        vm.expectRevert(refusal);
        vm.prank(operator);
        court.contest{value: BOND}(id, new bytes(257));
        vm.prank(operator);
        court.contest{value: BOND}(id, new bytes(256));

        assertTrue(court.disputeOf(id).state == DisputeState.Contested, "the longest is heard");
    }

    function test_contest_revertsWhen_itIsTooLate() public {
        dispute();
        skip(ANSWER + 1);

        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtTooLate.selector, id, START + 40 + ANSWER)
        );
        vm.prank(operator);
        court.contest{value: BOND}(id, "");
    }

    function test_contest_revertsWhen_callerOrBondIsAnother() public {
        dispute();

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotParty.selector, id, renter));
        vm.prank(renter);
        court.contest{value: BOND}(id, "");
        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongBond.selector, id, 0, BOND));
        vm.prank(operator);
        court.contest(id, "");
    }

    function test_poke_findsForTheOperatorWhenTheRenterAsksNobody() public {
        contested();
        skip(ANSWER + 1);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(id, DisputeEnd.Dropped, false);
        court.poke(id);

        settle();
        assertEarned(RENT, 0, BOND);
    }

    function expectOutside(uint64 fromSecond, uint64 toSecond) private {
        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowOutsideUse.selector, id, START, START + 40)
        );
        vm.prank(renter);
        court.dispute{value: BOND}(id, fromSecond, toSecond, "");
    }
}
