// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ChipState} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {EpochBits} from "./EpochBits.sol";
import {OperatorBook} from "./OperatorBook.sol";
import {SumTree} from "./SumTree.sol";

/// @title Books chips: who counts from when to when, and which epochs they missed.
/// @dev A chip counts in the snapshot of epoch s (the state at its end) if it entered the line in an epoch <=
/// s and left it in an epoch > s, or not yet. One term is kept: a chip may enter again only when no snapshot
/// that is still read lies before the end of the old one (`Ledger` users check that with the look-back).
library ChipLedger {
    using EpochBits for EpochBits.Row;
    using OperatorBook for OperatorBook.Operator;
    using SafeCast for uint256;
    using SumTree for SumTree.Tree;

    /// @dev A chip as stored; one slot.
    struct ChipRecord {
        ChipState state;
        /// number of its operator
        uint32 operator;
        /// number of its vendor's batch
        uint32 batch;
        /// units of phi
        uint32 phi;
        /// place in its operator's list
        uint32 index;
        /// place on the line
        uint32 segment;
        uint32 fromEpoch;
        uint32 untilEpoch;
        uint8 rentals;
        /// whether `missed`, or `pasts`, has anything of it: what has not is never read
        bool hasMissed;
        bool hasPast;
    }

    /// @dev What most chips never have: all zero until a chip comes back or leaves; one slot.
    struct ChipPast {
        /// registrations after the first
        uint32 again;
        /// whether it came back onto the line after its latest registration, and that registration's epoch
        bool hasReturned;
        uint32 registeredEpoch;
        /// second from which an exit may be finished
        uint40 exitAt;
        /// wei of its bond that were burned
        uint96 burned;
        /// epoch in which it asked to leave, or was expelled; read of an EXITING or EXITED chip only
        uint32 leftEpoch;
    }

    struct Ledger {
        SumTree.Tree line;
        mapping(ChipId chip => ChipRecord) chips;
        mapping(ChipId chip => ChipPast) pasts;
        mapping(uint32 segment => ChipId) chipAt;
        /// the chip that came with a BLS key (keccak256), for ever: keys themselves are not stored
        mapping(bytes32 keyHash => ChipId) keyOwner;
        mapping(address account => OperatorBook.Operator) operators;
        mapping(uint32 number => address) accountAt;
        /// operators so far
        uint32 accounts;
        /// epochs in which a chip was proven absent, or away between two terms on the line
        mapping(ChipId chip => EpochBits.Row) missed;
    }

    /// @dev Epochs whose misses are asked for, and when it is.
    struct Span {
        uint64 first;
        /// the first one after the span
        uint64 end;
        uint64 current;
        uint64 lookback;
    }

    /// @dev `untilEpoch` of a chip that counts.
    uint32 internal constant OPEN = type(uint32).max;

    /// @dev Writes a whole record at once: field by field it is read and written again nine times.
    function write(ChipRecord storage chip, ChipRecord memory next) internal {
        uint256 word = uint256(next.state) | uint256(next.operator) << 8 | uint256(next.batch) << 40;
        word |= uint256(next.phi) << 72 | uint256(next.index) << 104 | uint256(next.segment) << 136;
        word |= uint256(next.fromEpoch) << 168 | uint256(next.untilEpoch) << 200;
        word |= uint256(next.rentals) << 232;
        if (next.hasMissed) word |= 1 << 240;
        if (next.hasPast) word |= 1 << 248;
        assembly ("memory-safe") {
            sstore(chip.slot, word) // chip = next
        }
    }

    /// @dev The account that a chip is registered for; zero if it never was.
    function accountOf(Ledger storage ledger, ChipRecord storage chip) internal view returns (address) {
        return ledger.accountAt[chip.operator];
    }

    function operatorOf(Ledger storage ledger, ChipRecord storage chip)
        internal
        view
        returns (OperatorBook.Operator storage)
    {
        return ledger.operators[ledger.accountAt[chip.operator]];
    }

    /// @dev The number of an account, given on its first registration.
    function enrol(Ledger storage ledger, address account) internal returns (uint32 number) {
        OperatorBook.Operator storage operator = ledger.operators[account];
        number = operator.number;
        if (number != 0) return number;
        number = ++ledger.accounts;
        operator.number = number;
        ledger.accountAt[number] = account;
    }

    /// @dev Puts a suspended chip's power on the line again; the epochs that it was away are missed.
    function comeBack(Ledger storage ledger, ChipId id, uint64 epoch, uint64 lookback) internal {
        ChipRecord storage chip = ledger.chips[id];
        ChipPast storage past = openPast(ledger, id);
        if (!past.hasReturned) (past.hasReturned, past.registeredEpoch) = (true, chip.fromEpoch);
        chip.hasMissed = true;
        ledger.missed[id].fill(chip.untilEpoch + lookback, epoch + lookback);

        (chip.fromEpoch, chip.untilEpoch) = (uint256(epoch).toUint32(), OPEN);
        ledger.line.set(chip.segment, chip.phi);
        operatorOf(ledger, chip).power += chip.phi;
    }

    /// @dev Takes a chip's power from the line. Its key is the caller's to subtract: `addKeys`.
    function depart(Ledger storage ledger, ChipRecord storage chip, uint64 epoch) internal {
        chip.untilEpoch = uint256(epoch).toUint32();
        ledger.line.set(chip.segment, 0);
        operatorOf(ledger, chip).power -= chip.phi;
    }

    /// @dev Notes that a chip missed an epoch.
    function noteMiss(Ledger storage ledger, ChipId id, uint64 epoch) internal {
        ledger.chips[id].hasMissed = true;
        ledger.missed[id].set(epoch);
    }

    /// @dev Notes wei that are gone of a chip's bond.
    function noteBurned(Ledger storage ledger, ChipId id, uint256 amount) internal {
        ChipPast storage past = openPast(ledger, id);
        past.burned = (past.burned + amount).toUint96();
    }

    /// @dev A chip's past, to be written.
    function openPast(Ledger storage ledger, ChipId id) internal returns (ChipPast storage) {
        ledger.chips[id].hasPast = true;
        return ledger.pasts[id];
    }

    /// @dev Registrations so far.
    function registrationsOf(Ledger storage ledger, ChipId id) internal view returns (uint32) {
        if (ledger.chips[id].state == ChipState.None) return 0;
        return 1 + ledger.pasts[id].again;
    }

    /// @dev Epoch of the latest registration.
    function registeredIn(Ledger storage ledger, ChipId id) internal view returns (uint64) {
        ChipRecord storage chip = ledger.chips[id];
        ChipPast storage past = ledger.pasts[id];
        return chip.hasPast && past.hasReturned ? past.registeredEpoch : chip.fromEpoch;
    }

    /// @dev Whether a chip counted at the end of an epoch.
    function countedAt(ChipRecord storage chip, uint64 epoch) internal view returns (bool) {
        return chip.state != ChipState.None && chip.fromEpoch <= epoch && epoch < chip.untilEpoch;
    }

    /// @dev Whether a chip was noted to have missed an epoch.
    function isMissed(Ledger storage ledger, ChipId id, uint64 epoch) internal view returns (bool) {
        return ledger.chips[id].hasMissed && ledger.missed[id].isSet(epoch);
    }

    /// @dev Consecutive epochs that a chip missed up to the latest one that is over or proven; at most 255.
    /// For a chip that asked to leave they end with the last epoch that it owed.
    function missesOf(Ledger storage ledger, ChipId id, uint64 epoch, uint64 lookback)
        internal
        view
        returns (uint8 misses)
    {
        ChipRecord storage chip = ledger.chips[id];
        uint64 end = operatorOf(ledger, chip).provenEpoch == epoch ? epoch + 1 : epoch;
        end = _endOwed(ledger, id, end, lookback);
        uint256 absent = _absentBefore(ledger, id, Span(chip.fromEpoch + lookback, end, epoch, lookback));
        while (absent >> 255 == 1 && misses < type(uint8).max) {
            absent <<= 1;
            ++misses;
        }
    }

    /// @dev Whether a chip on the line missed `most` epochs in a row, now or at any time in the 256 epochs
    /// before the end of a span, which begins with the first that it owed. Later presence does not undo that,
    /// leaving the line does.
    /// @param answered By its operator: `OperatorBook.answeredBefore` the end of the span.
    function isOverdue(Ledger storage ledger, ChipId id, Span memory span, uint256 answered, uint8 most)
        internal
        view
        returns (bool)
    {
        ChipRecord storage chip = ledger.chips[id];
        if (chip.untilEpoch != OPEN) return false;
        span.first = chip.fromEpoch + span.lookback;
        uint256 absent = _absentFrom(ledger, id, span, answered);
        uint256 run = absent;
        for (uint256 i = 1; i < most && run != 0; ++i) {
            run &= absent << i;
        }
        return run != 0;
    }

    /// @dev How many epochs of a span, which ends before the current one, a chip missed: its operator did not
    /// answer for them, or named it absent, or it was off the line and had not asked to leave.
    function missesIn(Ledger storage ledger, ChipId id, Span memory span)
        internal
        view
        returns (uint256 missed)
    {
        ChipRecord storage chip = ledger.chips[id];
        if (chip.state == ChipState.None) return 0;
        span.end = _endOwed(ledger, id, span.end, span.lookback);
        uint64 first = registeredIn(ledger, id) + span.lookback; // the first epoch whose proof reads this
        // chip
        if (span.first < first) span.first = first;
        while (span.end > span.first) {
            missed += EpochBits.count(_absentBefore(ledger, id, span));
            span.end = span.end > 256 ? span.end - 256 : 0;
        }
    }

    /// @dev Which of the latest 256 epochs of a span a chip missed: its operator did not answer for them, or
    /// named it absent, or it was off the line. The latest in the highest bit.
    function _absentBefore(Ledger storage ledger, ChipId id, Span memory span)
        private
        view
        returns (uint256 absent)
    {
        uint256 answered = operatorOf(ledger, ledger.chips[id]).answeredBefore(span.end, span.current);
        return _absentFrom(ledger, id, span, answered);
    }

    /// @param answered By its operator.
    function _absentFrom(Ledger storage ledger, ChipId id, Span memory span, uint256 answered)
        private
        view
        returns (uint256 absent)
    {
        ChipRecord storage chip = ledger.chips[id];
        uint64 end = span.end;
        absent = ~answered;
        if (chip.hasMissed) absent |= ledger.missed[id].recent(end);
        if (chip.untilEpoch != OPEN) absent |= EpochBits.latest(end, chip.untilEpoch + span.lookback);
        return absent & EpochBits.latest(end, span.first);
    }

    /// @dev The end of a span, or of what a chip owed that has left, if that is earlier. Not `untilEpoch`:
    /// off the line it goes on owing until it asks to leave.
    function _endOwed(Ledger storage ledger, ChipId id, uint64 end, uint64 lookback)
        private
        view
        returns (uint64)
    {
        ChipState state = ledger.chips[id].state;
        if (state != ChipState.Exiting && state != ChipState.Exited) return end;
        uint64 owed = ledger.pasts[id].leftEpoch + lookback;
        return owed < end ? owed : end;
    }
}
