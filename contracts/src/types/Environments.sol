// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Tolerance} from "./Jobs.sol";

/// @dev An operator function (xi of eq. 1) that environments are tried with.
struct EnvironmentProgram {
    /// sha256 of the WASM module or TorchScript file
    bytes32 programHash;
    Tolerance tolerance;
    /// largest difference of two right answers, in the answer's own unit; at least 1 if Approximate, else 0
    uint64 width;
}

/// @dev What the contract is made with.
struct EnvironmentParameters {
    address registry;
    address beacons;
    /// blocks in an epoch, E; 1 to 4,095, since BeaconHistory must still know a round's beacon in the next
    /// epoch
    uint64 epochBlocks;
    /// 1 to 255 programs, none of them changes
    EnvironmentProgram[] programs;
}

/// @dev How far an operator is in a round.
enum AnswerState {
    None,
    Committed,
    Revealed
}

/// @dev An operator's part in a round; two slots.
struct EnvironmentAnswer {
    AnswerState state;
    uint64 round;
    /// of the operator when it committed, in units of phi
    uint128 power;
    //
    /// the commitment, then the cell that the revealed answer lies in
    bytes32 word;
}

/// @dev What a round came to, so far; one slot. Power in units of phi.
struct EnvironmentTally {
    uint96 committed;
    uint96 revealed;
    uint24 commitments;
    uint24 reveals;
    /// whether answers that agree have more than half of the power that committed
    bool isDecided;
}
