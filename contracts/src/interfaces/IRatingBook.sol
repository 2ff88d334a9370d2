// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {RentalId} from "../types/Ids.sol";

/// @title Keeps opinions of settled rentals, weighed by the fee that each burned.
interface IRatingBook {
    /// @notice Only the escrow records ratings.
    error RatingBookNotEscrow(address caller);
    /// @notice The score is not 1 to 100.
    error RatingBookBadScore(uint8 score);
    /// @notice The book cannot be built with this value of the field.
    error RatingBookBadParameter(bytes32 field);

    /// @notice An account said so much of another, with a weight in wei; zero: it does not count.
    event Rated(
        RentalId indexed rental, address indexed rater, address indexed ratee, uint8 score, uint128 weight
    );

    /// @notice Records one score. Escrows only.
    /// @dev A rating without weight (a fee below one gwei, or the pair's cap is used up) is an event
    /// and no more.
    /// @param score 1 to 100.
    /// @param burnedFee Wei that this rental burned: the weight before the pair's cap, rounded down to
    /// gwei.
    function record(RentalId rental, address rater, address ratee, uint8 score, uint128 burnedFee) external;

    /// @notice Weighted mean of an account with the prior, in hundredths (100 to 10_000), and the
    /// weight behind it, in wei; both decayed to now and rounded down.
    function ratingOf(address account) external view returns (uint16 rating, uint128 weight);

    /// @notice Ratings with weight that an account has received.
    function countOf(address account) external view returns (uint64);
}
