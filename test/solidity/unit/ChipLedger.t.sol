// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ChipLedger} from "contracts/src/libraries/ChipLedger.sol";
import {EpochBits} from "contracts/src/libraries/EpochBits.sol";
import {OperatorBook} from "contracts/src/libraries/OperatorBook.sol";
import {SumTree} from "contracts/src/libraries/SumTree.sol";
import {ChipState} from "contracts/src/types/Chips.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

contract ChipLedgerTest is Test {
    using ChipLedger for ChipLedger.ChipRecord;
    using ChipLedger for ChipLedger.Ledger;
    using EpochBits for EpochBits.Row;
    using OperatorBook for OperatorBook.Operator;
    using SumTree for SumTree.Tree;

    uint64 private constant LOOKBACK = 2;
    ChipId private constant CHIP = ChipId.wrap("chip");

    ChipLedger.Ledger private _ledger;

    function test_isOverdue_remembersARunFor256Epochs() public {
        enter(0);
        proveAllBut(5, 7, 300);

        assertTrue(overdue(8, 3), "as soon as the third is over");
        assertTrue(overdue(261, 3), "the first of them is 256 epochs ago");
        assertFalse(overdue(262, 3), "two of them are left");
    }

    function test_isOverdue_isFalseOffTheLine() public {
        enter(0);
        _ledger.chips[CHIP].untilEpoch = 50;

        assertFalse(overdue(60, 3));
    }

    /// @dev Against counting epoch by epoch.
    function testFuzz_isOverdue_equalsCounting(
        uint256[2] memory proven,
        uint256[2] memory missed,
        uint32 from,
        uint64 epoch,
        uint8 most
    ) public {
        epoch = uint64(bound(epoch, 0, 511));
        from = uint32(bound(from, 0, epoch));
        most = uint8(bound(most, 1, 8));
        enter(from);
        for (uint256 i = 0; i < 2; ++i) {
            _ledger.operators[address(this)].answered.words[i] = proven[i];
            setMissed(i, missed[i] & missed[1 - i]); // a miss is rarer than a proof
        }

        bool isOverdue = overdue(epoch, most);

        assertEq(isOverdue, counted(from + LOOKBACK, epoch, most));
    }

    /// @dev Against counting epoch by epoch: a chip that is away misses until it asks to leave, which it may
    /// do long after it left the line.
    function testFuzz_missesIn_equalsCounting(
        uint256[2] memory proven,
        uint256[2] memory missed,
        uint32[5] memory when,
        bool hasLeft
    ) public {
        for (uint256 i = 0; i < 5; ++i) {
            when[i] = uint32(bound(when[i], 0, 511));
        }
        (uint32 registered, uint32 until, uint64 start, uint64 end) = (when[0], when[1], when[2], when[3]);
        enter(registered);
        uint64 owed = type(uint64).max;
        if (until >= registered) {
            _ledger.chips[CHIP].untilEpoch = until;
            _ledger.chips[CHIP].state = ChipState.Suspended;
            if (hasLeft) owed = goAway(when[4] > until ? when[4] : until) + LOOKBACK;
        }
        for (uint256 i = 0; i < 2; ++i) {
            _ledger.operators[address(this)].answered.words[i] = proven[i];
            setMissed(i, missed[i]);
        }

        uint64 expected = 0;
        for (uint64 e = start > registered + LOOKBACK ? start : registered + LOOKBACK; e < end; ++e) {
            bool isAway = until >= registered && e >= until + LOOKBACK;
            bool isPresent =
                _ledger.operators[address(this)].answered.isSet(e) && !_ledger.missed[CHIP].isSet(e);
            if (e < owed && (isAway || !isPresent)) ++expected;
        }
        assertEq(_ledger.missesIn(CHIP, ChipLedger.Span(start, end, end, LOOKBACK)), expected);
    }

    function test_missesIn_isNoneForAnUnknownChip() public view {
        assertEq(_ledger.missesIn(CHIP, ChipLedger.Span(0, 300, 300, LOOKBACK)), 0);
    }

    /// @dev The record in one word is the record field by field.
    function testFuzz_write_equalsTheFields(
        uint32[7] memory numbers,
        uint8 state,
        uint8 rentals,
        bool[2] memory marks
    ) public {
        ChipLedger.ChipRecord memory record;
        record.state = ChipState(state % 8);
        (record.operator, record.batch, record.phi) = (numbers[0], numbers[1], numbers[2]);
        (record.index, record.segment) = (numbers[3], numbers[4]);
        (record.fromEpoch, record.untilEpoch, record.rentals) = (numbers[5], numbers[6], rentals);
        (record.hasMissed, record.hasPast) = (marks[0], marks[1]);

        _ledger.chips[CHIP].write(record);

        assertEq(abi.encode(_ledger.chips[CHIP]), abi.encode(record));
    }

    /// @dev What was never noted is not read: a word that stands there without its mark is passed over.
    function test_isMissed_readsNothingOfAChipThatNeverMissed() public {
        enter(0);
        _ledger.missed[CHIP].set(5);
        assertFalse(_ledger.isMissed(CHIP, 5), "no mark");

        _ledger.noteMiss(CHIP, 6);

        assertTrue(_ledger.isMissed(CHIP, 5), "marked");
        assertTrue(_ledger.isMissed(CHIP, 6), "noted");
    }

    function test_comeBack_marksThePastAndTheMisses() public {
        enter(3);
        _ledger.line.append(new uint32[](1), 1);
        _ledger.depart(_ledger.chips[CHIP], 7);

        _ledger.comeBack(CHIP, 10, LOOKBACK);

        assertTrue(_ledger.chips[CHIP].hasMissed && _ledger.chips[CHIP].hasPast, "both marks");
        assertEq(_ledger.registeredIn(CHIP), 3, "registered before");
        assertTrue(_ledger.isMissed(CHIP, 9 + LOOKBACK), "away");
        assertFalse(_ledger.isMissed(CHIP, 10 + LOOKBACK), "back");
    }

    /// @dev As the chip's operator stands.
    function overdue(uint64 epoch, uint8 most) private view returns (bool) {
        uint256 answered = _ledger.operators[address(this)].answeredBefore(epoch, epoch);
        return _ledger.isOverdue(CHIP, ChipLedger.Span(0, epoch, epoch, LOOKBACK), answered, most);
    }

    function setMissed(uint256 word, uint256 bits) private {
        if (bits == 0) return;
        _ledger.chips[CHIP].hasMissed = true;
        _ledger.missed[CHIP].words[word] = bits;
    }

    function counted(uint64 first, uint64 epoch, uint256 most) private view returns (bool) {
        uint64 start = epoch > 256 && epoch - 256 > first ? epoch - 256 : first;
        uint256 run = 0;
        for (uint64 e = start; e < epoch; ++e) {
            bool isPresent =
                _ledger.operators[address(this)].answered.isSet(e) && !_ledger.missed[CHIP].isSet(e);
            run = isPresent ? 0 : run + 1;
            if (run >= most) return true;
        }
        return false;
    }

    function enter(uint32 epoch) private {
        ChipLedger.ChipRecord storage chip = _ledger.chips[CHIP];
        (chip.state, chip.fromEpoch, chip.untilEpoch) = (ChipState.Active, epoch, ChipLedger.OPEN);
        chip.operator = _ledger.enrol(address(this));
    }

    function goAway(uint32 epoch) private returns (uint64) {
        _ledger.chips[CHIP].state = ChipState.Exiting;
        _ledger.openPast(CHIP).leftEpoch = epoch;
        return epoch;
    }

    /// @dev Proves all epochs up to a last one but those of a gap, inclusive.
    function proveAllBut(uint64 from, uint64 to, uint64 last) private {
        for (uint64 e = 0; e <= last; ++e) {
            if (e < from || e > to) _ledger.operators[address(this)].answered.set(e);
        }
    }
}
