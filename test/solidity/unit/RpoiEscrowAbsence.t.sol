// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociViews} from "contracts/src/interfaces/IPociViews.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {PlaceList} from "contracts/src/libraries/PlaceList.sol";
import {RentalClock} from "contracts/src/libraries/RentalClock.sol";
import {Settlement} from "contracts/src/libraries/Settlement.sol";
import {ChipPlaces, RentalId} from "contracts/src/types/Ids.sol";
import {Rental} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests what a renter gets back when its chips missed proofs of availability.
/// @dev A block a second: the rental of 100 seconds begins in epoch 10 and, on the line between its start and
/// its settlement, ends in epoch 15.
contract RpoiEscrowAbsenceTest is RentalFixture {
    using RentalClock for RentalClock.Clock;

    uint64 private constant FIRST = 10;
    /// @dev Chips times epochs 10 to 15.
    uint128 private constant OWED = 12;

    function setUp() public override {
        super.setUp();
        vm.roll(FIRST * EPOCH);
    }

    function test_refund_isTheShareOfTheEpochsMissed() public {
        RentalId id = _usedUp();
        for (uint64 epoch = 12; epoch < 15; ++epoch) {
            registry.miss(chips[1], epoch);
        }
        uint128 refund = (RENT * 3 + OWED - 1) / OWED;

        _rate(id);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.AbsenceRefunded(id, 3, refund);
        revealAsOperator(id);

        uint128 earned = RENT - refund;
        assertFree(renter, FUNDS - earned, "the rest of the rent is back");
        assertFree(operator, FUNDS + earned - (earned + 99) / 100, "less the fee, on what was earned");
        assertNothingLocked(id);
    }

    function test_refund_isAllOfTheRentWhenNoChipWasThere() public {
        RentalId id = _usedUp();
        for (uint64 epoch = FIRST; epoch < 18; ++epoch) {
            registry.miss(chips[0], epoch);
            registry.miss(chips[1], epoch);
        }

        _settle(id);

        assertFree(renter, FUNDS, "nothing was earned");
        assertFree(operator, FUNDS, "bonds are back");
    }

    function test_refund_countsNoEpochBeforeOrAfterTheUse() public {
        RentalId id = _usedUp();
        registry.miss(chips[0], FIRST - 1);
        registry.miss(chips[0], 17);

        _settle(id);

        assertFree(renter, FUNDS - RENT, "all of the rent is due");
    }

    function test_refund_passesOverTheEpochThatMayStillBeProven() public {
        RentalId id = activeRental();
        registry.miss(chips[0], FIRST);
        skip(10);
        vm.prank(renter);
        escrow.end(id, "");

        _settle(id);

        assertFree(renter, FUNDS - RENT / 10, "epoch 10 is not over");
    }

    /// @dev The settlement comes in the last second of the use, so that the use ends in the current epoch;
    /// one more epoch is over than the registry keeps.
    function test_refund_asksForTheLatestEpochsThatAreOver() public {
        uint64 window = uint64(2048 * 256) / 3; // two chips and their operator
        RentalId id = activeRental();
        skip(40);
        vm.roll((FIRST + window + 1) * EPOCH);
        vm.prank(renter);
        escrow.end(id, "");
        bytes4 selector = IPociViews.missesAt.selector;
        vm.mockCall(REGISTRY, abi.encodeWithSelector(selector), abi.encode(uint256(0)));
        ChipPlaces[] memory places = PlaceList.room(2);
        PlaceList.put(places, 0, 0);
        PlaceList.put(places, 1, 1);

        vm.expectCall(REGISTRY, abi.encodeWithSelector(selector, places, FIRST + 1, FIRST + window));
        _settle(id);

        assertFree(renter, FUNDS - RENT * 40 / 100, "nothing was missed");
    }

    function test_refund_isOfTheMeteredRentOnly() public {
        RentalId id = activeRental();
        _pass(40);
        vm.prank(renter);
        escrow.end(id, "");
        registry.miss(chips[0], 11);
        _pass(COMMIT);

        _settle(id);

        uint128 metered = RENT * 40 / 100;
        uint128 refund = (metered + 5) / 6; // two chips, epochs 10 to 12
        assertFree(renter, FUNDS - (metered - refund), "a sixth of what was used");
    }

    /// @dev Silence starts the time later than the hand-over, whose epoch counts.
    function test_refund_countsFromTheHandoverWhenSilenceStarted() public {
        RentalId id = openedAndHandedOver();
        _pass(ACKNOWLEDGE + DURATION + 1);
        escrow.poke(id);
        registry.miss(chips[0], FIRST);

        _settle(id);

        assertLt(vault.freeOf(operator), FUNDS + RENT - RENT / 100, "something was refunded");
    }

    function testFuzz_refundUp_isAShareAndNeverMore(uint128 metered, uint32 missed, uint32 owed) public pure {
        owed = uint32(bound(owed, 1, type(uint32).max));

        uint128 refund = Settlement.refundUp(metered, missed, owed);

        assertLe(refund, metered, "never more than was metered");
        if (missed < owed) {
            assertGe(uint256(refund) * owed, uint256(metered) * missed, "rounded up");
            assertLt(uint256(refund) * owed, uint256(metered) * missed + owed, "by less than a wei");
        } else {
            assertEq(refund, metered, "all of it");
        }
    }

    function test_shortNoticeUp_whereNoNoticeIsAgreedOnNoneCostsNothing() public pure {
        assertEq(Settlement.shortNoticeUp(1 ether, 0, 0), 0);
    }

    function testFuzz_shortNoticeUp_fallsWithTheNotice(uint128 bond, uint32 given, uint32 agreed)
        public
        pure
    {
        uint128 cost = Settlement.shortNoticeUp(bond, given, agreed);

        assertLe(cost, bond, "the bond at most");
        if (given >= agreed) {
            assertEq(cost, 0, "a full notice is free");
        } else {
            assertLe(Settlement.shortNoticeUp(bond, given + 1, agreed), cost, "a longer one costs no more");
        }
    }

    function testFuzz_lastEpoch_liesBetweenStartAndNow(
        uint40 startedAt,
        uint32 used,
        uint32 since,
        uint32 epochs
    ) public pure {
        startedAt = uint40(bound(startedAt, 1, type(uint32).max));
        used = uint32(bound(used, 0, since));
        RentalClock.Clock memory clock;
        (clock.startedAt, clock.endedAt, clock.epoch) = (startedAt, startedAt + used, 7);

        uint64 last = clock.lastEpoch(uint64(7) + epochs, startedAt + since);

        assertGe(last, 7, "not before the start");
        assertLe(last, uint64(7) + epochs, "not after now");
        if (used == since && since != 0) assertEq(last, uint64(7) + epochs, "use until now ends now");
    }

    /// @dev A rental whose whole time is used, an epoch after its end.
    function _usedUp() private returns (RentalId id) {
        id = activeRental();
        _pass(DURATION + 1);
        escrow.poke(id);
    }

    /// @dev Both rate and settle.
    function _settle(RentalId id) private {
        _rate(id);
        revealAsOperator(id);
        Rental memory rental = escrow.rentalOf(id);
        assertEq(rental.deadline, 0, "settled");
    }

    /// @dev All but the last word, which settles.
    function _rate(RentalId id) private {
        commitAs(id, renter, 80, RENTER_SALT);
        commitAs(id, operator, 90, OPERATOR_SALT);
        revealAsRenter(id);
    }

    function _pass(uint64 time) private {
        skip(time);
        vm.roll(block.number + time);
    }
}
