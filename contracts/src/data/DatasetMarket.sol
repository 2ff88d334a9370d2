// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IDatasetMarket} from "../interfaces/IDatasetMarket.sol";
import {IVault} from "../interfaces/IVault.sol";
import {CurvePoint} from "../libraries/CurvePoint.sol";
import {DatasetMessages} from "../libraries/DatasetMessages.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Opinions} from "../rental/Opinions.sol";
import {Dataset, DatasetOffer, DatasetParameters, Sale, SaleState, SellerRecord} from "../types/Datasets.sol";
import {DatasetId, SaleId} from "../types/Ids.sol";
import {RatingRules} from "../types/Ratings.sol";
import {DatasetCatalogue} from "./DatasetCatalogue.sol";

/// @title Sells access to published datasets, at the list price or at one that both sides agreed on.
contract DatasetMarket is DatasetCatalogue, Opinions, EIP712 {
    using CurvePoint for bytes;
    using Signatures for bytes32;

    uint256 private constant MOST_CIPHERTEXT_BYTES = 1024;

    IVault private immutable VAULT;
    uint48 private immutable DELIVER_SECONDS;
    uint48 private immutable ACKNOWLEDGE_SECONDS;
    uint48 private immutable RATING_SECONDS;
    uint16 private immutable MARKET_FEE_BPS;

    mapping(SaleId sale => Sale) private _sales;
    /// @dev Lowest nonce that is not void; written by `accept` and `voidOffers`.
    mapping(DatasetId dataset => mapping(address maker => mapping(address taker => uint64))) private _lowest;
    /// @dev Written by `deliver` and `poke`.
    mapping(address seller => SellerRecord) private _records;

    constructor(DatasetParameters memory parameters, RatingRules memory rules)
        Opinions(rules)
        EIP712("UtilityNet DatasetMarket", "1")
    {
        if (parameters.marketFeeBps > Settlement.WHOLE_BPS) {
            revert DatasetMarketBadParameter("marketFeeBps");
        }
        bytes32 bad = _badRule(rules);
        if (bad != 0) revert DatasetMarketBadParameter(bad);
        VAULT = IVault(parameters.vault);
        DELIVER_SECONDS = SafeCast.toUint48(parameters.deliverSeconds);
        ACKNOWLEDGE_SECONDS = SafeCast.toUint48(parameters.acknowledgeSeconds);
        RATING_SECONDS = SafeCast.toUint48(parameters.ratingSeconds);
        MARKET_FEE_BPS = parameters.marketFeeBps;
    }

    /// @inheritdoc IDatasetMarket
    function buy(DatasetId dataset, uint128 limit, bytes calldata buyerKey) external returns (SaleId sale) {
        Dataset storage kept = _onSale(dataset);
        (address seller, uint128 price) = (kept.seller, kept.price);
        if (price > limit) revert DatasetMarketPriceTooHigh(dataset, price, limit);
        if (msg.sender == seller) revert DatasetMarketNotParties(dataset, msg.sender, seller);

        sale = _open(dataset, msg.sender, price, buyerKey);
    }

    /// @inheritdoc IDatasetMarket
    function accept(DatasetOffer calldata offer, bytes calldata signature, bytes calldata buyerKey)
        external
        returns (SaleId sale)
    {
        address seller = _onSale(offer.dataset).seller;
        (address maker, address taker) = (offer.maker, offer.taker);
        if (maker == taker || (maker != seller && taker != seller)) {
            revert DatasetMarketNotParties(offer.dataset, maker, taker);
        }
        if (msg.sender != taker) revert DatasetMarketNotTaker(taker, msg.sender);
        if (Time.timestamp() > offer.expiry) revert DatasetMarketOfferExpired(offer.expiry);
        _requireStanding(offer);
        if (!hashOf(offer).isSignedBy(maker, signature)) revert DatasetMarketBadSignature(maker);
        address buyer = maker == seller ? taker : maker;
        bool isKeyNamed = buyer == maker || offer.buyerKeyHash != 0;
        if (isKeyNamed && keccak256(buyerKey) != offer.buyerKeyHash) revert DatasetMarketBadKey(buyer);

        // The highest nonce cannot be used: there would be none after it.
        _voidBelow(offer.dataset, maker, taker, offer.nonce + 1);
        sale = _open(offer.dataset, buyer, offer.price, buyerKey);
    }

    /// @inheritdoc IDatasetMarket
    function voidOffers(DatasetId dataset, address taker, uint64 lowest) external {
        uint64 current = _lowest[dataset][msg.sender][taker];
        if (lowest <= current) revert DatasetMarketOfferVoid(lowest, current);

        _voidBelow(dataset, msg.sender, taker, lowest);
    }

    /// @inheritdoc IDatasetMarket
    function deliver(SaleId sale, bytes calldata enc, bytes calldata ciphertext) external {
        Sale storage kept = _inState(sale, SaleState.Paid);
        if (msg.sender != _sellerOf(kept)) revert DatasetMarketNotParty(sale, msg.sender);
        _requireInTime(sale, kept);
        bool fits = ciphertext.length != 0 && ciphertext.length <= MOST_CIPHERTEXT_BYTES;
        if (!fits || !enc.isPoint()) revert DatasetMarketBadDelivery(enc.length, ciphertext.length);

        uint48 deadline = Time.timestamp() + ACKNOWLEDGE_SECONDS;
        kept.state = SaleState.Delivered;
        kept.deadline = deadline;
        ++_records[msg.sender].delivered;

        emit KeyDelivered(sale, enc, ciphertext, deadline);
    }

    /// @inheritdoc IDatasetMarket
    function acknowledge(SaleId sale) external {
        Sale storage kept = _inState(sale, SaleState.Delivered);
        if (msg.sender != kept.buyer) revert DatasetMarketNotParty(sale, msg.sender);

        _settle(sale, kept, true);
    }

    /// @inheritdoc IDatasetMarket
    function poke(SaleId sale) external returns (SaleState state) {
        Sale storage kept = _sales[sale];
        bool isWaiting = kept.state == SaleState.Paid || kept.state == SaleState.Delivered;
        if (!isWaiting) revert DatasetMarketNothingDue(sale, 0);
        if (Time.timestamp() <= kept.deadline) revert DatasetMarketNothingDue(sale, kept.deadline);

        if (kept.state == SaleState.Paid) _refund(sale, kept);
        else _settle(sale, kept, false);
        return kept.state;
    }

    /// @inheritdoc IDatasetMarket
    function rate(SaleId sale, uint8 score) external {
        Sale storage kept = _inState(sale, SaleState.Settled);
        if (msg.sender != kept.buyer) revert DatasetMarketNotParty(sale, msg.sender);
        _requireInTime(sale, kept);
        if (!_isScore(score)) revert DatasetMarketBadScore(score);
        if (kept.score != 0) revert DatasetMarketAlreadyRated(sale);
        uint128 fee = Settlement.shareUp(kept.price, MARKET_FEE_BPS);
        if (fee == 0) revert DatasetMarketNoSay(sale);

        kept.score = score;
        uint128 weight = _say(DatasetId.unwrap(kept.dataset), msg.sender, _sellerOf(kept), score, fee);

        emit DatasetRated(kept.dataset, sale, msg.sender, score, weight);
    }

    /// @inheritdoc IDatasetMarket
    function hasAccess(DatasetId dataset, address account) external view returns (bool) {
        Dataset storage kept = _datasets[dataset];
        if (kept.isFree) return true;
        SaleState state = _sales[saleIdOf(dataset, account)].state;
        bool isHanded = state == SaleState.Delivered || state == SaleState.Settled;
        return isHanded || (account == kept.seller && account != address(0));
    }

    /// @inheritdoc IDatasetMarket
    function saleOf(SaleId sale) external view returns (Sale memory) {
        return _sales[sale];
    }

    /// @inheritdoc IDatasetMarket
    function lowestNonceOf(DatasetId dataset, address maker, address taker) external view returns (uint64) {
        return _lowest[dataset][maker][taker];
    }

    /// @inheritdoc IDatasetMarket
    function recordOf(address seller) external view returns (SellerRecord memory) {
        return _records[seller];
    }

    /// @inheritdoc IDatasetMarket
    function ratingOf(DatasetId dataset) external view returns (uint16 rating, uint128 weight, uint64 count) {
        bytes32 subject = DatasetId.unwrap(dataset);
        (rating, weight) = _heardOf(subject);
        count = _countOf(subject);
    }

    /// @inheritdoc IDatasetMarket
    function saleIdOf(DatasetId dataset, address buyer) public view returns (SaleId) {
        return SaleId.wrap(keccak256(abi.encode(block.chainid, address(this), dataset, buyer)));
    }

    /// @inheritdoc IDatasetMarket
    function hashOf(DatasetOffer calldata offer) public view returns (bytes32) {
        return _hashTypedDataV4(DatasetMessages.hash(offer));
    }

    /// @dev Locks the price; what both sides agreed on is checked.
    function _open(DatasetId dataset, address buyer, uint128 price, bytes calldata buyerKey)
        private
        returns (SaleId sale)
    {
        // A key that nobody can seal to would make every seller look silent.
        if (!buyerKey.isPoint()) revert DatasetMarketBadKey(buyer);
        sale = saleIdOf(dataset, buyer);
        SaleState before = _sales[sale].state;
        bool isNew = before == SaleState.None || before == SaleState.Refunded;
        if (!isNew) revert DatasetMarketSaleExists(sale, before);

        uint48 deadline = Time.timestamp() + DELIVER_SECONDS;
        _sales[sale] = Sale({
            state: SaleState.Paid, score: 0, deadline: deadline, buyer: buyer, price: price, dataset: dataset
        });

        emit SaleOpened(sale, dataset, buyer, _datasets[dataset].seller, price, buyerKey, deadline);

        VAULT.lock(buyer, SaleId.unwrap(sale), price);
    }

    function _voidBelow(DatasetId dataset, address maker, address taker, uint64 lowest) private {
        _lowest[dataset][maker][taker] = lowest;

        emit OffersVoided(dataset, maker, taker, lowest);
    }

    /// @dev The seller was silent: all back to the buyer.
    function _refund(SaleId sale, Sale storage kept) private {
        kept.state = SaleState.Refunded;
        kept.deadline = 0;
        ++_records[_sellerOf(kept)].silent;

        emit SaleRefunded(sale, kept.price);

        VAULT.release(SaleId.unwrap(sale), kept.buyer, kept.price);
    }

    /// @dev Pays the seller; the fee, rounded up, is burned.
    function _settle(SaleId sale, Sale storage kept, bool isAcknowledged) private {
        uint128 fee = Settlement.shareUp(kept.price, MARKET_FEE_BPS);
        uint128 paid = kept.price - fee;
        kept.state = SaleState.Settled;
        kept.deadline = Time.timestamp() + RATING_SECONDS;

        emit SaleSettled(sale, paid, fee, isAcknowledged);

        VAULT.release(SaleId.unwrap(sale), _sellerOf(kept), paid);
        if (fee != 0) VAULT.burn(SaleId.unwrap(sale), fee);
    }

    /// @dev The offer's maker has not voided it, nor was it accepted.
    function _requireStanding(DatasetOffer calldata offer) private view {
        uint64 lowest = _lowest[offer.dataset][offer.maker][offer.taker];
        if (offer.nonce < lowest) revert DatasetMarketOfferVoid(offer.nonce, lowest);
    }

    function _inState(SaleId sale, SaleState expected) private view returns (Sale storage kept) {
        kept = _sales[sale];
        if (kept.state != expected) revert DatasetMarketWrongState(sale, kept.state);
    }

    function _requireInTime(SaleId sale, Sale storage kept) private view {
        if (Time.timestamp() > kept.deadline) revert DatasetMarketTooLate(sale, kept.deadline);
    }

    function _sellerOf(Sale storage kept) private view returns (address) {
        return _datasets[kept.dataset].seller;
    }
}
