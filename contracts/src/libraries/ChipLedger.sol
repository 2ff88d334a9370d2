// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {BlsKey, PociVerify} from "../precompiles/PociVerify.sol";
import {Chip, ChipState} from "../types/Chips.sol";
import {ChipBatchId, ChipId} from "../types/Ids.sol";
import {EpochBits} from "./EpochBits.sol";
import {SumTree} from "./SumTree.sol";

/// @title Books chips: who counts from when to when, what their keys sum to, and which epochs they missed.
/// @dev A chip counts in the snapshot of epoch s (the state at its end) if it entered the line in an epoch <=
/// s and left it in an epoch > s, or not yet. One interval is kept: a chip may enter again only when no
/// snapshot that is
/// still read lies before the end of the old one (`Ledger` users check that with the look-back).
library ChipLedger {
    using SafeCast for uint256;
    using EpochBits for EpochBits.Row;
    using SumTree for SumTree.Tree;

    /// @dev A chip as stored; five slots.
    struct ChipRecord {
        ChipState state;
        address operator;
        uint32 model;
        uint32 index;
        /// consecutive misses up to the latest epoch that was proven without this chip
        uint8 misses;
        uint8 rentals;
        //
        uint64 phi;
        uint32 segment;
        uint16 registrations;
        uint96 bond;
        uint40 registeredEpoch;
        //
        uint40 fromEpoch;
        uint40 untilEpoch;
        uint40 exitAt;
        bytes16 keyTail;
        //
        bytes32 keyHead;
        //
        ChipBatchId batch;
    }

    /// @dev Sum and number of an operator's counting keys at the end of an epoch, kept where they changed;
    /// two slots.
    struct Snapshot {
        uint64 epoch;
        uint32 count;
        bytes16 keyTail;
        bytes32 keyHead;
    }

    struct Operator {
        uint128 power;
        /// latest epoch proven; 0 for none, since epoch 0 has no chips to prove
        uint64 provenEpoch;
        /// 33 bytes, or none
        bytes vrfKey;
        /// segments of the chips that were ever registered for it
        uint32[] segments;
        Snapshot[] history;
        /// epochs proven
        EpochBits.Row proven;
    }

    struct Ledger {
        SumTree.Tree line;
        /// segments given out
        uint32 segments;
        /// most power that a chip ever entered with, in units of phi
        uint64 greatestPhi;
        mapping(ChipId chip => ChipRecord) chips;
        mapping(uint32 segment => ChipId) chipAt;
        /// the chip that a BLS key (keccak256) was registered for, for ever
        mapping(bytes32 keyHash => ChipId) keyOwner;
        mapping(address account => Operator) operators;
        /// epochs in which a chip was proven absent, or away between two terms on the line
        mapping(ChipId chip => EpochBits.Row) missed;
    }

    /// @dev `untilEpoch` of a chip that counts.
    uint40 internal constant OPEN = type(uint40).max;

    /// @dev Gives a chip its segment (once) and the next place in its operator's list.
    function list(Ledger storage ledger, ChipId id, ChipRecord storage chip, address operator) internal {
        if (chip.registrations == 0) {
            chip.segment = ledger.segments++;
            ledger.chipAt[chip.segment] = id;
        }
        uint32[] storage segments = ledger.operators[operator].segments;
        chip.operator = operator;
        chip.index = segments.length.toUint32();
        segments.push(chip.segment);
    }

    /// @dev Puts a chip's power on the line. Its key is the caller's to add, many at once: `addKeys`.
    function enter(Ledger storage ledger, ChipRecord storage chip, uint64 epoch) internal {
        chip.fromEpoch = uint256(epoch).toUint40();
        chip.untilEpoch = OPEN;
        chip.misses = 0;
        ledger.line.set(chip.segment, chip.phi);
        ledger.operators[chip.operator].power += chip.phi;
        if (chip.phi > ledger.greatestPhi) ledger.greatestPhi = chip.phi;
    }

    /// @dev Puts a suspended chip's power on the line again; the epochs that it was away are missed.
    function comeBack(Ledger storage ledger, ChipId id, uint64 epoch, uint64 lookback) internal {
        ChipRecord storage chip = ledger.chips[id];
        ledger.missed[id].fill(chip.untilEpoch + lookback, epoch + lookback);
        enter(ledger, chip, epoch);
    }

    /// @dev Takes a chip's power from the line. Its key is the caller's to subtract: `addKeys`.
    function depart(Ledger storage ledger, ChipRecord storage chip, uint64 epoch) internal {
        chip.untilEpoch = uint256(epoch).toUint40();
        ledger.line.set(chip.segment, 0);
        ledger.operators[chip.operator].power -= chip.phi;
    }

    /// @dev Adds and subtracts keys of an operator's sum from the end of an epoch on.
    function addKeys(Operator storage operator, uint64 epoch, bytes memory plus, bytes memory minus)
        internal
    {
        Snapshot[] storage history = operator.history;
        uint256 length = history.length;
        BlsKey memory key = PociVerify.infinity();
        uint256 count = 0;
        if (length != 0) {
            Snapshot storage last = history[length - 1];
            key = BlsKey(last.keyHead, last.keyTail);
            count = last.count;
        }
        count = count + plus.length / PociVerify.KEY_BYTES - minus.length / PociVerify.KEY_BYTES;
        key = PociVerify.sum(bytes.concat(PociVerify.toBytes(key), plus), minus);

        Snapshot memory next = Snapshot(epoch, count.toUint32(), key.tail, key.head);
        if (length != 0 && history[length - 1].epoch == epoch) history[length - 1] = next;
        else history.push(next);
    }

    /// @dev The sum of an operator's counting keys at the end of an epoch, and their number.
    function snapshotAt(Operator storage operator, uint64 epoch)
        internal
        view
        returns (BlsKey memory key, uint32 count)
    {
        Snapshot[] storage history = operator.history;
        (uint256 low, uint256 high) = (0, history.length);
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (history[middle].epoch <= epoch) low = middle + 1;
            else high = middle;
        }
        if (low == 0) return (PociVerify.infinity(), 0);
        Snapshot storage found = history[low - 1];
        return (BlsKey(found.keyHead, found.keyTail), found.count);
    }

    /// @dev Whether a chip counted at the end of an epoch.
    function countedAt(ChipRecord storage chip, uint64 epoch) internal view returns (bool) {
        return chip.registrations != 0 && chip.fromEpoch <= epoch && epoch < chip.untilEpoch;
    }

    /// @dev Notes that a chip was proven absent in an epoch, after `before` consecutive misses.
    function miss(Ledger storage ledger, ChipId id, uint64 epoch, uint256 before)
        internal
        returns (uint8 misses)
    {
        misses = _saturated(before + 1);
        ledger.chips[id].misses = misses;
        ledger.missed[id].set(epoch);
    }

    function setProven(Operator storage operator, uint64 epoch) internal {
        operator.provenEpoch = epoch;
        operator.proven.set(epoch);
    }

    function isProven(Operator storage operator, uint64 epoch) internal view returns (bool) {
        return operator.proven.isSet(epoch);
    }

    function isMissed(Ledger storage ledger, ChipId id, uint64 epoch) internal view returns (bool) {
        return ledger.missed[id].isSet(epoch);
    }

    /// @dev Consecutive epochs before `epoch` that a chip missed: those proven without it, and then those in
    /// which its operator proved nothing. A chip that left the line keeps the number it left with.
    function missesBefore(Ledger storage ledger, ChipId id, uint64 epoch, uint64 lookback)
        internal
        view
        returns (uint8)
    {
        ChipRecord storage chip = ledger.chips[id];
        if (chip.untilEpoch != OPEN) return chip.misses;
        uint64 first = chip.fromEpoch + lookback; // the first epoch whose proof reads this chip
        uint64 proven = ledger.operators[chip.operator].provenEpoch;
        if (proven < first) return epoch < first ? 0 : _saturated(epoch - first);
        uint256 silent = proven < epoch ? epoch - 1 - proven : 0;
        return _saturated(silent + (isMissed(ledger, id, proven) ? chip.misses : 0));
    }

    /// @dev Whether a chip on the line missed `most` epochs in a row, now or at any time in the 256 epochs
    /// before `epoch`: it was proven absent or its operator proved nothing. Later presence does not undo
    /// that, leaving
    /// the line does.
    function isOverdue(Ledger storage ledger, ChipId id, uint64 epoch, uint64 lookback, uint8 most)
        internal
        view
        returns (bool)
    {
        ChipRecord storage chip = ledger.chips[id];
        if (chip.untilEpoch != OPEN) return false;
        uint64 first = chip.fromEpoch + lookback; // the first epoch whose proof reads this chip
        if (epoch < first + most) return false;
        uint256 proven = ledger.operators[chip.operator].proven.recent(epoch);
        uint256 absent = ~proven | ledger.missed[id].recent(epoch);
        uint256 owed = epoch - first;
        if (owed < 256) absent &= ~(type(uint256).max >> owed);
        uint256 run = absent;
        for (uint256 i = 1; i < most && run != 0; ++i) {
            run &= absent << i;
        }
        return run != 0;
    }

    /// @dev How many epochs a chip missed from `start` up to and without `end`, which is at most the current
    /// epoch: its operator proved nothing, or named it absent, or it was off the line and had not asked to
    /// leave.
    function missesIn(Ledger storage ledger, ChipId id, uint64 start, uint64 end, uint64 lookback)
        internal
        view
        returns (uint64 missed)
    {
        ChipRecord storage chip = ledger.chips[id];
        uint64 first = chip.registeredEpoch + lookback; // the first epoch whose proof reads this chip
        if (start < first) start = first;
        if (chip.registrations == 0 || end <= start) return 0;

        uint64 away = chip.untilEpoch == OPEN ? end : chip.untilEpoch + lookback;
        if (away < end) {
            bool hasLeft = chip.state == ChipState.Exiting || chip.state == ChipState.Exited;
            if (!hasLeft) missed = end - (start < away ? away : start);
            end = away;
        }
        for (; start < end; start = EpochBits.wordEnd(start)) {
            uint256 word = start >> 8;
            uint256 present =
                ledger.operators[chip.operator].proven.words[word] & ~ledger.missed[id].words[word];
            // forge-lint: disable-next-line(unsafe-typecast)
            missed += uint64(EpochBits.count(~present & EpochBits.mask(start, end))); // fits: at most 256
        }
    }

    /// @dev Key of a chip as POCI_VERIFY takes it.
    function keyOf(ChipRecord storage chip) internal view returns (BlsKey memory) {
        return BlsKey(chip.keyHead, chip.keyTail);
    }

    function toChip(Ledger storage ledger, ChipId id, uint8 misses) internal view returns (Chip memory) {
        ChipRecord storage chip = ledger.chips[id];
        return Chip({
            state: chip.state,
            operator: chip.operator,
            model: chip.model,
            index: chip.index,
            segment: chip.segment,
            phi: chip.phi,
            registrations: chip.registrations,
            registeredEpoch: chip.registeredEpoch,
            bond: chip.bond,
            misses: misses,
            rentals: chip.rentals,
            exitAt: chip.exitAt,
            batch: chip.batch
        });
    }

    function _saturated(uint256 misses) private pure returns (uint8) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return misses < type(uint8).max ? uint8(misses) : type(uint8).max; // fits: below the bound
    }
}
