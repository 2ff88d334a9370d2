// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IIntervalCourt} from "contracts/src/interfaces/IIntervalCourt.sol";
import {IRatingBook} from "contracts/src/interfaces/IRatingBook.sol";
import {IRentalDesk} from "contracts/src/interfaces/IRentalDesk.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {ITokenVault} from "contracts/src/interfaces/ITokenVault.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {Opening, Rental, RentalRequest} from "contracts/src/types/Rentals.sol";

import {PlainToken} from "../doubles/Tokens.sol";
import {TokenRentalFixture} from "../fixtures/TokenRentalFixture.sol";

/// @title Tests rentals that are paid in a token, from their opening to every end.
contract RentalTokensTest is TokenRentalFixture {
    // Opening

    function test_open_locksTheStakesOfBothSidesInTheToken() public {
        RentalId id = openInToken();

        uint256 stakes = uint256(DEPOSIT) + RENT + OPERATOR_BOND + 2 * RATING_BOND;
        assertEq(vault.lockedTokenOf(token, ESCROW, RentalId.unwrap(id)), stakes, "all stakes");
        assertEq(freeOf(renter), FUNDS - DEPOSIT - RENT - RATING_BOND, "the renter's rest");
        assertEq(freeOf(operator), FUNDS - OPERATOR_BOND - RATING_BOND, "the operator's rest");
        assertEq(vault.lockedOf(ESCROW, RentalId.unwrap(id)), 0, "no coin");
        assertCoinUntouched();
    }

    function test_open_saysWhatItIsPaidIn() public {
        Opening memory opening = openingIn(token);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalOpened(
            escrow.hashOf(opening.request),
            renter,
            operator,
            chips,
            DURATION,
            DEPOSIT,
            RENT,
            token,
            aPoint(),
            START + HANDOVER
        );
        RentalId id = desk.open(opening);

        Rental memory rental = escrow.rentalOf(id);
        assertEq(rental.token, token, "token");
        assertEq(rental.payer, renter, "payer");
        assertEq(rental.rent, RENT, "rent");
    }

    function test_open_drawsOnTheSponsorsTokens() public {
        address payer = makeAddr("sponsor");
        fundInToken(token, payer, FUNDS);
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.token, bid.token, bid.payer) = (token, token, payer);
        uint256 needed = uint256(DEPOSIT) + RENT + RATING_BOND;
        OrderHash hash = orders.hashOf(bid);
        vm.prank(payer);
        desk.sponsor(hash, needed);

        RentalId id = desk.open(signed(ask, bid, aRequest(bid)));

        assertEq(freeOf(payer), FUNDS - needed, "the sponsor paid");
        assertEq(freeOf(renter), FUNDS, "the renter did not");
        skip(HANDOVER + 1);
        escrow.poke(id);
        assertEq(freeOf(payer), FUNDS + OPERATOR_BOND / 4 / 2, "all back, and the compensation");
        assertEq(desk.sponsoredOf(payer, hash), 0, "spent");
    }

    function test_open_revertsWhen_theTokenIsNotAdmitted() public {
        address another = address(new PlainToken());
        Opening memory opening = openingIn(another);

        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNotAdmitted.selector, another));
        desk.open(opening);
    }

    function test_open_revertsWhen_thePayerHasTooLittleOfTheToken() public {
        vm.startPrank(renter);
        vault.withdrawToken(token, renter, FUNDS);
        vm.stopPrank();
        Opening memory opening = openingIn(token);
        uint256 needed = uint256(DEPOSIT) + RENT + RATING_BOND;

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientFree.selector, renter, 0, needed));
        desk.open(opening);
    }

    function test_open_revertsWhen_theSponsorsLimitIsTooLow() public {
        address payer = makeAddr("sponsor");
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.token, bid.token, bid.payer) = (token, token, payer);
        RentalRequest memory request = aRequest(bid);
        Opening memory opening = signed(ask, bid, request);
        uint256 needed = uint256(DEPOSIT) + RENT + RATING_BOND;

        vm.expectRevert(
            abi.encodeWithSelector(IRentalDesk.RentalDeskNotSponsored.selector, payer, request.bid, 0, needed)
        );
        desk.open(opening);
    }

    // Every end

    function test_story_bothRevealAndThePurseHasTheFee() public {
        RentalId id = endedInToken();
        commitAs(id, renter, 80, RENTER_SALT);
        commitAs(id, operator, 90, OPERATOR_SALT);
        revealAsRenter(id);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalSettled(id, RENT / 2 - FEE / 2, RENT / 2, DEPOSIT, 0, FEE / 2);
        revealAsOperator(id);

        assertShares(FUNDS - RENT / 2, FUNDS + RENT / 2 - FEE / 2, FEE / 2);
        assertCoinUntouched();
    }

    function test_story_noHandover() public {
        RentalId id = openInToken();
        skip(HANDOVER + 1);
        escrow.poke(id);

        uint128 forfeited = OPERATOR_BOND / 4;
        assertShares(FUNDS + forfeited / 2, FUNDS - forfeited, forfeited - forfeited / 2);
        assertCoinUntouched();
    }

    function test_story_aBadHandover() public {
        RentalId id = openInToken();
        handOver(id);
        vm.prank(HANDOVER_COURT);
        escrow.punishHandover(id, true);

        assertShares(FUNDS + OPERATOR_BOND / 2, FUNDS - OPERATOR_BOND, OPERATOR_BOND - OPERATOR_BOND / 2);
        assertCoinUntouched();
    }

    function test_story_onlyTheRenterIsSilent() public {
        RentalId id = endedInToken();
        commitAs(id, operator, 90, OPERATOR_SALT);
        skip(COMMIT + 1);
        escrow.poke(id);

        uint256 gained = RENT / 2 - FEE / 2 + DEPOSIT / 2 + RATING_BOND / 2;
        uint256 gone = FEE / 2 + (DEPOSIT - DEPOSIT / 2) + (RATING_BOND - RATING_BOND / 2);
        assertShares(FUNDS - RENT / 2 - DEPOSIT - RATING_BOND, FUNDS + gained, gone);
        assertCoinUntouched();
    }

    function test_story_onlyTheOperatorIsSilent() public {
        RentalId id = endedInToken();
        commitAs(id, renter, 80, RENTER_SALT);
        skip(COMMIT + 1);
        escrow.poke(id);

        uint256 gone = RATING_BOND - RATING_BOND / 2;
        assertShares(FUNDS + RATING_BOND / 2, FUNDS - RATING_BOND, gone);
        assertCoinUntouched();
    }

    function test_story_bothAreSilent() public {
        RentalId id = endedInToken();
        skip(COMMIT + 1);
        escrow.poke(id);

        assertShares(
            FUNDS - RENT / 2 - RATING_BOND,
            FUNDS + RENT / 2 - FEE / 2 - RATING_BOND,
            FEE / 2 + 2 * RATING_BOND
        );
        assertCoinUntouched();
    }

    // Changes on the way

    function test_topUp_locksMoreOfTheToken() public {
        RentalId id = activeInToken();
        vm.prank(renter);
        escrow.topUp(id, 2 * DURATION, "", "");

        uint256 stakes = 2 * (uint256(DEPOSIT) + RENT + OPERATOR_BOND + 2 * RATING_BOND);
        assertEq(vault.lockedTokenOf(token, ESCROW, RentalId.unwrap(id)), stakes, "twice the stakes");
        assertEq(freeOf(renter), FUNDS - 2 * (uint256(DEPOSIT) + RENT + RATING_BOND), "the renter's rest");
        assertCoinUntouched();
    }

    function test_reclaimNotice_compensatesInTheToken() public {
        RentalId id = activeInToken();
        uint256 before = freeOf(renter);
        vm.prank(operator);
        escrow.reclaimNotice(id, 0);

        assertEq(freeOf(renter), before + OPERATOR_BOND, "the whole bond");
        assertCoinUntouched();
    }

    // Disputes

    function test_dispute_takesTheBondFromTheFreeBalance() public {
        RentalId id = activeInToken();
        uint256 before = freeOf(renter);
        dispute(id);

        assertEq(vault.lockedTokenOf(token, INTERVAL_COURT, RentalId.unwrap(id)), RATING_BOND, "the bond");
        assertEq(freeOf(renter), before - RATING_BOND, "the renter's rest");
        assertCoinUntouched();
    }

    function test_dispute_revertsWhen_coinComesAlong() public {
        RentalId id = activeInToken();
        skip(10);
        vm.deal(renter, RATING_BOND);

        vm.expectRevert(
            abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongBond.selector, id, RATING_BOND, 0)
        );
        vm.prank(renter);
        court.dispute{value: RATING_BOND}(id, START, START + 10, "");
    }

    function test_contest_revertsWhen_coinComesAlong() public {
        RentalId id = activeInToken();
        dispute(id);
        vm.deal(operator, 1);

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtWrongBond.selector, id, 1, 0));
        vm.prank(operator);
        court.contest{value: 1}(id, "");
    }

    function test_concede_givesTheIntervalToTheRenter() public {
        RentalId id = activeInToken();
        dispute(id);
        skip(3 * EPOCH);
        vm.roll(block.number + 3 * EPOCH);
        vm.prank(operator);
        court.concede(id);
        skip(DURATION + COMMIT);
        escrow.poke(id);

        uint256 metered = RENT - RENT / 10;
        uint256 fee = (metered + 99) / 100;
        assertShares(
            FUNDS - metered - RATING_BOND, FUNDS + metered - fee - RATING_BOND, fee + 2 * RATING_BOND
        );
        assertCoinUntouched();
    }

    function test_contest_winsBothBondsWhenTheRenterFallsSilent() public {
        RentalId id = activeInToken();
        dispute(id);
        uint256 before = freeOf(operator);
        vm.prank(operator);
        court.contest(id, "");
        assertEq(freeOf(operator), before - RATING_BOND, "its bond");
        skip(ANSWER + 1);
        court.poke(id);

        assertEq(freeOf(operator), before + RATING_BOND, "both bonds");
        assertCoinUntouched();
    }

    function test_poke_givesBondsBackWhenNobodyFindsOut() public {
        RentalId id = activeInToken();
        dispute(id);
        (uint256 renters, uint256 operators) = (freeOf(renter), freeOf(operator));
        vm.prank(operator);
        court.contest(id, "");
        vm.deal(renter, 0.3 ether);
        vm.prank(renter);
        court.appoint{value: 0.3 ether}(id);
        skip(JUDGING + 1);
        court.poke(id);

        assertEq(freeOf(renter), renters + RATING_BOND, "the renter's bond");
        assertEq(freeOf(operator), operators, "the operator's bond");
    }

    /// @dev The rent that waits beyond the settlement is paid, less the fee, when it thaws.
    function test_thaw_paysTheOperatorAfterTheSettlement() public {
        RentalId id = activeInToken();
        skip(DURATION - 10);
        vm.prank(renter);
        court.dispute(id, START, START + 10, "");
        vm.prank(operator);
        court.contest(id, "");
        vm.prank(renter);
        escrow.end(id, "");
        skip(COMMIT + 1);
        escrow.poke(id);
        assertEq(vault.lockedTokenOf(token, ESCROW, RentalId.unwrap(id)), RENT / 10, "it waits");
        (uint256 operators, uint256 purses) = (freeOf(operator), freeOf(PURSE));
        skip(ANSWER);
        court.poke(id);

        assertEq(freeOf(operator), operators + RENT / 10 - FEE / 10 - 1 + 2 * RATING_BOND, "rent and bonds");
        assertEq(freeOf(PURSE), purses + FEE / 10 + 1, "the fee, rounded up");
        assertEq(vault.lockedTokenOf(token, ESCROW, RentalId.unwrap(id)), 0, "nothing waits");
    }

    // Ratings

    function test_reveal_recordsNoOpinionOfARentalInAToken() public {
        RentalId id = endedInToken();
        commitAs(id, renter, 80, RENTER_SALT);
        commitAs(id, operator, 90, OPERATOR_SALT);
        revealAsRenter(id);
        vm.expectCall(RATINGS, abi.encodeWithSelector(IRatingBook.record.selector), 0);
        revealAsOperator(id);

        assertEq(ratings.countOf(operator), 0, "nobody was rated");
    }

    /// @dev The renter disputes the first ten seconds.
    function dispute(RentalId id) private {
        skip(10);
        vm.prank(renter);
        court.dispute(id, START, START + 10, "");
    }
}
