// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {RentalClock} from "contracts/src/libraries/RentalClock.sol";
import {RentalState} from "contracts/src/types/Rentals.sol";

/// @dev Its every value is walked by `proof/RentalClock.t.sol`; here are the plain ones.
contract RentalClockTest is Test {
    using RentalClock for RentalClock.Clock;

    RentalClock.Clock private _plain;
    RentalClock.Clock private _packed;

    /// @dev Packed by hand as the compiler packs it, field by field.
    function testFuzz_store_isWhatTheCompilerStores(uint256 word, uint256 before) public {
        RentalClock.Clock memory clock = _clockFrom(word);
        _plain = _clockFrom(before);
        _packed.store(_clockFrom(before));

        _plain = clock;
        _packed.store(clock);

        (bytes32 plain, bytes32 packed) = _slots();
        assertEq(packed, plain, "the slot");
        assertEq(abi.encode(_packed.load()), abi.encode(clock), "what is read from it");
    }

    function test_has_needsAllMarks() public pure {
        RentalClock.Clock memory clock;
        clock.mark(RentalClock.DISPUTED);
        clock.mark(RentalClock.IN_TOKEN);
        clock.mark(RentalClock.IN_TOKEN);

        assertTrue(clock.has(RentalClock.DISPUTED), "one");
        assertTrue(clock.has(RentalClock.DISPUTED | RentalClock.IN_TOKEN), "both");
        assertFalse(clock.has(RentalClock.DISPUTED | RentalClock.SPONSORED), "not this one");
    }

    function _slots() private view returns (bytes32 plain, bytes32 packed) {
        assembly ("memory-safe") {
            plain := sload(_plain.slot)
            packed := sload(_packed.slot)
        }
    }

    function _clockFrom(uint256 word) private pure returns (RentalClock.Clock memory clock) {
        clock.state = RentalState(word % (uint256(type(RentalState).max) + 1));
        // each cast takes its field and leaves the others
        // forge-lint: disable-start(unsafe-typecast)
        (clock.duration, clock.mostDuration) = (uint32(word >> 8), uint32(word >> 40));
        (clock.startedAt, clock.endedAt) = (uint40(word >> 72), uint40(word >> 112));
        clock.deadline = uint40(word >> 152);
        (clock.renterScore, clock.operatorScore) = (uint8(word >> 192), uint8(word >> 200));
        (clock.chips, clock.marks) = (uint8(word >> 208), uint8(word >> 216));
        clock.epoch = uint32(word >> 224);
        // forge-lint: disable-end(unsafe-typecast)
    }

    function test_usedSeconds_isZeroBeforeTheStart() public pure {
        RentalClock.Clock memory clock;

        assertEq(RentalClock.usedSeconds(clock, 1000), 0);
    }

    function test_usedSeconds_stopsWithTheEnd() public pure {
        RentalClock.Clock memory clock;
        clock.duration = 100;
        RentalClock.start(clock, 1000);

        assertEq(RentalClock.usedSeconds(clock, 1040), 40, "while time runs");
        RentalClock.finish(clock, 1050, 15);
        assertEq(RentalClock.usedSeconds(clock, 9999), 50, "for ever after");
    }

    function test_advanced_walksThroughAllThatNeedsNobody() public pure {
        RentalClock.Clock memory clock;
        (clock.state, clock.duration, clock.deadline) = (RentalState.HandedOver, 100, 1000);

        clock = RentalClock.advanced(clock, 15, 1101);

        assertTrue(clock.state == RentalState.Ended, "state");
        assertEq(clock.startedAt, 1000, "silence starts the time");
        assertEq(clock.endedAt, 1100, "its duration ends it");
        assertEq(clock.deadline, 1115, "and the parties owe their commitments");
    }
}
