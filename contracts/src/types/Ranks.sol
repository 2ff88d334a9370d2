// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipId} from "./Ids.sol";

/// @dev What the chain itself has seen an operator do wrong. Each is proven by state, none by opinion.
enum Fault {
    Abandoned, // a rental that it opened and did not hand over
    Overturned, // a result that it posted and that fell
    Slashed // a chip that lost its bond
}

/// @dev An operator's faults; one slot.
struct OperatorRecord {
    /// ever
    uint32 abandoned;
    /// ever
    uint32 overturned;
    /// ever
    uint32 slashed;
    /// second
    uint64 updatedAt;
    /// faults of all kinds, 1e18 each, decayed to `updatedAt`
    uint96 freshWad;
}

/// @dev Somebody to be ranked.
struct Candidate {
    address operator;
    /// chips that it offers, at most eight
    ChipId[] chips;
    /// wei for what it offers, as the caller knows it; zero counts as one
    uint128 price;
}

/// @dev Where somebody stands.
struct Rank {
    address operator;
    /// place in the list that was given, from 0
    uint8 position;
    /// lower bound of its rating, hundredths
    uint16 bound;
    /// share of the owed epochs that its chips did not miss, basis points
    uint16 uptimeBps;
    /// faults of all kinds, decayed to now, 1e18 each
    uint96 freshWad;
    /// bound x uptime / (1 + faults), hundredths
    uint16 merit;
    /// merit for 1e18 wei
    uint256 value;
}

/// @dev What the ranking is built with.
struct RankingParameters {
    address ratings;
    address registry;
    address escrow;
    address rollup;
    /// wei of burned fees that count as one observation, not zero
    uint128 unitWeight;
    /// epochs of which the uptime is told, 1 to 4,096
    uint64 windowEpochs;
    /// after which a fault has halved, not zero
    uint64 halfLifeSeconds;
}
