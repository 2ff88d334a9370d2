// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {CurvePoint} from "../libraries/CurvePoint.sol";
import {RentalClock} from "../libraries/RentalClock.sol";
import {RentalMessages} from "../libraries/RentalMessages.sol";
import {RentalRecords} from "../libraries/RentalRecords.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {ChipKind, ChipState} from "../types/Chips.sol";
import {ChipId, RentalId} from "../types/Ids.sol";
import {RentalRequest, RentalState, RentalTerms} from "../types/Rentals.sol";
import {Share} from "../types/Shares.sol";
import {RentalLedger} from "./RentalLedger.sol";

/// @title Keeps rentals in phase I: from the opening over the hand-over to the end of use.
/// @dev Checks who asks for a move and whether it is true; `RentalLedger` makes the move.
abstract contract RentalUse is RentalLedger {
    using CurvePoint for bytes;
    using RentalClock for RentalClock.Clock;
    using RentalRecords for RentalRecords.Record;

    /// @dev Keeps every sum of seconds far from overflow, so that no rental can be stuck by its own length.
    uint64 private constant MAX_DURATION = 3650 days;
    uint256 private constant MAX_CIPHERTEXT_BYTES = 1024;

    /// @inheritdoc IRpoiEscrow
    function begin(
        RentalRequest calldata request,
        RentalTerms calldata terms,
        ChipId[] calldata chips,
        bytes calldata renterKey
    ) external returns (RentalId rental, ChipKind memory kind) {
        if (msg.sender != DESK) revert RpoiEscrowNotDesk(msg.sender);
        rental = hashOf(request);
        if (_records[rental].clock.state != RentalState.None) revert RpoiEscrowRentalExists(rental);

        _write(_records[rental], request, terms, chips.length);

        _announce(rental, request, terms.token, chips, renterKey);

        kind = _reserve(rental, request.operator, chips);
        _lockStakes(rental, request, terms);
    }

    /// @inheritdoc IRpoiEscrow
    function commitHandover(RentalId rental, bytes calldata enc, bytes calldata ciphertext) external {
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) =
            _awaiting(rental, RentalState.Open);
        if (msg.sender != record.operator) revert RpoiEscrowNotParty(rental, msg.sender);
        bool fits = ciphertext.length != 0 && ciphertext.length <= MAX_CIPHERTEXT_BYTES;
        if (!fits || !enc.isPoint()) revert RpoiEscrowBadHandover(enc.length, ciphertext.length);

        uint40 deadline = _second() + ACKNOWLEDGE_SECONDS;
        clock.state = RentalState.HandedOver;
        clock.deadline = deadline;
        clock.epoch = _epoch();
        _keep(record, clock);
        record.handoverHash = RentalMessages.handoverHash(record.handoverHash, enc, ciphertext);

        emit HandoverCommitted(rental, enc, ciphertext, deadline);
    }

    /// @inheritdoc IRpoiEscrow
    function acknowledge(RentalId rental, bytes calldata signature) external {
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) =
            _awaiting(rental, RentalState.HandedOver);
        _requireConsent(record.renter, RentalMessages.acknowledgeHash(rental), signature);

        _start(rental, record, clock, true);
    }

    /// @inheritdoc IRpoiEscrow
    function punishHandover(RentalId rental, bool operatorLied) external {
        if (msg.sender != HANDOVER_COURT) revert RpoiEscrowNotHandoverCourt(msg.sender);
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) =
            _awaiting(rental, RentalState.HandedOver);

        if (operatorLied) _punish(rental, record, clock);
        else _start(rental, record, clock, false);
    }

    /// @inheritdoc IRpoiEscrow
    function topUp(
        RentalId rental,
        uint64 duration,
        bytes calldata payerSignature,
        bytes calldata operatorSignature
    ) external {
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) =
            _awaiting(rental, RentalState.Active);
        if (clock.isReclaimed()) revert RpoiEscrowReclaimed(rental, clock.deadline);
        if (duration <= clock.duration || duration > MAX_DURATION) {
            revert RpoiEscrowNotLonger(rental, duration, clock.duration);
        }
        bytes32 structHash = RentalMessages.topUpHash(rental, duration);
        _requireConsent(record.payerOf(clock), structHash, payerSignature);
        if (duration > clock.mostDuration) {
            _requireSigned(_hashTypedDataV4(structHash), record.operator, operatorSignature);
        }

        // Exact: the rent is a price per second times the duration.
        uint256 rent = uint256(record.rent) / clock.duration * duration;
        uint256 deposit = Math.ceilDiv(uint256(record.deposit) * duration, clock.duration);
        clock.duration = SafeCast.toUint32(duration);
        clock.deadline = clock.startedAt + clock.duration;
        _keep(record, clock);

        emit RentalExtended(
            rental, duration, SafeCast.toUint128(deposit), SafeCast.toUint128(rent), clock.deadline
        );

        _extendStakes(rental, record, clock, SafeCast.toUint96(rent), SafeCast.toUint96(deposit));
    }

    /// @inheritdoc IRpoiEscrow
    function reclaimNotice(RentalId rental, uint64 noticeSeconds) external {
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) =
            _awaiting(rental, RentalState.Active);
        if (msg.sender != record.operator) revert RpoiEscrowNotParty(rental, msg.sender);
        uint40 left = clock.deadline - _second();
        if (noticeSeconds >= left) revert RpoiEscrowNotSooner(rental, clock.deadline);

        clock.deadline = _second() + SafeCast.toUint40(noticeSeconds);
        _keep(record, clock);
        (uint128 bond,) = _bondsFor(record.rent);
        uint128 compensation = Settlement.shortNoticeUp(bond, noticeSeconds, NOTICE_SECONDS);

        emit RentalReclaimed(rental, clock.deadline, compensation);

        if (compensation == 0) return;
        (address token, bytes32 purpose) = (record.tokenOf(clock), RentalId.unwrap(rental));
        VAULT.lockToken(token, record.operator, purpose, compensation);
        VAULT.releaseToken(token, purpose, record.payerOf(clock), compensation);
    }

    /// @inheritdoc IRpoiEscrow
    function endFor(RentalId rental, uint256 position) external {
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) =
            _awaiting(rental, RentalState.Active);
        if (position >= clock.chips) revert RpoiEscrowNoChip(rental, position);
        ChipId chip = _chipAt(rental, position);
        ChipState state = REGISTRY.stateOf(chip);
        bool isLost = state == ChipState.Slashed || state == ChipState.Quarantined;
        if (!isLost) revert RpoiEscrowChipInService(chip, state);

        emit ChipLost(rental, chip, state);

        _finish(rental, record, clock);
    }

    /// @inheritdoc IRpoiEscrow
    function freeze(RentalId rental, uint64 fromSecond, uint64 toSecond) external returns (uint128 amount) {
        _requireIntervalCourt();
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) = _advance(rental);
        bool isInUse = clock.state == RentalState.Active || clock.state == RentalState.Ended
            || clock.state == RentalState.Revealing;
        if (!isInUse) revert RpoiEscrowWrongState(rental, clock.state);
        uint40 usedUntil = clock.startedAt + clock.usedSeconds(_second());
        if (fromSecond < clock.startedAt || toSecond > usedUntil) {
            revert RpoiEscrowOutsideUse(rental, clock.startedAt, usedUntil);
        }

        amount = Settlement.meteredDown(record.rent, toSecond - fromSecond, clock.duration);
        clock.mark(RentalClock.DISPUTED);
        _keep(record, clock);
        record.withheld.frozen += SafeCast.toUint96(amount);

        emit RentFrozen(rental, amount);
    }

    /// @inheritdoc IRpoiEscrow
    function thaw(RentalId rental, bool isRenters, uint64 missed) external {
        _requireIntervalCourt();
        RentalRecords.Record storage record = _records[rental];
        uint96 amount = record.withheld.frozen;
        if (amount == 0) return;
        RentalClock.Clock memory clock = _clockOf(record);
        bool isSettled = clock.state == RentalState.Settled;

        record.withheld.frozen = 0;
        if (isRenters && !isSettled) {
            record.withheld.forgiven += amount;
            record.withheld.counted += missed;
        }

        emit RentThawed(rental, amount, isRenters);

        if (isSettled) _payThawed(rental, record, clock, amount, isRenters);
    }

    /// @inheritdoc IRpoiEscrow
    function end(RentalId rental, bytes calldata signature) external {
        (RentalRecords.Record storage record, RentalClock.Clock memory clock) =
            _awaiting(rental, RentalState.Active);
        _requireConsent(record.renter, RentalMessages.endHash(rental), signature);

        _finish(rental, record, clock);
    }

    /// @inheritdoc IRpoiEscrow
    function hashOf(RentalRequest calldata request) public view returns (RentalId) {
        return RentalId.wrap(_hashTypedDataV4(RentalMessages.hash(request)));
    }

    /// @dev Starts the time now.
    function _start(
        RentalId rental,
        RentalRecords.Record storage record,
        RentalClock.Clock memory clock,
        bool acknowledged
    ) private {
        clock.start(_second());
        clock.epoch = _epoch();
        _keep(record, clock);

        emit RentalStarted(rental, clock.startedAt, acknowledged);
    }

    /// @dev Locks the stakes of both sides in the vault.
    function _lockStakes(RentalId rental, RentalRequest calldata request, RentalTerms calldata terms)
        private
    {
        (uint128 operatorBond, uint128 ratingBond) = _bondsFor(request.rent);
        VAULT.lockStakes(
            terms.token,
            RentalId.unwrap(rental),
            Share(terms.payer, uint256(request.deposit) + request.rent + ratingBond),
            Share(request.operator, uint256(operatorBond) + ratingBond)
        );
    }

    function _announce(
        RentalId rental,
        RentalRequest calldata request,
        address token,
        ChipId[] calldata chips,
        bytes calldata renterKey
    ) private {
        emit RentalOpened(
            rental,
            request.renter,
            request.operator,
            chips,
            request.duration,
            request.deposit,
            request.rent,
            token,
            renterKey,
            _second() + HANDOVER_SECONDS
        );
    }

    function _requireIntervalCourt() private view {
        if (msg.sender != INTERVAL_COURT) revert RpoiEscrowNotIntervalCourt(msg.sender);
    }

    function _write(
        RentalRecords.Record storage record,
        RentalRequest calldata request,
        RentalTerms calldata terms,
        uint256 chips
    ) private {
        RentalClock.Clock memory clock;
        clock.state = RentalState.Open;
        clock.duration = SafeCast.toUint32(request.duration);
        clock.mostDuration = SafeCast.toUint32(Math.min(terms.mostSeconds, MAX_DURATION));
        clock.deadline = _second() + HANDOVER_SECONDS;
        clock.chips = SafeCast.toUint8(chips);
        if (terms.payer != request.renter) {
            clock.mark(RentalClock.SPONSORED);
            record.sponsor = terms.payer;
        }
        if (terms.token != address(0)) {
            clock.mark(RentalClock.IN_TOKEN);
            record.token = terms.token;
        }
        _keep(record, clock);
        record.renter = request.renter;
        record.rent = SafeCast.toUint96(request.rent);
        record.operator = request.operator;
        record.deposit = SafeCast.toUint96(request.deposit);
        record.handoverHash = request.renterKeyHash;
    }
}
