// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IEmission} from "contracts/src/interfaces/IEmission.sol";
import {IFuelBook} from "contracts/src/interfaces/IFuelBook.sol";
import {Emission} from "contracts/src/poci/Emission.sol";
import {ChipId} from "contracts/src/types/Ids.sol";
import {FuelTerms, IssuePlan} from "contracts/src/types/Issue.sol";

import {PresenceDouble} from "../doubles/PresenceDouble.sol";
import {ChainFixture} from "../lib/ChainFixture.sol";
import {Plans} from "../lib/Plans.sol";

/// @title Tests the fuel that burns under the Talos schedule: 200 blocks a cycle here, a day each.
contract FuelBookTest is ChainFixture {
    uint128 private constant LEAST = 10 ether;
    uint64 private constant CYCLE = 200;
    ChipId private constant CHIP = ChipId.wrap("chip");

    address private foundation = makeAddr("foundation");
    address private operator = makeAddr("operator");
    address private friend = makeAddr("friend");

    function setUp() public override {
        super.setUp();
        IssuePlan memory plan = Plans.talos(1 days);
        plan.talos.fuel = FuelTerms({leastWei: LEAST, foundation: foundation, vault: VAULT});
        build(EMISSION, type(Emission).creationCode, abi.encode(REGISTRY, address(0), plan));
        build(REGISTRY, type(PresenceDouble).creationCode, abi.encode(EPOCH));
        for (uint64 epoch = 0; epoch < 40; ++epoch) {
            PresenceDouble(REGISTRY).set(CHIP, epoch, true);
        }
        vm.deal(friend, 1000 ether);
        vm.roll(100);
    }

    function fill(uint256 amount) private {
        vm.prank(friend);
        emission.fillFuel{value: amount}(operator);
    }

    function onBlock() private returns (uint64) {
        vm.prank(SYSTEM);
        return emission.onBlock(operator, CHIP);
    }

    function test_fillFuel_spreadsItOverACycle() public {
        vm.expectEmit(EMISSION);
        emit IFuelBook.FuelFilled(operator, friend, 20 ether, 300);
        fill(20 ether);

        (uint256 left, uint64 until) = emission.fuelOf(operator);
        assertEq(left, 20 ether, "left");
        assertEq(until, 300, "until");
    }

    function test_fillFuel_revertsWhen_belowTheLeast() public {
        vm.expectRevert(abi.encodeWithSelector(IFuelBook.FuelBookTooLittle.selector, LEAST - 1, LEAST));
        fill(LEAST - 1);
    }

    function test_fillFuel_revertsWhen_theScheduleBurnsNone() public {
        Emission plain = new Emission(REGISTRY, address(0), Plans.tiered());
        vm.prank(friend);
        vm.expectRevert(IFuelBook.FuelBookNotUsed.selector);
        plain.fillFuel{value: LEAST}(operator);
    }

    function test_burnFuel_burnsADaysPartAndGivesATwentiethToTheFoundation() public {
        fill(20 ether);
        vm.roll(101);

        vm.expectEmit(EMISSION);
        emit IFuelBook.FuelBurned(operator, 0.095 ether, 0.005 ether);
        assertEq(emission.burnFuel(operator), 0.1 ether, "a 200th");

        assertEq(emission.burned(), 0.095 ether, "burned");
        assertEq(vault.freeOf(foundation), 0.005 ether, "the foundation's");
        (uint256 left,) = emission.fuelOf(operator);
        assertEq(left, 19.9 ether, "left");
    }

    function test_burnFuel_endsWithTheCycleWhateverWasBurnedBetween() public {
        fill(20 ether);
        vm.roll(137);
        emission.burnFuel(operator);
        vm.roll(300);
        emission.burnFuel(operator);

        (uint256 left,) = emission.fuelOf(operator);
        assertEq(left, 0, "left");
        assertEq(emission.burned(), 19 ether, "burned");
        assertEq(vault.freeOf(foundation), 1 ether, "the foundation's");
        assertEq(EMISSION.balance, 19 ether, "the rest never leaves");
        assertEq(emission.burnFuel(operator), 0, "nothing is due twice");
    }

    function test_fillFuel_burnsWhatWasDueAndSpreadsTheRestAnew() public {
        fill(20 ether);
        vm.roll(200);
        fill(10 ether);

        (uint256 left, uint64 until) = emission.fuelOf(operator);
        assertEq(left, 20 ether, "10 left and 10 new");
        assertEq(until, 400, "until");
        assertEq(emission.burned(), 9.5 ether, "burned");
    }

    function test_isFueled_untilTheCycleIsOver() public {
        assertFalse(emission.isFueled(operator), "before");
        fill(20 ether);

        vm.roll(299);
        assertTrue(emission.isFueled(operator), "in the last block");
        vm.roll(300);
        assertFalse(emission.isFueled(operator), "after");
    }

    function test_onBlock_paysWhileFuelBurns() public {
        fill(20 ether);
        vm.roll(299);
        uint64 due = emission.rewardAt(299);
        assertEq(onBlock(), due, "paid");
        assertGt(due, 0, "due");
    }

    function test_onBlock_forfeitsWithoutFuel() public {
        fill(20 ether);
        vm.roll(300);
        uint64 due = emission.rewardAt(300);

        vm.expectEmit(EMISSION);
        emit IEmission.RewardForfeited(300, operator, CHIP, due);
        assertEq(onBlock(), 0, "paid");
    }

    function testFuzz_burnFuel_keepsEveryWei(uint256 amount, uint64[8] calldata heights) public {
        amount = bound(amount, LEAST, 900 ether);
        fill(amount);
        for (uint256 i = 0; i < heights.length; ++i) {
            vm.roll(vm.getBlockNumber() + heights[i] % 60);
            emission.burnFuel(operator);
            (uint256 left,) = emission.fuelOf(operator);
            assertEq(left + emission.burned() + vault.freeOf(foundation), amount, "conserved");
            assertEq(EMISSION.balance, left + emission.burned(), "held");
        }
    }
}
