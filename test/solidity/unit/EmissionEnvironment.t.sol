// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IEmission} from "contracts/src/interfaces/IEmission.sol";
import {Emission} from "contracts/src/poci/Emission.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

import {PresenceDouble} from "../doubles/PresenceDouble.sol";
import {EnvironmentFixture} from "../lib/EnvironmentFixture.sol";
import {Plans} from "../lib/Plans.sol";

/// @title What a block pays an operator whose environment is proven, in doubt, or not to be asked about.
contract EmissionEnvironmentTest is EnvironmentFixture {
    ChipId private constant CHIP = ChipId.wrap("chip");
    uint64 private constant REWARD = 100e9;

    function setUp() public override {
        super.setUp();
        power.addChip(alice, 1);
        build(EMISSION, type(Emission).creationCode, abi.encode(REGISTRY, ENVIRONMENT, Plans.tiered()));
    }

    /// @dev The chip was there; only the environment is in question.
    function beProven() private {
        build(REGISTRY, type(PresenceDouble).creationCode, abi.encode(EPOCH));
        PresenceDouble(REGISTRY).set(CHIP, currentEpoch() - 2, true);
    }

    function reward() private returns (uint64 paid) {
        beProven();
        vm.prank(SYSTEM);
        paid = emission.onBlock(alice, CHIP);
    }

    function test_onBlock_paysWhoPassedOneOfTheTwoLatestRounds() public {
        mineToEpoch(2);
        play(alice, "right");
        assertEq(reward(), REWARD);
    }

    function test_onBlock_paysBeforeTwoRoundsWereJudged() public {
        mineTo(4 * EPOCH - 1);
        assertEq(reward(), REWARD);
    }

    function test_onBlock_forfeitsTheRewardOfASuspendedOperator() public {
        mineToEpoch(4);
        beProven();
        vm.expectEmit(EMISSION);
        emit IEmission.RewardForfeited(4 * EPOCH, alice, CHIP, REWARD);
        vm.prank(SYSTEM);
        assertEq(emission.onBlock(alice, CHIP), 0, "paid");
        assertEq(emission.issuedGwei(), 0, "issued");
    }

    /// @dev A failing question costs the reward, never the block: the call itself succeeds.
    function expectForfeitWith(bytes memory code) private {
        mineToEpoch(2);
        vm.etch(ENVIRONMENT, code);
        assertEq(reward(), 0);
    }

    function test_onBlock_forfeitsWhenNothingStandsThere() public {
        expectForfeitWith("");
    }

    function test_onBlock_forfeitsWhenTheQuestionReverts() public {
        expectForfeitWith(hex"5f5ffd");
    }

    function test_onBlock_forfeitsWhenTheQuestionSpendsItsGas() public {
        expectForfeitWith(hex"5b5f56");
    }

    function test_onBlock_forfeitsWhenTheAnswerIsNoWord() public {
        expectForfeitWith(hex"60405ff3");
    }

    function test_onBlock_forfeitsWhenTheAnswerIsNoBoolean() public {
        expectForfeitWith(hex"60025f5260205ff3");
    }
}
