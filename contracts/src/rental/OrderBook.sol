// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IOrderBook} from "../interfaces/IOrderBook.sol";
import {IRatingBook} from "../interfaces/IRatingBook.sol";
import {OrderMessages} from "../libraries/OrderMessages.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {OrderHash} from "../types/Ids.sol";
import {Order, Side} from "../types/Orders.sol";

/// @title Matches orders that were signed off chain; what is matched is filled by an escrow.
contract OrderBook is IOrderBook, EIP712 {
    using Signatures for bytes32;

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
        _requireStanding(hash, order);
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
        askHash = hashOf(ask);
        bidHash = hashOf(bid);
        if (ask.side != Side.Ask) revert OrderBookWrongSide(askHash);
        if (bid.side != Side.Bid) revert OrderBookWrongSide(bidHash);
        _requireMatch(askHash, ask, bidHash, bid);
        unitPrice = ask.unitPrice;
        _take(askHash, ask, askSignature, units);
        _take(bidHash, bid, bidSignature, units);
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

    /// @dev Counts units of one order as filled, if the order allows it now.
    function _take(OrderHash hash, Order calldata order, bytes calldata signature, uint32 units) private {
        if (Time.timestamp() < order.validFrom) revert OrderBookNotYet(hash, order.validFrom);
        if (Time.timestamp() > order.expiry) revert OrderBookExpired(hash, order.expiry);
        _requireStanding(hash, order);
        _requireSigned(hash, order.maker, signature);
        uint32 filled = _progress[hash].filled;
        uint32 available = order.maxUnits > filled ? order.maxUnits - filled : 0;
        if (units == 0 || units < order.minUnits || units > available) {
            revert OrderBookUnitsOutOfRange(hash, units, order.minUnits, available);
        }

        filled += units;
        _progress[hash].filled = filled;

        emit OrderFilled(hash, order.maker, units, filled);
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

    /// @dev The first field in which an ask and a bid do not meet; zero if they do.
    function _firstMismatch(Order calldata ask, Order calldata bid) private pure returns (bytes32) {
        if (ask.kind != bid.kind) return "kind";
        if (ask.specHash != bid.specHash) return "specHash";
        if (ask.token != bid.token) return "token";
        if (ask.validationClass != bid.validationClass) return "validationClass";
        if (bid.duration > ask.duration) return "duration";
        if (ask.maker == bid.maker) return "maker"; // nobody trades with himself
        if (!_isWelcome(ask.counterparty, bid.maker)) return "counterparty";
        if (!_isWelcome(bid.counterparty, ask.maker)) return "counterparty";
        return 0;
    }

    function _isWelcome(address counterparty, address maker) private pure returns (bool) {
        return counterparty == address(0) || counterparty == maker;
    }
}
