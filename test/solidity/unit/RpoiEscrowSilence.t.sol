// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {Rental, RentalState} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tells what happens to everybody's money when somebody is silent: one story for each row of the
/// table.
contract RpoiEscrowSilenceTest is RentalFixture {
    uint64 private constant USED = 37;
    uint128 private constant METERED = RENT * USED / DURATION;
    uint128 private constant FEE = (METERED + 99) / 100;
    uint128 private constant OPERATOR_BOND = RENT / 5;
    uint128 private constant RATING_BOND = RENT / 50;

    // The operator never commits a hand-over.

    function test_story_operatorNeverHandsOver() public {
        RentalId id = openRental();
        skip(HANDOVER + 1);
        assertTrue(escrow.stateOf(id) == RentalState.Cancelled, "already over, before anybody says so");
        uint128 forfeited = OPERATOR_BOND / 4;

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalCancelled(id, forfeited);
        vm.prank(stranger);
        RentalState state = escrow.poke(id);

        assertTrue(state == RentalState.Cancelled, "state");
        assertTrue(escrow.rentalOf(id).state == RentalState.Cancelled, "stored state");
        assertFree(renter, FUNDS + forfeited / 2, "renter: all back, half of the forfeit");
        assertFree(operator, FUNDS - forfeited, "operator: loses a quarter of its bond");
        assertEq(EMISSION.balance, forfeited - forfeited / 2, "the other half is burned");
        assertChipsFree();
        assertNothingLocked(id);
    }

    // The renter never acknowledges nor complains.

    function test_story_renterNeverAcknowledges() public {
        RentalId id = openedAndHandedOver();
        skip(ACKNOWLEDGE + 1);
        assertTrue(escrow.stateOf(id) == RentalState.Active, "time runs, before anybody says so");

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalStarted(id, START + ACKNOWLEDGE, false);
        RentalState state = escrow.poke(id);

        assertTrue(state == RentalState.Active, "state");
        assertEq(escrow.rentalOf(id).startedAt, START + ACKNOWLEDGE, "from the deadline on");
        assertEq(escrow.accruedOf(id), RENT / 100, "one second of rent");
    }

    // Nobody ends the rental.

    function test_story_fundsEndTheRental() public {
        RentalId id = activeRental();
        skip(DURATION + 1);
        assertTrue(escrow.stateOf(id) == RentalState.Ended, "over, before anybody says so");

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalEnded(id, START + DURATION, START + DURATION + COMMIT);
        RentalState state = escrow.poke(id);

        assertTrue(state == RentalState.Ended, "state");
        assertEq(escrow.accruedOf(id), RENT, "all the rent");
        assertChipsFree();
    }

    // Only the renter is silent in phase II.

    function test_story_renterNeverCommits() public {
        RentalId id = endedRental(USED);
        commitAs(id, operator, 90, OPERATOR_SALT);
        skip(COMMIT + 1);

        _pokeAndExpect(id, METERED - FEE, RENT - METERED, 0, DEPOSIT / 2, _burnedByRentersSilence());

        _assertRentersSilence(id);
        assertEq(ratings.countOf(renter), 0, "no rating was opened");
    }

    function test_story_renterNeverReveals() public {
        RentalId id = revealingRental(USED);
        revealAsOperator(id);
        skip(REVEAL + 1);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RatingBondForfeited(id, renter, RATING_BOND);
        escrow.poke(id);

        _assertRentersSilence(id);
        assertEq(ratings.countOf(renter), 1, "the operator's opinion counts");
        assertEq(ratings.countOf(operator), 0, "the renter's stays hidden");
    }

    // Only the operator is silent in phase II.

    function test_story_operatorNeverCommits() public {
        RentalId id = endedRental(USED);
        commitAs(id, renter, 80, RENTER_SALT);
        skip(COMMIT + 1);

        _pokeAndExpect(id, 0, RENT, DEPOSIT, 0, RATING_BOND - RATING_BOND / 2);

        _assertOperatorsSilence(id);
    }

    function test_story_operatorNeverReveals() public {
        RentalId id = revealingRental(USED);
        revealAsRenter(id);
        skip(REVEAL + 1);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RatingBondForfeited(id, operator, RATING_BOND);
        escrow.poke(id);

        _assertOperatorsSilence(id);
        assertEq(ratings.countOf(operator), 0, "what burned no fee cannot rate");
    }

    // Both are silent in phase II.

    function test_story_bothNeverCommit() public {
        RentalId id = endedRental(USED);
        skip(COMMIT + 1);

        _pokeAndExpect(id, METERED - FEE, RENT - METERED, DEPOSIT, 0, FEE + 2 * RATING_BOND);

        _assertBothSilent(id);
    }

    function test_story_bothNeverReveal() public {
        RentalId id = revealingRental(USED);
        skip(REVEAL + 1);

        escrow.poke(id);

        _assertBothSilent(id);
    }

    // Everybody vanishes after the hand-over: one poke does it all.

    function test_story_allVanishAfterTheHandover() public {
        RentalId id = openedAndHandedOver();
        skip(ACKNOWLEDGE + DURATION + COMMIT + 1);
        assertTrue(escrow.stateOf(id) == RentalState.Settled, "over, before anybody says so");

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalStarted(id, START + ACKNOWLEDGE, false);
        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalEnded(
            id, START + ACKNOWLEDGE + DURATION, START + ACKNOWLEDGE + DURATION + COMMIT
        );
        RentalState state = escrow.poke(id);

        uint128 fee = (RENT + 99) / 100;
        assertTrue(state == RentalState.Settled, "state");
        assertFree(renter, FUNDS - RENT - RATING_BOND, "renter pays all the rent and its rating bond");
        assertFree(operator, FUNDS + RENT - fee - RATING_BOND, "operator earns the rent, less fee and bond");
        assertEq(EMISSION.balance, fee + 2 * RATING_BOND, "fee and bonds are burned");
        assertChipsFree();
        assertNothingLocked(id);
    }

    // A sponsor gets back what the renter would have got.

    function test_story_sponsorIsPaidBack() public {
        address payer = makeAddr("sponsor");
        fund(payer, FUNDS);
        Order memory bid = aBid();
        bid.payer = payer;
        OrderHash hash = orders.hashOf(bid);
        vm.prank(payer);
        desk.sponsor(hash, 5 ether);
        RentalId id = desk.open(signed(anAsk(), bid, aRequest(bid)));
        skip(HANDOVER + 1);

        escrow.poke(id);

        assertFree(payer, FUNDS + OPERATOR_BOND / 8, "the sponsor has all back and the compensation");
        assertFree(renter, FUNDS, "the renter neither paid nor received");
        assertNothingLocked(id);
    }

    // What a poke cannot do

    function test_poke_revertsWhen_nothingIsDue() public {
        RentalId id = openRental();
        skip(HANDOVER);
        _expectNothingDue(id, START + HANDOVER);

        handOver(id);
        skip(ACKNOWLEDGE);
        _expectNothingDue(id, START + HANDOVER + ACKNOWLEDGE);

        vm.prank(renter);
        escrow.acknowledge(id, "");
        skip(DURATION);
        _expectNothingDue(id, START + HANDOVER + ACKNOWLEDGE + DURATION);

        commitLater(id);
        _expectNothingDue(id, uint64(block.timestamp) + REVEAL);
    }

    function test_poke_revertsWhen_rentalIsOver() public {
        RentalId id = openRental();
        skip(HANDOVER + 1);
        escrow.poke(id);

        _expectNothingDue(id, 0);
    }

    function test_poke_revertsWhen_rentalIsUnknown() public {
        _expectNothingDue(RentalId.wrap("none"), 0);
    }

    function testFuzz_stateOf_isWhatAPokeMakes(uint8 steps, uint32 wait) public {
        RentalId id = _walk(steps % 6);
        skip(bound(wait, 0, 400));
        RentalState foretold = escrow.stateOf(id);
        uint128 accrued = escrow.accruedOf(id);

        try escrow.poke(id) returns (RentalState state) {
            assertTrue(state == foretold, "what poke returns");
        } catch {}

        assertTrue(escrow.rentalOf(id).state == foretold, "what is stored");
        assertEq(escrow.accruedOf(id), accrued, "a poke does not move the meter");
    }

    function testFuzz_end_metersBySeconds(uint32 used, uint8 speakers) public {
        used = uint32(bound(used, 0, DURATION));
        RentalId id = endedRental(used);
        Rental memory rental = escrow.rentalOf(id);
        assertLe(escrow.accruedOf(id), rental.rent, "never more than the rent");
        if (speakers & 1 != 0) commitAs(id, renter, 80, RENTER_SALT);
        if (speakers & 2 != 0) commitAs(id, operator, 90, OPERATOR_SALT);
        if (speakers & 3 == 3 && speakers & 4 != 0) revealAsRenter(id);
        if (speakers & 3 == 3 && speakers & 8 != 0) revealAsOperator(id);
        skip(COMMIT + REVEAL + 1);

        if (escrow.rentalOf(id).state != RentalState.Settled) escrow.poke(id);

        assertEq(vault.freeOf(renter) + vault.freeOf(operator) + EMISSION.balance, 2 * FUNDS, "to the wei");
        assertNothingLocked(id);
    }

    /// @dev Leaves a rental after so many steps of its life.
    function _walk(uint256 steps) private returns (RentalId) {
        if (steps == 0) return openRental();
        if (steps == 1) return openedAndHandedOver();
        if (steps == 2) return activeRental();
        if (steps == 3) return endedRental(10);
        RentalId id = revealingRental(10);
        if (steps == 5) revealAsRenter(id);
        return id;
    }

    function commitLater(RentalId id) private {
        skip(1);
        commitAs(id, renter, 80, RENTER_SALT);
        commitAs(id, operator, 90, OPERATOR_SALT);
    }

    function _burnedByRentersSilence() private pure returns (uint128) {
        return FEE + (DEPOSIT - DEPOSIT / 2) + (RATING_BOND - RATING_BOND / 2);
    }

    function _assertRentersSilence(RentalId id) private view {
        assertFree(
            renter, FUNDS - METERED - DEPOSIT - RATING_BOND, "renter loses the deposit and its rating bond"
        );
        assertFree(
            operator,
            FUNDS + METERED - FEE + DEPOSIT / 2 + RATING_BOND / 2,
            "operator: metered rent, half of the deposit and of the renter's bond"
        );
        assertEq(EMISSION.balance, _burnedByRentersSilence(), "the other halves and the fee are burned");
        assertNothingLocked(id);
    }

    function _assertOperatorsSilence(RentalId id) private view {
        assertFree(renter, FUNDS + RATING_BOND / 2, "renter: all back, half of the operator's rating bond");
        assertFree(operator, FUNDS - RATING_BOND, "operator: no rent, its bond back, its rating bond lost");
        assertEq(EMISSION.balance, RATING_BOND - RATING_BOND / 2, "no fee on rent that was not paid");
        assertNothingLocked(id);
    }

    function _assertBothSilent(RentalId id) private view {
        assertFree(renter, FUNDS - METERED - RATING_BOND, "renter: deposit back, metered rent paid");
        assertFree(operator, FUNDS + METERED - FEE - RATING_BOND, "operator: metered rent less fee");
        assertEq(EMISSION.balance, FEE + 2 * RATING_BOND, "fee and rating bonds are burned");
        assertEq(ratings.countOf(renter) + ratings.countOf(operator), 0, "nobody rated");
        assertNothingLocked(id);
    }

    function _pokeAndExpect(
        RentalId id,
        uint128 paidToOperator,
        uint128 rentToRenter,
        uint128 depositToRenter,
        uint128 depositToOperator,
        uint128 burned
    ) private {
        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalSettled(
            id, paidToOperator, rentToRenter, depositToRenter, depositToOperator, burned
        );
        vm.prank(stranger);
        RentalState state = escrow.poke(id);
        assertTrue(state == RentalState.Settled, "state");
    }

    function _expectNothingDue(RentalId id, uint64 deadline) private {
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNothingDue.selector, id, deadline));
        escrow.poke(id);
    }
}
