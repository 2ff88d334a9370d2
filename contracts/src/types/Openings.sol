// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipSignature} from "./Chips.sol";

/// @dev What is remembered of an operator's proof of an epoch: the tree of its leaves and who is in it.
/// @dev The tree has a leaf for each place of the operator's list. The leaf of a place whose chip counts in
/// the snapshot and is not absent is keccak256(0x00 ‖ place ‖ chipId ‖ r ‖ s), with the chip's P-256
/// signature over the epoch's availability message; every other leaf is zero.
struct BookedLeaves {
    address operator;
    uint64 epoch;
    bytes32 leafRoot;
    /// leaves of the tree
    uint32 width;
    /// chips that count and are not absent
    uint32 present;
    /// places of the absent chips, ascending
    uint32[] absent;
}

/// @dev What opens the sampled leaves of a proof.
struct AvailabilityOpening {
    BookedLeaves booked;
    /// places that were drawn and on which no chip counts, ascending; empty where all present chips are
    /// opened
    uint32[] uncounted;
    /// the sampled leaves, ascending by place
    ChipSignature[] leaves;
    /// the other nodes, in the order in which `MerkleTree.rootOfMany` needs them
    bytes32[] nodes;
}

/// @dev What `Availability` is made with.
struct AvailabilityParameters {
    address registry;
    address beacons;
    /// the registry's E; at most 4,095 where openings are asked for
    uint64 epochBlocks;
    /// blocks from the begin of the next epoch to the one whose beacon draws the sample; below E - 1
    uint64 sampleDelay;
    /// the registry's: leaves that are opened of each proof, or all if fewer are present; 0: none
    uint8 sampleSize;
}
