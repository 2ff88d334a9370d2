// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {OrderHash} from "../types/Ids.sol";
import {Order} from "../types/Orders.sol";

/// @title Matches orders that were signed off chain; what is matched is filled by an escrow.
interface IOrderBook {
    error OrderBookNotFiller(address caller);
    error OrderBookBadSignature(OrderHash order, address maker);
    error OrderBookWrongSide(OrderHash order);
    error OrderBookNotYet(OrderHash order, uint64 validFrom);
    error OrderBookExpired(OrderHash order, uint64 expiry);
    error OrderBookCancelled(OrderHash order);
    error OrderBookOldEpoch(OrderHash order, uint64 makerEpoch, uint64 current);
    error OrderBookUnitsOutOfRange(OrderHash order, uint32 units, uint32 minUnits, uint32 available);
    error OrderBookMismatch(OrderHash ask, OrderHash bid, bytes32 field);
    error OrderBookPriceCrossed(uint128 ask, uint128 bid);
    error OrderBookRatingTooLow(address account, uint16 rating, uint16 required);
    error OrderBookNotMaker(OrderHash order, address caller);
    error OrderBookEpochNotRaised(uint64 current, uint64 wanted);

    event OrderPosted(OrderHash indexed order, address indexed maker, Order content, bytes signature);
    event OrderFilled(OrderHash indexed order, address indexed maker, uint32 units, uint32 filled);
    event OrderCancelled(OrderHash indexed order, address indexed maker);
    event MakerEpochRaised(address indexed maker, uint64 makerEpoch);

    /// @notice Publishes an order for discovery; changes nothing else. Anyone may carry it.
    function post(Order calldata order, bytes calldata signature) external returns (OrderHash hash);

    /// @notice Matches an ask with a bid and counts the units as filled, at the ask's price. Fillers
    /// (escrows) only.
    function fill(
        Order calldata ask,
        bytes calldata askSignature,
        Order calldata bid,
        bytes calldata bidSignature,
        uint32 units
    ) external returns (OrderHash askHash, OrderHash bidHash, uint128 unitPrice);

    /// @notice Cancels one order. Its maker only.
    function cancel(Order calldata order) external;

    /// @notice Cancels all of the caller's orders below an epoch.
    function raiseMakerEpoch(uint64 makerEpoch) external;

    function hashOf(Order calldata order) external view returns (OrderHash);
    function filledOf(OrderHash order) external view returns (uint32 units);
    function isCancelled(OrderHash order) external view returns (bool);
    function makerEpochOf(address maker) external view returns (uint64);
}
