// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev Which side of the market an order is on.
enum Side {
    Ask,
    Bid
}

/// @dev What an order is for: machine time by the second (eq. 24) or answered requests (eq. 25).
enum OrderKind {
    MachineTime,
    Inference
}

/// @dev What an order is about; its EIP-712 struct hash is the `specHash` of asks and bids. What nobody can
/// check on chain stands in the documents that it names.
struct Specification {
    /// model of every chip; 0: any
    uint32 model;
    /// least power of every chip, in units of phi; 0: any
    uint64 leastPhi;
    /// sha256 of the environment description; 0: any
    bytes32 environmentHash;
    /// inference: sha256 of the model, else 0
    bytes32 modelHash;
    /// inference: sha256 of the data that comes with the model, else 0
    bytes32 dataHash;
    /// keccak256 of a document for people: everything else that both sides agree on
    bytes32 documentHash;
}

/// @dev An order, signed off chain as EIP-712 (domain "UtilityNet OrderBook", "1") and filled on chain.
struct Order {
    /// who signs and is bound
    address maker;
    Side side;
    OrderKind kind;
    /// EIP-712 struct hash of the `Specification`
    bytes32 specHash;
    /// keccak256(abi.encodePacked(chips)) of the only list of chips that may fill it; 0: any that meet the
    /// specification
    bytes32 chipsHash;
    /// price of a unit (one chip for one second, or one request) in the smallest units of `token`
    uint128 unitPrice;
    /// chips (or requests) in one fill, inclusive
    uint32 minUnits;
    /// chips (or requests) in all fills together, inclusive
    uint32 maxUnits;
    /// machine time: seconds, at most (ask) or exactly (bid); inference: seconds for an answer, which it
    /// needs (ask) or is given (bid), at least
    uint64 duration;
    /// first second, inclusive, in which it may be filled
    uint64 validFrom;
    /// last second, inclusive, in which it may be filled
    uint64 expiry;
    /// whose free balance in the vault pays (bid); the maker if zero
    address payer;
    /// zero: the native coin; machine time may also be sold for a token that the vault admits
    address token;
    /// the only account that may be on the other side; anyone if zero
    address counterparty;
    /// least rating of the other side, in hundredths (0 to 10_000)
    uint16 minRating;
    /// required validation class of results
    uint8 validationClass;
    /// the maker cancels by it, one by one or 256 at once: `cancelNonces`; fills do not consume it
    uint256 nonce;
    /// must equal `makerEpochOf(maker)`: raising that cancels all older orders
    uint64 makerEpoch;
}

/// @dev Orders of one specification that are matched together, at one price.
struct OrderBatch {
    Order[] asks;
    bytes[] askSignatures;
    Order[] bids;
    bytes[] bidSignatures;
    /// for each bid the position of the ask that serves it
    uint256[] askOf;
    /// for each bid the units that it takes
    uint32[] units;
}
