// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {AicGovernor} from "contracts/src/token/AicGovernor.sol";
import {AicVesting} from "contracts/src/token/AicVesting.sol";
import {StakeAccess} from "contracts/src/token/StakeAccess.sol";

import {AicFixture} from "../fixtures/AicFixture.sol";

/// @title Tests that holders decide, that what they decide waits, and that settings stay in their bounds.
contract AicGovernorTest is AicFixture {
    bytes private _change = abi.encodeCall(StakeAccess.setExitSeconds, (3 days));

    function setUp() public override {
        super.setUp();
        giveVotes(alice, QUORUM);
    }

    function test_smoke_aVoteChangesAParameterThroughTheTimelock() public {
        assertEq(access.exitSeconds(), 7 days, "before");

        uint256 id = propose(alice, address(access), _change);
        assertEq(uint8(governor.state(id)), uint8(IGovernor.ProposalState.Pending), "pending");
        skip(VOTING_DELAY + 1);
        vote(alice, id, FOR);
        assertEq(uint8(governor.state(id)), uint8(IGovernor.ProposalState.Active), "active");
        skip(VOTING_PERIOD);
        assertEq(uint8(governor.state(id)), uint8(IGovernor.ProposalState.Succeeded), "succeeded");
        queue(address(access), _change);
        assertEq(uint8(governor.state(id)), uint8(IGovernor.ProposalState.Queued), "queued");
        assertTrue(governor.proposalNeedsQueuing(id), "through the timelock");
        skip(TIMELOCK);
        execute(address(access), _change);

        assertEq(uint8(governor.state(id)), uint8(IGovernor.ProposalState.Executed), "executed");
        assertEq(access.exitSeconds(), 3 days, "after");
    }

    function test_proposalDeadline_followsDelayAndPeriod() public {
        uint256 id = propose(alice, address(access), _change);

        assertEq(governor.proposalDeadline(id), block.timestamp + VOTING_DELAY + VOTING_PERIOD);
    }

    function test_execute_revertsBeforeTheTimelock() public {
        queued(alice, address(access), _change);
        skip(TIMELOCK - 1);

        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        this.executeChange();
    }

    function test_propose_revertsWhen_theProposerHasTooLittle() public {
        giveVotes(stranger, THRESHOLD - 1);

        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector, stranger, THRESHOLD - 1, THRESHOLD
            )
        );
        this.proposeAs(stranger);
    }

    function test_vote_failsBelowTheQuorum() public {
        giveVotes(stranger, QUORUM - 1);
        uint256 id = propose(stranger, address(access), _change);
        skip(VOTING_DELAY + 1);
        vote(stranger, id, FOR);
        skip(VOTING_PERIOD);

        assertEq(uint8(governor.state(id)), uint8(IGovernor.ProposalState.Defeated), "defeated");
    }

    function test_vote_countsAbstentionsForTheQuorumOnly() public {
        giveVotes(stranger, QUORUM - 1);
        uint256 id = propose(stranger, address(access), _change);
        skip(VOTING_DELAY + 1);
        vote(stranger, id, FOR);
        vote(alice, id, ABSTAIN);
        skip(VOTING_PERIOD);

        assertEq(uint8(governor.state(id)), uint8(IGovernor.ProposalState.Succeeded), "succeeded");
    }

    function test_vote_failsAgainstAnEqualNumber() public {
        giveVotes(stranger, QUORUM);
        uint256 id = propose(alice, address(access), _change);
        skip(VOTING_DELAY + 1);
        vote(alice, id, FOR);
        vote(stranger, id, AGAINST);
        skip(VOTING_PERIOD);

        assertEq(uint8(governor.state(id)), uint8(IGovernor.ProposalState.Defeated), "defeated");
    }

    function test_cancel_isTheProposersWhilePending() public {
        uint256 id = propose(alice, address(access), _change);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            single(address(access), _change);
        vm.prank(alice);
        governor.cancel(targets, values, calls, keccak256("a change"));

        assertEq(uint8(governor.state(id)), uint8(IGovernor.ProposalState.Canceled), "cancelled");
    }

    function test_reserve_isSpentByVoteOnly() public {
        bytes memory call = abi.encodeCall(token.transfer, (stranger, 5 ether));

        passed(alice, address(token), call);

        assertEq(token.balanceOf(stranger), 5 ether, "spent");
    }

    function test_vestedParts_ofTheTimelockComeToIt() public {
        skip(365 days);
        uint256 before = token.balanceOf(address(timelock));

        AicVesting(payable(holders[2])).release(address(token));

        assertEq(token.balanceOf(address(timelock)) - before, 150_000_000 ether, "the ecosystem's part");
    }

    function test_settings_changeByVote() public {
        passed(alice, address(governor), abi.encodeCall(governor.setVotingDelay, (0)));
        assertEq(governor.votingDelay(), 0, "delay");
    }

    function test_settings_stayInTheirBounds() public {
        _refused(
            abi.encodeCall(governor.setVotingDelay, (14 days + 1)), "votingDelay", 14 days + 1, 0, 14 days
        );
        _refused(
            abi.encodeCall(governor.setVotingPeriod, (1 hours - 1)),
            "votingPeriod",
            1 hours - 1,
            1 hours,
            30 days
        );
        _refused(
            abi.encodeCall(governor.setVotingPeriod, (30 days + 1)),
            "votingPeriod",
            30 days + 1,
            1 hours,
            30 days
        );
        _refused(
            abi.encodeCall(governor.setProposalThreshold, (10_000_000 ether + 1)),
            "proposalThreshold",
            10_000_000 ether + 1,
            0,
            10_000_000 ether
        );
        _refused(abi.encodeCall(governor.updateQuorumNumerator, (0)), "quorum", 0, 1, 30);
        _refused(abi.encodeCall(governor.updateQuorumNumerator, (31)), "quorum", 31, 1, 30);
    }

    function test_settings_takeTheirBounds() public {
        giveVotes(alice, SUPPLY * 3 / 10 - QUORUM);
        passed(alice, address(governor), abi.encodeCall(governor.updateQuorumNumerator, (30)));
        passed(alice, address(governor), abi.encodeCall(governor.setVotingPeriod, (1 hours)));
        passed(alice, address(governor), abi.encodeCall(governor.setProposalThreshold, (10_000_000 ether)));
        passed(alice, address(governor), abi.encodeCall(governor.setVotingDelay, (14 days)));

        assertEq(governor.quorumNumerator(), 30, "quorum");
        assertEq(governor.votingPeriod(), 1 hours, "period");
        assertEq(governor.proposalThreshold(), 10_000_000 ether, "threshold");
        assertEq(governor.votingDelay(), 14 days, "delay");
    }

    function test_settings_revertWhen_nobodyVoted() public {
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, stranger));
        vm.prank(stranger);
        governor.setVotingDelay(0);
    }

    function executeChange() external {
        execute(address(access), _change);
    }

    function executeOnGovernor(bytes memory call) external {
        execute(address(governor), call);
    }

    function proposeAs(address account) external {
        propose(account, address(access), _change);
    }

    /// @dev A vote for this passes, and its execution fails.
    function _refused(bytes memory call, bytes32 setting, uint256 value, uint256 least, uint256 most)
        private
    {
        queued(alice, address(governor), call);
        skip(TIMELOCK);
        vm.expectRevert(
            abi.encodeWithSelector(AicGovernor.AicGovernorOutOfBounds.selector, setting, value, least, most)
        );
        this.executeOnGovernor(call);
    }
}
