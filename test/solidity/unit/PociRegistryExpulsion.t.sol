// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {ChipState} from "contracts/src/types/Chips.sol";

import {PociFixture} from "../lib/PociFixture.sol";

/// @title Shows how a chip that never comes back loses its place and a part of its bond.
contract PociRegistryExpulsionTest is PociFixture {
    /// @dev The first epoch in which 145 misses in a row lie behind: 1 to 145.
    uint64 private constant DUE = 146;
    uint256 private constant BURNED = PHI * BOND / 10;

    function setUp() public override {
        super.setUp();
        register(8);
        mineToEpoch(4);
        registry.suspendSilent(only(7), entries[7].blsKey);
    }

    function test_expel_burnsATenthOfTheBondAndStartsTheExit() public {
        mineToEpoch(DUE);
        uint256 burnedBefore = emission.burned();

        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipExiting(ids[7], time() + EXIT_SECONDS);
        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipExpelled(ids[7], 145, BURNED);
        vm.prank(stranger);
        registry.expel(ids[7]);

        assertEq(uint8(registry.stateOf(ids[7])), uint8(ChipState.Exiting), "state");
        assertEq(chipOf(7).bond, PHI * BOND - BURNED, "bond");
        assertEq(emission.burned() - burnedBefore, BURNED, "burned");
        bytes32 purpose = bytes32(uint256(uint160(operator)));
        assertEq(vault.lockedOf(REGISTRY, purpose), bondOf(8) - BURNED, "locked");
        assertEq(views.totalPower(), 7 * PHI, "power was gone before");
    }

    function test_expel_leavesTheRestOfTheBondToTheOperator() public {
        mineToEpoch(DUE);
        registry.expel(ids[7]);
        mineTo(DUE * EPOCH + EXIT_SECONDS);

        registry.finishExit(ids[7]);

        assertEq(vault.freeOf(operator), PHI * BOND - BURNED, "free");
        assertEq(chipOf(7).bond, 0, "bond");
        assertEq(vault.lockedOf(REGISTRY, bytes32(uint256(uint160(operator)))), bondOf(7), "of the others");
    }

    function test_expel_revertsWhen_oneMissIsLacking() public {
        mineToEpoch(DUE - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPociRegistry.PociRegistryTooFewMisses.selector, ids[7], uint8(144), uint8(145)
            )
        );
        registry.expel(ids[7]);
    }

    function test_expel_revertsWhen_theChipCameBack() public {
        mineToEpoch(6);
        bytes32 r = vm.parseJsonBytes32(json, ".epochs.e6.r7");
        bytes32 s = vm.parseJsonBytes32(json, ".epochs.e6.s7");
        vm.prank(operator);
        registry.resume(ids[7], signed(7, r, s), entries[7].blsKey);
        mineToEpoch(DUE);
        registry.suspendSilent(only(7), entries[7].blsKey);

        vm.expectRevert(
            abi.encodeWithSelector(
                IPociRegistry.PociRegistryTooFewMisses.selector, ids[7], uint8(139), uint8(145)
            )
        );
        registry.expel(ids[7]);
    }

    /// @dev A chip that was suspended while it was rented waits for the rental's end.
    function test_expel_revertsWhen_aRentalHoldsTheChip() public {
        mineToEpoch(5);
        registerFrom(8, 1);
        mineToEpoch(6);
        vm.prank(ESCROW);
        registry.reserve(operator, only(8));
        mineToEpoch(DUE + 6);
        registry.suspendSilent(only(8), entries[8].blsKey);

        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryChipRented.selector, ids[8]));
        registry.expel(ids[8]);
    }

    function test_expel_revertsWhen_nobodyHasSuspendedTheChip() public {
        mineToEpoch(DUE);
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryWrongState.selector, ids[3], ChipState.Pending)
        );
        registry.expel(ids[3]);
    }

    function test_expel_revertsWhen_expelled() public {
        mineToEpoch(DUE);
        registry.expel(ids[7]);
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryWrongState.selector, ids[7], ChipState.Exiting)
        );
        registry.expel(ids[7]);
    }
}
