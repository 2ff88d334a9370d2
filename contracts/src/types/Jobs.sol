// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BatchId, JobId, RentalId} from "./Ids.sol";
import {Order, Specification} from "./Orders.sol";

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

/// @dev Two orders of inference that meet: one request is one unit.
struct JobOrders {
    /// the worker's
    Order ask;
    bytes askSignature;
    /// the client's
    Order bid;
    bytes bidSignature;
    /// what both orders name as `specHash`
    Specification specification;
}

/// @dev Where a job stands.
enum JobState {
    None,
    Open, // the worker owes a commitment
    Committed, // the worker owes the reveal
    Revealed, // waits until the batch that it named is final
    Paid,
    Refunded
}

/// @dev A job as the escrow keeps it.
struct Job {
    JobState state;
    Tolerance tolerance;
    /// place of the result in its batch, once it is revealed
    uint32 index;
    address client;
    address worker;
    uint128 price;
    uint64 deadline;
    /// the commitment, then the batch that holds the result
    bytes32 word;
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
    /// challenges that wait for a verdict and requests that wait for data
    uint32 openDisputes;
    /// whether a leaf fell through its poster's fault
    bool isAtFault;
    bool isBondReturned;
    /// whether a challenger had half of what it risked, beside its costs
    bool isRewarded;
    bytes32 root;
    /// wei, what is left of the poster's bond
    uint128 bond;
    /// last second, inclusive, in which a leaf may be challenged; data that is served later than the poster
    /// might have moves it on, once at most to `requestUntil` + the time to serve + the window
    uint64 challengeUntil;
    /// last second, inclusive, in which data may be requested
    uint64 requestUntil;
}

/// @dev Where the dispute over a leaf stands.
enum ChallengeState {
    None,
    Open, // before the committee
    Upheld, // the committee agreed with the result
    Overturned, // the committee found another result, or none was served: the leaf has fallen
    Void // no committee could say: the leaf has fallen without anybody's fault
}

/// @dev A challenge of one leaf.
struct Challenge {
    ChallengeState state;
    address challenger;
    uint64 steps;
    /// wei
    uint128 bond;
    JobId job;
    bytes32 resultRoot;
    /// what the committee found: `JobMessages.verdict` of a result, or a reason
    bytes32 found;
}

/// @dev Where a request for a leaf's data stands.
enum RequestState {
    None,
    Open, // the poster owes the data
    Served,
    Lapsed // not served in time: the leaf has fallen
}

/// @dev A request for one leaf's data.
struct DataRequest {
    RequestState state;
    address requester;
    /// last second, inclusive, in which the data may be served
    uint64 deadline;
}

/// @dev What became of one poster's result of a job, in all its batches.
struct ResultStanding {
    /// challenges that wait for a verdict
    uint32 openDisputes;
    bool hasFallen;
}

/// @dev What the rollup is made with.
struct RollupParameters {
    address vault;
    address committee;
    /// wei a poster leaves per batch
    uint128 postBond;
    /// wei a challenger leaves per leaf, the committee's price beside
    uint128 challengeBond;
    /// wei a request for data costs: the poster's who serves
    uint128 dataFee;
    /// seconds after posting in which a leaf may be challenged
    uint64 challengeSeconds;
    /// seconds after a request in which the data may be served
    uint64 serveSeconds;
    /// seats of a committee
    uint8 seats;
}
