// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IDatasetMarket} from "contracts/src/interfaces/IDatasetMarket.sol";
import {ChunkPlace, Dataset, Publication} from "contracts/src/types/Datasets.sol";
import {DatasetId} from "contracts/src/types/Ids.sol";

import {DatasetFixture} from "../fixtures/DatasetFixture.sol";

/// @title Tests publishing, prices, free sharing and the proof of copies.
contract DatasetCatalogueTest is DatasetFixture {
    bytes32 private constant ONE = "chunk one";
    bytes32 private constant TWO = "chunk two";
    bytes32 private constant THREE = "chunk three";
    bytes32 private constant RESERVATION = "a reservation";
    bytes32 private constant DATA_POINTER = "dataPointer";

    function test_publish_keepsTheDatasetAndAnnouncesIt() public {
        Publication memory publication = aPublication("data");
        market.reserve(reservationOf(seller, publication));
        skip(1);

        vm.expectEmit(MARKET);
        emit IDatasetMarket.DatasetPublished(DatasetId.wrap(publication.root), seller, 1, publication);
        vm.prank(seller);
        DatasetId dataset = market.publish(publication, SALT);

        Dataset memory kept = market.datasetOf(dataset);
        assertEq(DatasetId.unwrap(dataset), publication.root, "the id is the root");
        assertEq(kept.seller, seller, "seller");
        assertEq(kept.publishedAt, START + 1, "second");
        assertEq(kept.price, PRICE, "price");
        assertEq(kept.size, 1000, "size");
        assertEq(kept.chunks, 1, "chunks");
        assertFalse(kept.isFree, "not free");
        assertFalse(kept.isDelisted, "on sale");
        assertEq(
            DatasetId.unwrap(market.datasetWith(publication.contentHash)),
            publication.root,
            "found by its content"
        );
    }

    function test_publish_countsChunksUp() public {
        for (uint64 size = 65_536; size <= 65_537; ++size) {
            Publication memory publication = aPublication(vm.toString(size));
            publication.size = size;
            assertEq(market.datasetOf(publish(publication)).chunks, size - 65_535, "chunks");
        }
    }

    function test_reserve_announcesIt() public {
        vm.expectEmit(MARKET);
        emit IDatasetMarket.DatasetReserved(RESERVATION);
        market.reserve(RESERVATION);
    }

    function test_reserve_revertsWhen_madeBefore() public {
        market.reserve(RESERVATION);

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketReserved.selector, RESERVATION));
        market.reserve(RESERVATION);
    }

    function test_publish_revertsWhen_neverReserved() public {
        Publication memory publication = aPublication("data");

        _expectNotReserved(publication);
        vm.prank(seller);
        market.publish(publication, SALT);
    }

    function test_publish_revertsWhen_reservedInThisSecond() public {
        Publication memory publication = aPublication("data");
        market.reserve(reservationOf(seller, publication));

        _expectNotReserved(publication);
        vm.prank(seller);
        market.publish(publication, SALT);
    }

    function test_publish_revertsWhen_aFieldCannotBe() public {
        Publication memory publication = aPublication("data");
        publication.contentHash = 0;
        _expectBadPublication(publication, "contentHash");
        publication = aPublication("data");
        publication.root = 0;
        _expectBadPublication(publication, "root");
        publication = aPublication("a");
        publication.size = 0;
        _expectBadPublication(publication, "size");
        publication = aPublication("b");
        publication.size = uint64(type(uint32).max) * 65_536 + 1;
        _expectBadPublication(publication, "size");
        publication = aPublication("c");
        publication.title = "";
        _expectBadPublication(publication, "title");
        publication = aPublication("d");
        publication.title = string(new bytes(97));
        _expectBadPublication(publication, "title");
        publication = aPublication("e");
        publication.dataPointer = "";
        _expectBadPublication(publication, "dataPointer");
        publication = aPublication("f");
        publication.dataPointer = string(new bytes(257));
        _expectBadPublication(publication, "dataPointer");
    }

    function test_publish_takesTheGreatestSize() public {
        Publication memory publication = aPublication("data");
        publication.size = uint64(type(uint32).max) * 65_536;

        assertEq(market.datasetOf(publish(publication)).chunks, type(uint32).max, "chunks");
    }

    function test_setPrice_changesIt() public {
        DatasetId dataset = publish(aPublication("data"));

        vm.expectEmit(MARKET);
        emit IDatasetMarket.DatasetPriced(dataset, PRICE, 5);
        vm.prank(seller);
        market.setPrice(dataset, 5);

        assertEq(market.datasetOf(dataset).price, 5, "price");
    }

    function test_setPrice_revertsWhen_zero() public {
        DatasetId dataset = publish(aPublication("data"));

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketNoPrice.selector, dataset));
        vm.prank(seller);
        market.setPrice(dataset, 0);
    }

    function test_sellersCalls_revertWhen_callerIsNotTheSeller() public {
        DatasetId dataset = publish(aPublication("data"));
        bytes memory refusal =
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotSeller.selector, dataset, stranger);

        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        market.setPrice(dataset, 1);
        vm.expectRevert(refusal);
        market.share(dataset, "p");
        vm.expectRevert(refusal);
        market.delist(dataset);
    }

    function test_sellersCalls_revertWhen_unknown() public {
        DatasetId dataset = DatasetId.wrap("nothing");
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketUnknown.selector, dataset));
        market.setPrice(dataset, 1);
    }

    function test_share_makesTheDatasetEverybodys() public {
        DatasetId dataset = publish(aPublication("data"));
        assertFalse(market.hasAccess(dataset, stranger), "before");

        vm.expectEmit(MARKET);
        emit IDatasetMarket.DatasetShared(dataset, "https://plain.example");
        vm.prank(seller);
        market.share(dataset, "https://plain.example");

        assertTrue(market.hasAccess(dataset, stranger), "after");
        assertEq(market.datasetOf(dataset).price, 0, "price");
    }

    function test_share_revertsWhen_pointerIsEmptyOrLong() public {
        DatasetId dataset = publish(aPublication("data"));
        bytes memory refusal =
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadPublication.selector, DATA_POINTER);

        vm.startPrank(seller);
        vm.expectRevert(refusal);
        market.share(dataset, "");
        vm.expectRevert(refusal);
        market.share(dataset, string(new bytes(257)));
        market.share(dataset, string(new bytes(256)));

        assertTrue(market.hasAccess(dataset, stranger), "the longest");
    }

    function test_publish_atPriceZeroSharesForEver() public {
        Publication memory publication = aPublication("data");
        publication.price = 0;
        DatasetId dataset = publish(publication);

        assertTrue(market.hasAccess(dataset, stranger), "everybody's");
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketFree.selector, dataset));
        vm.prank(seller);
        market.setPrice(dataset, 1);
    }

    function test_delist_endsTheSaleButKeepsTheFingerprint() public {
        DatasetId dataset = publish(aPublication("data"));

        vm.expectEmit(MARKET);
        emit IDatasetMarket.DatasetDelisted(dataset);
        vm.prank(seller);
        market.delist(dataset);

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketDelisted.selector, dataset));
        buyAs(buyer, dataset);
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketDelisted.selector, dataset));
        vm.prank(seller);
        market.setPrice(dataset, 1);
        assertEq(market.datasetOf(dataset).seller, seller, "still its seller's");
    }

    function test_hasAccess_isTheSellersFromTheBeginning() public {
        DatasetId dataset = publish(aPublication("data"));

        assertTrue(market.hasAccess(dataset, seller), "seller");
        assertFalse(market.hasAccess(DatasetId.wrap("nothing"), address(0)), "nobody's nothing");
    }

    function test_holdsChunk_followsThePath() public {
        DatasetId dataset = publish(aPublicationOf("data", ONE, TWO));

        assertTrue(market.holdsChunk(ONE, _place(dataset, 0, TWO)), "first");
        assertTrue(market.holdsChunk(TWO, _place(dataset, 1, ONE)), "second");
        assertFalse(market.holdsChunk(ONE, _place(dataset, 1, TWO)), "another place");
        assertFalse(market.holdsChunk(ONE, _place(dataset, 2, TWO)), "beyond the last chunk");
        assertFalse(market.holdsChunk(THREE, _place(dataset, 0, TWO)), "another chunk");
        assertFalse(market.holdsChunk(ONE, _place(DatasetId.wrap("nothing"), 0, TWO)), "another dataset");
    }

    function test_proveOverlap_countsEachSharedChunkOnce() public {
        DatasetId original = publish(aPublicationOf("original", ONE, TWO));
        DatasetId copy = publishAs(stranger, aPublicationOf("copy", TWO, THREE));

        vm.expectEmit(MARKET);
        emit IDatasetMarket.OverlapProven(original, copy, TWO, 1);
        market.proveOverlap(TWO, _place(original, 1, ONE), _place(copy, 0, THREE));

        assertEq(market.overlapOf(original, copy), 1, "counted");
        assertEq(market.overlapOf(copy, original), 0, "in one direction");
        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketOverlapKnown.selector, original, copy, TWO)
        );
        market.proveOverlap(TWO, _place(original, 1, ONE), _place(copy, 0, THREE));
    }

    function test_proveOverlap_revertsWhen_theCopyIsNotLater() public {
        DatasetId original = publish(aPublicationOf("original", ONE, TWO));
        DatasetId copy = publishAs(stranger, aPublicationOf("copy", TWO, THREE));

        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotEarlier.selector, copy, original)
        );
        market.proveOverlap(TWO, _place(copy, 0, THREE), _place(original, 1, ONE));
        vm.expectRevert(
            abi.encodeWithSelector(IDatasetMarket.DatasetMarketNotEarlier.selector, original, original)
        );
        market.proveOverlap(TWO, _place(original, 1, ONE), _place(original, 1, ONE));
    }

    function test_proveOverlap_revertsWhen_aPathLeadsElsewhere() public {
        DatasetId original = publish(aPublicationOf("original", ONE, TWO));
        DatasetId copy = publishAs(stranger, aPublicationOf("copy", TWO, THREE));

        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadPath.selector, original, 0));
        market.proveOverlap(TWO, _place(original, 0, ONE), _place(copy, 0, THREE));
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadPath.selector, copy, 1));
        market.proveOverlap(TWO, _place(original, 1, ONE), _place(copy, 1, THREE));
    }

    function _place(DatasetId dataset, uint32 index, bytes32 sibling)
        private
        pure
        returns (ChunkPlace memory place)
    {
        place.dataset = dataset;
        place.index = index;
        place.path = new bytes32[](1);
        place.path[0] = leafOf(sibling);
    }

    function _expectNotReserved(Publication memory publication) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDatasetMarket.DatasetMarketNotReserved.selector, reservationOf(seller, publication)
            )
        );
    }

    function _expectBadPublication(Publication memory publication, bytes32 field) private {
        market.reserve(reservationOf(seller, publication));
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IDatasetMarket.DatasetMarketBadPublication.selector, field));
        vm.prank(seller);
        market.publish(publication, SALT);
    }
}
