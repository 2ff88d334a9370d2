// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EnvironmentAnswer, EnvironmentProgram, EnvironmentTally} from "../types/Environments.sol";

/// @title Lets operators prove the environment that they compute in (PIEE, eq. 1 and 2): one round an epoch.
/// @dev Round r is that of epoch r. Its program and seed follow from the epoch's beacon, the same for all;
/// each operator with power on the line answers with what its own runtime computes, as a commitment in epoch
/// r and openly in epoch r + 1. From epoch r + 2 on the round is judged: an answer is right if it agrees with
/// answers of more than half of the power that committed; if no answers do, all that were revealed pass.
/// Silence fails. An operator that passed neither of the two latest judged rounds is suspended from rewards.
/// No state waits for anybody: windows end by the height alone, and judgements are views.
/// An answer is 32 bytes: of an exact or reproducible program the sha256 of the result's manifest, of an
/// approximate one a whole number, as int256.
interface IEnvironmentProof {
    /// @notice The contract cannot be built with this value of the field.
    error EnvironmentProofBadParameter(bytes32 field);
    /// @notice This is not the round whose window is open in epoch `current`.
    error EnvironmentProofWrongRound(uint64 round, uint64 current);
    /// @notice The caller has no power on the line.
    error EnvironmentProofNoPower(address operator);
    /// @notice The caller has committed in this round before.
    error EnvironmentProofAlreadyCommitted(address operator, uint64 round);
    /// @notice The caller did not commit in this round.
    error EnvironmentProofNotCommitted(address operator, uint64 round);
    /// @notice The caller has revealed in this round before.
    error EnvironmentProofAlreadyRevealed(address operator, uint64 round);
    /// @notice What was opened hashes to something else than the commitment.
    error EnvironmentProofBadReveal(address operator, bytes32 opened, bytes32 commitment);

    /// @notice An operator bound itself to an answer.
    /// @param power What its answer weighs, in units of phi.
    event AnswerCommitted(address indexed operator, uint64 indexed round, bytes32 commitment, uint128 power);
    /// @notice An operator opened its answer.
    event AnswerRevealed(address indexed operator, uint64 indexed round, bytes32 answer, uint128 power);
    /// @notice Answers that agree have more than half of the power that committed; reached once a round.
    /// @param committed In units of phi.
    event RoundDecided(uint64 indexed round, uint96 committed);

    /// @notice Binds the caller to its answer; it weighs what the caller's power is now.
    /// @dev Operators with power only, in epoch `round`, its last block inclusive. Reverts:
    /// `EnvironmentProofWrongRound`, `EnvironmentProofNoPower`, `EnvironmentProofAlreadyCommitted`.
    /// @param round The current epoch.
    /// @param commitment keccak256(abi.encode(tag "environment-answer", chainId, this contract, round,
    /// operator, answer, salt)).
    function commit(uint64 round, bytes32 commitment) external;

    /// @notice Opens the caller's commitment and counts its answer.
    /// @dev In epoch `round + 1`, its last block inclusive. Reverts: `EnvironmentProofWrongRound`,
    /// `EnvironmentProofNotCommitted`, `EnvironmentProofAlreadyRevealed`, `EnvironmentProofBadReveal`.
    /// @param salt 32 random bytes: what keeps a guessable answer secret until then.
    function reveal(uint64 round, bytes32 answer, bytes32 salt) external;

    /// @notice Whether rewards are suspended: neither of the two latest judged rounds was passed. Nobody is
    /// while fewer than two were judged. A newcomer is until it passes a round.
    /// @dev Reads at most twelve slots.
    function isSuspended(address operator) external view returns (bool);

    /// @notice Whether an operator passed a round.
    /// @dev Not before epoch `round + 2`. The answers of the four latest rounds are kept; an older round
    /// counts as not passed once its place was taken.
    function hasPassed(address operator, uint64 round) external view returns (bool);

    /// @notice What a round asks.
    /// @dev From the first block of epoch `round` on, as long as BeaconHistory knows the beacon; reverts with
    /// `BeaconHistoryUnknown` else.
    /// @return index Of the program in the catalogue.
    /// @return program What computes the answer.
    /// @return seed What the program's input is made of.
    function questionOf(uint64 round)
        external
        view
        returns (uint256 index, EnvironmentProgram memory program, bytes32 seed);

    /// @notice An operator's part in a round; zeros if it has none, or the round is no longer kept.
    function answerOf(address operator, uint64 round) external view returns (EnvironmentAnswer memory);
    /// @notice What a round came to, so far.
    function tallyOf(uint64 round) external view returns (EnvironmentTally memory);
    /// @notice The catalogue, for ever.
    function programs() external view returns (EnvironmentProgram[] memory);
    /// @notice The first round that is played: the epoch after construction.
    function firstRound() external view returns (uint64);
}
