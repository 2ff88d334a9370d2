// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IEmission} from "contracts/src/interfaces/IEmission.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

import {PresenceDouble} from "../doubles/PresenceDouble.sol";
import {ChainFixture} from "../lib/ChainFixture.sol";
import {Plans} from "../lib/Plans.sol";

contract EmissionTest is ChainFixture {
    ChipId internal constant CHIP = ChipId.wrap("chip");
    address internal operator = makeAddr("operator");
    PresenceDouble internal presence = PresenceDouble(REGISTRY);

    function setUp() public override {
        super.setUp();
        build(REGISTRY, type(PresenceDouble).creationCode, abi.encode(EPOCH));
        presence.set(CHIP, 0, true);
        mineTo(2 * EPOCH);
    }

    function test_onBlock_paysAPresentChip() public {
        vm.expectEmit(EMISSION);
        emit IEmission.BlockRewarded(2 * EPOCH, operator, CHIP, 100e9);
        vm.prank(SYSTEM);
        uint64 paid = emission.onBlock(operator, CHIP);

        assertEq(paid, 100e9, "paid");
        assertEq(emission.issuedGwei(), 100e9, "issued");
    }

    function test_onBlock_sumsWithoutDrift() public {
        uint128 sum = 0;
        vm.startPrank(SYSTEM);
        for (uint64 height = 3000; height < 3100; ++height) {
            vm.roll(height);
            presence.set(CHIP, height / EPOCH - 2, true);
            sum += emission.onBlock(operator, CHIP);
        }
        vm.stopPrank();

        assertEq(emission.issuedGwei(), sum, "issued");
        // 100 blocks of the falling tier, summed apart to 60 digits and floored.
        assertEq(sum, 2_951_322_937_662, "sum");
    }

    function test_onBlock_forfeitsTheRewardOfAnAbsentChip() public {
        presence.set(CHIP, 0, false);

        vm.expectEmit(EMISSION);
        emit IEmission.RewardForfeited(2 * EPOCH, operator, CHIP, 100e9);
        vm.prank(SYSTEM);
        uint64 paid = emission.onBlock(operator, CHIP);

        assertEq(paid, 0, "paid");
        assertEq(emission.issuedGwei(), 0, "issued");
    }

    function test_onBlock_forfeitsBeforeTheThirdEpoch() public {
        vm.roll(2 * EPOCH - 1);
        vm.prank(SYSTEM);
        assertEq(emission.onBlock(operator, CHIP), 0);
    }

    function test_onBlock_paysTheSealerNothing() public {
        vm.recordLogs();
        vm.prank(SYSTEM);
        uint64 paid = emission.onBlock(address(0), ChipId.wrap(0));

        assertEq(paid, 0, "paid");
        assertEq(vm.getRecordedLogs().length, 0, "nothing forfeited");
    }

    function test_onBlock_revertsWhen_callerIsNotTheSystem() public {
        vm.expectRevert(abi.encodeWithSelector(IEmission.EmissionNotSystem.selector, operator));
        vm.prank(operator);
        emission.onBlock(operator, CHIP);
    }

    function test_onBlock_revertsWhen_calledTwiceInABlock() public {
        vm.startPrank(SYSTEM);
        emission.onBlock(operator, CHIP);
        vm.expectRevert(
            abi.encodeWithSelector(IEmission.EmissionWrongHeight.selector, 2 * EPOCH, 2 * EPOCH + 1)
        );
        emission.onBlock(operator, CHIP);
        vm.stopPrank();
    }

    function test_burn_countsWhatItTakes() public {
        vm.deal(operator, 3 ether);

        vm.expectEmit(EMISSION);
        emit IEmission.Burned(operator, 2 ether);
        vm.prank(operator);
        emission.burn{value: 2 ether}();

        assertEq(emission.burned(), 2 ether, "burned");
        assertEq(EMISSION.balance, 2 ether, "kept");
    }

    function test_plan_isTheOneItWasBuiltWith() public view {
        assertEq(abi.encode(emission.plan()), abi.encode(Plans.tiered()));
    }

    function test_rewardAt_followsTheTiers() public view {
        assertEq(emission.rewardAt(0), 0, "genesis");
        assertEq(emission.rewardAt(1), 100e9, "first");
        assertEq(emission.rewardAt(1000), 100e9, "last of the first tier");
        assertEq(emission.rewardAt(1001), 75e9, "second tier");
        assertEq(emission.rewardAt(2001), 50e9, "third tier");
        assertEq(emission.rewardAt(3000), 30e9, "first of the last tier");
        assertEq(emission.rewardAt(3001), 29_990_004_998, "falling");
    }
}
