// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev Where the dispute of an interval stands.
enum DisputeState {
    None, // there is none, or the last one is over
    Open, // the operator owes an answer
    Contested, // the renter may ask a committee
    Judging // a committee owes a verdict
}

/// @dev How a dispute ended.
enum DisputeEnd {
    Conceded, // the operator agreed
    Unanswered, // the operator was silent
    OnRecord, // the registry knows that no chip was there
    Dropped, // the renter asked no committee
    Unavailable, // the committee agreed with the renter
    Available, // the committee did not
    Undecided // the committee found nothing in time
}

/// @dev The dispute of an interval of a rental's use, as the court keeps it.
struct Dispute {
    DisputeState state;
    /// first second in dispute
    uint40 fromSecond;
    /// first second after it; an interval of the same rental that is disputed later begins here or later
    uint40 toSecond;
    /// last second, inclusive, of what the state waits for
    uint40 deadline;
    /// of each side, in units of the rental's money
    uint96 bond;
    /// epoch in which it was made
    uint32 madeIn;
    /// second in which it was made
    uint40 madeAt;
}

/// @dev What the court is built with.
struct IntervalCourtParameters {
    address escrow;
    address vault;
    address registry;
    address committee;
    /// seconds for the operator's answer, and for the renter to ask a committee
    uint64 answerSeconds;
    /// seconds after which a committee that found nothing finds nothing more
    uint64 committeeSeconds;
    uint8 seats;
}
