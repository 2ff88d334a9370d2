// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IRatingBook} from "../interfaces/IRatingBook.sol";
import {HalfLife} from "../libraries/HalfLife.sol";
import {RentalId} from "../types/Ids.sol";

/// @title Keeps opinions of settled rentals, weighed by the fee that each burned.
/// @dev One slot per account and one per pair and direction, whatever the number of ratings. Weights are kept
/// in gwei: a fee below one gwei says nothing.
contract RatingBook is IRatingBook {
    using SafeCast for uint256;

    /// @dev Wei in one gwei.
    uint128 private constant GWEI = 1 gwei;
    uint8 private constant LOWEST_SCORE = 1;
    uint8 private constant HIGHEST_SCORE = 100;
    /// @dev Hundredths in one point of a score.
    uint256 private constant HUNDREDTHS = 100;

    /// @dev What others said of an account, decayed to `updatedAt`.
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

    address private immutable ESCROW;
    uint8 private immutable PRIOR_SCORE;
    /// @dev Gwei.
    uint64 private immutable PRIOR_WEIGHT;
    /// @dev Gwei of weight that one account has over another in a period.
    uint64 private immutable PAIR_CAP;
    uint64 private immutable PAIR_PERIOD_SECONDS;
    uint64 private immutable HALF_LIFE_SECONDS;

    mapping(address account => Standing) private _standings;
    mapping(address rater => mapping(address ratee => Allowance)) private _allowances;

    /// @param priorWeight Wei of burned fees that the prior stands for.
    /// @param pairCap Wei of burned fees that count from one rater for one ratee in a period.
    constructor(
        address escrow,
        uint8 priorScore,
        uint128 priorWeight,
        uint128 pairCap,
        uint64 pairPeriodSeconds,
        uint64 halfLifeSeconds
    ) {
        _requireScore(priorScore);
        if (priorWeight < GWEI) revert RatingBookBadParameter("priorWeight");
        if (halfLifeSeconds == 0) revert RatingBookBadParameter("halfLifeSeconds");
        ESCROW = escrow;
        PRIOR_SCORE = priorScore;
        PRIOR_WEIGHT = uint256(priorWeight / GWEI).toUint64();
        PAIR_CAP = uint256(pairCap / GWEI).toUint64();
        PAIR_PERIOD_SECONDS = pairPeriodSeconds;
        HALF_LIFE_SECONDS = halfLifeSeconds;
    }

    /// @inheritdoc IRatingBook
    function record(RentalId rental, address rater, address ratee, uint8 score, uint128 burnedFee) external {
        if (msg.sender != ESCROW) revert RatingBookNotEscrow(msg.sender);
        _requireScore(score);

        Standing memory standing = _decayed(ratee);
        uint64 weight = _spend(rater, ratee, burnedFee / GWEI, type(uint64).max - standing.weight);
        if (weight != 0) {
            standing.weight += weight;
            standing.weightedScore += uint72(score) * weight;
            ++standing.count;
            _standings[ratee] = standing;
        }

        emit Rated(rental, rater, ratee, score, weight * GWEI);
    }

    /// @inheritdoc IRatingBook
    function ratingOf(address account) external view returns (uint16 rating, uint128 weight) {
        Standing memory standing = _decayed(account);
        uint256 points = standing.weightedScore + uint256(PRIOR_SCORE) * PRIOR_WEIGHT;
        uint256 weights = uint256(standing.weight) + PRIOR_WEIGHT;
        rating = (points * HUNDREDTHS / weights).toUint16();
        weight = standing.weight * GWEI;
    }

    /// @inheritdoc IRatingBook
    function countOf(address account) external view returns (uint64) {
        return _standings[account].count;
    }

    /// @dev Takes a weight from what the rater may still say of the ratee in this period.
    /// @param asked Gwei.
    /// @param room Gwei that the ratee's sum can still hold.
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
    function _decayed(address account) private view returns (Standing memory standing) {
        standing = _standings[account];
        uint64 second = Time.timestamp();
        uint256 factor = HalfLife.factorWad(second - standing.updatedAt, HALF_LIFE_SECONDS);
        standing.weight = (standing.weight * factor / HalfLife.WAD).toUint64();
        standing.weightedScore = (standing.weightedScore * factor / HalfLife.WAD).toUint72();
        standing.updatedAt = second;
    }

    function _requireScore(uint8 score) private pure {
        if (score < LOWEST_SCORE || score > HIGHEST_SCORE) revert RatingBookBadScore(score);
    }
}
