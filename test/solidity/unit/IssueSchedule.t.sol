// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {HalvingIssue} from "contracts/src/libraries/HalvingIssue.sol";
import {IssueSchedule} from "contracts/src/libraries/IssueSchedule.sol";
import {TalosIssue} from "contracts/src/libraries/TalosIssue.sol";
import {TieredIssue} from "contracts/src/libraries/TieredIssue.sol";
import {HalvingSchedule, IssuePlan, TalosSchedule, TieredSchedule} from "contracts/src/types/Issue.sol";

import {Plans} from "../lib/Plans.sol";

/// @title Tests the three schedules against the papers' figures and against sums made apart from them.
contract IssueScheduleTest is Test {
    using HalvingIssue for HalvingSchedule;
    using IssueSchedule for IssuePlan;
    using TalosIssue for TalosSchedule;
    using TieredIssue for TieredSchedule;

    uint256 private constant X36_PER_GWEI_OF_GWEI = 1e36;
    uint256 private constant WEI_PER_GWEI = 1e9;
    uint256 private constant UNC_GWEI = 1e9;
    uint64 private constant YEAR = 365 days;

    IssuePlan private plan;

    /// @dev Source: eq. 23 at t years, computed apart; block time 1 s.
    function test_halving_equalsTheKnownAnswersInGwei() public view {
        string memory json = vm.readFile("test/vectors/emission.json");
        uint64[8] memory heights = [0, YEAR / 2, YEAR, 2 * YEAR, 3 * YEAR, 4 * YEAR, 10 * YEAR, 40 * YEAR];
        HalvingSchedule memory halving = Plans.halving(1).halving;
        for (uint256 i = 0; i < heights.length; ++i) {
            string memory row = string.concat(".halving.rows[", vm.toString(i), "].reward_wei_floor");
            uint256 known = vm.parseJsonUint(json, row) / WEI_PER_GWEI;
            assertEq(halving.rewardX36(heights[i]) / X36_PER_GWEI_OF_GWEI, known, "rate");
            if (heights[i] == 0) continue;
            uint256 paid = halving.issuedGwei(heights[i]) - halving.issuedGwei(heights[i] - 1);
            assertApproxEqAbs(paid, known, 1, "paid");
        }
    }

    /// @dev Source: table 2 of the white paper, whose fourth figure breaks its own rule (PROTOCOL, section
    /// 13).
    function test_talos_issuesTheWhitePapersTable() public pure {
        TalosSchedule memory talos = Plans.talos(1).talos;
        uint256[4] memory table = [uint256(500e6), 475e6, 451.25e6, 428.6875e6];
        for (uint64 cycle = 1; cycle <= 4; ++cycle) {
            assertEq(cycleOf(talos, cycle), table[cycle - 1] * UNC_GWEI, "release of a cycle");
        }
        assertEq(talos.issuedGwei(1 days), 2.5e6 * UNC_GWEI, "2.5 million on the first day");
    }

    /// @dev Source: `talos.rows`: 92 cycles, computed apart.
    function test_talos_equalsTheKnownCycles() public view {
        string memory json = vm.readFile("test/vectors/emission.json");
        TalosSchedule memory talos = Plans.talos(1).talos;
        talos.capGwei = 9_950_000_000e9;
        for (uint64 cycle = 1; cycle <= 92; ++cycle) {
            string memory row = string.concat(".talos.rows[", vm.toString(cycle - 1), "].");
            uint256 release = gweiOf(vm.parseJsonString(json, string.concat(row, "release_unc")));
            uint256 daily = gweiOf(vm.parseJsonString(json, string.concat(row, "daily_unc")));
            assertApproxEqAbs(cycleOf(talos, cycle), release, 1, "release");
            uint64 begun = (cycle - 1) * Plans.CYCLE_SECONDS;
            uint256 day = talos.issuedGwei(begun + 1 days) - talos.issuedGwei(begun);
            assertApproxEqAbs(day, daily, 1, "daily");
        }
        uint256 all = talos.issuedGwei(90 * Plans.CYCLE_SECONDS);
        assertEq(all, gweiOf(vm.parseJsonString(json, ".talos.sum_90_cycles")), "90 cycles");
    }

    function test_talos_reachesItsCapInCycle69() public pure {
        TalosSchedule memory talos = Plans.talos(1).talos;
        assertLt(talos.issuedGwei(68 * Plans.CYCLE_SECONDS), talos.capGwei, "after 68 cycles");
        assertEq(talos.issuedGwei(69 * Plans.CYCLE_SECONDS), talos.capGwei, "after 69 cycles");
        assertEq(talos.issuedGwei(type(uint64).max), talos.capGwei, "for ever");
    }

    function test_halving_endsWithTheWholeSeries() public pure {
        HalvingSchedule memory halving = Plans.halving(1).halving;
        uint128 all = halving.issuedGwei(64 * Plans.HALVING_SECONDS);
        // q0 r / (1 - r) with r = 2^(-1/63,072,000), computed apart to 90 digits.
        assertApproxEqAbs(all, 4_549_683_055_947_435_046, 1, "limit");
        assertEq(halving.issuedGwei(type(uint64).max), all, "for ever");
    }

    /// @dev Differential: `scripts/issue-vectors.py`, 90 digits, 48 heights for each schedule and block time.
    function test_schedules_equalTheSumsMadeApart() public {
        string memory json = vm.readFile("test/vectors/issue_heights.json");
        compare(json, ".tiered", Plans.tiered());
        compare(json, ".halving1s", Plans.halving(1));
        compare(json, ".halving2s", Plans.halving(2));
        compare(json, ".talos1s", Plans.talos(1));
        compare(json, ".talos3s", Plans.talos(3));
    }

    function testFuzz_schedules_neverFallAndNeverPassTheirCap(uint64 height, uint64 more, uint8 kind)
        public
        pure
    {
        height = uint64(bound(height, 0, 1e12));
        more = uint64(bound(more, 0, 1e6));
        HalvingSchedule memory halving = Plans.halving(1 + kind % 5).halving;
        TalosSchedule memory talos = Plans.talos(1 + kind % 5).talos;

        assertLe(halving.issuedGwei(height), halving.issuedGwei(height + more), "halving falls");
        assertLe(talos.issuedGwei(height), talos.issuedGwei(height + more), "talos falls");
        assertLe(halving.issuedGwei(height + more), halving.capGwei, "halving's cap");
        assertLe(talos.issuedGwei(height + more), talos.capGwei, "talos's cap");
    }

    /// @dev The reward at each single block, where it is smallest beside the error of the arithmetic.
    function testFuzz_halving_paysEveryBlockOfItsLastYears(uint64 ago) public pure {
        HalvingSchedule memory halving = Plans.halving(1).halving;
        halving.firstGwei = 1e12;
        uint64 height = 64 * Plans.HALVING_SECONDS - uint64(bound(ago, 0, 10 * Plans.HALVING_SECONDS));
        assertGe(halving.issuedGwei(height), halving.issuedGwei(height - 1));
    }

    function test_halving_stopsAtItsCap() public pure {
        HalvingSchedule memory halving = Plans.halving(1).halving;
        halving.capGwei = 120e9;
        assertEq(halving.issuedGwei(2), 99_999_998_351, "below");
        assertEq(halving.issuedGwei(3), 120e9, "at the cap");
    }

    function validate(IssuePlan calldata any) external pure {
        IssuePlan memory copy = any;
        copy.validate();
    }

    function test_validate_takesTheThreePlans() public view {
        this.validate(Plans.tiered());
        this.validate(Plans.halving(1));
        this.validate(Plans.talos(1));
    }

    function test_validate_readsOnlyThePartOfTheKind() public {
        IssuePlan memory tiered = Plans.tiered();
        tiered.tiered.n3 = 0;
        vm.expectPartialRevert(TieredIssue.TieredIssueBadSchedule.selector);
        this.validate(tiered);

        IssuePlan memory halving = Plans.halving(1);
        halving.tiered.n3 = 0;
        this.validate(halving);
    }

    function test_validate_takesTheBoundsThemselves() public view {
        IssuePlan memory halving = Plans.halving(1);
        halving.halving = HalvingSchedule(1e12, 1e10, 1, 1);
        this.validate(halving);
        halving.halving = HalvingSchedule(1, 1000, 1000, 1);
        this.validate(halving);

        IssuePlan memory talos = Plans.talos(1);
        talos.talos = TalosSchedule(10, 1e10, 1e10, 199, talos.talos.fuel);
        this.validate(talos);
    }

    function test_validate_revertsWhen_halvingIsOutOfBounds() public {
        refuseHalving(HalvingSchedule(0, 1000, 1, 1));
        refuseHalving(HalvingSchedule(1e12 + 1, 1000, 1, 1));
        refuseHalving(HalvingSchedule(1, 1000, 0, 1));
        refuseHalving(HalvingSchedule(1, 1000, 1001, 1));
        refuseHalving(HalvingSchedule(1, 1e10 + 1, 1, 1));
    }

    function test_validate_revertsWhen_talosIsOutOfBounds() public {
        TalosSchedule memory good = Plans.talos(1).talos;
        refuseTalos(0, good.cycleSeconds, 1, 0);
        refuseTalos(good.firstGwei, good.cycleSeconds, 0, good.capGwei);
        refuseTalos(good.firstGwei, 100, 101, good.capGwei);
        refuseTalos(good.firstGwei, 1e10 + 1, 1, good.capGwei);
        refuseTalos(good.firstGwei, good.cycleSeconds, 1, 9_950_000_000e9 + 1);
    }

    function compare(string memory json, string memory name, IssuePlan memory chosen) private {
        plan = chosen;
        uint256[] memory heights = vm.parseJsonUintArray(json, string.concat(name, ".heights"));
        uint256[] memory issued = vm.parseJsonUintArray(json, string.concat(name, ".issuedGwei"));
        uint256[] memory rewards = vm.parseJsonUintArray(json, string.concat(name, ".rewardGwei"));
        assertEq(heights.length, 48, "heights");
        for (uint256 i = 0; i < heights.length; ++i) {
            uint64 height = uint64(heights[i]);
            assertEq(issuedOf(chosen, height), issued[i], string.concat(name, " issued"));
            assertEq(plan.rewardGwei(height), rewards[i], string.concat(name, " reward"));
        }
    }

    function issuedOf(IssuePlan memory chosen, uint64 height) private pure returns (uint128) {
        if (chosen.halving.firstGwei != 0) return chosen.halving.issuedGwei(height);
        if (chosen.talos.firstGwei != 0) return chosen.talos.issuedGwei(height);
        return chosen.tiered.issuedGwei(height);
    }

    function cycleOf(TalosSchedule memory talos, uint64 cycle) private pure returns (uint256) {
        uint64 end = cycle * Plans.CYCLE_SECONDS;
        return talos.issuedGwei(end) - talos.issuedGwei(end - Plans.CYCLE_SECONDS);
    }

    /// @dev "12.5" UNC in gwei, rounded down.
    function gweiOf(string memory decimal) private pure returns (uint256 amount) {
        bytes memory text = bytes(decimal);
        uint256 i = 0;
        for (; i < text.length && text[i] != "."; ++i) {
            amount = amount * 10 + (uint8(text[i]) - 48);
        }
        ++i;
        for (uint256 digits = 0; digits < 9; ++digits) {
            amount = amount * 10 + (i + digits < text.length ? uint8(text[i + digits]) - 48 : 0);
        }
    }

    function refuseHalving(HalvingSchedule memory any) private {
        IssuePlan memory bad = Plans.halving(1);
        bad.halving = any;
        vm.expectRevert(
            abi.encodeWithSelector(
                HalvingIssue.HalvingIssueBadSchedule.selector,
                any.firstGwei,
                any.halvingSeconds,
                any.blockSeconds
            )
        );
        this.validate(bad);
    }

    function refuseTalos(uint64 firstGwei, uint64 cycleSeconds, uint64 blockSeconds, uint128 capGwei)
        private
    {
        IssuePlan memory bad = Plans.talos(1);
        (bad.talos.firstGwei, bad.talos.cycleSeconds) = (firstGwei, cycleSeconds);
        (bad.talos.blockSeconds, bad.talos.capGwei) = (blockSeconds, capGwei);
        vm.expectRevert(
            abi.encodeWithSelector(
                TalosIssue.TalosIssueBadSchedule.selector, firstGwei, cycleSeconds, blockSeconds, capGwei
            )
        );
        this.validate(bad);
    }
}
