// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IOrderBook} from "contracts/src/interfaces/IOrderBook.sol";
import {ITokenVault} from "contracts/src/interfaces/ITokenVault.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {DisputeState} from "contracts/src/types/Disputes.sol";
import {OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {Opening, RentalState} from "contracts/src/types/Rentals.sol";
import {Share} from "contracts/src/types/Shares.sol";

import {
    BlockingToken,
    CallingToken,
    FeeToken,
    IMintable,
    PlainToken,
    ShrinkingToken
} from "../doubles/Tokens.sol";
import {TokenRentalFixture} from "../fixtures/TokenRentalFixture.sol";

/// @title Attacks on rentals with the token that they are paid in.
contract RentalTokensAttack is TokenRentalFixture {
    bytes32 private constant TOKEN_FIELD = "token";
    bytes32 private constant BID_FIELD = "bid";

    /// @dev Whoever issues a token has all of it: no rent of it may buy a reputation.
    function test_attack_aWorthlessTokenBuysNoReputation() public {
        fundInToken(token, renter, 1e30);
        (uint16 before,) = ratings.ratingOf(operator);
        RentalId id = endedInToken();
        commitAs(id, renter, 80, RENTER_SALT);
        commitAs(id, operator, 90, OPERATOR_SALT);
        revealAsRenter(id);
        revealAsOperator(id);

        (uint16 rating, uint128 weight) = ratings.ratingOf(operator);
        assertEq(rating, before, "the rating stands");
        assertEq(weight, 0, "without weight");
    }

    /// @dev An order that is paid in one money must not be filled with another.
    function test_attack_ordersInDifferentMoneyDoNotMeet() public {
        address other = admitted(address(new PlainToken()));
        fundInToken(other, renter, FUNDS);
        address[2] memory cheap = [other, address(0)];
        for (uint256 i = 0; i < cheap.length; ++i) {
            (Order memory ask, Order memory bid) = (anAsk(), aBid());
            (ask.token, bid.token) = (token, cheap[i]);
            Opening memory opening = signed(ask, bid, aRequest(bid));

            vm.expectRevert(
                abi.encodeWithSelector(
                    IOrderBook.OrderBookMismatch.selector, orders.hashOf(ask), orders.hashOf(bid), TOKEN_FIELD
                )
            );
            desk.open(opening);
        }
    }

    /// @dev The request names the bid, and with it the money: a signature for one is none for another.
    function test_attack_aRequestIsForItsBidsMoney() public {
        Opening memory opening = openingIn(token);
        (opening.ask.token, opening.bid.token) = (address(0), address(0));
        opening.askSignature = signedOrder(opening.ask, operatorKey);
        opening.bidSignature = signedOrder(opening.bid, renterKey);

        vm.expectRevert(
            abi.encodeWithSelector(bytes4(keccak256("RentalDeskRequestMismatch(bytes32)")), BID_FIELD)
        );
        desk.open(opening);
    }

    /// @dev What is left of a token that was found worthless must not buy machine time from asks that stand.
    function test_attack_aDismissedTokenOpensNoRental() public {
        Opening memory opening = openingIn(token);
        dismiss(token);

        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNotAdmitted.selector, token));
        desk.open(opening);
    }

    function test_attack_aDismissedTokenExtendsNoRental() public {
        RentalId id = activeInToken();
        dismiss(token);

        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNotAdmitted.selector, token));
        vm.prank(renter);
        escrow.topUp(id, 2 * DURATION, "", "");
    }

    /// @dev Dismissing a token must take no right from who has a rental in it, nor lock anything in.
    function test_attack_dismissalTakesNoRightFromARunningRental() public {
        RentalId id = activeInToken();
        dismiss(token);
        skip(10);
        vm.prank(renter);
        court.dispute(id, START, START + 10, "");
        vm.prank(operator);
        court.contest(id, "");
        vm.prank(operator);
        escrow.reclaimNotice(id, 0);
        skip(ANSWER + 1);
        court.poke(id);
        escrow.poke(id);

        assertTrue(escrow.rentalOf(id).state == RentalState.Settled, "settled");
        uint256[3] memory free = [freeOf(renter), freeOf(operator), freeOf(PURSE)];
        assertEq(free[0] + free[1] + free[2], 2 * FUNDS, "all of it is free");
        address[3] memory owners = [renter, operator, PURSE];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(owners[i]);
            vault.withdrawToken(token, owners[i], free[i]);
            assertEq(IMintable(token).balanceOf(owners[i]), free[i], "and leaves");
        }
    }

    /// @dev Nor the right to contradict from who has all its units in stakes: the bond must find its way in.
    function test_attack_dismissalTakesNoBondFromWhoHasStakedAll() public {
        RentalId id = activeInToken();
        uint256 free = freeOf(operator);
        vm.prank(operator);
        vault.withdrawToken(token, operator, free);
        dismiss(token);
        skip(10);
        vm.prank(renter);
        court.dispute(id, START, START + 10, "");

        vm.startPrank(operator);
        IMintable(token).approve(VAULT, RATING_BOND);
        vault.depositToken(token, operator, RATING_BOND);
        court.contest(id, "");
        vm.stopPrank();

        assertTrue(court.disputeOf(id).state == DisputeState.Contested, "contradicted");
    }

    /// @dev A rental's stakes in one money must not pay for another's, though both have the same purpose.
    function test_attack_aLockPaysInItsOwnMoneyOnly() public {
        RentalId id = openInToken();

        vm.startPrank(ESCROW);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.VaultInsufficientLocked.selector, RentalId.unwrap(id), 0, 1)
        );
        vault.release(RentalId.unwrap(id), renter, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.VaultInsufficientLocked.selector, RentalId.unwrap(id), 0, 1)
        );
        vault.payOut(address(0), RentalId.unwrap(id), Share(renter, 0), Share(operator, 0), 1);
        vm.stopPrank();
    }

    /// @dev A token's fee is paid at the door; inside the vault a rental moves nothing of it.
    function test_attack_aTokensFeeTouchesNoRental() public {
        address taxed = admitted(address(new FeeToken()));
        uint256 received = fundInToken(taxed, renter, 10 * FUNDS);
        assertEq(received, 10 * FUNDS - FUNDS / 10, "a hundredth stays with the token");
        fundInToken(taxed, operator, FUNDS);
        token = taxed;
        RentalId id = endedInToken();
        skip(COMMIT + 1);
        escrow.poke(id);

        assertEq(vault.lockedTokenOf(taxed, ESCROW, RentalId.unwrap(id)), 0, "all was paid");
        assertEq(freeOf(renter), received - RENT / 2 - RATING_BOND, "to the unit");
        (uint256 free, uint256 locked) = vault.totalsOf(taxed);
        assertEq(IMintable(taxed).balanceOf(VAULT), free + locked, "the vault holds what it owes");
    }

    /// @dev A token that shrinks under a rental must not stop it, nor let one party run with all that is
    /// left.
    function test_attack_aShrunkenTokenStopsNoRental() public {
        token = admitted(address(new ShrinkingToken()));
        fundInToken(token, renter, FUNDS);
        fundInToken(token, operator, FUNDS);
        RentalId id = endedInToken();
        ShrinkingToken(token).shrink(VAULT, FUNDS);
        skip(COMMIT + 1);
        escrow.poke(id);

        (uint256 renters, uint256 operators) = (freeOf(renter), freeOf(operator));
        vm.prank(renter);
        vault.withdrawToken(token, renter, renters);
        vm.prank(operator);
        vault.withdrawToken(token, operator, operators);
        assertEq(IMintable(token).balanceOf(renter), renters / 2, "half, as of everybody");
        assertApproxEqAbs(IMintable(token).balanceOf(operator), operators / 2, 1, "half, though later");
    }

    /// @dev Who is listed by the issuer of a token must not be able to keep its rental from ending.
    function test_attack_aListedPartyStopsNoSettlement() public {
        token = admitted(address(new BlockingToken()));
        fundInToken(token, renter, FUNDS);
        fundInToken(token, operator, FUNDS);
        RentalId id = endedInToken();
        BlockingToken(token).list(renter);
        skip(COMMIT + 1);
        escrow.poke(id);

        uint256 operators = freeOf(operator);
        vm.prank(operator);
        vault.withdrawToken(token, operator, operators);
        assertEq(IMintable(token).balanceOf(operator), operators, "the other side is paid");
    }

    /// @dev A token that settles a rental while it is being moved must gain nothing by it.
    function test_attack_aTokenCannotSettleWhileItMoves() public {
        token = admitted(address(new CallingToken()));
        fundInToken(token, renter, FUNDS);
        fundInToken(token, operator, FUNDS);
        RentalId id = endedInToken();
        skip(COMMIT + 1);
        CallingToken(token).callBack(ESCROW, abi.encodeCall(escrow.poke, (id)));
        vm.prank(renter);
        vault.withdrawToken(token, renter, 1);

        assertFalse(CallingToken(token).hasSucceeded(), "not while the vault pays");
        assertTrue(escrow.rentalOf(id).state == RentalState.Ended, "nothing has happened");
        escrow.poke(id);
        assertTrue(escrow.rentalOf(id).state == RentalState.Settled, "afterwards it is settled");
    }

    /// @dev A sponsor's limit is in the money of the bid that it names.
    function test_attack_aSponsorOfATokenPaysNoCoin() public {
        fund(stranger, FUNDS);
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.token, bid.token, bid.payer) = (token, token, stranger);
        OrderHash hash = orders.hashOf(bid);
        vm.prank(stranger);
        desk.sponsor(hash, type(uint256).max);
        Opening memory opening = signed(ask, bid, aRequest(bid));
        uint256 needed = uint256(DEPOSIT) + RENT + RATING_BOND;

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientFree.selector, stranger, 0, needed));
        desk.open(opening);
        assertEq(vault.freeOf(stranger), FUNDS, "its coin stays");
    }
}
