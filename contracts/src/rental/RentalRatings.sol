// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {RentalClock} from "../libraries/RentalClock.sol";
import {RentalMessages} from "../libraries/RentalMessages.sol";
import {RentalRecords} from "../libraries/RentalRecords.sol";
import {RentalId} from "../types/Ids.sol";
import {OperatorHalf, RentalState, RenterHalf} from "../types/Rentals.sol";
import {RentalLedger} from "./RentalLedger.sol";

/// @title Keeps rentals in phase II: commitments to ratings, and their opening, which settles.
abstract contract RentalRatings is RentalLedger {
    using RentalClock for RentalClock.Clock;

    uint8 private constant HIGHEST_SCORE = 100;

    /// @inheritdoc IRpoiEscrow
    function commitRatings(
        RentalId rental,
        RenterHalf calldata renterHalf,
        bytes calldata renterSignature,
        OperatorHalf calldata operatorHalf,
        bytes calldata operatorSignature
    ) external {
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) =
            _awaiting(rental, RentalState.Ended);
        if (renterSignature.length == 0 && operatorSignature.length == 0) revert RpoiEscrowNoHalf(rental);
        bytes32 renterHash = 0;
        if (renterSignature.length != 0) {
            if (RentalId.unwrap(renterHalf.rental) != RentalId.unwrap(rental)) {
                revert RpoiEscrowHalvesDiffer(rental);
            }
            renterHash = RentalMessages.hash(renterHalf);
            _requireSigned(_hashTypedDataV4(renterHash), record.renter, renterSignature);
        }
        if (operatorSignature.length != 0) {
            bool agrees = RentalId.unwrap(operatorHalf.rental) == RentalId.unwrap(rental)
                && operatorHalf.renterHalf == renterHash;
            if (!agrees) revert RpoiEscrowHalvesDiffer(rental);
            bytes32 operatorHash = RentalMessages.hash(operatorHalf);
            _requireSigned(_hashTypedDataV4(operatorHash), record.operator, operatorSignature);
        }

        bool isNew = renterSignature.length != 0
            && _commit(rental, record, clock, record.renter, renterHalf.commitment);
        if (
            operatorSignature.length != 0
                && _commit(rental, record, clock, record.operator, operatorHalf.commitment)
        ) {
            isNew = true;
        }
        if (!isNew) revert RpoiEscrowAlreadyCommitted(rental, record.renter);
        _keepCommitted(record, clock);
    }

    /// @inheritdoc IRpoiEscrow
    function commitRating(RentalId rental, bytes32 commitment) external {
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) =
            _awaiting(rental, RentalState.Ended);
        _requireParty(rental, record, msg.sender);
        if (!_commit(rental, record, clock, msg.sender, commitment)) {
            revert RpoiEscrowAlreadyCommitted(rental, msg.sender);
        }
        _keepCommitted(record, clock);
    }

    /// @inheritdoc IRpoiEscrow
    function reveal(RentalId rental, address rater, uint8 score, bytes32 salt) external {
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) =
            _awaiting(rental, RentalState.Revealing);
        _requireParty(rental, record, rater);
        if (score == 0 || score > HIGHEST_SCORE) revert RpoiEscrowBadScore(score);
        bool isRenter = rater == record.renter;
        bytes32 commitment = isRenter ? record.renterCommitment : record.operatorCommitment;
        bytes32 opened = RentalMessages.commitment(rental, rater, score, salt);
        if (opened != commitment) revert RpoiEscrowBadReveal(rental, rater, opened, commitment);
        if ((isRenter ? clock.renterScore : clock.operatorScore) != 0) {
            revert RpoiEscrowAlreadyRevealed(rental, rater);
        }

        if (isRenter) clock.renterScore = score;
        else clock.operatorScore = score;
        _keep(record, clock);

        emit RatingRevealed(rental, rater, score);

        if (clock.renterScore != 0 && clock.operatorScore != 0) _settle(rental, record, clock, true, true);
    }

    /// @dev Notes a party's first commitment.
    /// @return isFirst False if there was one before.
    function _commit(
        RentalId rental,
        RentalRecords.Record storage record,
        RentalClock.Clock memory clock,
        address rater,
        bytes32 commitment
    ) private returns (bool isFirst) {
        if (commitment == 0) revert RpoiEscrowEmptyCommitment(rental, rater);
        bool isRenter = rater == record.renter;
        uint8 mark = isRenter ? RentalClock.RENTER_COMMITTED : RentalClock.OPERATOR_COMMITTED;
        if (clock.has(mark)) return false;

        clock.mark(mark);
        if (isRenter) record.renterCommitment = commitment;
        else record.operatorCommitment = commitment;

        emit RatingCommitted(rental, rater, commitment);
        return true;
    }

    /// @dev Keeps who has committed; once both have, both owe the opening.
    function _keepCommitted(RentalRecords.Record storage record, RentalClock.Clock memory clock) private {
        if (clock.has(RentalClock.RENTER_COMMITTED | RentalClock.OPERATOR_COMMITTED)) {
            clock.state = RentalState.Revealing;
            clock.deadline = _second() + REVEAL_SECONDS;
        }
        _keep(record, clock);
    }

    function _requireParty(RentalId rental, RentalRecords.Record storage record, address account)
        private
        view
    {
        bool isParty = account == record.renter || account == record.operator;
        if (!isParty) revert RpoiEscrowNotParty(rental, account);
    }
}
