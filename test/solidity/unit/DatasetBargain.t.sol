// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DatasetMarket} from "contracts/src/data/DatasetMarket.sol";
import {IDatasetMarket} from "contracts/src/interfaces/IDatasetMarket.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {DatasetOffer, SaleState} from "contracts/src/types/Datasets.sol";
import {DatasetId, SaleId} from "contracts/src/types/Ids.sol";

import {DatasetFixture} from "../fixtures/DatasetFixture.sol";

/// @title Tests bargains for datasets: offers that one side signs and the other accepts, and their end.
contract DatasetBargainTest is DatasetFixture {
    function test_hashOf_isTheTypedDataHash() public view {
        DatasetOffer memory offer = buyersOffer(DatasetId.wrap("data"));
        assertEq(market.hashOf(offer), digestOf(offer), "EIP-712");
    }

    function test_accept_buyerTakesTheSellersOffer() public {
        DatasetOffer memory offer = sellersOffer(publish(aPublication("data")));

        SaleId sale = acceptAsBuyer(offer);

        assertState(sale, SaleState.Paid);
        assertEq(market.saleOf(sale).price, 1 ether, "the price agreed on");
        assertEq(market.saleOf(sale).buyer, buyer, "buyer");
        assertFree(buyer, FUNDS - 1 ether, "locked");
    }

    function test_accept_sellerTakesTheBuyersOffer() public {
        DatasetOffer memory offer = buyersOffer(publish(aPublication("data")));

        SaleId sale = acceptAsSeller(offer);

        assertEq(market.saleOf(sale).buyer, buyer, "buyer");
        assertFree(buyer, FUNDS - 1 ether, "locked by the buyer's signature");
    }

    function test_accept_voidsTheOfferAndThoseBeforeIt() public {
        DatasetId dataset = publish(aPublication("data"));
        DatasetOffer memory older = sellersOffer(dataset);
        DatasetOffer memory newer = sellersOffer(dataset);
        newer.nonce = 5;

        vm.expectEmit(MARKET);
        emit IDatasetMarket.OffersVoided(dataset, seller, buyer, 6);
        SaleId sale = acceptAsBuyer(newer);
        skip(DELIVER + 1);
        market.poke(sale);
        older.expiry = uint64(block.timestamp);
        newer.expiry = uint64(block.timestamp);

        _expectVoid(1, 6);
        this.acceptSellers(older);
        _expectVoid(5, 6);
        this.acceptSellers(newer);
        assertEq(market.lowestNonceOf(dataset, seller, buyer), 6, "lowest nonce");
    }

    function test_voidOffers_endsOffersOfTheCallerOnly() public {
        DatasetId dataset = publish(aPublication("data"));
        DatasetOffer memory offer = sellersOffer(dataset);

        vm.expectEmit(MARKET);
        emit IDatasetMarket.OffersVoided(dataset, seller, buyer, 2);
        vm.prank(seller);
        market.voidOffers(dataset, buyer, 2);

        _expectVoid(1, 2);
        this.acceptSellers(offer);
        acceptAsSeller(buyersOffer(dataset));
    }

    function test_voidOffers_leavesTheLowestNonceThatIsNotVoid() public {
        DatasetId dataset = publish(aPublication("data"));
        DatasetOffer memory offer = sellersOffer(dataset);
        vm.prank(seller);
        market.voidOffers(dataset, buyer, offer.nonce);

        acceptAsBuyer(offer);

        assertEq(market.lowestNonceOf(dataset, seller, buyer), offer.nonce + 1, "lowest nonce");
    }

    function test_voidOffers_revertsWhen_notRaised() public {
        DatasetId dataset = publish(aPublication("data"));
        _expectVoid(0, 0);
        market.voidOffers(dataset, buyer, 0);
    }

    function test_accept_worksInTheLastSecondAndRevertsAfterIt() public {
        DatasetOffer memory offer = sellersOffer(publish(aPublication("data")));
        skip(10);
        uint256 before = vm.snapshotState();
        acceptAsBuyer(offer);
        vm.revertToState(before);
        skip(1);

        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketOfferExpired.selector, offer.expiry)
        );
        this.acceptSellers(offer);
    }

    function test_accept_revertsWhen_callerIsNotTheTaker() public {
        DatasetOffer memory offer = sellersOffer(publish(aPublication("data")));
        bytes memory signature = sign(sellerKey, digestOf(offer));

        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotTaker.selector, buyer, stranger)
        );
        vm.prank(stranger);
        market.accept(offer, signature, aPoint());
    }

    function test_accept_revertsWhen_notBetweenTheSellerAndAnother() public {
        DatasetId dataset = publish(aPublication("data"));
        DatasetOffer memory offer = sellersOffer(dataset);
        offer.maker = stranger;
        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotParties.selector, dataset, stranger, buyer)
        );
        this.acceptSellers(offer);
        (offer.maker, offer.taker) = (seller, seller);
        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotParties.selector, dataset, seller, seller)
        );
        this.acceptSellers(offer);
    }

    function test_accept_revertsWhen_theMakerDidNotSign() public {
        DatasetOffer memory offer = sellersOffer(publish(aPublication("data")));
        bytes memory signature = sign(buyerKey, digestOf(offer));

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadSignature.selector, seller));
        vm.prank(buyer);
        market.accept(offer, signature, aPoint());
    }

    function test_accept_revertsWhen_theKeyIsAnotherThanTheBuyersOfferNames() public {
        DatasetId dataset = publish(aPublication("data"));
        DatasetOffer memory offer = buyersOffer(dataset);
        offer.buyerKeyHash = keccak256("another key");
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadKey.selector, buyer));
        this.acceptBuyers(offer);
        offer.buyerKeyHash = 0;
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadKey.selector, buyer));
        this.acceptBuyers(offer);
        DatasetOffer memory bound = sellersOffer(dataset);
        bound.buyerKeyHash = keccak256("another key");
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadKey.selector, buyer));
        this.acceptSellers(bound);
    }

    function test_accept_revertsWhen_delistedOrFree() public {
        DatasetId dataset = publish(aPublication("data"));
        DatasetOffer memory offer = sellersOffer(dataset);
        uint256 before = vm.snapshotState();
        vm.prank(seller);
        market.delist(dataset);
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketDelisted.selector, dataset));
        this.acceptSellers(offer);
        vm.revertToState(before);
        vm.prank(seller);
        market.share(dataset, "p");
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketFree.selector, dataset));
        this.acceptSellers(offer);
    }

    function test_accept_ofAGiftMovesNoMoneyAndHasNoSay() public {
        DatasetOffer memory offer = sellersOffer(publish(aPublication("data")));
        offer.price = 0;
        SaleId sale = acceptAsBuyer(offer);
        deliver(sale);
        vm.startPrank(buyer);
        market.acknowledge(sale);

        assertTrue(market.hasAccess(offer.dataset, buyer), "the buyer has it");
        assertFree(buyer, FUNDS, "for nothing");
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketNoSay.selector, sale));
        market.rate(sale, 100);
    }

    // Calls from here, so that a revert is expected of them alone.

    function acceptSellers(DatasetOffer memory offer) external {
        bytes memory signature = sign(sellerKey, digestOf(offer));
        vm.prank(buyer);
        market.accept(offer, signature, aPoint());
    }

    function acceptBuyers(DatasetOffer memory offer) external {
        bytes memory signature = sign(buyerKey, digestOf(offer));
        vm.prank(seller);
        market.accept(offer, signature, aPoint());
    }

    function _expectVoid(uint64 nonce, uint64 lowest) private {
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketOfferVoid.selector, nonce, lowest));
    }
}
