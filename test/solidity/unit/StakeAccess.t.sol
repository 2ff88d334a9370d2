// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IStakeAccess} from "contracts/src/interfaces/IStakeAccess.sol";
import {StakeAccess} from "contracts/src/token/StakeAccess.sol";

import {AicFixture} from "../fixtures/AicFixture.sol";

/// @title Tests that access follows a stake that has stood, and that a stake always comes out.
contract StakeAccessTest is AicFixture {
    uint48 private constant HALF_LIFE = 7 days;
    uint48 private constant EXIT = 7 days;

    function test_constructor_revertsWhen_aTermCannotBe() public {
        uint96[] memory one = _thresholds(1);
        vm.expectRevert(_badTerm("halfLifeSeconds"));
        new StakeAccess(address(token), address(timelock), 0, EXIT, one);
        vm.expectRevert(_badTerm("exitSeconds"));
        new StakeAccess(address(token), address(timelock), HALF_LIFE, 1 hours - 1, one);
        vm.expectRevert(_badTerm("thresholds"));
        new StakeAccess(address(token), address(timelock), HALF_LIFE, EXIT, _thresholds(0));
    }

    function test_stake_takesTheTokensAndCountsForNothingYet() public {
        give(alice, 10_000 ether);
        vm.startPrank(alice);
        token.approve(address(access), 10_000 ether);
        vm.expectEmit(address(access));
        emit IStakeAccess.Staked(alice, 10_000 ether, 10_000 ether);
        access.stake(10_000 ether);

        assertEq(token.balanceOf(address(access)), 10_000 ether, "held");
        assertEq(access.stakeOf(alice).amount, 10_000 ether, "stake");
        assertEq(access.ripeOf(alice), 0, "nothing counts");
        assertEq(access.tierOf(alice), 0, "no tier");
        assertTrue(access.mayUse(alice, 0), "tier zero is open to all");
        assertFalse(access.mayUse(alice, 1), "no access");
    }

    function test_ripeOf_comesNearerByHalfInEachHalfLife() public {
        stakeAs(alice, 16_000 ether);
        skip(HALF_LIFE);
        assertEq(access.ripeOf(alice), 8000 ether, "half");
        skip(HALF_LIFE);
        assertEq(access.ripeOf(alice), 12_000 ether, "three quarters");
        assertEq(access.tierOf(alice), 2, "the second tier");
        assertTrue(access.mayUse(alice, 2), "may use it");
        assertFalse(access.mayUse(alice, 3), "not the third");
        skip(60 * uint256(HALF_LIFE));
        assertEq(access.ripeOf(alice), 16_000 ether, "all of it in the end");
    }

    function test_tierOf_isReachedAtItsThreshold() public {
        stakeAs(alice, 100_000 ether);
        skip(60 * uint256(HALF_LIFE));

        assertEq(access.tierOf(alice), 3, "the last tier");
    }

    function test_stake_addsWithoutHurtingWhatIsRipe() public {
        stakeAs(alice, 1000 ether);
        skip(60 * uint256(HALF_LIFE));
        stakeAs(alice, 9000 ether);

        assertEq(access.ripeOf(alice), 1000 ether, "the old part");
        skip(HALF_LIFE);
        assertEq(access.ripeOf(alice), 5500 ether, "and half of the new");
    }

    function test_stake_revertsWhen_nothing() public {
        _expectBadAmount(0, 0);
        access.stake(0);
    }

    function test_stake_revertsWhen_notApproved() public {
        give(alice, 1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(access), 0, 1 ether
            )
        );
        vm.prank(alice);
        access.stake(1 ether);
    }

    function test_stakeWithPermit_stakesInOneCall() public {
        give(alice, 5 ether);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(aliceKey, alice, address(access), 5 ether);

        vm.prank(alice);
        access.stakeWithPermit(5 ether, block.timestamp, v, r, s);

        assertEq(access.stakeOf(alice).amount, 5 ether, "stake");
    }

    function test_requestExit_endsAccessAtOnceAndWaits() public {
        stakeAs(alice, 1000 ether);
        skip(60 * uint256(HALF_LIFE));
        uint48 freeAt = uint48(block.timestamp) + EXIT;

        vm.expectEmit(address(access));
        emit IStakeAccess.ExitRequested(alice, 1 ether, freeAt);
        vm.prank(alice);
        access.requestExit(1 ether);

        assertEq(access.stakeOf(alice).amount, 999 ether, "stake");
        assertEq(access.ripeOf(alice), 999 ether, "ripe");
        assertEq(access.tierOf(alice), 0, "below the first tier");
        assertEq(access.exitOf(alice).amount, 1 ether, "on its way");
        assertEq(access.exitOf(alice).freeAt, freeAt, "free at");
    }

    function test_requestExit_takesWhatIsNotRipeFirst() public {
        stakeAs(alice, 2000 ether);
        skip(HALF_LIFE);

        vm.prank(alice);
        access.requestExit(800 ether);

        assertEq(access.ripeOf(alice), 1000 ether, "still ripe");
    }

    function test_requestExit_joinsTheFirstAndWaitsAnew() public {
        stakeAs(alice, 10 ether);
        vm.startPrank(alice);
        access.requestExit(3 ether);
        skip(EXIT - 1);
        access.requestExit(4 ether);

        assertEq(access.exitOf(alice).amount, 7 ether, "both");
        assertEq(access.exitOf(alice).freeAt, block.timestamp + EXIT, "anew");
    }

    function test_requestExit_revertsWhen_nothingOrTooMuch() public {
        stakeAs(alice, 10 ether);
        vm.startPrank(alice);
        _expectBadAmount(0, 10 ether);
        access.requestExit(0);
        _expectBadAmount(10 ether + 1, 10 ether);
        access.requestExit(10 ether + 1);
    }

    function test_cancelExit_stakesAgainAndRipensAnew() public {
        stakeAs(alice, 1000 ether);
        skip(60 * uint256(HALF_LIFE));
        vm.startPrank(alice);
        access.requestExit(1000 ether);

        vm.expectEmit(address(access));
        emit IStakeAccess.ExitCancelled(alice, 1000 ether);
        access.cancelExit();

        assertEq(access.stakeOf(alice).amount, 1000 ether, "staked again");
        assertEq(access.ripeOf(alice), 0, "not ripe");
        assertEq(access.exitOf(alice).amount, 0, "nothing on its way");
    }

    function test_cancelExit_revertsWhen_nothingIsOnItsWay() public {
        _expectBadAmount(0, 0);
        access.cancelExit();
    }

    function test_withdraw_paysAfterTheWait() public {
        stakeAs(alice, 10 ether);
        vm.startPrank(alice);
        access.requestExit(4 ether);
        skip(EXIT);

        vm.expectEmit(address(access));
        emit IStakeAccess.Withdrawn(alice, stranger, 4 ether);
        access.withdraw(stranger);

        assertEq(token.balanceOf(stranger), 4 ether, "paid");
        assertEq(token.balanceOf(address(access)), 6 ether, "the rest stays");
        _expectBadAmount(0, 0);
        access.withdraw(stranger);
    }

    function test_withdraw_revertsWhen_early() public {
        stakeAs(alice, 10 ether);
        vm.startPrank(alice);
        access.requestExit(4 ether);
        skip(EXIT - 1);

        vm.expectRevert(
            abi.encodeWithSelector(IStakeAccess.StakeAccessExitPending.selector, uint48(block.timestamp) + 1)
        );
        access.withdraw(alice);
    }

    function test_setTiers_changesThemByVote() public {
        uint96[] memory thresholds = _thresholds(8);
        vm.expectEmit(address(access));
        emit IStakeAccess.TiersSet(thresholds);
        vm.prank(address(timelock));
        access.setTiers(thresholds);

        assertEq(abi.encode(access.tiers()), abi.encode(thresholds), "tiers");
    }

    function test_setTiers_revertsWhen_theyCannotBe() public {
        vm.startPrank(address(timelock));
        vm.expectRevert(_badTerm("thresholds"));
        access.setTiers(_thresholds(9));
        uint96[] memory thresholds = _thresholds(2);
        thresholds[1] = thresholds[0];
        vm.expectRevert(_badTerm("thresholds"));
        access.setTiers(thresholds);
        thresholds[0] = 0;
        vm.expectRevert(_badTerm("thresholds"));
        access.setTiers(thresholds);
    }

    function test_setExitSeconds_changesLaterExitsOnly() public {
        stakeAs(alice, 10 ether);
        vm.prank(alice);
        access.requestExit(10 ether);

        vm.expectEmit(address(access));
        emit IStakeAccess.ExitSecondsSet(EXIT, 30 days);
        vm.prank(address(timelock));
        access.setExitSeconds(30 days);

        skip(EXIT);
        vm.prank(alice);
        access.withdraw(alice);
        assertEq(token.balanceOf(alice), 10 ether, "after the wait that was agreed");
    }

    function test_setExitSeconds_revertsWhen_outOfBounds() public {
        vm.startPrank(address(timelock));
        vm.expectRevert(_badTerm("exitSeconds"));
        access.setExitSeconds(1 hours - 1);
        vm.expectRevert(_badTerm("exitSeconds"));
        access.setExitSeconds(30 days + 1);
        access.setExitSeconds(1 hours);
    }

    function test_setters_revertWhen_callerIsNotTheTimelock() public {
        bytes memory refusal =
            abi.encodeWithSelector(IStakeAccess.StakeAccessNotGovernor.selector, address(governor));
        vm.startPrank(address(governor));
        vm.expectRevert(refusal);
        access.setTiers(_thresholds(1));
        vm.expectRevert(refusal);
        access.setExitSeconds(1 days);
    }

    function testFuzz_ripeOf_isNeverMoreThanTheStake(uint96 amount, uint32 first, uint32 second) public {
        amount = uint96(bound(amount, 2, 1e26));
        stakeAs(alice, amount);
        skip(first);
        vm.prank(alice);
        access.requestExit(amount / 2);
        uint96 before = access.ripeOf(alice);
        skip(second);

        assertGe(access.ripeOf(alice), before, "it only grows");
        assertLe(access.ripeOf(alice), amount - amount / 2, "never more than what is staked");
    }

    function _thresholds(uint96 count) private pure returns (uint96[] memory thresholds) {
        thresholds = new uint96[](count);
        for (uint96 i = 0; i < count; ++i) {
            thresholds[i] = i + 1;
        }
    }

    function _badTerm(bytes32 term) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IStakeAccess.StakeAccessBadTerm.selector, term);
    }

    function _expectBadAmount(uint256 amount, uint256 available) private {
        vm.expectRevert(abi.encodeWithSelector(IStakeAccess.StakeAccessBadAmount.selector, amount, available));
    }
}
