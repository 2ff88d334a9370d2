// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {ChipKind, ChipRegistration, ChipState} from "contracts/src/types/Chips.sol";
import {ChipId, ChipPlaces} from "contracts/src/types/Ids.sol";

import {PociFixture} from "../lib/PociFixture.sol";

contract PociRegistryLeavingTest is PociFixture {
    function setUp() public override {
        super.setUp();
        register(8);
        mineToEpoch(1);
    }

    function test_requestExit_takesPowerAndKeyAway() public {
        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipExiting(ids[0], time() + EXIT_SECONDS);
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Exiting), "state");
        assertEq(views.totalPower(), 7 * PHI, "power");
        assertEq(chipOf(0).exitAt, time() + EXIT_SECONDS, "exitAt");
        (, uint32 count) = views.snapshotOf(operator, 2);
        assertEq(count, 7, "count");
        (ChipId first,,) = views.segmentAt(0);
        assertEq(ChipId.unwrap(first), ChipId.unwrap(ids[1]), "the line closes up");
    }

    function test_requestExit_ofASuspendedChipIsBookedOnce() public {
        mineToEpoch(4);
        registry.suspendSilent(only(0), entries[0].blsKey);

        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);

        assertEq(views.totalPower(), 7 * PHI, "power");
        (, uint32 count) = views.snapshotOf(operator, 5);
        assertEq(count, 7, "count");
    }

    function test_requestExit_stillOwesTheEpochThatReadsIt() public {
        vm.prank(operator);
        registry.requestExit(ids[7], entries[7].blsKey);

        proveIn(1, "of8without7", one(7));

        assertFalse(registry.wasPresent(ids[7], 1), "absent");
        assertEq(uint8(registry.stateOf(ids[7])), uint8(ChipState.Exiting), "state");
    }

    function test_requestExit_revertsWhen_callerIsNotTheOperator() public {
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryNotOperator.selector, ids[0], stranger)
        );
        vm.prank(stranger);
        registry.requestExit(ids[0], entries[0].blsKey);
    }

    function test_requestExit_revertsWhen_chipIsRented() public {
        vm.prank(ESCROW);
        registry.reserve(operator, only(0));

        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryChipRented.selector, ids[0]));
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
    }

    function test_requestExit_revertsWhen_asked() public {
        vm.startPrank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        vm.expectRevert(wrongState(0, ChipState.Exiting));
        registry.requestExit(ids[0], entries[0].blsKey);
        vm.stopPrank();
    }

    function test_finishExit_freesTheBond() public {
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        mineTo(EPOCH + EXIT_SECONDS); // a second a block

        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipExited(ids[0], operator, PHI * BOND);
        vm.prank(stranger);
        registry.finishExit(ids[0]);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Exited), "state");
        assertEq(vault.freeOf(operator), bondOf(1), "free");
        assertEq(vault.lockedOf(REGISTRY, bytes32(uint256(uint160(operator)))), bondOf(7), "locked");
        assertEq(chipOf(0).bond, 0, "bond");
    }

    function test_finishExit_revertsWhen_waitIsNotOver() public {
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        uint64 exitAt = time() + EXIT_SECONDS;
        mineTo(EPOCH + EXIT_SECONDS - 1);

        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryExitPending.selector, ids[0], exitAt)
        );
        registry.finishExit(ids[0]);
    }

    function test_finishExit_revertsWhen_aProofMayStillReadTheChip() public {
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        uint64 exitAt = time() + EXIT_SECONDS;
        skipSeconds(EXIT_SECONDS); // in the same epoch

        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryExitPending.selector, ids[0], exitAt)
        );
        registry.finishExit(ids[0]);
    }

    function test_finishExit_revertsWhen_nobodyAsked() public {
        vm.expectRevert(wrongState(0, ChipState.Pending));
        registry.finishExit(ids[0]);
    }

    function test_register_takesAnExitedChipToAnotherOperator() public {
        retire(0);
        ChipRegistration[] memory chips = transferred();
        bytes memory key = vm.parseJsonBytes(json, ".newVrfKey");

        vm.prank(newOperator);
        registry.register{value: bondOf(1)}(chips, key);

        assertEq(chipOf(0).operator, newOperator, "operator");
        assertEq(chipOf(0).registrations, 2, "registrations");
        assertEq(chipOf(0).index, 0, "index");
        assertEq(views.powerOf(newOperator), PHI, "power");
        assertEq(views.powerOf(operator), 7 * PHI, "old power");
        (ChipId first, address owner,) = views.segmentAt(0);
        assertEq(ChipId.unwrap(first), ChipId.unwrap(ids[0]), "the same segment");
        assertEq(owner, newOperator, "of the new operator");
    }

    function test_register_revertsWhen_anExitedChipsAttestationIsReplayed() public {
        retire(0);
        ChipRegistration[] memory chips = slice(0, 1);

        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryBadAttestation.selector, ids[0]));
        vm.prank(operator);
        registry.register{value: bondOf(1)}(chips, "");
    }

    function test_register_revertsWhen_anExitedChipComesWithAnotherKey() public {
        retire(0);
        ChipRegistration[] memory chips = transferred();
        chips[0].blsKey = entries[20].blsKey;
        bytes memory key = vm.parseJsonBytes(json, ".newVrfKey");

        vm.expectRevert(
            abi.encodeWithSelector(
                IPociRegistry.PociRegistryKeyTaken.selector, ids[0], keccak256(entries[20].blsKey)
            )
        );
        vm.prank(newOperator);
        registry.register{value: bondOf(1)}(chips, key);
    }

    /// @dev The place of a chip that is gone is the next one's: lists do not grow with turnover.
    function test_register_takesThePlaceOfAnExitedChip() public {
        retire(3);
        ChipId[] memory left = views.chipsOf(operator);
        assertEq(left.length, 7, "the exited chip is not listed");

        registerFrom(8, 1);

        assertEq(chipOf(8).index, 3, "its place");
        assertEq(chipOf(8).segment, 8, "a segment of its own");
        assertEq(ChipId.unwrap(views.chipsOf(operator)[3]), ChipId.unwrap(ids[8]), "in the list");
    }

    function test_requestExit_revertsWhen_keyIsAnotherChips() public {
        bytes memory key = entries[1].blsKey;
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryOtherKey.selector, ids[0], keccak256(key))
        );
        vm.prank(operator);
        registry.requestExit(ids[0], key);
    }

    function test_requestExit_revertsWhen_keyHasAnotherLength() public {
        vm.expectRevert(badLength("blsKey", 47, 48));
        vm.prank(operator);
        registry.requestExit(ids[0], new bytes(47));
    }

    function test_quarantine_revertsWhen_keysAreNotAsManyAsChips() public {
        vm.expectRevert(badLength("blsKeys", 0, 48));
        registry.quarantine(only(1), "");
    }

    function test_quarantine_revertsWhen_keyIsAnotherChips() public {
        vm.prank(governor);
        vendors.revokeBatch(batch);
        bytes memory key = entries[2].blsKey;
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryOtherKey.selector, ids[1], keccak256(key))
        );
        registry.quarantine(only(1), key);
    }

    function test_quarantine_takesPowerOfARevokedBatch() public {
        vm.prank(governor);
        vendors.revokeBatch(batch);
        assertEq(uint8(registry.stateOf(ids[1])), uint8(ChipState.Quarantined), "resolved at once");

        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipQuarantined(ids[1]);
        vm.prank(stranger);
        registry.quarantine(only(1), entries[1].blsKey);

        assertEq(views.totalPower(), 7 * PHI, "power");
        (, uint32 count) = views.snapshotOf(operator, 2);
        assertEq(count, 7, "count");
    }

    function test_quarantine_letsTheOperatorExit() public {
        vm.prank(governor);
        vendors.revokeBatch(batch);
        registry.quarantine(only(1), entries[1].blsKey);

        vm.prank(operator);
        registry.requestExit(ids[1], entries[1].blsKey);

        assertEq(uint8(registry.stateOf(ids[1])), uint8(ChipState.Exiting), "state");
        assertEq(views.totalPower(), 7 * PHI, "power is taken once");
    }

    function test_quarantine_revertsWhen_batchIsGood() public {
        vm.expectRevert(wrongState(1, ChipState.Pending));
        registry.quarantine(only(1), entries[1].blsKey);
    }

    function test_quarantine_revertsWhen_quarantined() public {
        vm.prank(governor);
        vendors.revokeBatch(batch);
        registry.quarantine(only(1), entries[1].blsKey);
        vm.expectRevert(wrongState(1, ChipState.Quarantined));
        registry.quarantine(only(1), entries[1].blsKey);
    }

    function test_resume_revertsWhen_batchIsRevoked() public {
        mineToEpoch(4);
        registry.suspendSilent(only(7), entries[7].blsKey);
        vm.prank(governor);
        vendors.revokeBatch(batch);
        mineToEpoch(5);
        vm.expectRevert(wrongState(7, ChipState.Quarantined));
        vm.prank(operator);
        registry.resume(ids[7], signed(7, 0, 0), entries[7].blsKey);
    }

    function test_reserve_holdsChipsUntilFree() public {
        vm.startPrank(ESCROW);
        (ChipPlaces[] memory places,) = registry.reserve(operator, firstTwo());
        assertEq(chipOf(0).rentals, 1, "reserved");
        assertEq(chipOf(1).rentals, 1, "reserved");
        registry.free(places);
        assertEq(chipOf(0).rentals, 0, "free");
        registry.reserve(operator, firstTwo());
        vm.stopPrank();
    }

    function test_reserve_tellsPlacesAndWhatTheChipsHaveInCommon() public {
        ChipId[] memory list = new ChipId[](2);
        (list[0], list[1]) = (ids[7], ids[2]);

        vm.prank(ESCROW);
        (ChipPlaces[] memory places, ChipKind memory kind) = registry.reserve(operator, list);

        assertEq(abi.encode(places), abi.encode(placesOf(list)), "in the order of the list");
        assertEq(abi.encode(views.chipsAt(places)), abi.encode(list), "they name the chips");
        assertEq(kind.model, MODEL, "model");
        assertEq(kind.phi, PHI, "least power");
    }

    /// @dev No model is all of theirs; the least power is.
    function test_reserve_ofChipsOfTwoModelsTellsNone() public {
        vm.prank(governor);
        vendors.setModel(MODEL + 1, 3 * PHI);
        ChipRegistration storage other = entries[8];
        vm.prank(vendor);
        other.batch = vendors.postBatch(
            keccak256(abi.encodePacked(bytes1(0), other.x, other.y, uint256(MODEL + 1), other.serialHash)),
            MODEL + 1,
            1
        );
        delete other.path;
        vm.prank(operator);
        registry.register{value: bondOf(3)}(slice(8, 1), vrfKey());
        mineToEpoch(2);
        ChipId[] memory list = new ChipId[](2);
        (list[0], list[1]) = (ids[8], ids[2]);

        vm.prank(ESCROW);
        (, ChipKind memory kind) = registry.reserve(operator, list);

        assertEq(kind.model, 0, "model");
        assertEq(kind.phi, PHI, "least power");
    }

    function test_reserve_revertsWhen_nobodyEverRegisteredTheChip() public {
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryNotOperator.selector, ids[20], stranger)
        );
        vm.prank(ESCROW);
        registry.reserve(stranger, only(20));
    }

    function test_reserve_revertsWhen_callerIsNotTheEscrow() public {
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryNotEscrow.selector, stranger));
        vm.prank(stranger);
        registry.reserve(operator, only(0));
    }

    function test_reserve_revertsWhen_chipIsAnothers() public {
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryNotOperator.selector, ids[0], stranger)
        );
        vm.prank(ESCROW);
        registry.reserve(stranger, only(0));
    }

    function test_reserve_revertsWhen_chipIsRented() public {
        vm.startPrank(ESCROW);
        registry.reserve(operator, only(0));
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryChipRented.selector, ids[0]));
        registry.reserve(operator, only(0));
        vm.stopPrank();
    }

    function test_reserve_revertsWhen_chipIsPending() public {
        registerFrom(8, 1);
        vm.expectRevert(wrongState(8, ChipState.Pending));
        vm.prank(ESCROW);
        registry.reserve(operator, only(8));
    }

    function test_free_revertsWhen_callerIsNotTheEscrow() public {
        ChipPlaces[] memory places = onPlace(0);
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryNotEscrow.selector, stranger));
        vm.prank(stranger);
        registry.free(places);
    }

    function test_free_revertsWhen_chipIsNotReserved() public {
        ChipPlaces[] memory places = onPlace(0);
        vm.expectRevert(wrongState(0, ChipState.Pending));
        vm.prank(ESCROW);
        registry.free(places);
    }

    function retire(uint256 i) private {
        vm.prank(operator);
        registry.requestExit(ids[i], entries[i].blsKey);
        mineTo(EPOCH + EXIT_SECONDS);
        registry.finishExit(ids[i]);
    }

    function transferred() private view returns (ChipRegistration[] memory chips) {
        chips = slice(0, 1);
        chips[0].r = vm.parseJsonBytes32(json, ".transfer.r");
        chips[0].s = vm.parseJsonBytes32(json, ".transfer.s");
        chips[0].possession = vm.parseJsonBytes(json, ".transfer.possession");
    }

    function firstTwo() private view returns (ChipId[] memory list) {
        list = new ChipId[](2);
        (list[0], list[1]) = (ids[0], ids[1]);
    }

    function wrongState(uint256 i, ChipState state) private view returns (bytes memory) {
        return abi.encodeWithSelector(IPociRegistry.PociRegistryWrongState.selector, ids[i], state);
    }
}
