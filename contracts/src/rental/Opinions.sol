// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {HalfLife} from "../libraries/HalfLife.sol";
import {RatingRules} from "../types/Ratings.sol";

/// @title Sums opinions of subjects, weighed by the fee that each burned.
/// @dev Who may speak, and whether the score is one, is decided by the contract above. One slot per subject
/// and one per pair and direction, whatever the number of ratings. Weights are kept in gwei: a fee below one
/// gwei says nothing.
abstract contract Opinions {
    using SafeCast for uint256;

    /// @dev Wei in one gwei.
    uint128 internal constant GWEI = 1 gwei;
    uint8 internal constant LOWEST_SCORE = 1;
    uint8 internal constant HIGHEST_SCORE = 100;
    /// @dev Hundredths in one point of a score.
    uint256 private constant HUNDREDTHS = 100;

    /// @dev What was said of a subject, decayed to `updatedAt`.
    struct Standing {
        /// sum of weights, gwei
        uint64 weight;
        /// sum of score times weight; at most 100 times a uint64
        uint72 weightedScore;
        /// second
        uint64 updatedAt;
        uint56 count;
    }

    /// @dev What one account has spent of its say over another.
    struct Allowance {
        /// second of the first rating in the period
        uint64 periodStart;
        /// gwei
        uint64 used;
    }

    uint8 private immutable PRIOR_SCORE;
    /// @dev Gwei.
    uint64 private immutable PRIOR_WEIGHT;
    /// @dev Gwei of weight that one account has over another in a period.
    uint64 private immutable PAIR_CAP;
    uint64 private immutable PAIR_PERIOD_SECONDS;
    uint64 private immutable HALF_LIFE_SECONDS;

    mapping(bytes32 subject => Standing) private _standings;
    mapping(address rater => mapping(address ratee => Allowance)) private _allowances;

    constructor(RatingRules memory rules) {
        PRIOR_SCORE = rules.priorScore;
        PRIOR_WEIGHT = uint256(rules.priorWeight / GWEI).toUint64();
        PAIR_CAP = uint256(rules.pairCap / GWEI).toUint64();
        PAIR_PERIOD_SECONDS = rules.pairPeriodSeconds;
        HALF_LIFE_SECONDS = rules.halfLifeSeconds;
    }

    /// @dev Adds a score to a subject's sums.
    /// @param ratee Whose pair with the rater is capped: the subject itself, or whoever answers for it.
    /// @param burnedFee Wei.
    /// @return weight Wei of the fee that count, below the pair's cap; zero: the score does not count.
    function _say(bytes32 subject, address rater, address ratee, uint8 score, uint128 burnedFee)
        internal
        returns (uint128 weight)
    {
        Standing memory standing = _decayed(subject);
        uint64 spent = _spend(rater, ratee, burnedFee / GWEI, type(uint64).max - standing.weight);
        if (spent == 0) return 0;
        standing.weight += spent;
        standing.weightedScore += uint72(score) * spent;
        ++standing.count;
        _standings[subject] = standing;
        weight = spent * GWEI;
    }

    /// @dev Weighted mean with the prior, in hundredths, and the weight behind it, in wei; decayed to now and
    /// rounded down.
    function _heardOf(bytes32 subject) internal view returns (uint16 rating, uint128 weight) {
        Standing memory standing = _decayed(subject);
        uint256 points = standing.weightedScore + uint256(PRIOR_SCORE) * PRIOR_WEIGHT;
        uint256 weights = uint256(standing.weight) + PRIOR_WEIGHT;
        rating = (points * HUNDREDTHS / weights).toUint16();
        weight = standing.weight * GWEI;
    }

    /// @dev Ratings with weight that a subject has received.
    function _countOf(bytes32 subject) internal view returns (uint64) {
        return _standings[subject].count;
    }

    function _isScore(uint8 score) internal pure returns (bool) {
        return score >= LOWEST_SCORE && score <= HIGHEST_SCORE;
    }

    /// @dev The first rule that cannot be; zero if all can.
    function _badRule(RatingRules memory rules) internal pure returns (bytes32) {
        if (!_isScore(rules.priorScore)) return "priorScore";
        if (rules.priorWeight < GWEI) return "priorWeight";
        if (rules.halfLifeSeconds == 0) return "halfLifeSeconds";
        return 0;
    }

    /// @dev Takes a weight from what the rater may still say of the ratee in this period.
    /// @param asked Gwei.
    /// @param room Gwei that the subject's sum can still hold.
    function _spend(address rater, address ratee, uint256 asked, uint64 room)
        private
        returns (uint64 weight)
    {
        Allowance memory allowance = _allowances[rater][ratee];
        uint64 second = Time.timestamp();
        bool isOver = second >= uint256(allowance.periodStart) + PAIR_PERIOD_SECONDS;
        if (isOver) allowance = Allowance({periodStart: second, used: 0});
        weight = Math.min(Math.min(asked, PAIR_CAP - allowance.used), room).toUint64();
        if (weight == 0) return 0;
        allowance.used += weight;
        _allowances[rater][ratee] = allowance;
    }

    /// @dev A standing as of now. Both sums shrink alike and are rounded down, so the mean moves by dust
    /// only.
    function _decayed(bytes32 subject) private view returns (Standing memory standing) {
        standing = _standings[subject];
        uint64 second = Time.timestamp();
        uint256 factor = HalfLife.factorWad(second - standing.updatedAt, HALF_LIFE_SECONDS);
        standing.weight = (standing.weight * factor / HalfLife.WAD).toUint64();
        standing.weightedScore = (standing.weightedScore * factor / HalfLife.WAD).toUint72();
        standing.updatedAt = second;
    }
}
