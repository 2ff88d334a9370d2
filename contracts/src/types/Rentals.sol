// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipId, OrderHash, RentalId} from "./Ids.sol";
import {Order, Specification} from "./Orders.sol";

/// @dev Where a rental stands. Every state but the last three has a deadline and a poke.
enum RentalState {
    None,
    Open, // money locked, the operator owes the hand-over
    HandedOver, // the renter owes an acknowledgement
    Active, // time runs
    Ended, // both owe a commitment to a rating
    Revealing, // both committed, both owe the reveal
    Settled,
    Cancelled
}

/// @dev The renter's signed request, gamma{R, beta, M, T, rho, omega}; EIP-712, domain "UtilityNet
/// RpoiEscrow", "1".
struct RentalRequest {
    address renter;
    address operator;
    /// the bid in the order book that this request fills
    OrderHash bid;
    /// keccak256(abi.encodePacked(chips))
    bytes32 chipsHash;
    /// seconds, T
    uint64 duration;
    /// rho: what the renter leaves as security, at least the desk's share of the rent, in units of the bid's
    /// token
    uint128 deposit;
    /// omega: price for the whole time, in units of the bid's token
    uint128 rent;
    /// sha256 of the request document E_R, the paper's H
    bytes32 documentHash;
    /// keccak256 of the renter's uncompressed P-256 key (65 bytes) for the sealed hand-over
    bytes32 renterKeyHash;
    uint256 nonce;
    /// last second, inclusive, in which the rental may be opened
    uint64 deadline;
}

/// @dev All that opens a rental: two matching orders, the renter's request, and the chips.
struct Opening {
    Order ask;
    bytes askSignature;
    Order bid;
    bytes bidSignature;
    /// what both orders name as `specHash`
    Specification specification;
    RentalRequest request;
    bytes requestSignature;
    ChipId[] chips;
    /// the renter's uncompressed P-256 key, 65 bytes, to which the operator seals the access
    bytes renterKey;
}

/// @dev What the orders say of a rental beside the request.
struct RentalTerms {
    /// whose free balance in the vault pays the renter's part, and takes all that returns
    address payer;
    /// what it is paid in; zero: the coin
    address token;
    /// seconds to which the operator's ask lets the rental be extended
    uint64 mostSeconds;
}

/// @dev What opens one rental of a batch; the bid and its ask are in the `OrderBatch` beside it.
struct BatchOpening {
    RentalRequest request;
    bytes requestSignature;
    ChipId[] chips;
    /// as in `Opening`
    bytes renterKey;
}

/// @dev The renter's half of m_final (eq. 18): a commitment, signed; EIP-712 as above.
struct RenterHalf {
    RentalId rental;
    /// keccak256(abi.encode(tag "rating", rental, rater, score, salt))
    bytes32 commitment;
}

/// @dev The operator's half of m_final (eq. 19), nested over the renter's; EIP-712 as above.
struct OperatorHalf {
    RentalId rental;
    bytes32 commitment;
    /// EIP-712 struct hash of the renter's half, zero if the renter sent none
    bytes32 renterHalf;
}

/// @dev A rental as the escrow keeps it. Amounts are in the smallest units of its money.
struct Rental {
    RentalState state;
    address renter;
    address operator;
    uint32 chips;
    /// what it is paid in; zero: the coin
    address token;
    /// security of the renter
    uint128 deposit;
    /// for the whole time
    uint128 rent;
    /// bond of the operator
    uint128 operatorBond;
    /// rating bond of each side
    uint128 ratingBond;
    uint64 duration;
    /// seconds to which it may be extended without asking the operator
    uint64 mostDuration;
    /// second in which time started; 0 before
    uint64 startedAt;
    /// second in which use ended; 0 before
    uint64 endedAt;
    /// last second, inclusive, of what the state waits for; 0 when it waits for nothing
    uint64 deadline;
    bytes32 renterCommitment;
    bytes32 operatorCommitment;
    /// 1 to 100; 0 while hidden
    uint8 renterScore;
    uint8 operatorScore;
    /// keccak256(keccak256(renter's key) ‖ keccak256(enc ‖ ciphertext));
    /// before the hand-over keccak256 of the renter's key
    bytes32 handoverHash;
    /// whose free balance in the vault paid, and is paid back
    address payer;
    /// the registry's epoch in which time started; that of the hand-over when silence started it
    uint64 firstEpoch;
    /// metered rent that waits for the court of intervals
    uint128 frozen;
    /// metered rent that the court gave back to the renter
    uint128 forgiven;
}

/// @dev What the escrow is built with. Shares are basis points of the rent, at most 10_000.
struct EscrowParameters {
    address vault;
    /// the only contract that opens rentals
    address desk;
    address registry;
    address ratings;
    /// decides about disputed intervals
    address intervalCourt;
    /// judges hand-overs
    address handoverCourt;
    /// blocks in an epoch of the registry, E
    uint64 epochBlocks;
    uint64 handoverSeconds;
    uint64 acknowledgeSeconds;
    /// the notice that an operator gives before it takes its chips back
    uint64 noticeSeconds;
    uint64 commitSeconds;
    uint64 revealSeconds;
    uint16 operatorBondBps;
    uint16 ratingBondBps;
    uint16 marketFeeBps;
}
