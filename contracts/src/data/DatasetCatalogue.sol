// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IDatasetMarket} from "../interfaces/IDatasetMarket.sol";
import {DatasetMessages} from "../libraries/DatasetMessages.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {ChunkPlace, Dataset, Publication} from "../types/Datasets.sol";
import {DatasetId} from "../types/Ids.sol";

/// @title Keeps who published which data, by its fingerprints.
abstract contract DatasetCatalogue is IDatasetMarket {
    /// @dev Fixed, so that the same bytes have the same root whoever publishes them.
    uint64 private constant CHUNK_BYTES = 65_536;
    /// @dev 2^32 - 1 chunks: 256 TiB.
    uint64 private constant MOST_BYTES = uint64(type(uint32).max) * CHUNK_BYTES;
    uint256 private constant MOST_TITLE_BYTES = 96;
    uint256 private constant MOST_POINTER_BYTES = 256;

    /// @dev Second of the reservation; written by `reserve`, cleared by `publish`.
    mapping(bytes32 reservation => uint48) private _reservedAt;
    mapping(DatasetId dataset => Dataset) internal _datasets;
    /// @dev Written by `publish`.
    mapping(bytes32 contentHash => DatasetId) private _ofContent;
    /// @dev Distinct chunks shared by a pair; written by `proveOverlap`.
    mapping(DatasetId original => mapping(DatasetId copy => uint32)) private _overlaps;
    mapping(DatasetId original => mapping(DatasetId copy => mapping(bytes32 chunkHash => bool))) private
        _isCounted;

    /// @inheritdoc IDatasetMarket
    function reserve(bytes32 reservation) external {
        if (_reservedAt[reservation] != 0) revert DatasetMarketReserved(reservation);

        _reservedAt[reservation] = Time.timestamp();

        emit DatasetReserved(reservation);
    }

    /// @inheritdoc IDatasetMarket
    function publish(Publication calldata publication, bytes32 salt) external returns (DatasetId dataset) {
        bytes32 reservation =
            DatasetMessages.reservation(msg.sender, publication.contentHash, publication.root, salt);
        uint48 reservedAt = _reservedAt[reservation];
        if (reservedAt == 0 || reservedAt >= Time.timestamp()) revert DatasetMarketNotReserved(reservation);
        bytes32 bad = _badField(publication);
        if (bad != 0) revert DatasetMarketBadPublication(bad);
        dataset = DatasetId.wrap(publication.root);
        _requireNew(dataset);
        _requireNew(_ofContent[publication.contentHash]);

        delete _reservedAt[reservation];
        _ofContent[publication.contentHash] = dataset;
        Dataset storage kept = _datasets[dataset];
        kept.seller = msg.sender;
        kept.publishedAt = Time.timestamp();
        kept.isFree = publication.price == 0;
        kept.price = publication.price;
        kept.size = publication.size;
        kept.chunks = _chunksOf(publication.size);

        emit DatasetPublished(dataset, msg.sender, kept.chunks, publication);
    }

    /// @inheritdoc IDatasetMarket
    function setPrice(DatasetId dataset, uint128 price) external {
        Dataset storage kept = _ownOnSale(dataset);
        if (price == 0) revert DatasetMarketNoPrice(dataset);

        uint128 oldPrice = kept.price;
        kept.price = price;

        emit DatasetPriced(dataset, oldPrice, price);
    }

    /// @inheritdoc IDatasetMarket
    function share(DatasetId dataset, string calldata dataPointer) external {
        Dataset storage kept = _ownOnSale(dataset);
        if (!_fits(dataPointer, MOST_POINTER_BYTES)) revert DatasetMarketBadPublication("dataPointer");

        kept.isFree = true;
        kept.price = 0;

        emit DatasetShared(dataset, dataPointer);
    }

    /// @inheritdoc IDatasetMarket
    function delist(DatasetId dataset) external {
        _ownOnSale(dataset).isDelisted = true;

        emit DatasetDelisted(dataset);
    }

    /// @inheritdoc IDatasetMarket
    function proveOverlap(bytes32 chunkHash, ChunkPlace calldata original, ChunkPlace calldata copy)
        external
    {
        (DatasetId first, DatasetId second) = (original.dataset, copy.dataset);
        if (_datasets[first].publishedAt >= _datasets[second].publishedAt) {
            revert DatasetMarketNotEarlier(first, second);
        }
        _requireChunk(chunkHash, original);
        _requireChunk(chunkHash, copy);
        if (_isCounted[first][second][chunkHash]) revert DatasetMarketOverlapKnown(first, second, chunkHash);

        _isCounted[first][second][chunkHash] = true;
        uint32 shared = ++_overlaps[first][second];

        emit OverlapProven(first, second, chunkHash, shared);
    }

    /// @inheritdoc IDatasetMarket
    function datasetOf(DatasetId dataset) external view returns (Dataset memory) {
        return _datasets[dataset];
    }

    /// @inheritdoc IDatasetMarket
    function datasetWith(bytes32 contentHash) external view returns (DatasetId) {
        return _ofContent[contentHash];
    }

    /// @inheritdoc IDatasetMarket
    function overlapOf(DatasetId original, DatasetId copy) external view returns (uint32 chunks) {
        return _overlaps[original][copy];
    }

    /// @inheritdoc IDatasetMarket
    function holdsChunk(bytes32 chunkHash, ChunkPlace calldata place) public view returns (bool) {
        // Width zero, of a dataset that is not there, holds nothing.
        (bytes32 root, bool isWhole) = MerkleTree.rootOfOrdered(
            DatasetMessages.leafHash(chunkHash), place.index, _datasets[place.dataset].chunks, place.path
        );
        return isWhole && root == DatasetId.unwrap(place.dataset);
    }

    /// @dev A dataset that can be bought.
    function _onSale(DatasetId dataset) internal view returns (Dataset storage kept) {
        kept = _datasets[dataset];
        if (kept.seller == address(0)) revert DatasetMarketUnknown(dataset);
        if (kept.isFree) revert DatasetMarketFree(dataset);
        if (kept.isDelisted) revert DatasetMarketDelisted(dataset);
    }

    function _ownOnSale(DatasetId dataset) private view returns (Dataset storage kept) {
        kept = _onSale(dataset);
        if (kept.seller != msg.sender) revert DatasetMarketNotSeller(dataset, msg.sender);
    }

    function _requireNew(DatasetId dataset) private view {
        address seller = _datasets[dataset].seller;
        if (seller != address(0)) revert DatasetMarketDuplicate(dataset, seller);
    }

    function _requireChunk(bytes32 chunkHash, ChunkPlace calldata place) private view {
        if (!holdsChunk(chunkHash, place)) revert DatasetMarketBadPath(place.dataset, place.index);
    }

    /// @dev The first field that cannot be; zero if all can.
    function _badField(Publication calldata publication) private pure returns (bytes32) {
        if (publication.contentHash == 0) return "contentHash";
        if (publication.root == 0) return "root";
        if (publication.size == 0 || publication.size > MOST_BYTES) return "size";
        if (!_fits(publication.title, MOST_TITLE_BYTES)) return "title";
        if (!_fits(publication.dataPointer, MOST_POINTER_BYTES)) return "dataPointer";
        return 0;
    }

    function _fits(string calldata text, uint256 most) private pure returns (bool) {
        return bytes(text).length != 0 && bytes(text).length <= most;
    }

    /// @dev Rounded up: the last chunk may be shorter.
    function _chunksOf(uint64 size) private pure returns (uint32) {
        // Fits: size <= MOST_BYTES.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32((uint256(size) + CHUNK_BYTES - 1) / CHUNK_BYTES);
    }
}
