// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BatchId, JobId, RentalId} from "./Ids.sol";

/// @dev How two results of one job are compared.
enum Tolerance {
    Exact, // same bytes (WASM, integers)
    Reproducible, // same bytes on the same kernels
    Approximate // within a declared distance
}

/// @dev What is to be computed; EIP-712, domain "UtilityNet JobEscrow", "1"; its hash is the job's id.
struct JobSpec {
    address client;
    /// the operator whose worker does it
    address worker;
    /// the rental that pays the machine, or zero
    RentalId rental;
    /// sha256 of the WASM module or TorchScript file
    bytes32 programHash;
    /// sha256 of the input file
    bytes32 inputHash;
    /// sha256 of the environment description
    bytes32 environmentHash;
    /// kernels that a reproducible result needs; zero for WASM
    bytes32 kernelProfile;
    uint64 seed;
    /// sha256 of the parameters (canonical JSON)
    bytes32 paramsHash;
    Tolerance tolerance;
    /// wei, paid once the result is final
    uint128 price;
    /// last second, inclusive, in which the result may be revealed
    uint64 deadline;
    uint256 nonce;
}

/// @dev Where a job stands.
enum JobState {
    None,
    Open, // the worker owes a commitment
    Committed, // the worker owes the reveal
    Revealed, // waits for a final batch
    Paid,
    Refunded
}

/// @dev A job as the escrow keeps it.
struct Job {
    JobState state;
    Tolerance tolerance;
    address client;
    address worker;
    uint128 price;
    uint64 deadline;
    bytes32 commitment;
    bytes32 resultRoot;
}

/// @dev One result in a batch; hashed as keccak256(0x00 ‖ jobId ‖ resultRoot ‖ steps(32)).
struct ResultLeaf {
    JobId job;
    /// sha256 of the result's manifest
    bytes32 resultRoot;
    /// fuel (WASM) or optimiser steps (training) that the work took
    uint64 steps;
}

/// @dev A batch as the rollup keeps it.
struct Batch {
    address poster;
    uint32 leaves;
    /// challenges that wait for a verdict
    uint32 openChallenges;
    /// last second, inclusive, in which a leaf may be challenged
    uint64 challengeUntil;
    bytes32 root;
    /// wei, what is left of the poster's bond
    uint128 bond;
    bool isBondReturned;
}

/// @dev Where a challenge stands.
enum ChallengeState {
    None,
    Waiting, // for the beacon that draws the referee
    Drawn, // the referee owes a verdict
    Upheld, // the referee agreed with the result
    Overturned, // the referee found another result: the leaf has fallen
    Expired // no referee answered: bonds back
}

/// @dev A challenge of one leaf.
struct Challenge {
    ChallengeState state;
    address challenger;
    /// most power of a chip when the challenge came, in units of phi
    uint64 greatestPhi;
    address referee;
    /// height whose beacon draws the referee
    uint64 drawHeight;
    /// places on the segment line when the challenge came: later chips are not drawn
    uint32 places;
    /// last second, inclusive, of what the state waits for
    uint64 deadline;
    /// referees asked so far
    uint8 attempts;
    uint128 bond;
    bytes32 claimedRoot;
    bytes32 foundRoot;
}

/// @dev What the rollup is made with.
struct RollupParameters {
    address vault;
    address registry;
    address beacons;
    /// wei a poster leaves per batch
    uint128 postBond;
    /// wei a challenger leaves per leaf
    uint128 challengeBond;
    /// seconds after posting in which a leaf may be challenged
    uint64 challengeSeconds;
    /// seconds that a referee has
    uint64 answerSeconds;
    /// blocks between a challenge and the beacon that draws its referee
    uint64 drawDelayBlocks;
    /// draws before a challenge expires
    uint8 maxAttempts;
}
