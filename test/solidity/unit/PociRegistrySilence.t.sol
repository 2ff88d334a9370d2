// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {ChipState} from "contracts/src/types/Chips.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

import {PociFixture} from "../lib/PociFixture.sol";

/// @title Shows what missing too many epochs costs a chip, and how it comes back.
contract PociRegistrySilenceTest is PociFixture {
    function setUp() public override {
        super.setUp();
        register(8);
    }

    function test_stateOf_isSuspendedAfterThreeEpochsOfSilenceWithoutAnybodysCall() public {
        mineToEpoch(4); // epochs 1 to 3 passed without a proof

        assertEq(uint8(registry.stateOf(ids[3])), uint8(ChipState.Suspended), "to everybody");
        assertEq(uint8(chipOf(3).state), uint8(ChipState.Pending), "as stored");
        (ChipId chip, address owner, uint64 phi) = views.activeAt(3);
        assertEq(ChipId.unwrap(chip), ChipId.unwrap(ids[3]), "place");
        assertEq(owner, operator, "operator");
        assertEq(phi, 0, "no power in draws");
        vm.expectRevert(wrongState(3, ChipState.Suspended));
        vm.prank(ESCROW);
        registry.reserve(operator, only(3));
    }

    /// @dev An operator that had proven nothing for three epochs came back with one proof, and nothing was
    /// held against its chips unless somebody had called `suspendSilent` in time.
    function test_proveAvailability_doesNotForgiveAnEarlierSilence() public {
        mineToEpoch(4);

        proveIn(4, "of8", nobody);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Suspended), "after the proof");
        registry.suspendSilent(only(0), entries[0].blsKey);
        assertEq(uint8(chipOf(0).state), uint8(ChipState.Suspended), "stored");
        assertEq(chipOf(0).misses, 0, "none in a row now");
        assertEq(views.totalPower(), 7 * PHI, "power");
    }

    /// @dev Absent twice, then nobody proved, then present: three in a row, of two kinds.
    function test_proveAvailability_doesNotForgiveAbsenceThatSilenceWentOnWith() public {
        proveIn(1, "of8without7", one(7));
        proveIn(2, "of8without7", one(7));

        proveIn(4, "of8", nobody); // nothing proven in epoch 3

        assertEq(uint8(registry.stateOf(ids[7])), uint8(ChipState.Suspended), "absent, absent, silent");
        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Active), "silent once");
    }

    function test_proveAvailability_endsASilenceOfTwoEpochs() public {
        proveIn(1, "of8", nobody);

        proveIn(4, "of8", nobody);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Active), "state");
        vm.expectRevert(wrongState(0, ChipState.Pending));
        registry.suspendSilent(only(0), entries[0].blsKey);
    }

    function test_stateOf_countsSilenceFromAChipsOwnFirstEpoch() public {
        mineToEpoch(3);
        registerFrom(8, 1);

        mineToEpoch(6);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Suspended), "there from the start");
        assertEq(uint8(registry.stateOf(ids[8])), uint8(ChipState.Active), "owed epochs 4 and 5");
        mineToEpoch(7);
        assertEq(uint8(registry.stateOf(ids[8])), uint8(ChipState.Suspended), "owed epoch 6 too");
    }

    function test_suspendSilent_suspendsAfterThreeEpochsOfSilence() public {
        mineToEpoch(4); // epochs 1 to 3 passed without a proof

        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipSuspended(ids[3], 4);
        vm.prank(stranger);
        registry.suspendSilent(only(3), entries[3].blsKey);

        assertEq(uint8(registry.stateOf(ids[3])), uint8(ChipState.Suspended), "state");
        assertEq(chipOf(3).misses, 3, "misses");
        assertEq(views.totalPower(), 7 * PHI, "power");
        (, uint32 count) = views.snapshotOf(operator, 5);
        assertEq(count, 7, "count");
    }

    function test_suspendSilent_revertsWhen_silenceIsTooShort() public {
        mineToEpoch(3);
        vm.expectRevert(wrongState(3, ChipState.Pending));
        registry.suspendSilent(only(3), entries[3].blsKey);
    }

    function test_suspendSilent_revertsWhen_chipIsSuspended() public {
        mineToEpoch(4);
        registry.suspendSilent(only(3), entries[3].blsKey);
        vm.expectRevert(wrongState(3, ChipState.Suspended));
        registry.suspendSilent(only(3), entries[3].blsKey);
    }

    function test_suspendSilent_revertsWhen_keyIsAnotherChips() public {
        mineToEpoch(4);
        bytes memory key = entries[2].blsKey;
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryOtherKey.selector, ids[3], keccak256(key))
        );
        registry.suspendSilent(only(3), key);
    }

    function test_suspendSilent_revertsWhen_keysAreNotAsManyAsChips() public {
        mineToEpoch(4);
        vm.expectRevert(badLength("blsKeys", 47, 48));
        registry.suspendSilent(only(3), new bytes(47));
    }

    function test_resume_revertsWhen_blsKeyIsAnotherChips() public {
        suspendIn4();
        mineToEpoch(6);
        (bytes32 r, bytes32 s) = fresh(6);
        bytes memory key = entries[2].blsKey;
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryOtherKey.selector, ids[7], keccak256(key))
        );
        vm.prank(operator);
        registry.resume(ids[7], signed(7, r, s), key);
    }

    function test_resume_revertsWhen_moreThanAKeyIsBrought() public {
        suspendIn4();
        mineToEpoch(6);
        (bytes32 r, bytes32 s) = fresh(6);
        bytes memory key = bytes.concat(entries[7].blsKey, hex"00");
        vm.expectRevert(badLength("blsKey", 49, 48));
        vm.prank(operator);
        registry.resume(ids[7], signed(7, r, s), key);
    }

    function test_resume_bringsPowerAndKeyBack() public {
        (bytes memory all,) = views.snapshotOf(operator, 1);
        suspendIn4();
        mineToEpoch(6);

        (bytes32 r, bytes32 s) = fresh(6);
        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipResumed(ids[7]);
        vm.prank(operator);
        registry.resume(ids[7], signed(7, r, s), entries[7].blsKey);

        assertEq(uint8(registry.stateOf(ids[7])), uint8(ChipState.Active), "state");
        assertEq(chipOf(7).misses, 0, "misses");
        assertEq(views.totalPower(), 8 * PHI, "power");
        assertEq(views.powerOf(operator), 8 * PHI, "operator's power");
        (bytes memory key, uint32 count) = views.snapshotOf(operator, 7);
        assertEq(count, 8, "count");
        assertEq(key, all, "aggregate key");
        proveIn(7, "of8", nobody);
        assertTrue(registry.wasPresent(ids[7], 7), "present again");
    }

    /// @dev Until epoch 5 is over somebody may open epoch 4, whose snapshot the chip counts in.
    function test_resume_revertsWhen_openingsStillReadTheOldService() public {
        suspendIn4();
        mineToEpoch(5);
        refuseResume(
            5, abi.encodeWithSelector(IPociRegistry.PociRegistryWrongEpoch.selector, uint64(6), uint64(5))
        );
    }

    function test_resume_revertsWhen_signatureIsStale() public {
        suspendIn4();
        mineToEpoch(6);
        refuseResume(5, abi.encodeWithSelector(IPociRegistry.PociRegistryBadAttestation.selector, ids[7]));
    }

    function test_resume_revertsWhen_keyIsAnotherChips() public {
        suspendIn4();
        mineToEpoch(6);
        (bytes32 r, bytes32 s) = fresh(6);
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryBadAttestation.selector, ids[7]));
        vm.prank(operator);
        registry.resume(ids[7], signed(6, r, s), entries[7].blsKey);
    }

    function test_resume_revertsWhen_chipIsActive() public {
        mineToEpoch(1);
        refuseResume(1, wrongState(7, ChipState.Active));
    }

    function test_resume_revertsWhen_callerIsNotTheOperator() public {
        suspendIn4();
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryNotOperator.selector, ids[7], stranger)
        );
        vm.prank(stranger);
        registry.resume(ids[7], signed(7, 0, 0), entries[7].blsKey);
    }

    function test_resume_revertsWhen_chipIsOverdueButOnTheLine() public {
        mineToEpoch(4);
        refuseResume(4, abi.encodeWithSelector(IPociRegistry.PociRegistryOverdue.selector, ids[7]));
    }

    function test_resume_leavesTheOldSilenceBehind() public {
        suspendIn4();
        mineToEpoch(6);
        resume(6);

        mineToEpoch(9);

        assertEq(uint8(registry.stateOf(ids[7])), uint8(ChipState.Active), "silent in 7 and 8 only");
    }

    function test_missesIn_countsAbsenceAndSilenceOfEpochsThatAreOver() public {
        proveIn(1, "of8without7", one(7));
        proveIn(2, "of8", nobody);
        mineToEpoch(4); // nothing proven in epoch 3

        assertEq(views.missesIn(ids[7], 0, 100), 2, "absent in 1, silent in 3");
        assertEq(views.missesIn(ids[0], 0, type(uint64).max), 1, "silent in 3");
        assertEq(views.missesIn(ids[7], 0, 4), 2, "the current epoch may still be proven");
        assertEq(views.missesIn(ids[7], 1, 1), 1, "both ends are inclusive");
        assertEq(views.missesIn(ids[7], 2, 2), 0, "present in 2");
        assertEq(views.missesIn(ids[7], 3, 2), 0, "an empty range");
        assertEq(views.missesIn(ids[20], 0, 100), 0, "an unknown chip");
    }

    function test_missesAt_addsUpTheMissesOfTheChipsOnThePlaces() public {
        proveIn(1, "of8without7", one(7));
        mineToEpoch(3); // nothing proven in epoch 2
        ChipId[] memory chips = new ChipId[](2);
        (chips[0], chips[1]) = (ids[7], ids[0]);

        assertEq(views.missesAt(placesOf(chips), 1, 2), 3, "both silent in 2, one absent in 1");
        assertEq(views.missesAt(placesOf(chips), 1, 3), 3, "the current epoch may still be proven");
        assertEq(views.missesAt(placesOf(only(0)), 1, 1), 0, "present in 1");
    }

    function test_missesIn_doesNotCountWhatAChipDoesNotOwe() public {
        mineToEpoch(2);
        registerFrom(8, 1); // owes epoch 3 first
        mineToEpoch(4);
        assertEq(views.missesIn(ids[8], 0, 3), 1, "silent in 3");

        vm.prank(operator);
        registry.requestExit(ids[8], entries[8].blsKey); // still read by epoch 4
        mineToEpoch(8);

        assertEq(views.missesIn(ids[8], 0, 7), 2, "none after it asked to leave");
    }

    /// @dev A chip that is suspended while it is rented serves nobody, and coming back does not undo that.
    function test_missesIn_countsTheTimeOffTheLine() public {
        suspendIn4();
        mineToEpoch(6);
        assertEq(views.missesIn(ids[7], 0, 5), 5, "silent in 1 to 4, away in 5");

        resume(6);
        proveIn(7, "of8", nobody);
        mineToEpoch(8);

        assertEq(views.missesIn(ids[7], 0, 7), 6, "away in 6, too");
        assertEq(views.missesIn(ids[7], 7, 7), 0, "back in 7");
    }

    function suspendIn4() private {
        mineToEpoch(4);
        registry.suspendSilent(only(7), entries[7].blsKey);
    }

    /// @dev Chip 7 returns with its signature of an epoch.
    function resume(uint64 epoch) private {
        (bytes32 r, bytes32 s) = fresh(epoch);
        vm.prank(operator);
        registry.resume(ids[7], signed(7, r, s), entries[7].blsKey);
    }

    function refuseResume(uint64 epoch, bytes memory reason) private {
        (bytes32 r, bytes32 s) = fresh(epoch);
        vm.expectRevert(reason);
        vm.prank(operator);
        registry.resume(ids[7], signed(7, r, s), entries[7].blsKey);
    }

    /// @dev Chip 7's signature over an epoch's message.
    function fresh(uint64 epoch) private view returns (bytes32 r, bytes32 s) {
        r = vm.parseJsonBytes32(json, string.concat(keyOf(epoch), "r7"));
        s = vm.parseJsonBytes32(json, string.concat(keyOf(epoch), "s7"));
    }

    function wrongState(uint256 i, ChipState state) private view returns (bytes memory) {
        return abi.encodeWithSelector(IPociRegistry.PociRegistryWrongState.selector, ids[i], state);
    }
}
