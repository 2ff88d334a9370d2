// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev Where a case stands.
enum CaseState {
    None,
    Waiting, // for the beacon that draws the members
    Committing, // members owe commitments to their verdicts; without members: stakes are waited for
    Revealing, // members who committed owe the opening
    Ruled, // a majority agrees; it may be appealed once
    Decided, // over, with a verdict
    Undecided // over, without: no committee could be seated, or none agreed
}

/// @dev What a member of a committee has done.
enum SeatState {
    Drawn, // owes a commitment
    Committed, // owes the opening
    Revealed,
    Busy // was drawn while other seats held its stake: owes and earns nothing, votes for nothing
}

/// @dev One member of a committee.
struct Seat {
    address member;
    SeatState state;
    /// steps of the draw that hit its member: what its vote weighs
    uint8 weight;
    /// the commitment, then the verdict
    bytes32 word;
}

/// @dev A question for a committee.
struct Case {
    CaseState state;
    /// contract that asked
    address convener;
    /// seats to fill in this instance
    uint8 seats;
    /// number of the committee that sits, or sat last
    uint8 round;
    /// committees of this instance that failed
    uint8 attempts;
    bool isAppealed;
    /// members of the current committee that have yet to do what the state waits for
    uint8 owing;
    /// weight of the members that agree with the verdict, and of all seats of the committee that found it
    uint8 agreeing;
    uint8 weight;
    /// committee that found the verdict of the first instance
    uint8 firstRound;
    /// who disputes: prepaid the first committee, gets back what it did not earn
    address plaintiff;
    uint64 drawHeight;
    uint32 places;
    address defendant;
    /// last second, inclusive, of what the state waits for
    uint64 deadline;
    /// most power of a chip when the wait began, in units of phi
    uint64 greatestPhi;
    /// wei for the members of the first instance
    uint128 pot;
    /// who appealed
    address appellant;
    /// whether the appeal found something else than the first instance
    bool isChanged;
    /// wei for the members of the appeal
    uint128 appealPot;
    /// wei that the appellant loses unless the appeal changes the verdict
    uint128 appealBond;
    /// wei that the plaintiff's committees earned, and that of an appeal, once it is over
    uint128 cost;
    uint128 appealCost;
    /// what the majority of the first instance found, then what is final
    bytes32 verdict;
}

/// @dev What an operator has at stake as a member of committees, and what became of its seats.
struct Standing {
    /// wei that no seat holds
    uint96 free;
    /// wei that seats hold
    uint96 held;
    /// height of the latest deposit before which there was less than a bond: cases whose wait began earlier
    /// do not draw this operator
    uint64 since;
    uint32 seats;
    uint32 agreed;
    uint32 outvoted;
    uint32 silent;
}

/// @dev What the committee is made with.
struct CommitteeParameters {
    address vault;
    address registry;
    address beacons;
    /// contracts that may ask
    address[] conveners;
    /// wei that a seat holds of its member's stake
    uint128 seatBond;
    /// wei that a member of the majority earns, gas beside
    uint128 seatFee;
    /// seconds for the commitments, for the openings, for an appeal
    uint64 commitSeconds;
    uint64 revealSeconds;
    uint64 appealSeconds;
    /// blocks between a question and the beacon that draws
    uint64 drawDelayBlocks;
    /// committees of one instance that may fail
    uint8 maxAttempts;
    /// members without whom no committee sits: 3, on chains of few operators 1
    uint8 minSeats;
    /// seats of an appeal
    uint8 appealSeats;
}
