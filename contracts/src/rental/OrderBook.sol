// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IOrderBook} from "../interfaces/IOrderBook.sol";
import {IRatingBook} from "../interfaces/IRatingBook.sol";
import {OrderMessages} from "../libraries/OrderMessages.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {OrderHash} from "../types/Ids.sol";
import {Order, OrderBatch, OrderKind, Side} from "../types/Orders.sol";

/// @title Matches orders that were signed off chain; what is matched is filled by an escrow.
contract OrderBook is IOrderBook, EIP712 {
    using Signatures for bytes32;

    /// @dev Bounds the work of one batch: hashes, signatures and slots of so many orders fit into a
    /// transaction.
    uint256 private constant MOST_OF_A_SIDE = 16;

    /// @dev What has become of an order; one slot.
    struct Progress {
        /// in all fills together
        uint32 filled;
        bool isCancelled;
    }

    IRatingBook private immutable RATINGS;
    mapping(OrderHash order => Progress) private _progress;
    /// @dev Bit n % 256 of word n / 256: orders with the nonce n are cancelled. Set by the maker only.
    mapping(address maker => mapping(uint256 word => uint256 bits)) private _cancelledNonces;
    /// @dev Raised by the maker only.
    mapping(address maker => uint64) private _makerEpochs;
    /// @dev Set by the constructor only.
    mapping(address account => bool) private _isFiller;

    /// @param fillers Escrows that fill orders: they answer for what is paid and delivered.
    constructor(address ratings, address[] memory fillers) EIP712("UtilityNet OrderBook", "1") {
        RATINGS = IRatingBook(ratings);
        for (uint256 i = 0; i < fillers.length; ++i) {
            _isFiller[fillers[i]] = true;
        }
    }

    /// @inheritdoc IOrderBook
    function post(Order calldata order, bytes calldata signature) external returns (OrderHash hash) {
        hash = hashOf(order);
        if (Time.timestamp() > order.expiry) revert OrderBookExpired(hash, order.expiry);
        _requireSigned(hash, order.maker, signature);

        emit OrderPosted(hash, order.maker, order, signature);
    }

    /// @inheritdoc IOrderBook
    function fill(
        Order calldata ask,
        bytes calldata askSignature,
        Order calldata bid,
        bytes calldata bidSignature,
        uint32 units
    ) external returns (OrderHash askHash, OrderHash bidHash, uint128 unitPrice) {
        if (!_isFiller[msg.sender]) revert OrderBookNotFiller(msg.sender);
        askHash = _checked(ask, askSignature, Side.Ask);
        bidHash = _checked(bid, bidSignature, Side.Bid);
        _requireMatch(askHash, ask, bidHash, bid);
        unitPrice = ask.unitPrice;
        _count(askHash, ask, units);
        _count(bidHash, bid, units);
    }

    /// @inheritdoc IOrderBook
    function matchBatch(OrderBatch calldata batch)
        external
        returns (OrderHash[] memory bids, uint128 unitPrice)
    {
        if (!_isFiller[msg.sender]) revert OrderBookNotFiller(msg.sender);
        _requireBounded(batch);
        OrderHash[] memory asks = new OrderHash[](batch.asks.length);
        for (uint256 i = 0; i < asks.length; ++i) {
            asks[i] = _checked(batch.asks[i], batch.askSignatures[i], Side.Ask);
            if (batch.asks[i].unitPrice > unitPrice) unitPrice = batch.asks[i].unitPrice;
        }
        bids = new OrderHash[](batch.bids.length);
        uint256 taken = 0; // a bit for each ask
        for (uint256 i = 0; i < bids.length; ++i) {
            uint256 position = batch.askOf[i];
            if (position >= asks.length) revert OrderBookAskNotTaken(position);
            taken |= 2 ** position;
            bids[i] = _checked(batch.bids[i], batch.bidSignatures[i], Side.Bid);
            _requireMatch(asks[position], batch.asks[position], bids[i], batch.bids[i]);
            if (unitPrice > batch.bids[i].unitPrice) {
                revert OrderBookPriceCrossed(unitPrice, batch.bids[i].unitPrice);
            }
            _count(asks[position], batch.asks[position], batch.units[i]);
            _count(bids[i], batch.bids[i], batch.units[i]);
        }
        for (uint256 i = 0; i < asks.length; ++i) {
            // An ask that serves nobody would move the price of the others.
            if (taken >> i & 1 == 0) revert OrderBookAskNotTaken(i);
            bytes32 field = _firstDifference(batch.asks[i], batch.asks[0]);
            if (field != 0) revert OrderBookMismatch(asks[i], asks[0], field);
        }
    }

    /// @inheritdoc IOrderBook
    function cancel(Order calldata order) external {
        OrderHash hash = hashOf(order);
        if (msg.sender != order.maker) revert OrderBookNotMaker(hash, msg.sender);
        if (_progress[hash].isCancelled) revert OrderBookCancelled(hash);

        _progress[hash].isCancelled = true;

        emit OrderCancelled(hash, order.maker);
    }

    /// @inheritdoc IOrderBook
    function cancelNonces(uint256 word, uint256 mask) external {
        if (mask == 0) revert OrderBookEmptyMask(word);

        _cancelledNonces[msg.sender][word] |= mask;

        emit NoncesCancelled(msg.sender, word, mask);
    }

    /// @inheritdoc IOrderBook
    function raiseMakerEpoch(uint64 makerEpoch) external {
        uint64 current = _makerEpochs[msg.sender];
        if (makerEpoch <= current) revert OrderBookEpochNotRaised(current, makerEpoch);

        _makerEpochs[msg.sender] = makerEpoch;

        emit MakerEpochRaised(msg.sender, makerEpoch);
    }

    /// @inheritdoc IOrderBook
    function filledOf(OrderHash order) external view returns (uint32 units) {
        return _progress[order].filled;
    }

    /// @inheritdoc IOrderBook
    function isCancelled(OrderHash order) external view returns (bool) {
        return _progress[order].isCancelled;
    }

    /// @inheritdoc IOrderBook
    function isNonceCancelled(address maker, uint256 nonce) public view returns (bool) {
        return _cancelledNonces[maker][nonce >> 8] >> (nonce & 0xff) & 1 == 1;
    }

    /// @inheritdoc IOrderBook
    function isFiller(address account) external view returns (bool) {
        return _isFiller[account];
    }

    /// @inheritdoc IOrderBook
    function makerEpochOf(address maker) external view returns (uint64) {
        return _makerEpochs[maker];
    }

    /// @inheritdoc IOrderBook
    function hashOf(Order calldata order) public view returns (OrderHash) {
        return OrderHash.wrap(_hashTypedDataV4(OrderMessages.hash(order)));
    }

    /// @dev Counts units of one order as filled, if it has so many left.
    function _count(OrderHash hash, Order calldata order, uint32 units) private {
        uint32 filled = _progress[hash].filled;
        uint32 available = order.maxUnits > filled ? order.maxUnits - filled : 0;
        if (units == 0 || units < order.minUnits || units > available) {
            revert OrderBookUnitsOutOfRange(hash, units, order.minUnits, available);
        }

        filled += units;
        _progress[hash].filled = filled;

        emit OrderFilled(hash, order.maker, units, filled);
    }

    /// @dev The hash of an order that its maker wants to be filled now.
    function _checked(Order calldata order, bytes calldata signature, Side side)
        private
        view
        returns (OrderHash hash)
    {
        hash = hashOf(order);
        if (order.side != side) revert OrderBookWrongSide(hash);
        if (Time.timestamp() < order.validFrom) revert OrderBookNotYet(hash, order.validFrom);
        if (Time.timestamp() > order.expiry) revert OrderBookExpired(hash, order.expiry);
        _requireStanding(hash, order);
        _requireSigned(hash, order.maker, signature);
    }

    function _requireMatch(OrderHash askHash, Order calldata ask, OrderHash bidHash, Order calldata bid)
        private
        view
    {
        bytes32 field = _firstMismatch(ask, bid);
        if (field != 0) revert OrderBookMismatch(askHash, bidHash, field);
        if (ask.unitPrice > bid.unitPrice) revert OrderBookPriceCrossed(ask.unitPrice, bid.unitPrice);
        _requireRating(ask.maker, bid.minRating);
        _requireRating(bid.maker, ask.minRating);
    }

    function _requireRating(address account, uint16 required) private view {
        if (required == 0) return;
        (uint16 rating,) = RATINGS.ratingOf(account);
        if (rating < required) revert OrderBookRatingTooLow(account, rating, required);
    }

    /// @dev Neither the maker nor time's passing on chain has withdrawn it.
    function _requireStanding(OrderHash hash, Order calldata order) private view {
        bool isWithdrawn = _progress[hash].isCancelled || isNonceCancelled(order.maker, order.nonce);
        if (isWithdrawn) revert OrderBookCancelled(hash);
        uint64 current = _makerEpochs[order.maker];
        if (order.makerEpoch != current) revert OrderBookOldEpoch(hash, order.makerEpoch, current);
    }

    function _requireSigned(OrderHash hash, address maker, bytes calldata signature) private view {
        if (!OrderHash.unwrap(hash).isSignedByParty(maker, signature)) {
            revert OrderBookBadSignature(hash, maker);
        }
    }

    function _requireBounded(OrderBatch calldata batch) private pure {
        (uint256 asks, uint256 bids) = (batch.asks.length, batch.bids.length);
        bool isBounded = asks != 0 && bids != 0 && asks <= MOST_OF_A_SIDE && bids <= MOST_OF_A_SIDE;
        bool isWhole = batch.askSignatures.length == asks && batch.bidSignatures.length == bids
            && batch.askOf.length == bids && batch.units.length == bids;
        if (!isBounded || !isWhole) revert OrderBookBadBatch(asks, bids);
    }

    /// @dev The first field in which an ask and a bid do not meet; zero if they do.
    function _firstMismatch(Order calldata ask, Order calldata bid) private pure returns (bytes32) {
        bytes32 field = _firstDifference(ask, bid);
        if (field != 0) return field;
        if (!_isTimely(ask, bid)) return "duration";
        if (ask.maker == bid.maker) return "maker"; // nobody trades with himself
        if (!_isWelcome(ask.counterparty, bid.maker)) return "counterparty";
        if (!_isWelcome(bid.counterparty, ask.maker)) return "counterparty";
        return 0;
    }

    /// @dev The first field in which two orders are about different goods; zero if they are not.
    function _firstDifference(Order calldata one, Order calldata other) private pure returns (bytes32) {
        if (one.kind != other.kind) return "kind";
        if (one.specHash != other.specHash) return "specHash";
        if (one.token != other.token) return "token";
        if (one.validationClass != other.validationClass) return "validationClass";
        return 0;
    }

    /// @dev Machine time is sold for the ask's seconds at most; an answer takes its worker that many at
    /// least.
    function _isTimely(Order calldata ask, Order calldata bid) private pure returns (bool) {
        return ask.kind == OrderKind.Inference ? bid.duration >= ask.duration : bid.duration <= ask.duration;
    }

    function _isWelcome(address counterparty, address maker) private pure returns (bool) {
        return counterparty == address(0) || counterparty == maker;
    }
}
