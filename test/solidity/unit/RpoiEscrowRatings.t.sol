// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRatingBook} from "contracts/src/interfaces/IRatingBook.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {RentalId} from "contracts/src/types/Ids.sol";
import {OperatorHalf, Rental, RentalState, RenterHalf} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests the ratings that close a rental, given in time.
contract RpoiEscrowRatingsTest is RentalFixture {
    // commitRatings, commitRating

    function test_commitRatings_keepsBothHalves() public {
        RentalId id = endedRental(40);
        skip(COMMIT);
        (RenterHalf memory renterHalf, OperatorHalf memory operatorHalf) = _halves(id);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RatingCommitted(id, renter, renterHalf.commitment);
        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RatingCommitted(id, operator, operatorHalf.commitment);
        _commitRatings(id, renterHalf, operatorHalf);

        Rental memory rental = escrow.rentalOf(id);
        assertTrue(rental.state == RentalState.Revealing, "state");
        assertEq(rental.renterCommitment, renterHalf.commitment, "renter's commitment");
        assertEq(rental.operatorCommitment, operatorHalf.commitment, "operator's commitment");
        assertEq(rental.deadline, START + 40 + COMMIT + REVEAL, "deadline of the reveals");
    }

    function test_commitRatings_takesOneHalfAtATime() public {
        RentalId id = endedRental(40);
        (RenterHalf memory renterHalf, OperatorHalf memory operatorHalf) = _halves(id);
        operatorHalf.renterHalf = 0;

        _commitRenterHalf(id, renterHalf);
        assertTrue(escrow.stateOf(id) == RentalState.Ended, "waits for the other half");
        _commitOperatorHalf(id, operatorHalf);

        assertTrue(escrow.stateOf(id) == RentalState.Revealing, "both have committed");
    }

    function test_commitRatings_keepsTheFirstCommitmentAndTakesTheOtherHalf() public {
        RentalId id = endedRental(40);
        (RenterHalf memory renterHalf, OperatorHalf memory operatorHalf) = _halves(id);
        vm.prank(renter);
        escrow.commitRating(id, "another");

        _commitRatings(id, renterHalf, operatorHalf);

        Rental memory rental = escrow.rentalOf(id);
        assertEq(rental.renterCommitment, "another", "the renter's first");
        assertEq(rental.operatorCommitment, operatorHalf.commitment, "the operator's only");
        assertTrue(rental.state == RentalState.Revealing, "state");
    }

    function test_commitRatings_endsWhatTimeHasEnded() public {
        RentalId id = activeRental();
        skip(DURATION + COMMIT);
        (RenterHalf memory renterHalf, OperatorHalf memory operatorHalf) = _halves(id);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalEnded(id, START + DURATION, START + DURATION + COMMIT);
        _commitRatings(id, renterHalf, operatorHalf);

        assertChipsFree();
        assertTrue(escrow.stateOf(id) == RentalState.Revealing, "state");
    }

    function test_commitRatings_revertsWhen_operatorsHalfNamesAnother() public {
        RentalId id = endedRental(40);
        (RenterHalf memory renterHalf, OperatorHalf memory operatorHalf) = _halves(id);
        operatorHalf.renterHalf = "another";

        _expectHalvesDiffer(id);
        _commitRatings(id, renterHalf, operatorHalf);
    }

    function test_commitRatings_revertsWhen_operatorsHalfNamesOneThatIsMissing() public {
        RentalId id = endedRental(40);
        (, OperatorHalf memory operatorHalf) = _halves(id);

        _expectHalvesDiffer(id);
        _commitOperatorHalf(id, operatorHalf);
    }

    function test_commitRatings_revertsWhen_aHalfIsOfAnotherRental() public {
        RentalId id = endedRental(40);
        (RenterHalf memory renterHalf, OperatorHalf memory operatorHalf) = _halves(id);
        renterHalf.rental = RentalId.wrap("another");
        operatorHalf.rental = RentalId.wrap("another");
        operatorHalf.renterHalf = 0;

        _expectHalvesDiffer(id);
        _commitRenterHalf(id, renterHalf);
        _expectHalvesDiffer(id);
        _commitOperatorHalf(id, operatorHalf);
    }

    function test_commitRatings_revertsWhen_aHalfIsSignedByAnother() public {
        RentalId id = endedRental(40);
        (RenterHalf memory renterHalf, OperatorHalf memory operatorHalf) = _halves(id);
        bytes memory wrong = sign(operatorKey, escrowDigest(renterHalfHash(renterHalf)));

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadSignature.selector, renter));
        escrow.commitRatings(id, renterHalf, wrong, operatorHalf, "");

        operatorHalf.renterHalf = 0;
        wrong = sign(renterKey, escrowDigest(operatorHalfHash(operatorHalf)));
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadSignature.selector, operator));
        escrow.commitRatings(id, renterHalf, "", operatorHalf, wrong);
    }

    function test_commitRatings_revertsWhen_neitherHalfIsSigned() public {
        RentalId id = endedRental(40);
        (RenterHalf memory renterHalf, OperatorHalf memory operatorHalf) = _halves(id);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNoHalf.selector, id));
        escrow.commitRatings(id, renterHalf, "", operatorHalf, "");
    }

    function test_commitRatings_revertsWhen_nothingIsNew() public {
        RentalId id = endedRental(40);
        (RenterHalf memory renterHalf,) = _halves(id);
        _commitRenterHalf(id, renterHalf);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowAlreadyCommitted.selector, id, renter));
        _commitRenterHalf(id, renterHalf);
    }

    function test_commitRatings_revertsWhen_late() public {
        RentalId id = endedRental(40);
        skip(COMMIT + 1);
        (RenterHalf memory renterHalf, OperatorHalf memory operatorHalf) = _halves(id);

        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowTooLate.selector, id, START + 40 + COMMIT)
        );
        _commitRatings(id, renterHalf, operatorHalf);
    }

    function test_commitRating_isForThePartiesThemselves() public {
        RentalId id = endedRental(40);

        commitAs(id, renter, 80, RENTER_SALT);
        commitAs(id, operator, 90, OPERATOR_SALT);

        Rental memory rental = escrow.rentalOf(id);
        assertEq(rental.renterCommitment, commitmentOf(id, renter, 80, RENTER_SALT), "renter's commitment");
        assertEq(
            rental.operatorCommitment, commitmentOf(id, operator, 90, OPERATOR_SALT), "operator's commitment"
        );
        assertTrue(rental.state == RentalState.Revealing, "state");
    }

    function test_commitRating_revertsWhen_callerIsNoParty() public {
        RentalId id = endedRental(40);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotParty.selector, id, stranger));
        vm.prank(stranger);
        escrow.commitRating(id, "mine");
    }

    function test_commitRating_revertsWhen_doneBefore() public {
        RentalId id = endedRental(40);
        commitAs(id, renter, 80, RENTER_SALT);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowAlreadyCommitted.selector, id, renter));
        vm.prank(renter);
        escrow.commitRating(id, "another");
    }

    function test_commitRating_revertsWhen_empty() public {
        RentalId id = endedRental(40);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowEmptyCommitment.selector, id, renter));
        vm.prank(renter);
        escrow.commitRating(id, 0);
    }

    function test_commitRating_revertsWhen_timeStillRuns() public {
        RentalId id = activeRental();

        _expectWrongState(id, RentalState.Active);
        vm.prank(renter);
        escrow.commitRating(id, "mine");
    }

    // reveal

    function test_reveal_opensOneRating() public {
        RentalId id = revealingRental(40);
        skip(REVEAL);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RatingRevealed(id, renter, 80);
        vm.prank(stranger);
        revealAsRenter(id);

        Rental memory rental = escrow.rentalOf(id);
        assertEq(rental.renterScore, 80, "renter's score");
        assertEq(rental.operatorScore, 0, "the other is hidden");
        assertTrue(rental.state == RentalState.Revealing, "waits for the other");
    }

    function test_reveal_settlesWhenBothAreOpen() public {
        RentalId id = revealingRental(40);
        uint128 metered = RENT * 40 / 100;
        uint128 fee = (metered + 99) / 100;
        revealAsRenter(id);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalSettled(id, metered - fee, RENT - metered, DEPOSIT, 0, fee);
        vm.expectEmit(RATINGS);
        emit IRatingBook.Rated(id, renter, operator, 80, fee / 1 gwei * 1 gwei);
        vm.expectEmit(RATINGS);
        emit IRatingBook.Rated(id, operator, renter, 90, fee / 1 gwei * 1 gwei);
        revealAsOperator(id);

        assertTrue(escrow.rentalOf(id).state == RentalState.Settled, "state");
        assertEq(escrow.rentalOf(id).deadline, 0, "waits for nothing");
        assertFree(renter, FUNDS - metered, "renter paid what was used");
        assertFree(operator, FUNDS + metered - fee, "operator earned it, less the market fee");
        assertEq(EMISSION.balance, fee, "the market fee is burned");
        assertEq(ratings.countOf(operator), 1, "ratings of the operator");
        assertEq(ratings.countOf(renter), 1, "ratings of the renter");
        assertNothingLocked(id);
    }

    function test_reveal_settlesAFullyUsedRental() public {
        RentalId id = activeRental();
        skip(DURATION + 1);
        commitAs(id, renter, 80, RENTER_SALT);
        commitAs(id, operator, 90, OPERATOR_SALT);

        revealAsOperator(id);
        revealAsRenter(id);

        uint128 fee = (RENT + 99) / 100;
        assertFree(renter, FUNDS - RENT, "renter paid all");
        assertFree(operator, FUNDS + RENT - fee, "operator earned all, less the market fee");
        assertNothingLocked(id);
    }

    function test_reveal_recordsNothingWithoutAFee() public {
        RentalId id = revealingRental(0);
        revealAsRenter(id);

        vm.expectCall(RATINGS, abi.encodeWithSelector(IRatingBook.record.selector), 0);
        revealAsOperator(id);

        assertEq(ratings.countOf(operator), 0, "a rental that burned nothing cannot rate");
        assertFree(renter, FUNDS, "renter has all back");
        assertFree(operator, FUNDS, "operator has all back");
        assertNothingLocked(id);
    }

    function test_reveal_revertsWhen_raterIsNoParty() public {
        RentalId id = revealingRental(40);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotParty.selector, id, stranger));
        escrow.reveal(id, stranger, 80, RENTER_SALT);
    }

    function test_reveal_revertsWhen_scoreIsNotCommitted() public {
        RentalId id = revealingRental(40);

        vm.expectRevert(badReveal(id, renter, 81, RENTER_SALT));
        escrow.reveal(id, renter, 81, RENTER_SALT);
    }

    function test_reveal_revertsWhen_scoreOutOfRange() public {
        RentalId id = endedRental(40);
        commitAs(id, renter, 101, RENTER_SALT);
        commitAs(id, operator, 0, OPERATOR_SALT);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadScore.selector, 101));
        escrow.reveal(id, renter, 101, RENTER_SALT);
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadScore.selector, 0));
        escrow.reveal(id, operator, 0, OPERATOR_SALT);
    }

    function test_reveal_revertsWhen_doneBefore() public {
        RentalId id = revealingRental(40);
        revealAsRenter(id);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowAlreadyRevealed.selector, id, renter));
        revealAsRenter(id);
    }

    function test_reveal_revertsWhen_late() public {
        RentalId id = revealingRental(40);
        skip(REVEAL + 1);

        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowTooLate.selector, id, START + 40 + REVEAL)
        );
        revealAsRenter(id);
    }

    function test_reveal_revertsWhen_onlyOneHasCommitted() public {
        RentalId id = endedRental(40);
        commitAs(id, renter, 80, RENTER_SALT);

        _expectWrongState(id, RentalState.Ended);
        revealAsRenter(id);
    }

    function _halves(RentalId id) private view returns (RenterHalf memory, OperatorHalf memory) {
        RenterHalf memory renterHalf =
            RenterHalf({rental: id, commitment: commitmentOf(id, renter, 80, RENTER_SALT)});
        OperatorHalf memory operatorHalf = OperatorHalf({
            rental: id,
            commitment: commitmentOf(id, operator, 90, OPERATOR_SALT),
            renterHalf: renterHalfHash(renterHalf)
        });
        return (renterHalf, operatorHalf);
    }

    function _commitRatings(RentalId id, RenterHalf memory renterHalf, OperatorHalf memory operatorHalf)
        private
    {
        bytes memory renterSignature = sign(renterKey, escrowDigest(renterHalfHash(renterHalf)));
        bytes memory operatorSignature = sign(operatorKey, escrowDigest(operatorHalfHash(operatorHalf)));
        vm.prank(stranger);
        escrow.commitRatings(id, renterHalf, renterSignature, operatorHalf, operatorSignature);
    }

    function _commitRenterHalf(RentalId id, RenterHalf memory half) private {
        OperatorHalf memory none;
        escrow.commitRatings(id, half, sign(renterKey, escrowDigest(renterHalfHash(half))), none, "");
    }

    function _commitOperatorHalf(RentalId id, OperatorHalf memory half) private {
        RenterHalf memory none;
        escrow.commitRatings(id, none, "", half, sign(operatorKey, escrowDigest(operatorHalfHash(half))));
    }

    function _expectHalvesDiffer(RentalId id) private {
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowHalvesDiffer.selector, id));
    }

    function _expectWrongState(RentalId id, RentalState state) private {
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, id, state));
    }
}
