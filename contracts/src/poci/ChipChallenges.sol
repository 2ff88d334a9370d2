// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IBeaconHistory} from "../interfaces/IBeaconHistory.sol";
import {IChipChallenges} from "../interfaces/IChipChallenges.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IPociViews} from "../interfaces/IPociViews.sol";
import {IVault} from "../interfaces/IVault.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {SeVerify} from "../precompiles/SeVerify.sol";
import {ChipSignature, ChipState} from "../types/Chips.sol";
import {Challenge, ChallengeParameters} from "../types/Evidence.sol";
import {ChipId} from "../types/Ids.sol";

/// @title Asks single chips whether they are there: a bond, a question from a later beacon, a deadline.
/// @dev Bonds are in the vault, a question's under the purpose of its chip's id. Safety: the registry and the
/// beacons are trusted. Liveness: anybody answers for a chip that signed, and closes a question that is over.
contract ChipChallenges is IChipChallenges {
    using SafeCast for uint256;

    /// @dev Blocks whose beacons are kept.
    uint64 private constant BEACONS_KEPT = 8192;

    IPociRegistry private immutable REGISTRY;
    IBeaconHistory private immutable BEACONS;
    IVault private immutable VAULT;
    /// @dev Blocks.
    uint64 private immutable ANSWER_BLOCKS;

    /// @inheritdoc IChipChallenges
    uint128 public immutable bond; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @dev The open or last question to each chip; written by all functions but the reads.
    mapping(ChipId chip => Challenge) private _challenges;

    constructor(ChallengeParameters memory parameters) {
        bool isKept = parameters.answerBlocks > 1 && parameters.answerBlocks < BEACONS_KEPT - 1;
        if (!isKept) revert ChipChallengesBadParameter("answerBlocks");
        if (parameters.bond == 0) revert ChipChallengesBadParameter("bond");
        REGISTRY = IPociRegistry(parameters.registry);
        BEACONS = IBeaconHistory(parameters.beacons);
        VAULT = IVault(parameters.vault);
        ANSWER_BLOCKS = parameters.answerBlocks;
        bond = parameters.bond;
    }

    /// @inheritdoc IChipChallenges
    function challenge(ChipId chip) external payable {
        if (msg.value != bond) revert ChipChallengesBondMismatch(msg.value, bond);
        ChipState state = REGISTRY.stateOf(chip);
        if (state != ChipState.Active) revert ChipChallengesNotActive(chip, state);
        Challenge storage asked = _challenges[chip];
        if (asked.challenger != address(0)) revert ChipChallengesOpen(chip, asked.number);

        uint32 number = asked.number + 1;
        _challenges[chip] = Challenge({
            challenger: msg.sender,
            askedAt: block.number.toUint40(),
            number: number,
            registrations: _registrationsOf(chip)
        });

        emit Challenged(chip, msg.sender, number, deadlineOf(chip));

        VAULT.lockSent{value: msg.value}(msg.sender, ChipId.unwrap(chip));
    }

    /// @inheritdoc IChipChallenges
    function answer(ChipId chip, ChipSignature calldata signed) external {
        bytes32 question = questionOf(chip);
        uint64 deadline = deadlineOf(chip);
        if (block.number > deadline) revert ChipChallengesTooLate(chip, deadline);
        bool isChip = ChipId.unwrap(PociMessages.chipId(signed.x, signed.y)) == ChipId.unwrap(chip);
        if (!isChip || !SeVerify.isSigned(question, signed)) {
            revert ChipChallengesBadAnswer(chip);
        }

        _close(chip);
        address operator = IPociViews(address(REGISTRY)).chipOf(chip).operator;

        emit Answered(chip, operator, _challenges[chip].number);

        VAULT.release(ChipId.unwrap(chip), operator, bond);
    }

    /// @inheritdoc IChipChallenges
    function expire(ChipId chip, bytes calldata blsKey) external {
        address challenger = _requireOpen(chip);
        uint64 deadline = deadlineOf(chip);
        if (block.number <= deadline) revert ChipChallengesTooEarly(chip, deadline);

        bool isSameHolders = _challenges[chip].registrations == _registrationsOf(chip);

        _close(chip);

        emit Expired(chip, challenger, _challenges[chip].number);

        VAULT.release(ChipId.unwrap(chip), challenger, bond);
        if (isSameHolders) REGISTRY.failChallenge(chip, blsKey, challenger);
    }

    /// @inheritdoc IChipChallenges
    function challengeOf(ChipId chip) external view returns (Challenge memory) {
        return _challenges[chip];
    }

    /// @inheritdoc IChipChallenges
    function questionOf(ChipId chip) public view returns (bytes32) {
        _requireOpen(chip);
        Challenge storage asked = _challenges[chip];
        return PociMessages.question(chip, asked.number, BEACONS.beaconAt(asked.askedAt + 1));
    }

    /// @inheritdoc IChipChallenges
    function deadlineOf(ChipId chip) public view returns (uint64) {
        Challenge storage asked = _challenges[chip];
        return asked.challenger == address(0) ? 0 : asked.askedAt + ANSWER_BLOCKS;
    }

    /// @dev Leaves the number: no question is ever asked again.
    function _close(ChipId chip) private {
        Challenge storage asked = _challenges[chip];
        (asked.challenger, asked.askedAt, asked.registrations) = (address(0), 0, 0);
    }

    function _registrationsOf(ChipId chip) private view returns (uint24) {
        return uint256(IPociViews(address(REGISTRY)).chipOf(chip).registrations).toUint24();
    }

    function _requireOpen(ChipId chip) private view returns (address challenger) {
        challenger = _challenges[chip].challenger;
        if (challenger == address(0)) revert ChipChallengesNoneOpen(chip);
    }
}
