// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {ChipRegistration, ChipState} from "contracts/src/types/Chips.sol";

import {PociFixture} from "../lib/PociFixture.sol";

/// @dev What a bound still lets through: each of these lives next to a test of what it does not.
contract ChipBoundsTest is PociFixture {
    function test_register_looksAt64Chips() public {
        ChipRegistration[] memory chips = new ChipRegistration[](64);
        for (uint256 i = 0; i < chips.length; ++i) {
            chips[i] = entries[0];
        }
        bytes memory key = vrfKey();

        // Not their number is at fault, but that they are one chip.
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryChipTaken.selector, ids[0], ChipState.Pending)
        );
        vm.prank(operator);
        registry.register{value: bondOf(64)}(chips, key);
    }

    function test_register_acceptsTheLongestWrappedKeys() public {
        ChipRegistration[] memory chips = slice(0, 1);
        chips[0].wrappedKeys = new bytes(1024);
        bytes memory key = vrfKey();
        vm.prank(operator);
        registry.register{value: bondOf(1)}(chips, key);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Pending));
    }

    function test_requestExit_revertsWhen_chipHasLeft() public {
        register(1);
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        mineTo(EXIT_SECONDS + 2 * EPOCH);
        registry.finishExit(ids[0]);

        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryWrongState.selector, ids[0], ChipState.Exited)
        );
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
    }

    function test_finishExit_worksOnceNoLeafOfTheChipCanBeShown() public {
        register(1);
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        uint64 left = registry.currentEpoch();
        skipSeconds(EXIT_SECONDS);

        mineToEpoch(left + 9); // the look-back, and eight more: its place becomes free
        registry.finishExit(ids[0]);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Exited));
    }

    function test_finishExit_revertsWhen_aLeafOfTheChipCanBeShown() public {
        register(1);
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        uint64 exitAt = time() + EXIT_SECONDS;
        uint64 left = registry.currentEpoch();
        skipSeconds(EXIT_SECONDS);
        mineTo((left + 9) * EPOCH - 1);

        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryExitPending.selector, ids[0], exitAt)
        );
        registry.finishExit(ids[0]);
    }

    function test_chipOf_countsNoMoreThan255Misses() public {
        register(1);

        vm.roll(300 * EPOCH);

        assertEq(chipOf(0).misses, 255, "as many as fit");
    }
}
