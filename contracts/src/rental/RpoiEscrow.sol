// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {RentalClock} from "../libraries/RentalClock.sol";
import {RentalRecords} from "../libraries/RentalRecords.sol";
import {RentalId} from "../types/Ids.sol";
import {EscrowParameters, RentalState} from "../types/Rentals.sol";
import {RentalLedger} from "./RentalLedger.sol";
import {RentalRatings} from "./RentalRatings.sol";
import {RentalUse} from "./RentalUse.sol";

/// @title Keeps rentals: the escrow pi, which decides by code and signatures only.
/// @dev The parts share the ledger; here is what moves a rental when nobody else does.
contract RpoiEscrow is RentalUse, RentalRatings {
    using RentalClock for RentalClock.Clock;

    constructor(EscrowParameters memory parameters) RentalLedger(parameters) {}

    /// @inheritdoc IRpoiEscrow
    function poke(RentalId rental) external returns (RentalState state) {
        RentalState before = _records[rental].clock.state;
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) = _advance(rental);
        if (!clock.isAbandoned(_second())) {
            if (clock.state == before) revert RpoiEscrowNothingDue(rental, clock.deadline);
            return clock.state;
        }
        if (clock.state == RentalState.Open) {
            _cancel(rental, record, clock);
            return RentalState.Cancelled;
        }
        bool isHidden = clock.state == RentalState.Ended; // commitments were due, or else their opening
        bool renterSpoke = isHidden ? clock.has(RentalClock.RENTER_COMMITTED) : clock.renterScore != 0;
        bool operatorSpoke = isHidden ? clock.has(RentalClock.OPERATOR_COMMITTED) : clock.operatorScore != 0;
        _settle(rental, record, clock, renterSpoke, operatorSpoke);
        return RentalState.Settled;
    }
}
