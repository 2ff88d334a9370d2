// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DatasetMarket} from "contracts/src/data/DatasetMarket.sol";
import {IDatasetMarket} from "contracts/src/interfaces/IDatasetMarket.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {DatasetParameters, Publication, Sale, SaleState} from "contracts/src/types/Datasets.sol";
import {DatasetId, SaleId} from "contracts/src/types/Ids.sol";
import {RatingRules} from "contracts/src/types/Ratings.sol";

import {DatasetFixture} from "../fixtures/DatasetFixture.sol";

/// @title Tests the life of a sale: bought, delivered, acknowledged, rated.
contract DatasetMarketTest is DatasetFixture {
    function test_constructor_revertsWhen_aValueCannotBe() public {
        (DatasetParameters memory bad, RatingRules memory badRules) = (parameters(), rules());
        bad.marketFeeBps = 10_000;
        new DatasetMarket(bad, badRules);
        bad.marketFeeBps = 10_001;
        vm.expectRevert(_badParameter("marketFeeBps"));
        new DatasetMarket(bad, badRules);
        badRules.priorScore = 0;
        vm.expectRevert(_badParameter("priorScore"));
        new DatasetMarket(parameters(), badRules);
        (badRules.priorScore, badRules.priorWeight) = (60, 1 gwei - 1);
        vm.expectRevert(_badParameter("priorWeight"));
        new DatasetMarket(parameters(), badRules);
        (badRules.priorWeight, badRules.halfLifeSeconds) = (1 gwei, 0);
        vm.expectRevert(_badParameter("halfLifeSeconds"));
        new DatasetMarket(parameters(), badRules);
    }

    // Buying.

    function test_buy_locksThePriceAndWaitsForTheSeller() public {
        DatasetId dataset = publish(aPublication("data"));
        SaleId expected = market.saleIdOf(dataset, buyer);
        uint48 deadline = uint48(block.timestamp) + DELIVER;

        vm.expectEmit(MARKET);
        emit IDatasetMarket.SaleOpened(expected, dataset, buyer, seller, PRICE, aPoint(), deadline);
        SaleId sale = buyAs(buyer, dataset);

        Sale memory kept = market.saleOf(sale);
        assertEq(SaleId.unwrap(sale), SaleId.unwrap(expected), "id");
        assertState(sale, SaleState.Paid);
        assertEq(kept.buyer, buyer, "buyer");
        assertEq(kept.price, PRICE, "price");
        assertEq(kept.deadline, deadline, "deadline");
        assertEq(DatasetId.unwrap(kept.dataset), DatasetId.unwrap(dataset), "dataset");
        assertEq(vault.lockedOf(MARKET, SaleId.unwrap(sale)), PRICE, "locked");
        assertFree(buyer, FUNDS - PRICE, "buyer's free balance");
        assertFalse(market.hasAccess(dataset, buyer), "no access yet");
    }

    function test_buy_revertsWhen_unknown() public {
        DatasetId dataset = DatasetId.wrap("nothing");

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketUnknown.selector, dataset));
        buyAs(buyer, dataset);
    }

    function test_buy_revertsWhen_free() public {
        Publication memory publication = aPublication("data");
        publication.price = 0;
        DatasetId dataset = publish(publication);

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketFree.selector, dataset));
        buyAs(buyer, dataset);
    }

    function test_buy_revertsWhen_thePriceIsAboveTheLimit() public {
        DatasetId dataset = publish(aPublication("data"));

        vm.expectRevert(
            abi.encodeWithSelector(
                IDatasetMarket.DatasetMarketPriceTooHigh.selector, dataset, PRICE, PRICE - 1
            )
        );
        vm.prank(buyer);
        market.buy(dataset, PRICE - 1, aPoint());
    }

    function test_buy_revertsWhen_theBuyerIsTheSeller() public {
        DatasetId dataset = publish(aPublication("data"));

        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotParties.selector, dataset, seller, seller)
        );
        buyAs(seller, dataset);
    }

    function test_buy_revertsWhen_theKeyIsNoPoint() public {
        DatasetId dataset = publish(aPublication("data"));
        bytes[4] memory keys = [
            bytes(""),
            new bytes(65),
            abi.encodePacked(bytes1(0x02), new bytes(64)),
            abi.encodePacked(bytes1(0x04), bytes32(uint256(1)), bytes32(uint256(1)))
        ];

        vm.startPrank(buyer);
        for (uint256 i = 0; i < keys.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadKey.selector, buyer));
            market.buy(dataset, PRICE, keys[i]);
        }
    }

    function test_buy_revertsWhen_theBuyerCannotPay() public {
        DatasetId dataset = publish(aPublication("data"));

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientFree.selector, stranger, 0, PRICE));
        buyAs(stranger, dataset);
    }

    function test_buy_revertsWhen_boughtBefore() public {
        DatasetId dataset = publish(aPublication("data"));
        SaleId sale = buyAs(buyer, dataset);
        _expectExists(sale, SaleState.Paid);
        buyAs(buyer, dataset);
        deliver(sale);
        _expectExists(sale, SaleState.Delivered);
        buyAs(buyer, dataset);
        vm.prank(buyer);
        market.acknowledge(sale);
        _expectExists(sale, SaleState.Settled);
        buyAs(buyer, dataset);
    }

    function test_buy_isPossibleAgainAfterASilentSeller() public {
        DatasetId dataset = publish(aPublication("data"));
        SaleId sale = buyAs(buyer, dataset);
        skip(DELIVER + 1);
        market.poke(sale);

        buyAs(buyer, dataset);

        assertState(sale, SaleState.Paid);
        assertFree(buyer, FUNDS - PRICE, "locked once");
    }

    // Delivery.

    function test_deliver_givesAccessAndWaitsForTheBuyer() public {
        SaleId sale = paidSale();
        uint48 deadline = uint48(block.timestamp) + ACKNOWLEDGE;

        vm.expectEmit(MARKET);
        emit IDatasetMarket.KeyDelivered(sale, aPoint(), "sealed", deadline);
        deliver(sale);

        assertState(sale, SaleState.Delivered);
        assertEq(market.saleOf(sale).deadline, deadline, "deadline");
        assertTrue(market.hasAccess(market.saleOf(sale).dataset, buyer), "access");
        assertEq(market.recordOf(seller).delivered, 1, "the seller kept its word");
        assertFree(seller, 0, "not paid yet");
    }

    function test_deliver_revertsWhen_callerIsNotTheSeller() public {
        SaleId sale = paidSale();

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotParty.selector, sale, buyer));
        vm.prank(buyer);
        market.deliver(sale, aPoint(), "sealed");
    }

    function test_deliver_worksInTheLastSecondAndRevertsAfterIt() public {
        SaleId sale = paidSale();
        skip(DELIVER);
        uint256 before = vm.snapshotState();
        deliver(sale);
        vm.revertToState(before);
        skip(1);

        vm.expectRevert(
            abi.encodeWithSelector(
                IDatasetMarket.DatasetMarketTooLate.selector, sale, market.saleOf(sale).deadline
            )
        );
        this.deliverAsSeller(sale, aPoint(), "sealed");
    }

    function test_deliver_revertsWhen_whatIsDeliveredCannotBeOpened() public {
        SaleId sale = paidSale();
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadDelivery.selector, 65, 0));
        this.deliverAsSeller(sale, aPoint(), "");
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadDelivery.selector, 65, 1025));
        this.deliverAsSeller(sale, aPoint(), new bytes(1025));
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadDelivery.selector, 64, 1));
        this.deliverAsSeller(sale, new bytes(64), "s");
    }

    function test_deliver_takesAKibibyte() public {
        SaleId sale = paidSale();
        this.deliverAsSeller(sale, aPoint(), new bytes(1024));
        assertState(sale, SaleState.Delivered);
    }

    function test_deliver_revertsWhen_delivered() public {
        SaleId sale = deliveredSale();

        _expectWrongState(sale, SaleState.Delivered);
        this.deliverAsSeller(sale, aPoint(), "again");
    }

    function test_deliver_isOwedForSalesMadeBeforeTheEnd() public {
        SaleId sale = paidSale();
        DatasetId dataset = market.saleOf(sale).dataset;
        vm.prank(seller);
        market.delist(dataset);

        deliver(sale);

        assertTrue(market.hasAccess(dataset, buyer), "access");
    }

    // Settlement.

    function test_acknowledge_paysTheSellerAndBurnsTheFee() public {
        SaleId sale = deliveredSale();
        uint256 burnedBefore = EMISSION.balance;

        vm.expectEmit(MARKET);
        emit IDatasetMarket.SaleSettled(sale, PRICE - FEE, FEE, true);
        vm.prank(buyer);
        market.acknowledge(sale);

        assertState(sale, SaleState.Settled);
        assertEq(market.saleOf(sale).deadline, block.timestamp + RATING, "the rating's deadline");
        assertFree(seller, PRICE - FEE, "seller");
        assertFree(buyer, FUNDS - PRICE, "buyer");
        assertEq(EMISSION.balance - burnedBefore, FEE, "burned");
        assertNothingLocked(sale);
    }

    function test_acknowledge_revertsWhen_callerIsNotTheBuyer() public {
        SaleId sale = deliveredSale();

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotParty.selector, sale, seller));
        vm.prank(seller);
        market.acknowledge(sale);
    }

    function test_acknowledge_revertsWhen_nothingWasDelivered() public {
        SaleId sale = paidSale();

        _expectWrongState(sale, SaleState.Paid);
        vm.prank(buyer);
        market.acknowledge(sale);
    }

    function test_poke_refundsWhenTheSellerIsSilent() public {
        SaleId sale = paidSale();
        skip(DELIVER + 1);

        vm.expectEmit(MARKET);
        emit IDatasetMarket.SaleRefunded(sale, PRICE);
        vm.prank(stranger);
        SaleState state = market.poke(sale);

        assertEq(uint8(state), uint8(SaleState.Refunded), "returned");
        assertState(sale, SaleState.Refunded);
        assertFree(buyer, FUNDS, "all back");
        assertEq(market.recordOf(seller).silent, 1, "the seller did not keep its word");
        assertFalse(market.hasAccess(market.saleOf(sale).dataset, buyer), "no access");
        assertNothingLocked(sale);
    }

    function test_poke_paysWhenTheBuyerIsSilent() public {
        SaleId sale = deliveredSale();
        skip(ACKNOWLEDGE + 1);

        vm.expectEmit(MARKET);
        emit IDatasetMarket.SaleSettled(sale, PRICE - FEE, FEE, false);
        SaleState state = market.poke(sale);

        assertEq(uint8(state), uint8(SaleState.Settled), "returned");
        assertFree(seller, PRICE - FEE, "seller");
        assertNothingLocked(sale);
    }

    function test_poke_revertsWhen_somebodyStillHasTime() public {
        SaleId sale = paidSale();
        skip(DELIVER);
        _expectNothingDue(sale, market.saleOf(sale).deadline);
        market.poke(sale);
        deliver(sale);
        skip(ACKNOWLEDGE);
        _expectNothingDue(sale, market.saleOf(sale).deadline);
        market.poke(sale);
    }

    function test_poke_revertsWhen_nobodyIsWaitedFor() public {
        SaleId nothing = SaleId.wrap("nothing");
        _expectNothingDue(nothing, 0);
        market.poke(nothing);
        SaleId sale = settledSale();
        skip(365 days);
        _expectNothingDue(sale, 0);
        market.poke(sale);
    }

    // Ratings.

    function test_rate_weighsByTheBurnedFee() public {
        SaleId sale = settledSale();
        DatasetId dataset = market.saleOf(sale).dataset;
        uint128 weight = FEE / 1 gwei * 1 gwei;

        vm.expectEmit(MARKET);
        emit IDatasetMarket.DatasetRated(dataset, sale, buyer, 90, weight);
        vm.prank(buyer);
        market.rate(sale, 90);

        (uint16 rating, uint128 behind, uint64 count) = market.ratingOf(dataset);
        assertEq(rating, 8000, "(90 * 0.02 + 60 * 0.01) / 0.03");
        assertEq(behind, weight, "weight");
        assertEq(count, 1, "ratings");
        assertEq(market.saleOf(sale).score, 90, "score");
    }

    function test_rate_revertsWhen_ratedBefore() public {
        SaleId sale = settledSale();
        vm.startPrank(buyer);
        market.rate(sale, 90);

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketAlreadyRated.selector, sale));
        market.rate(sale, 10);
    }

    function test_rate_revertsWhen_scoreOutOfRange() public {
        SaleId sale = settledSale();
        vm.startPrank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadScore.selector, 0));
        market.rate(sale, 0);
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadScore.selector, 101));
        market.rate(sale, 101);
    }

    function test_rate_revertsWhen_callerIsNotTheBuyer() public {
        SaleId sale = settledSale();

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotParty.selector, sale, seller));
        vm.prank(seller);
        market.rate(sale, 100);
    }

    function test_rate_revertsWhen_notSettled() public {
        SaleId sale = deliveredSale();

        _expectWrongState(sale, SaleState.Delivered);
        vm.prank(buyer);
        market.rate(sale, 100);
    }

    function test_rate_revertsWhen_late() public {
        SaleId sale = settledSale();
        skip(RATING + 1);

        vm.expectRevert(
            abi.encodeWithSelector(
                IDatasetMarket.DatasetMarketTooLate.selector, sale, market.saleOf(sale).deadline
            )
        );
        vm.prank(buyer);
        market.rate(sale, 100);
    }

    // Calls from here, so that a revert is expected of them alone.

    function deliverAsSeller(SaleId sale, bytes memory enc, bytes memory ciphertext) external {
        vm.prank(seller);
        market.deliver(sale, enc, ciphertext);
    }

    function _badParameter(bytes32 field) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadParameter.selector, field);
    }

    function _expectExists(SaleId sale, SaleState state) private {
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketSaleExists.selector, sale, state));
    }

    function _expectWrongState(SaleId sale, SaleState state) private {
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketWrongState.selector, sale, state));
    }

    function _expectNothingDue(SaleId sale, uint48 deadline) private {
        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketNothingDue.selector, sale, deadline)
        );
    }
}
