// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IDatasetMarket} from "contracts/src/interfaces/IDatasetMarket.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {ChunkPlace, DatasetOffer, Publication, SaleState} from "contracts/src/types/Datasets.sol";
import {DatasetId, SaleId} from "contracts/src/types/Ids.sol";

import {OwnedWallet} from "../doubles/Wallets.sol";
import {DatasetFixture} from "../fixtures/DatasetFixture.sol";

/// @title Refuses every coin and spends all gas that it is given.
contract HostileReceiver {
    receive() external payable {
        while (true) {}
    }
}

/// @title Attacks on the data market: stolen, copied and resold data, silent and hostile parties, bought
/// praise.
contract DatasetsAttack is DatasetFixture {
    /// @dev A thief sees the fingerprints in the pool and publishes them first. Without the reservation the
    /// author's own publication would then be the duplicate.
    function test_attack_seenFingerprintsCannotBePublishedFirst() public {
        Publication memory publication = aPublication("data");
        market.reserve(reservationOf(seller, publication));
        skip(1);
        bytes32 thiefs = reservationOf(stranger, publication);
        market.reserve(thiefs); // in the block of the author's transaction, before it

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotReserved.selector, thiefs));
        vm.prank(stranger);
        market.publish(publication, SALT);
        vm.prank(seller);
        DatasetId dataset = market.publish(publication, SALT);

        assertEq(market.datasetOf(dataset).seller, seller, "the author's");
    }

    /// @dev A thief repeats the author's reservation in every block, so that it is always too young.
    function test_attack_aReservationCannotBeMadeYoungAgain() public {
        Publication memory publication = aPublication("data");
        market.reserve(reservationOf(seller, publication));
        skip(1);

        vm.expectRevert(
            abi.encodeWithSelector(
                IDatasetMarket.DatasetMarketReserved.selector, reservationOf(seller, publication)
            )
        );
        vm.prank(stranger);
        market.reserve(reservationOf(seller, publication));
    }

    /// @dev A buyer publishes what it bought, bytes unchanged, under its own name.
    function test_attack_boughtDataCannotBeResoldAsOnesOwn() public {
        Publication memory publication = aPublication("data");
        DatasetId dataset = publish(publication);
        market.reserve(reservationOf(buyer, publication));
        skip(1);

        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketDuplicate.selector, dataset, seller)
        );
        vm.prank(buyer);
        market.publish(publication, SALT);
    }

    /// @dev The same content under another root (a lie, or another cut), or the same chunks under another
    /// content hash (a lie), is a duplicate too.
    function test_attack_neitherFingerprintCanBeChangedAlone() public {
        Publication memory publication = aPublication("data");
        DatasetId dataset = publish(publication);
        bytes memory refusal =
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketDuplicate.selector, dataset, seller);
        Publication memory recut = aPublication("data");
        recut.root = "another root";
        Publication memory renamed = aPublication("data");
        renamed.contentHash = "another content";
        market.reserve(reservationOf(buyer, recut));
        market.reserve(reservationOf(buyer, renamed));
        skip(1);

        vm.startPrank(buyer);
        vm.expectRevert(refusal);
        market.publish(recut, SALT);
        vm.expectRevert(refusal);
        market.publish(renamed, SALT);
    }

    /// @dev One changed byte makes another fingerprint; the chunks that were not touched give the copy away,
    /// and the copy cannot be passed off as the original.
    function test_attack_aRetouchedCopyIsProvenByItsOtherChunks() public {
        DatasetId original = publish(aPublicationOf("data", "one", "two"));
        DatasetId copy = publishAs(buyer, aPublicationOf("retouched", "one!", "two"));
        ChunkPlace memory inOriginal = ChunkPlace(original, 1, new bytes32[](1));
        inOriginal.path[0] = leafOf("one");
        ChunkPlace memory inCopy = ChunkPlace(copy, 1, new bytes32[](1));
        inCopy.path[0] = leafOf("one!");

        market.proveOverlap("two", inOriginal, inCopy);

        assertEq(market.overlapOf(original, copy), 1, "half of the copy is the original's");
        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotEarlier.selector, copy, original)
        );
        market.proveOverlap("two", inCopy, inOriginal);
    }

    /// @dev A node of the tree, given as a chunk: leaves and nodes are hashed apart.
    function test_attack_aNodeIsNoChunk() public {
        Publication memory publication = aPublicationOf("data", "one", "two");
        DatasetId dataset = publish(publication);

        assertFalse(market.holdsChunk(publication.root, ChunkPlace(dataset, 0, new bytes32[](0))), "the root");
    }

    /// @dev The seller raises the price in front of the buyer's transaction.
    function test_attack_aRaisedPriceIsNotPaid() public {
        DatasetId dataset = publish(aPublication("data"));
        vm.prank(seller);
        market.setPrice(dataset, 900 ether);

        vm.expectRevert(
            abi.encodeWithSelector(
                IDatasetMarket.DatasetMarketPriceTooHigh.selector, dataset, 900 ether, PRICE
            )
        );
        vm.prank(buyer);
        market.buy(dataset, PRICE, aPoint());
    }

    /// @dev The seller of one dataset takes the buyer's offer for another, dearer to the buyer.
    function test_attack_anOfferIsForItsOwnDatasetOnly() public {
        DatasetOffer memory offer = buyersOffer(publish(aPublication("data")));
        bytes memory signature = sign(buyerKey, digestOf(offer));
        offer.dataset = publish(aPublication("junk"));

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadSignature.selector, buyer));
        vm.prank(seller);
        market.accept(offer, signature, aPoint());
    }

    /// @dev An old offer that the buyer has outbid is accepted once more after the sale: it must not draw
    /// the buyer's money again.
    function test_attack_anOfferDrawsMoneyOnce() public {
        DatasetOffer memory offer = buyersOffer(publish(aPublication("data")));
        offer.expiry = START + 1000;
        SaleId sale = acceptAsSeller(offer);
        skip(DELIVER + 1);
        market.poke(sale); // the seller was silent, on purpose
        bytes memory signature = sign(buyerKey, digestOf(offer));

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketOfferVoid.selector, 1, 2));
        vm.prank(seller);
        market.accept(offer, signature, aPoint());
    }

    /// @dev ERC-1056, Livepeer: a signature for another chain with the same addresses.
    function test_attack_anOfferOfAnotherChainIsNone() public {
        DatasetOffer memory offer = buyersOffer(publish(aPublication("data")));
        vm.chainId(1);
        bytes memory signature = sign(buyerKey, digestOf(offer));
        vm.chainId(31_337);

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadSignature.selector, buyer));
        vm.prank(seller);
        market.accept(offer, signature, aPoint());
    }

    /// @dev The seller names its own key in the buyer's offer, so that the buyer can open nothing.
    function test_attack_theSellerCannotSwapTheBuyersKey() public {
        DatasetOffer memory offer = buyersOffer(publish(aPublication("data")));
        bytes memory signature = sign(buyerKey, digestOf(offer));
        bytes memory negated = abi.encodePacked(
            bytes1(0x04),
            bytes32(0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296),
            bytes32(0xb01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a)
        );

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadKey.selector, buyer));
        vm.prank(seller);
        market.accept(offer, signature, negated);
    }

    /// @dev Infernet `finalizeProofVerification`: a silent seller must not be paid, whoever pokes.
    function test_attack_aSilentSellerIsNotPaid() public {
        SaleId sale = paidSale();
        skip(365 days);

        vm.prank(seller);
        market.poke(sale);

        assertFree(seller, 0, "nothing");
        assertFree(buyer, FUNDS, "all back");
    }

    /// @dev Golem yagna #3126: a buyer who has the key and says nothing pays all the same.
    function test_attack_aSilentBuyerPays() public {
        SaleId sale = deliveredSale();
        skip(365 days);

        vm.prank(stranger);
        market.poke(sale);

        assertFree(seller, PRICE - FEE, "paid");
    }

    /// @dev A refund cannot be had twice, nor a payment after it.
    function test_attack_aSaleEndsOnce() public {
        SaleId sale = paidSale();
        skip(DELIVER + 1);
        market.poke(sale);

        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketNothingDue.selector, sale, uint48(0))
        );
        market.poke(sale);
        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketWrongState.selector, sale, SaleState.Refunded)
        );
        vm.prank(seller);
        market.deliver(sale, aPoint(), "late");
    }

    /// @dev A buyer that refuses coin and burns gas cannot hold up the seller: payments are pulled.
    function test_attack_aHostileReceiverStopsNobody() public {
        HostileReceiver hostile = new HostileReceiver();
        fund(address(hostile), PRICE);
        SaleId sale = buyAs(address(hostile), publish(aPublication("data")));
        skip(DELIVER + 1);

        market.poke(sale);

        assertFree(address(hostile), PRICE, "refunded in the vault's books");
        vm.expectRevert(
            abi.encodeWithSelector(IVault.VaultPaymentRefused.selector, address(hostile), uint256(PRICE))
        );
        vm.prank(address(hostile));
        vault.withdraw{gas: 200_000}(payable(address(hostile)), PRICE);
    }

    /// @dev A seller praises its own data through one accomplice: what is said beyond the pair's cap weighs
    /// nothing, whichever dataset is bought.
    function test_attack_oneAccompliceHasOneCap() public {
        fund(buyer, 1_000_000 ether);
        uint128 heard;
        for (uint256 i = 0; i < 5; ++i) {
            Publication memory publication = aPublication(vm.toString(i));
            publication.price = 60 ether;
            DatasetId dataset = publish(publication);
            SaleId sale = buyAs(buyer, dataset);
            deliver(sale);
            vm.startPrank(buyer);
            market.acknowledge(sale);
            market.rate(sale, 100);
            vm.stopPrank();
            (, uint128 weight,) = market.ratingOf(dataset);
            heard += weight;
        }

        assertEq(heard, PAIR_CAP, "five sales of 60 UNC burned 3 UNC; one cap of 1 UNC counts");
    }

    /// @dev Praise costs what it weighs: less is heard than was burned, whatever the price.
    function testFuzz_attack_praiseCostsWhatItWeighs(uint128 price) public {
        Publication memory publication = aPublication("data");
        publication.price = uint128(bound(price, 1, 500 ether));
        DatasetId dataset = publish(publication);
        uint256 before = EMISSION.balance;
        SaleId sale = buyAs(buyer, dataset);
        deliver(sale);
        vm.startPrank(buyer);
        market.acknowledge(sale);
        market.rate(sale, 100);

        (, uint128 weight,) = market.ratingOf(dataset);
        assertLe(weight, EMISSION.balance - before, "burned at least the weight");
    }

    /// @dev Contracts bargain too (ERC-1271); the wallet of one owner does not speak for another.
    function test_attack_aContractsOfferNeedsItsOwnersSignature() public {
        OwnedWallet wallet = new OwnedWallet(buyer);
        fund(address(wallet), FUNDS);
        DatasetOffer memory offer = buyersOffer(publish(aPublication("data")));
        offer.maker = address(wallet);
        bytes memory forged = sign(sellerKey, digestOf(offer));
        bytes memory own = sign(buyerKey, digestOf(offer));

        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadSignature.selector, address(wallet))
        );
        vm.prank(seller);
        market.accept(offer, forged, aPoint());
        vm.prank(seller);
        market.accept(offer, own, aPoint());
        assertFree(address(wallet), FUNDS - 1 ether, "the wallet pays");
    }
}
