// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IIntervalCourt} from "contracts/src/interfaces/IIntervalCourt.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {IntervalCourt} from "contracts/src/rental/IntervalCourt.sol";
import {Dispute, DisputeEnd, DisputeState, IntervalCourtParameters} from "contracts/src/types/Disputes.sol";
import {RentalId} from "contracts/src/types/Ids.sol";
import {RentalState} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests disputes of intervals: what waits, who decides, and who gets the rent and the bonds.
/// @dev The rental runs for 100 seconds from START; seconds 10 to 30 of it are in dispute.
contract IntervalCourtTest is RentalFixture {
    uint128 private constant BOND = RENT / 50;
    uint128 private constant DISPUTED = RENT / 5;
    uint128 private constant COMMITTEE_PRICE = 0.3 ether;
    bytes32 private constant SECONDS_FIELD = "answerSeconds";
    bytes32 private constant SEATS_FIELD = "seats";

    RentalId private _id;

    function setUp() public override {
        super.setUp();
        vm.roll(10 * EPOCH);
        vm.deal(renter, 10 ether);
        vm.deal(operator, 10 ether);
        _id = activeRental();
        _pass(40);
    }

    // dispute

    function test_dispute_freezesTheIntervalsRentAndABond() public {
        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentFrozen(_id, DISPUTED);
        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.IntervalDisputed(
            _id, START + 10, START + 30, DISPUTED, BOND, START + 40 + ANSWER, "pings"
        );
        _dispute();

        Dispute memory kept = court.disputeOf(_id);
        assertTrue(kept.state == DisputeState.Open, "state");
        assertEq(kept.deadline, START + 40 + ANSWER, "deadline of the answer");
        assertEq(escrow.rentalOf(_id).frozen, DISPUTED, "a fifth of the rent waits");
        assertEq(vault.lockedOf(INTERVAL_COURT, RentalId.unwrap(_id)), BOND, "the bond");
        assertTrue(escrow.stateOf(_id) == RentalState.Active, "the rental goes on");
    }

    function test_bondOf_isTheRatingsBond() public view {
        assertEq(court.bondOf(_id), BOND);
    }

    function test_dispute_revertsWhen_callerIsNotTheRenter() public {
        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotParty.selector, _id, operator));
        vm.prank(operator);
        court.dispute{value: BOND}(_id, START + 10, START + 30, "");
    }

    function test_dispute_revertsWhen_theBondIsAnother() public {
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongBond.selector, _id, BOND - 1, BOND)
        );
        vm.prank(renter);
        court.dispute{value: BOND - 1}(_id, START + 10, START + 30, "");
    }

    function test_dispute_revertsWhen_oneIsOpen() public {
        _dispute();

        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongState.selector, _id, DisputeState.Open)
        );
        vm.prank(renter);
        court.dispute{value: BOND}(_id, START + 30, START + 35, "");
    }

    function test_dispute_revertsWhen_theIntervalIsEmpty() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IIntervalCourt.IntervalCourtBadInterval.selector, _id, START + 10, START + 10, 0
            )
        );
        vm.prank(renter);
        court.dispute{value: BOND}(_id, START + 10, START + 10, "");
    }

    function test_dispute_revertsWhen_theIntervalMeetsAnEarlierOne() public {
        _dispute();
        vm.prank(operator);
        court.concede(_id);

        vm.expectRevert(
            abi.encodeWithSelector(
                IIntervalCourt.IntervalCourtBadInterval.selector, _id, START + 29, START + 35, START + 30
            )
        );
        vm.prank(renter);
        court.dispute{value: BOND}(_id, START + 29, START + 35, "");
    }

    function test_dispute_revertsWhen_theIntervalIsNotWithinTheUse() public {
        _expectOutside(START - 1, START + 30);
        _expectOutside(START + 10, START + 41);
    }

    function test_dispute_revertsWhen_evidenceIsLong() public {
        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtTooMuchEvidence.selector, 257));
        vm.prank(renter);
        court.dispute{value: BOND}(_id, START + 10, START + 30, new bytes(257));
    }

    function test_dispute_revertsWhen_theRentalIsSettled() public {
        skip(1000);
        escrow.poke(_id);

        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, _id, RentalState.Settled)
        );
        vm.prank(renter);
        court.dispute{value: BOND}(_id, START + 10, START + 30, "");
    }

    function test_dispute_isPossibleAfterTheEndAndBeforeTheSettlement() public {
        _pass(DURATION);
        vm.prank(renter);
        court.dispute{value: BOND}(_id, START + 10, START + 100, "");

        assertEq(escrow.rentalOf(_id).frozen, RENT * 90 / 100, "up to the last second of use");
    }

    // concede, contest

    function test_concede_givesTheIntervalsRentToTheRenter() public {
        _dispute();

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(_id, DisputeEnd.Conceded, true);
        vm.prank(operator);
        court.concede(_id);

        assertEq(escrow.rentalOf(_id).forgiven, DISPUTED, "it is the renter's");
        _settle();
        _assertEarned(RENT - DISPUTED, 0, 0);
    }

    function test_concede_revertsWhen_callerIsNotTheOperator() public {
        _dispute();

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotParty.selector, _id, renter));
        vm.prank(renter);
        court.concede(_id);
    }

    /// @dev Who contested has put a bond in: only the committee, or the renter's silence, may give it away.
    function test_concede_revertsWhen_nothingIsOpen() public {
        vm.startPrank(operator);
        vm.expectRevert(_wrongState(DisputeState.None));
        court.concede(_id);
        vm.stopPrank();
        _contested();

        vm.expectRevert(_wrongState(DisputeState.Contested));
        vm.prank(operator);
        court.concede(_id);

        _appoint();
        vm.expectRevert(_wrongState(DisputeState.Judging));
        vm.prank(operator);
        court.concede(_id);
    }

    function test_poke_findsForTheRenterWhenTheOperatorIsSilent() public {
        _dispute();
        skip(ANSWER);
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotDue.selector, _id, START + 40 + ANSWER)
        );
        court.poke(_id);
        skip(1);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(_id, DisputeEnd.Unanswered, true);
        vm.prank(stranger);
        court.poke(_id);

        _settle();
        _assertEarned(RENT - DISPUTED, 0, 0);
    }

    function test_contest_keepsTheRentWaiting() public {
        _dispute();

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.IntervalContested(_id, START + 40 + ANSWER, "logs");
        vm.prank(operator);
        court.contest{value: BOND}(_id, "logs");

        assertTrue(court.disputeOf(_id).state == DisputeState.Contested, "state");
        assertEq(vault.lockedOf(INTERVAL_COURT, RentalId.unwrap(_id)), 2 * BOND, "both bonds");
    }

    function test_contest_worksInTheLastSecond() public {
        _dispute();
        skip(ANSWER);

        vm.prank(operator);
        court.contest{value: BOND}(_id, "");

        assertTrue(court.disputeOf(_id).state == DisputeState.Contested, "state");
    }

    function test_evidence_hasABoundOnBothSides() public {
        bytes memory refusal =
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtTooMuchEvidence.selector, 257);
        vm.prank(renter);
        court.dispute{value: BOND}(_id, START + 10, START + 30, new bytes(256));

        vm.expectRevert(refusal);
        vm.prank(operator);
        court.contest{value: BOND}(_id, new bytes(257));
        vm.prank(operator);
        court.contest{value: BOND}(_id, new bytes(256));

        assertTrue(court.disputeOf(_id).state == DisputeState.Contested, "the longest is heard");
    }

    function test_contest_revertsWhen_itIsTooLate() public {
        _dispute();
        skip(ANSWER + 1);

        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtTooLate.selector, _id, START + 40 + ANSWER)
        );
        vm.prank(operator);
        court.contest{value: BOND}(_id, "");
    }

    function test_contest_revertsWhen_callerOrBondIsAnother() public {
        _dispute();

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotParty.selector, _id, renter));
        vm.prank(renter);
        court.contest{value: BOND}(_id, "");
        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongBond.selector, _id, 0, BOND));
        vm.prank(operator);
        court.contest(_id, "");
    }

    function test_poke_findsForTheOperatorWhenTheRenterAsksNobody() public {
        _contested();
        skip(ANSWER + 1);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(_id, DisputeEnd.Dropped, false);
        court.poke(_id);

        _settle();
        _assertEarned(RENT, 0, BOND);
    }

    // The committee

    function test_appoint_asksACommittee() public {
        _contested();
        bytes32 subject = court.subjectOf(_id);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.CommitteeAsked(_id, subject, START + 40 + JUDGING);
        _appoint();

        (address plaintiff, address defendant) = committee.partiesOf(subject);
        assertEq(plaintiff, renter, "who disputes");
        assertEq(defendant, operator, "who contests");
        (,,, uint8 seats) = committee.verdictOf(subject);
        assertEq(seats, 3, "seats");
    }

    function test_appoint_revertsWhen_callerIsNotTheRenter() public {
        _contested();

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotParty.selector, _id, operator));
        vm.prank(operator);
        court.appoint{value: COMMITTEE_PRICE}(_id);
    }

    function test_appoint_revertsWhen_nothingIsContested() public {
        _dispute();

        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongState.selector, _id, DisputeState.Open)
        );
        _appoint();
    }

    function test_poke_followsACommitteeThatFindsForTheRenter() public {
        _judged(court.UNAVAILABLE(), 2);

        court.poke(_id);

        _settle();
        _assertEarned(RENT - DISPUTED, BOND, 0);
    }

    function test_poke_followsACommitteeThatFindsForTheOperator() public {
        _judged("available", 3);

        court.poke(_id);

        _settle();
        _assertEarned(RENT, 0, BOND);
    }

    function test_poke_leavesEverythingAsItWasWhenTheCommitteeFindsNothing() public {
        _judged(0, 0);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(_id, DisputeEnd.Undecided, false);
        court.poke(_id);

        _settle();
        _assertEarned(RENT, 0, 0);
    }

    /// @dev Members that say why they found nothing have not found for the operator.
    function test_poke_leavesEverythingAsItWasWhenTheCommitteeGivesAReason() public {
        _judged(0, 3);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(_id, DisputeEnd.Undecided, false);
        court.poke(_id);

        _settle();
        _assertEarned(RENT, 0, 0);
    }

    function test_poke_theLeastWordAboveTheReasonsIsAFinding() public {
        _judged(bytes32(uint256(1 << 16)), 3);

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(_id, DisputeEnd.Available, false);
        court.poke(_id);
    }

    function test_poke_waitsForTheCommitteeOnlySoLong() public {
        _contested();
        _appoint();
        skip(JUDGING);
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotDue.selector, _id, START + 40 + JUDGING)
        );
        court.poke(_id);
        skip(1);

        court.poke(_id);

        assertTrue(court.disputeOf(_id).state == DisputeState.None, "over");
        assertEq(vault.lockedOf(INTERVAL_COURT, RentalId.unwrap(_id)), 0, "both bonds are back");
    }

    function test_poke_revertsWhen_nobodyDisputes() public {
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongState.selector, _id, DisputeState.None)
        );
        court.poke(_id);
    }

    // The registry

    function test_closeOnRecord_findsForTheRenterWhenNoChipWasThere() public {
        _pass(40);
        vm.prank(renter);
        court.dispute{value: BOND}(_id, START + 10, START + 70, "");
        for (uint64 epoch = 11; epoch < 14; ++epoch) {
            registry.miss(chips[0], epoch);
            registry.miss(chips[1], epoch);
        }

        vm.expectEmit(INTERVAL_COURT);
        emit IIntervalCourt.DisputeClosed(_id, DisputeEnd.OnRecord, true);
        vm.prank(stranger);
        court.closeOnRecord(_id);

        assertEq(escrow.rentalOf(_id).forgiven, RENT * 60 / 100, "the interval's rent");
    }

    function test_closeOnRecord_revertsWhen_aChipWasThere() public {
        _pass(40);
        vm.prank(renter);
        court.dispute{value: BOND}(_id, START + 10, START + 70, "");
        for (uint64 epoch = 11; epoch < 14; ++epoch) {
            registry.miss(chips[0], epoch);
        }

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotOnRecord.selector, _id));
        court.closeOnRecord(_id);
    }

    function test_closeOnRecord_revertsWhen_noWholeEpochIsInside() public {
        _dispute();
        for (uint64 epoch = 10; epoch < 14; ++epoch) {
            registry.miss(chips[0], epoch);
            registry.miss(chips[1], epoch);
        }

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotOnRecord.selector, _id));
        court.closeOnRecord(_id);
    }

    function test_closeOnRecord_revertsWhen_nothingWaits() public {
        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongState.selector, _id, DisputeState.None)
        );
        court.closeOnRecord(_id);
    }

    // Settlement while a dispute is open

    function test_settlement_doesNotWaitForTheDispute() public {
        _contested();
        _settle();

        assertTrue(escrow.stateOf(_id) == RentalState.Settled, "settled");
        assertEq(vault.lockedOf(ESCROW, RentalId.unwrap(_id)), DISPUTED, "only the disputed rent waits");
        assertEq(escrow.chipsOf(_id).length, 0, "no chip waits");
    }

    function test_thaw_paysTheRenterAfterTheSettlement() public {
        _contested();
        _appoint();
        _settle();
        committee.rule(court.subjectOf(_id), court.UNAVAILABLE(), 2);

        court.poke(_id);

        _assertEarned(RENT - DISPUTED, BOND, 0);
    }

    function test_thaw_paysTheOperatorAfterTheSettlementLessTheFee() public {
        _contested();
        _settle();
        skip(ANSWER + 1);

        court.poke(_id);

        uint256 fees = (RENT - DISPUTED + 99) / 100 + (DISPUTED + 99) / 100;
        assertFree(operator, FUNDS + RENT - fees + 2 * BOND, "rent and the renter's bond");
        assertEq(vault.lockedOf(ESCROW, RentalId.unwrap(_id)), 0, "nothing waits");
    }

    /// @dev Only the operator is silent in phase II: no rent is due, none waits.
    function test_settlement_leavesNothingWaitingWhenNoRentIsDue() public {
        _contested();
        _pass(65);
        commitAs(_id, renter, 80, RENTER_SALT);
        skip(COMMIT + 1);
        escrow.poke(_id);
        assertEq(vault.lockedOf(ESCROW, RentalId.unwrap(_id)), 0, "all of it went to the renter");
        skip(ANSWER);

        court.poke(_id);

        assertNothingLocked(_id);
    }

    function test_freeze_revertsWhen_callerIsNotTheCourt() public {
        vm.startPrank(renter);
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotIntervalCourt.selector, renter));
        escrow.freeze(_id, START + 10, START + 30);
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotIntervalCourt.selector, renter));
        escrow.thaw(_id, true);
    }

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

    /// @dev However the seconds are cut into disputes and whoever wins them, every wei is paid out once.
    function testFuzz_disputes_payOutWhatWasLocked(uint8[6] memory cuts, uint8 winners) public {
        _pass(DURATION);
        uint64 last = START;
        for (uint256 i = 0; i < cuts.length; ++i) {
            uint64 next = last + cuts[i] % 20;
            if (next == last) continue;
            vm.prank(renter);
            court.dispute{value: BOND}(_id, last, next, "");
            last = next;
            if (winners >> i & 1 == 1) {
                vm.prank(operator);
                court.concede(_id);
                continue;
            }
            vm.prank(operator);
            court.contest{value: BOND}(_id, "");
            if (i + 1 == cuts.length) break; // the last one stays open beyond the settlement
            vm.prank(renter);
            court.appoint{value: COMMITTEE_PRICE}(_id);
            committee.rule(court.subjectOf(_id), "available", 3);
            court.poke(_id);
        }
        skip(1000);
        escrow.poke(_id);
        if (court.disputeOf(_id).state != DisputeState.None) court.poke(_id);

        assertNothingLocked(_id);
        assertEq(vault.totalLocked(), 0, "nothing waits");
    }

    function _wrongState(DisputeState state) private view returns (bytes memory) {
        return abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongState.selector, _id, state);
    }

    function _expectOutside(uint64 fromSecond, uint64 toSecond) private {
        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowOutsideUse.selector, _id, START, START + 40)
        );
        vm.prank(renter);
        court.dispute{value: BOND}(_id, fromSecond, toSecond, "");
    }

    function _dispute() private {
        vm.prank(renter);
        court.dispute{value: BOND}(_id, START + 10, START + 30, "pings");
    }

    function _contested() private {
        _dispute();
        vm.prank(operator);
        court.contest{value: BOND}(_id, "");
    }

    function _appoint() private {
        vm.prank(renter);
        court.appoint{value: COMMITTEE_PRICE}(_id);
    }

    function _judged(bytes32 verdict, uint8 agreeing) private {
        _contested();
        _appoint();
        committee.rule(court.subjectOf(_id), verdict, agreeing);
    }

    /// @dev The renter ends after all seconds but those that passed meanwhile are used; both rate.
    function _settle() private {
        skip(START + DURATION - block.timestamp);
        vm.prank(renter);
        escrow.end(_id, "");
        commitAs(_id, renter, 80, RENTER_SALT);
        commitAs(_id, operator, 90, OPERATOR_SALT);
        revealAsRenter(_id);
        revealAsOperator(_id);
    }

    /// @dev Free balances after all is over; bonds that were won beside one's own. Bonds of the court came
    /// from outside the vault.
    function _assertEarned(uint128 earned, uint128 renterWon, uint128 operatorWon) private view {
        bool isContested = renterWon != 0 || operatorWon != 0 || operator.balance < 10 ether;
        uint128 renterBack = operatorWon == 0 ? BOND : 0;
        uint128 operatorBack = isContested && renterWon == 0 ? BOND : 0;
        assertFree(renter, FUNDS - earned + renterBack + renterWon, "renter");
        assertFree(operator, FUNDS + earned - (earned + 99) / 100 + operatorBack + operatorWon, "operator");
        assertEq(vault.lockedOf(ESCROW, RentalId.unwrap(_id)), 0, "nothing waits in the escrow");
        assertEq(vault.lockedOf(INTERVAL_COURT, RentalId.unwrap(_id)), 0, "nor in the court");
    }

    function _pass(uint64 time) private {
        skip(time);
        vm.roll(block.number + time);
    }
}
