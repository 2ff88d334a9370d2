// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {OrderHash} from "../types/Ids.sol";
import {Order, OrderBatch} from "../types/Orders.sol";

/// @title Matches orders that were signed off chain; what is matched is filled by an escrow.
interface IOrderBook {
    /// @notice Only the escrows named at construction fill orders.
    error OrderBookNotFiller(address caller);
    /// @notice The maker, a key or a contract, did not sign this order.
    error OrderBookBadSignature(OrderHash order, address maker);
    /// @notice The order is on the other side of the market.
    error OrderBookWrongSide(OrderHash order);
    /// @notice The order's first second, inclusive, is to come.
    error OrderBookNotYet(OrderHash order, uint64 validFrom);
    /// @notice The order's last second, inclusive, is over.
    error OrderBookExpired(OrderHash order, uint64 expiry);
    /// @notice Its maker has cancelled the order.
    error OrderBookCancelled(OrderHash order);
    /// @notice The order is not of its maker's current epoch.
    error OrderBookOldEpoch(OrderHash order, uint64 makerEpoch, uint64 current);
    /// @notice The fill has fewer units than the order wants, or more than are left of it.
    error OrderBookUnitsOutOfRange(OrderHash order, uint32 units, uint32 minUnits, uint32 available);
    /// @notice The orders do not meet in this field.
    error OrderBookMismatch(OrderHash ask, OrderHash bid, bytes32 field);
    /// @notice The ask wants more than the bid offers, in wei per unit.
    error OrderBookPriceCrossed(uint128 ask, uint128 bid);
    /// @notice The account's rating is below what the other side requires, in hundredths.
    error OrderBookRatingTooLow(address account, uint16 rating, uint16 required);
    /// @notice A batch has this many asks and bids; 1 to 16 of each go, and every list of it is as long as
    /// its orders'.
    error OrderBookBadBatch(uint256 asks, uint256 bids);
    /// @notice No bid of the batch takes this ask, or a bid takes one that is not there.
    error OrderBookAskNotTaken(uint256 position);
    /// @notice Only its maker cancels an order.
    error OrderBookNotMaker(OrderHash order, address caller);
    /// @notice Nothing is cancelled by a mask of zero.
    error OrderBookEmptyMask(uint256 word);
    /// @notice A maker's epoch only rises.
    error OrderBookEpochNotRaised(uint64 current, uint64 wanted);

    /// @notice An order was published.
    event OrderPosted(OrderHash indexed order, address indexed maker, Order content, bytes signature);
    /// @notice Units of an order were filled, `filled` in all so far.
    event OrderFilled(OrderHash indexed order, address indexed maker, uint32 units, uint32 filled);
    /// @notice An order was cancelled.
    event OrderCancelled(OrderHash indexed order, address indexed maker);
    /// @notice Orders of a maker with the nonces 256 `word` + i are cancelled for every bit i of `mask`.
    event NoncesCancelled(address indexed maker, uint256 word, uint256 mask);
    /// @notice All orders of a maker below this epoch are cancelled.
    event MakerEpochRaised(address indexed maker, uint64 makerEpoch);

    /// @notice Publishes an order for discovery; changes nothing else. Anyone may carry it.
    /// @dev Whether it still stands is not asked: who takes it does, by `isCancelled`, `isNonceCancelled` and
    /// `makerEpochOf`. A maker is an account with a key, a contract (ERC-1271), or a key without an account
    /// (ERC-7913): the last 20 bytes of keccak256(verifier ‖ key), whose signature is be16(bytes of
    /// verifier ‖ key) ‖ verifier ‖ key ‖ signature. Contracts are asked with 100,000 gas. Reverts:
    /// `OrderBookExpired`, `OrderBookBadSignature`.
    function post(Order calldata order, bytes calldata signature) external returns (OrderHash hash);

    /// @notice Matches an ask with a bid and counts the units as filled, at the ask's price. Fillers
    /// (escrows) only.
    /// @dev The filler holds the fill to the orders' `specHash`, `chipsHash` and `payer`; the book cannot see
    /// chips.
    function fill(
        Order calldata ask,
        bytes calldata askSignature,
        Order calldata bid,
        bytes calldata bidSignature,
        uint32 units
    ) external returns (OrderHash askHash, OrderHash bidHash, uint128 unitPrice);

    /// @notice Matches many bids with the asks that serve them, all at one price: the highest of the asks.
    /// Fillers only.
    /// @dev Every pair meets as in `fill`; no bid pays more than it offers, no ask gets less than it wants,
    /// and what lies between the price and the other asks is theirs. An ask may serve several bids.
    /// @param batch 1 to 16 orders of each side; every ask is taken by some bid.
    /// @return bids Hashes of the bids, in their order.
    /// @return unitPrice Wei per unit, for all.
    function matchBatch(OrderBatch calldata batch)
        external
        returns (OrderHash[] memory bids, uint128 unitPrice);

    /// @notice Cancels one order. Its maker only.
    function cancel(Order calldata order) external;

    /// @notice Cancels the caller's orders with the nonces 256 `word` + i, for every bit i of `mask`, signed
    /// or to be signed, for ever.
    function cancelNonces(uint256 word, uint256 mask) external;

    /// @notice Cancels all of the caller's orders below an epoch.
    function raiseMakerEpoch(uint64 makerEpoch) external;

    /// @notice EIP-712 hash of an order, its id.
    function hashOf(Order calldata order) external view returns (OrderHash);
    /// @notice Units filled so far.
    function filledOf(OrderHash order) external view returns (uint32 units);
    /// @notice Whether the maker cancelled this one order.
    function isCancelled(OrderHash order) external view returns (bool);
    /// @notice Whether the maker cancelled all its orders with this nonce.
    function isNonceCancelled(address maker, uint256 nonce) external view returns (bool);
    /// @notice Whether an account may fill orders.
    function isFiller(address account) external view returns (bool);
    /// @notice The epoch that a maker's orders must have.
    function makerEpochOf(address maker) external view returns (uint64);
}
