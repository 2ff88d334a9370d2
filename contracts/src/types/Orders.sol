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

/// @dev An order, signed off chain as EIP-712 (domain "UtilityNet OrderBook", "1") and filled on chain.
struct Order {
    /// who signs and is bound
    address maker;
    Side side;
    OrderKind kind;
    /// keccak256 of the specification document: resources, environment; model and data for inference
    bytes32 specHash;
    /// wei per unit: one chip for one second, or one request
    uint128 unitPrice;
    /// chips (or requests) in one fill, inclusive
    uint32 minUnits;
    /// chips (or requests) in all fills together, inclusive
    uint32 maxUnits;
    /// seconds: at most (ask) or exactly (bid)
    uint64 duration;
    /// first second, inclusive, in which it may be filled
    uint64 validFrom;
    /// last second, inclusive, in which it may be filled
    uint64 expiry;
    /// whose free balance in the vault pays (bid); the maker if zero
    address payer;
    /// zero: the native coin
    address token;
    /// the only account that may be on the other side; anyone if zero
    address counterparty;
    /// least rating of the other side, in hundredths (0 to 10_000)
    uint16 minRating;
    /// required validation class of results
    uint8 validationClass;
    uint256 nonce;
    /// must equal `makerEpochOf(maker)`: raising that cancels all older orders
    uint64 makerEpoch;
}
