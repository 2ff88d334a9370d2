// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRatingBook} from "../interfaces/IRatingBook.sol";
import {RentalId} from "../types/Ids.sol";
import {RatingRules} from "../types/Ratings.sol";
import {Opinions} from "./Opinions.sol";

/// @title Keeps opinions of settled rentals, weighed by the fee that each burned.
contract RatingBook is IRatingBook, Opinions {
    address private immutable ESCROW;

    /// @param priorWeight Wei of burned fees that the prior stands for.
    /// @param pairCap Wei of burned fees that count from one rater for one ratee in a period.
    constructor(
        address escrow,
        uint8 priorScore,
        uint128 priorWeight,
        uint128 pairCap,
        uint64 pairPeriodSeconds,
        uint64 halfLifeSeconds
    ) Opinions(RatingRules(priorScore, priorWeight, pairCap, pairPeriodSeconds, halfLifeSeconds)) {
        bytes32 bad =
            _badRule(RatingRules(priorScore, priorWeight, pairCap, pairPeriodSeconds, halfLifeSeconds));
        if (bad == "priorScore") revert RatingBookBadScore(priorScore);
        if (bad != 0) revert RatingBookBadParameter(bad);
        ESCROW = escrow;
    }

    /// @inheritdoc IRatingBook
    function record(RentalId rental, address rater, address ratee, uint8 score, uint128 burnedFee) external {
        if (msg.sender != ESCROW) revert RatingBookNotEscrow(msg.sender);
        if (!_isScore(score)) revert RatingBookBadScore(score);

        uint128 weight = _say(_subject(ratee), rater, ratee, score, burnedFee);

        emit Rated(rental, rater, ratee, score, weight);
    }

    /// @inheritdoc IRatingBook
    function ratingOf(address account) external view returns (uint16 rating, uint128 weight) {
        return _heardOf(_subject(account));
    }

    /// @inheritdoc IRatingBook
    function countOf(address account) external view returns (uint64) {
        return _countOf(_subject(account));
    }

    function _subject(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
