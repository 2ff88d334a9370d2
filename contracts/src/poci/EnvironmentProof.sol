// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IBeaconHistory} from "../interfaces/IBeaconHistory.sol";
import {IEnvironmentProof} from "../interfaces/IEnvironmentProof.sol";
import {IPociViews} from "../interfaces/IPociViews.sol";
import {EnvironmentMessages} from "../libraries/EnvironmentMessages.sol";
import {
    AnswerState,
    EnvironmentAnswer,
    EnvironmentParameters,
    EnvironmentProgram,
    EnvironmentTally
} from "../types/Environments.sol";
import {Tolerance} from "../types/Jobs.sol";

/// @title Lets operators prove the environment that they compute in (PIEE, eq. 1 and 2): one round an epoch.
/// @dev Safety (nobody who computes right fails): more than half of the power that commits in a round
/// computes right and reveals; right answers of an approximate program differ by no more than its width;
/// BeaconHistory and PociRegistry are trusted. Liveness: none needed, a round in which nobody speaks is over,
/// too. An operator proves that it has the environment at its disposal, not that its own chips computed.
contract EnvironmentProof is IEnvironmentProof {
    using SafeCast for uint256;

    /// @dev Blocks for which BeaconHistory keeps a beacon.
    uint64 private constant BEACONS_KEPT = 8192;
    /// @dev Most programs in a catalogue.
    uint256 private constant MOST_PROGRAMS = 255;
    /// @dev Rounds kept for each operator: one that commits, one that reveals, two that were judged.
    uint64 private constant KEPT = 4;

    IPociViews private immutable REGISTRY;
    IBeaconHistory private immutable BEACONS;
    /// @dev Blocks.
    uint64 private immutable EPOCH;

    /// @inheritdoc IEnvironmentProof
    uint64 public immutable firstRound; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @dev Written by the constructor only.
    EnvironmentProgram[] private _programs;
    /// @dev Written by `commit` and `reveal`.
    mapping(uint64 round => EnvironmentTally) private _tallies;
    /// @dev Units of phi whose answers lie in a cell; written by `reveal`.
    mapping(uint64 round => mapping(bytes32 cell => uint256 power)) private _found;
    /// @dev An operator's answer in round r at r % KEPT; written by `commit` and `reveal`.
    mapping(address operator => mapping(uint64 place => EnvironmentAnswer)) private _answers;

    constructor(EnvironmentParameters memory parameters) {
        bool isEpoch = parameters.epochBlocks != 0 && 2 * uint256(parameters.epochBlocks) < BEACONS_KEPT;
        if (!isEpoch) revert EnvironmentProofBadParameter("epochBlocks");
        uint256 count = parameters.programs.length;
        if (count == 0 || count > MOST_PROGRAMS) revert EnvironmentProofBadParameter("programs");
        REGISTRY = IPociViews(parameters.registry);
        BEACONS = IBeaconHistory(parameters.beacons);
        EPOCH = parameters.epochBlocks;
        firstRound = uint64(block.number) / parameters.epochBlocks + 1;
        for (uint256 i = 0; i < count; ++i) {
            EnvironmentProgram memory program = parameters.programs[i];
            bool hasWidth = program.width != 0;
            bool needsWidth = program.tolerance == Tolerance.Approximate;
            if (hasWidth != needsWidth) revert EnvironmentProofBadParameter("width");
            _programs.push(program);
        }
    }

    /// @inheritdoc IEnvironmentProof
    function commit(uint64 round, bytes32 commitment) external {
        uint64 current = _epoch();
        if (round != current || round < firstRound) revert EnvironmentProofWrongRound(round, current);
        EnvironmentAnswer storage answer = _answers[msg.sender][round % KEPT];
        if (answer.round == round) revert EnvironmentProofAlreadyCommitted(msg.sender, round);
        uint128 power = REGISTRY.powerOf(msg.sender);
        if (power == 0) revert EnvironmentProofNoPower(msg.sender);

        (answer.state, answer.round, answer.power) = (AnswerState.Committed, round, power);
        answer.word = commitment;
        EnvironmentTally storage tally = _tallies[round];
        tally.committed += uint256(power).toUint96();
        tally.commitments += 1;

        emit AnswerCommitted(msg.sender, round, commitment, power);
    }

    /// @inheritdoc IEnvironmentProof
    function reveal(uint64 round, bytes32 answer, bytes32 salt) external {
        uint64 current = _epoch();
        if (uint256(round) + 1 != current) revert EnvironmentProofWrongRound(round, current);
        EnvironmentAnswer storage given = _answers[msg.sender][round % KEPT];
        bool isThis = given.round == round && given.state != AnswerState.None;
        if (!isThis) revert EnvironmentProofNotCommitted(msg.sender, round);
        if (given.state == AnswerState.Revealed) revert EnvironmentProofAlreadyRevealed(msg.sender, round);
        bytes32 opened = EnvironmentMessages.commitment(round, msg.sender, answer, salt);
        if (opened != given.word) revert EnvironmentProofBadReveal(msg.sender, opened, given.word);

        (, EnvironmentProgram memory program,) = questionOf(round);
        bytes32 cell = EnvironmentMessages.cellOf(program, answer);
        uint128 power = given.power;
        given.state = AnswerState.Revealed;
        given.word = cell;
        _found[round][cell] += power;
        EnvironmentTally storage tally = _tallies[round];
        tally.revealed += uint256(power).toUint96();
        tally.reveals += 1;
        bool decides = !tally.isDecided && _isMajority(round, cell);
        if (decides) tally.isDecided = true;

        emit AnswerRevealed(msg.sender, round, answer, power);
        if (decides) emit RoundDecided(round, tally.committed);
    }

    /// @inheritdoc IEnvironmentProof
    function isSuspended(address operator) external view returns (bool) {
        uint64 current = _epoch();
        if (current < firstRound + 3) return false;
        return !hasPassed(operator, current - 2) && !hasPassed(operator, current - 3);
    }

    /// @inheritdoc IEnvironmentProof
    function hasPassed(address operator, uint64 round) public view returns (bool) {
        if (uint256(round) + 2 > _epoch()) return false;
        EnvironmentAnswer storage given = _answers[operator][round % KEPT];
        if (given.round != round || given.state != AnswerState.Revealed) return false;
        return !_tallies[round].isDecided || _isMajority(round, given.word);
    }

    /// @inheritdoc IEnvironmentProof
    function questionOf(uint64 round)
        public
        view
        returns (uint256 index, EnvironmentProgram memory program, bytes32 seed)
    {
        uint64 height = round == 0 ? 0 : round * EPOCH - 1;
        seed = EnvironmentMessages.seed(round, BEACONS.beaconAt(height));
        index = EnvironmentMessages.indexOf(seed, _programs.length);
        program = _programs[index];
    }

    /// @inheritdoc IEnvironmentProof
    function answerOf(address operator, uint64 round) external view returns (EnvironmentAnswer memory given) {
        given = _answers[operator][round % KEPT];
        if (given.round != round) delete given;
    }

    /// @inheritdoc IEnvironmentProof
    function tallyOf(uint64 round) external view returns (EnvironmentTally memory) {
        return _tallies[round];
    }

    /// @inheritdoc IEnvironmentProof
    function programs() external view returns (EnvironmentProgram[] memory) {
        return _programs;
    }

    /// @dev Whether answers that agree with one in this cell have more than half of the power that committed.
    /// Two that agree lie in one cell or in neighbours, so all that agree with each other lie in two.
    function _isMajority(uint64 round, bytes32 cell) private view returns (bool) {
        mapping(bytes32 cell => uint256 power) storage found = _found[round];
        uint256 own = found[cell];
        uint256 below = found[EnvironmentMessages.neighbour(cell, true)];
        uint256 above = found[EnvironmentMessages.neighbour(cell, false)];
        return 2 * (own + (below > above ? below : above)) > _tallies[round].committed;
    }

    function _epoch() private view returns (uint64) {
        return uint64(block.number) / EPOCH;
    }
}
