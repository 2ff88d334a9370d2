// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {RentalClock} from "./RentalClock.sol";

/// @title Lays out a rental as it is stored; what most rentals never have is neither written nor read.
/// @dev A fresh slot costs more than anything else of a rental: bonds follow from the rent, marks of the
/// clock say which slots are in use.
library RentalRecords {
    using RentalClock for RentalClock.Clock;

    struct Record {
        RentalClock.Clock clock;
        address renter;
        /// units of the rental's money
        uint96 rent;
        address operator;
        /// units of the rental's money
        uint96 deposit;
        /// of the renter's key; from the hand-over on of that and of what was handed over
        bytes32 handoverHash;
        /// who paid for the renter; used when marked
        address sponsor;
        /// what it is paid in; used when marked, else the coin
        address token;
        /// both used when marked
        bytes32 renterCommitment;
        bytes32 operatorCommitment;
        /// used when marked; together never more than what is metered: the court's intervals do not meet
        Withheld withheld;
    }

    /// @dev Metered rent that is not, or not yet, the operator's, in units of the rental's money.
    struct Withheld {
        uint96 frozen;
        uint96 forgiven;
        /// proofs missed that the intervals paid for, which were forgiven, in `Settlement.EPOCH_PARTS`
        uint64 counted;
    }

    /// @dev Whose free balance paid the renter's part, and is paid back.
    function payerOf(Record storage record, RentalClock.Clock memory clock) internal view returns (address) {
        return clock.has(RentalClock.SPONSORED) ? record.sponsor : record.renter;
    }

    /// @dev What the rental is paid in; zero: the coin.
    function tokenOf(Record storage record, RentalClock.Clock memory clock) internal view returns (address) {
        return clock.has(RentalClock.IN_TOKEN) ? record.token : address(0);
    }

    /// @dev What was withheld of the rent so far.
    function withheldOf(Record storage record, RentalClock.Clock memory clock)
        internal
        view
        returns (Withheld memory withheld)
    {
        if (clock.has(RentalClock.DISPUTED)) withheld = record.withheld;
    }
}
