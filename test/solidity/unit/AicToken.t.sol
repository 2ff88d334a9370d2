// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AicPlan} from "contracts/src/token/AicPlan.sol";
import {AicToken} from "contracts/src/token/AicToken.sol";
import {AicVesting} from "contracts/src/token/AicVesting.sol";
import {Allotment, Grant} from "contracts/src/types/Aic.sol";

import {DeployAic} from "scripts/solidity/DeployAic.s.sol";

import {AicFixture} from "../fixtures/AicFixture.sol";

/// @title Tests the token, how its supply is divided, and how the parts are let go.
contract AicTokenTest is AicFixture {
    function test_constructor_makesTheSupplyOnce() public view {
        assertEq(token.totalSupply(), SUPPLY, "1,000,000,000 AIC");
        assertEq(token.SUPPLY(), SUPPLY, "as it says");
        assertEq(token.decimals(), 18, "decimals");
        assertEq(token.name(), "AICompute", "name");
        assertEq(token.symbol(), "AIC", "symbol");
    }

    function test_constructor_revertsWhen_theGrantsAreNotTheSupply() public {
        Grant[] memory grants = new Grant[](1);
        grants[0] = Grant(alice, SUPPLY - 1);
        vm.expectRevert(abi.encodeWithSelector(AicToken.AicTokenWrongSum.selector, SUPPLY - 1, SUPPLY));
        new AicToken(grants);
        grants[0].amount = SUPPLY + 1;
        vm.expectRevert(abi.encodeWithSelector(AicToken.AicTokenWrongSum.selector, SUPPLY + 1, SUPPLY));
        new AicToken(grants);
    }

    function test_allotments_areThePapers() public pure {
        Allotment[] memory plan = AicPlan.allotments();
        uint256 sum;
        for (uint256 i = 0; i < plan.length; ++i) {
            sum += plan[i].shareBps;
        }

        assertEq(sum, 10_000, "all of it");
        assertEq(plan[0].shareBps, 4000, "token sale");
        assertEq(plan[1].shareBps, 2000, "community");
        assertEq(plan[2].shareBps, 1500, "ecosystem");
        assertEq(plan[3].shareBps + plan[4].shareBps, 1000, "team and advisors");
        assertEq(plan[5].shareBps, 1000, "reserve");
        assertEq(plan[6].shareBps, 500, "marketing");
    }

    function test_allotments_lockWhomThePaperLocks() public pure {
        Allotment[] memory plan = AicPlan.allotments();

        assertGe(plan[3].cliffSeconds, 180 days, "team: six months at least");
        assertLe(plan[3].cliffSeconds, 730 days, "team: two years at most");
        assertGt(plan[3].vestingSeconds, plan[3].cliffSeconds, "team: gradually");
        for (uint256 i = 2; i < 5; i += 2) {
            assertGe(plan[i].cliffSeconds, 90 days, "partners and advisors: three months at least");
            assertLe(plan[i].vestingSeconds, 365 days, "partners and advisors: twelve months at most");
        }
    }

    function test_deploy_givesEachPartToItsHolder() public view {
        Allotment[] memory plan = AicPlan.allotments();
        for (uint256 i = 0; i < plan.length; ++i) {
            assertEq(token.balanceOf(holders[i]), SUPPLY * plan[i].shareBps / 10_000, "share");
        }
        assertEq(holders[0], sale, "sale");
        assertEq(holders[5], address(timelock), "reserve: by vote");
        assertEq(teamWallet().owner(), team, "team");
        assertEq(AicVesting(payable(holders[4])).owner(), advisors, "advisors");
        for (uint256 i = 1; i < 7; ++i) {
            if (i < 3 || i == 6) {
                assertEq(AicVesting(payable(holders[i])).owner(), address(timelock), "by vote");
            }
        }
    }

    function test_deploy_leavesNobodyInCharge() public view {
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        assertFalse(timelock.hasRole(admin, address(script)), "not the deployer");
        assertTrue(timelock.hasRole(admin, address(timelock)), "the timelock itself, by vote");
        assertTrue(timelock.hasRole(timelock.PROPOSER_ROLE(), address(governor)), "governor proposes");
        assertFalse(timelock.hasRole(timelock.PROPOSER_ROLE(), address(script)), "nobody else");
        assertTrue(timelock.hasRole(timelock.EXECUTOR_ROLE(), address(0)), "anyone executes");
    }

    function test_deploy_revertsWhen_aBeneficiaryIsAContractOrNobody() public {
        DeployAic.Owners memory owners = DeployAic.Owners(sale, address(token), advisors, address(0));
        vm.expectRevert(abi.encodeWithSelector(DeployAic.DeployAicNotAPlainAccount.selector, address(token)));
        script.deploy(owners, address(script));
        (owners.team, owners.advisors) = (team, address(0));
        vm.expectRevert(abi.encodeWithSelector(DeployAic.DeployAicNotAPlainAccount.selector, address(0)));
        script.deploy(owners, address(script));
    }

    function test_burn_lowersTheSupplyForEver() public {
        vm.prank(sale);
        token.burn(5 ether);

        assertEq(token.totalSupply(), SUPPLY - 5 ether, "less");
    }

    function test_permit_approvesBySignature() public {
        (uint8 v, bytes32 r, bytes32 s) = signPermit(aliceKey, alice, stranger, 7);

        token.permit(alice, stranger, 7, block.timestamp, v, r, s);

        assertEq(token.allowance(alice, stranger), 7, "allowance");
        assertEq(token.nonces(alice), 1, "the nonce is used");
    }

    function test_clock_isTheSecond() public view {
        assertEq(token.clock(), START, "second");
        assertEq(token.CLOCK_MODE(), "mode=timestamp", "ERC-6372");
        assertEq(governor.clock(), START, "the governor's too");
    }

    function test_delegate_votesFromTheNextSecondOn() public {
        give(alice, 3 ether);
        assertEq(token.getVotes(alice), 0, "not before delegation");
        vm.prank(alice);
        token.delegate(stranger);
        skip(1);

        assertEq(token.getPastVotes(stranger, START), 3 ether, "the delegate's");
    }

    // Vesting.

    function test_release_givesNothingBeforeTheCliff() public {
        skip(365 days - 1);

        teamWallet().release(address(token));

        assertEq(token.balanceOf(team), 0, "nothing");
    }

    function test_release_givesInProportionFromTheCliffOn() public {
        skip(365 days);
        vm.prank(stranger);
        teamWallet().release(address(token));
        assertEq(token.balanceOf(team), 20_000_000 ether, "a quarter of 80,000,000 after one year of four");

        skip(365 days);
        teamWallet().release(address(token));
        assertEq(token.balanceOf(team), 40_000_000 ether, "half");

        skip(730 days);
        teamWallet().release(address(token));
        assertEq(token.balanceOf(team), 80_000_000 ether, "all");
        assertEq(token.balanceOf(address(teamWallet())), 0, "nothing is left");
    }

    function testFuzz_release_neverExceedsTheTime(uint32 passed) public {
        skip(passed);

        teamWallet().release(address(token));

        uint256 whole = 80_000_000 ether;
        uint256 most = passed >= 1460 days ? whole : whole * passed / 1460 days;
        assertLe(token.balanceOf(team), most, "in proportion at most");
        assertEq(token.balanceOf(team) + token.balanceOf(address(teamWallet())), whole, "nothing is lost");
    }
}
