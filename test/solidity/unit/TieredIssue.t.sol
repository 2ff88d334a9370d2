// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Exponential} from "contracts/src/libraries/Exponential.sol";
import {TieredIssue} from "contracts/src/libraries/TieredIssue.sol";
import {TieredSchedule} from "contracts/src/types/Issue.sol";

contract TieredIssueTest is Test {
    using TieredIssue for TieredSchedule;

    uint256 private constant X36_PER_GWEI = 1e27;
    uint256 private constant WEI_PER_GWEI = 1e9;
    uint64 private constant ROWS = 17;

    /// @dev Source: figure 6 of the white paper, computed apart to 60 digits.
    function test_rewardX36_equalsTheKnownAnswersInGwei() public view {
        string memory json = vm.readFile("test/vectors/emission.json");
        for (uint256 i = 0; i < ROWS; ++i) {
            string memory row = string.concat(".tiered.rows[", vm.toString(i), "].");
            // forge-lint: disable-next-line(unsafe-typecast)
            uint64 height = uint64(vm.parseJsonUint(json, string.concat(row, "height"))); // at most 1e9
            uint256 rewardWei = vm.parseJsonUint(json, string.concat(row, "reward_wei_floor"));
            assertEq(schedule().rewardX36(height) / X36_PER_GWEI, rewardWei / WEI_PER_GWEI, "gwei");
        }
    }

    /// @dev Rounding the sum moves a single block by less than a gwei, and by nothing over all blocks.
    function test_issuedGwei_paysTheKnownAnswersToWithinAGwei() public view {
        string memory json = vm.readFile("test/vectors/emission.json");
        for (uint256 i = 1; i < ROWS; ++i) {
            string memory row = string.concat(".tiered.rows[", vm.toString(i), "].");
            // forge-lint: disable-next-line(unsafe-typecast)
            uint64 height = uint64(vm.parseJsonUint(json, string.concat(row, "height"))); // at most 1e9
            uint256 rewardWei = vm.parseJsonUint(json, string.concat(row, "reward_wei_floor"));
            uint256 paid = schedule().issuedGwei(height) - schedule().issuedGwei(height - 1);
            assertApproxEqAbs(paid, rewardWei / WEI_PER_GWEI, 1, "gwei");
        }
    }

    function test_issuedGwei_isTheSumOfTheRewards() public pure {
        TieredSchedule memory short = TieredSchedule(3, 5, 8, 0.0005e18, type(uint128).max);
        uint256 sum = 0;
        for (uint64 height = 1; height < 400; ++height) {
            sum += short.rewardX36(height);
            assertApproxEqAbs(short.issuedGwei(height), sum / X36_PER_GWEI, 1, "closed form");
        }
    }

    function testFuzz_issuedGwei_neverFalls(uint64 height, uint64 more) public pure {
        height = uint64(bound(height, 0, 1e12));
        more = uint64(bound(more, 0, 1e6));
        assertLe(schedule().issuedGwei(height), schedule().issuedGwei(height + more));
    }

    function testFuzz_rewardX36_neverRises(uint64 height, uint64 more, uint256 betaWad) public pure {
        TieredSchedule memory any = schedule();
        any.betaWad = bound(betaWad, 0.0003333e18, 1e18);
        height = uint64(bound(height, 0, 1e9));
        more = uint64(bound(more, 0, 1e6));
        // The exponential is exact to 64e-36, the depth of the fall multiplies that by less than 30.
        assertGe(any.rewardX36(height) + 64 * 30, any.rewardX36(height + more));
    }

    function test_issuedGwei_stopsAtTheCap() public pure {
        TieredSchedule memory capped = schedule();
        capped.capGwei = 250e9;
        assertEq(capped.issuedGwei(2), 200e9, "below");
        assertEq(capped.issuedGwei(3), 250e9, "at the cap");
        assertEq(capped.issuedGwei(1e9), 250e9, "for ever");
    }

    function validate(TieredSchedule calldata any) external pure {
        TieredSchedule memory copy = any;
        copy.validate();
    }

    function test_validate_revertsWhen_tiersDoNotAscend() public {
        refuse(TieredSchedule(2, 1, 3, 0.0005e18, 1));
        refuse(TieredSchedule(1, 2, 2, 0.0005e18, 1));
    }

    function test_validate_revertsWhen_betaLetsTheRewardFallBelowZero() public {
        refuse(TieredSchedule(1, 2, 3, 0.000333e18, 1));
        refuse(TieredSchedule(1, 2, 3, 1e18 + 1, 1));
    }

    function test_negative_knowsLandmarks() public pure {
        assertEq(Exponential.negative(0), 1e36, "e^0");
        // e^-1 to 36 digits, rounded down
        assertApproxEqAbs(Exponential.negative(1e36), 367_879_441_171_442_321_595_523_770_161_460_867, 64);
        assertEq(Exponential.negative(84e36), 0, "far out");
    }

    function testFuzz_negative_multiplies(uint256 a, uint256 b) public pure {
        a = bound(a, 0, 20e36);
        b = bound(b, 0, 20e36);
        uint256 product = Exponential.negative(a) * Exponential.negative(b) / 1e36;
        assertApproxEqAbs(Exponential.negative(a + b), product, 200, "e^-(a + b) = e^-a e^-b");
    }

    function refuse(TieredSchedule memory any) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                TieredIssue.TieredIssueBadSchedule.selector, any.n1, any.n2, any.n3, any.betaWad
            )
        );
        this.validate(any);
    }

    function schedule() private pure returns (TieredSchedule memory) {
        return TieredSchedule(1000, 2000, 3000, 0.0005e18, type(uint128).max);
    }
}
