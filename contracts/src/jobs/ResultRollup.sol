// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IResultRollup} from "../interfaces/IResultRollup.sol";
import {JobMessages} from "../libraries/JobMessages.sol";
import {BatchId} from "../types/Ids.sol";
import {
    Batch,
    Challenge,
    ChallengeState,
    ResultLeaf,
    ResultStanding,
    RollupParameters
} from "../types/Jobs.sol";
import {ResultBatches} from "./ResultBatches.sol";
import {ResultData} from "./ResultData.sol";

/// @title Keeps roots of results: open to challenge for a while, then final and provable to any contract.
/// @dev Safety: Committee and Vault are trusted. Liveness: a leaf is disputed once, all disputes of a batch
/// run side by side, and the committee's time is bounded, so the batch's is.
contract ResultRollup is ResultData {
    /// @dev The committee's reason for a job that cannot be run on its machines.
    bytes32 private constant CANNOT_RUN = 0;
    /// @dev A verdict below this is a reason of the committee's, not a finding.
    uint256 private constant REASONS = 1 << 16;
    /// @dev Gas of a challenge, its draw and its resolution, as refunded to a challenger who was right, and
    /// to an intervener.
    uint256 private constant CHALLENGE_GAS = 600_000;
    /// @dev Wei a gas: gas is refunded at the base fee, but at no higher one.
    uint256 private constant MOST_BASEFEE = 100 gwei;

    uint8 private immutable SEATS;

    /// @inheritdoc IResultRollup
    uint128 public immutable challengeBond; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @dev By the leaf's key.
    mapping(bytes32 key => Challenge) private _challenges;

    constructor(RollupParameters memory parameters) ResultBatches(parameters) ResultData(parameters) {
        if (parameters.challengeBond == 0) revert ResultRollupBadParameter("challengeBond");
        SEATS = parameters.seats;
        challengeBond = parameters.challengeBond;
    }

    /// @inheritdoc IResultRollup
    function challenge(BatchId batch, ResultLeaf calldata leaf, uint256 index, bytes32[] calldata path)
        external
        payable
    {
        _requireValue(challengePrice());
        Batch storage posted = _known(batch);
        if (block.timestamp > posted.challengeUntil) {
            revert ResultRollupTooLate(batch, posted.challengeUntil);
        }
        _requireLeaf(batch, leaf, index, path);
        bytes32 key = subjectOf(batch, index);
        Challenge storage dispute = _challenges[key];
        if (dispute.state != ChallengeState.None || hasFallen(batch, index)) {
            revert ResultRollupAlreadyChallenged(batch, index);
        }

        posted.openDisputes += 1;
        _results[_resultKey(posted.poster, leaf.job, leaf.resultRoot)].openDisputes += 1;
        dispute.state = ChallengeState.Open;
        dispute.challenger = msg.sender;
        dispute.steps = leaf.steps;
        dispute.bond = challengeBond;
        dispute.job = leaf.job;
        dispute.resultRoot = leaf.resultRoot;

        emit LeafChallenged(batch, index, leaf.job, key, msg.sender, leaf.resultRoot, leaf.steps);

        VAULT.lockSent{value: challengeBond}(msg.sender, key);
        COMMITTEE.convene{value: msg.value - challengeBond}(key, msg.sender, posted.poster, SEATS);
    }

    /// @inheritdoc IResultRollup
    function resolve(BatchId batch, uint256 index) external {
        bytes32 key = subjectOf(batch, index);
        Challenge storage dispute = _challenges[key];
        if (dispute.state != ChallengeState.Open) {
            revert ResultRollupWrongState(batch, index, dispute.state);
        }
        (bool isDecided, bytes32 verdict, uint8 agreeing,) = COMMITTEE.verdictOf(key);
        if (!isDecided) revert ResultRollupUndecided(batch, index);

        Batch storage posted = _batches[batch];
        ResultStanding storage standing = _results[_resultKey(posted.poster, dispute.job, dispute.resultRoot)];
        posted.openDisputes -= 1;
        standing.openDisputes -= 1;
        dispute.found = verdict;
        if (agreeing != 0 && verdict == JobMessages.verdict(dispute.resultRoot, dispute.steps)) {
            _uphold(batch, index, dispute);
            return;
        }
        standing.hasFallen = true;
        if (agreeing == 0 || verdict == CANNOT_RUN) _void(batch, index, dispute);
        else _overturn(batch, index, dispute);
    }

    /// @inheritdoc IResultRollup
    function challengeOf(BatchId batch, uint256 index) external view returns (Challenge memory) {
        return _challenges[subjectOf(batch, index)];
    }

    /// @inheritdoc IResultRollup
    function challengePrice() public view returns (uint128) {
        return challengeBond + COMMITTEE.priceOf(SEATS);
    }

    /// @dev The leaf stands: the challenger's bond is the poster's, but for what an intervener spent.
    function _uphold(BatchId batch, uint256 index, Challenge storage dispute) private {
        dispute.state = ChallengeState.Upheld;
        bytes32 key = subjectOf(batch, index);
        (address intervener, uint256 spent) = _intervenerOf(key);
        uint256 slice = Math.min(spent, dispute.bond);
        // forge-lint: disable-next-line(unsafe-typecast)
        dispute.bond -= uint128(slice); // fits: at most the bond

        emit LeafUpheld(batch, index, dispute.job);

        _payBond(batch, index, dispute, _batches[batch].poster);
        if (slice != 0) VAULT.release(key, intervener, slice);
    }

    /// @dev The leaf falls, and half of the poster's bond answers for what an intervener spent, then for what
    /// challengers spent and, once a batch and for a finding only, for half of what one risked: the
    /// intervener has it, if there is one. The other half burns in any case, with what is left: who
    /// challenges leaves of his own does not save his bond.
    function _overturn(BatchId batch, uint256 index, Challenge storage dispute) private {
        dispute.state = ChallengeState.Overturned;
        Batch storage posted = _batches[batch];
        bytes32 key = subjectOf(batch, index);
        (address intervener, uint256 spent) = _intervenerOf(key);
        uint256 left = posted.bond - (postBond - postBond / 2);
        uint256 share = Math.min(spent, left);
        uint256 slice = Math.min(COMMITTEE.costOf(key) + _gasCost(), left - share);
        if (!posted.isRewarded && uint256(dispute.found) >= REASONS) {
            posted.isRewarded = true;
            uint256 reward = Math.min(dispute.bond / 2, left - share - slice);
            if (intervener == address(0)) slice += reward;
            else share += reward;
        }
        // forge-lint: disable-next-line(unsafe-typecast)
        posted.bond -= uint128(share + slice); // fits: at most the bond
        _fell(batch, index, true);

        emit LeafOverturned(batch, index, dispute.job, dispute.found);

        _payBond(batch, index, dispute, dispute.challenger);
        if (slice != 0) VAULT.release(BatchId.unwrap(batch), dispute.challenger, slice);
        if (share != 0) VAULT.release(BatchId.unwrap(batch), intervener, share);
    }

    /// @dev Nobody knows: the leaf proves nothing, and nobody loses a bond. A bisection game (`IDisputeGame`)
    /// will begin here for results of class EXACT.
    function _void(BatchId batch, uint256 index, Challenge storage dispute) private {
        dispute.state = ChallengeState.Void;
        _fell(batch, index, false);

        emit LeafVoided(batch, index, dispute.job);

        _payBond(batch, index, dispute, dispute.challenger);
    }

    /// @dev Who appealed for others and was right, and what that cost: its committee, and gas.
    function _intervenerOf(bytes32 key) private view returns (address intervener, uint256 spent) {
        (intervener, spent) = COMMITTEE.intervenerOf(key);
        if (intervener != address(0)) spent += _gasCost();
    }

    function _gasCost() private view returns (uint256) {
        return CHALLENGE_GAS * Math.min(block.basefee, MOST_BASEFEE);
    }

    function _payBond(BatchId batch, uint256 index, Challenge storage dispute, address to) private {
        uint128 bond = dispute.bond;
        dispute.bond = 0;
        VAULT.release(subjectOf(batch, index), to, bond);
    }
}
