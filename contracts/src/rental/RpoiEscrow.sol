// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {RentalClock} from "../libraries/RentalClock.sol";
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
        RentalRecord storage record = _advance(rental);
        RentalClock.Clock memory clock = _clockOf(record);
        if (!clock.isAbandoned(_second())) {
            if (clock.state == before) revert RpoiEscrowNothingDue(rental, clock.deadline);
            return clock.state;
        }
        if (clock.state == RentalState.Open) {
            _cancel(rental, record);
            return RentalState.Cancelled;
        }
        if (clock.state == RentalState.Ended) {
            _settle(rental, record, record.renterCommitment != 0, record.operatorCommitment != 0);
        } else {
            _settle(rental, record, clock.renterScore != 0, clock.operatorScore != 0);
        }
        return RentalState.Settled;
    }
}
