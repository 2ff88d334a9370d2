// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {
    GovernorCountingSimple
} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {
    GovernorPreventLateQuorum
} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {
    GovernorTimelockControl
} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {
    GovernorVotesQuorumFraction
} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

/// @title Lets holders of AIC decide: what passes waits in the timelock, then anyone executes it.
/// @dev Votes are those of the second before the vote begins: tokens lent after that have none. A proposal
/// whose description ends in `#proposer=0x..` can be made by that account only. Settings are changed by
/// proposals, within bounds, so that no vote can make voting impossible.
contract AicGovernor is
    Governor,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotes,
    GovernorVotesQuorumFraction,
    GovernorPreventLateQuorum,
    GovernorTimelockControl
{
    uint256 private constant MOST_DELAY = 14 days;
    uint256 private constant LEAST_PERIOD = 1 hours;
    uint256 private constant MOST_PERIOD = 30 days;
    /// @dev One hundredth of the supply.
    uint256 private constant MOST_THRESHOLD = 10_000_000 ether;
    /// @dev Percent of the supply.
    uint256 private constant LEAST_QUORUM = 1;
    uint256 private constant MOST_QUORUM = 30;

    /// @notice The setting must be within these bounds, inclusive: seconds, 1e-18 AIC, or percent.
    error AicGovernorOutOfBounds(bytes32 setting, uint256 value, uint256 least, uint256 most);

    /// @param votingDelay_ Seconds from proposal to vote.
    /// @param votingPeriod_ Seconds of the vote.
    /// @param threshold 1e-18 AIC that a proposer must have.
    /// @param quorumPercent Of the supply, that must vote for or abstain.
    /// @param extension Seconds that a vote goes on, at least, once the quorum is reached.
    constructor(
        IVotes token,
        TimelockController timelock,
        uint48 votingDelay_,
        uint32 votingPeriod_,
        uint256 threshold,
        uint256 quorumPercent,
        uint48 extension
    )
        Governor("AICompute Governor")
        GovernorSettings(votingDelay_, votingPeriod_, threshold)
        GovernorVotes(token)
        GovernorVotesQuorumFraction(quorumPercent)
        GovernorPreventLateQuorum(extension)
        GovernorTimelockControl(timelock)
    {}

    // Where two parts answer, the order of inheritance decides.

    function proposalDeadline(uint256 id)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(id);
    }

    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    function proposalNeedsQueuing(uint256 id)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(id);
    }

    function state(uint256 id)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        return super.state(id);
    }

    function _tallyUpdated(uint256 id) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(id);
    }

    function _queueOperations(
        uint256 id,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calls,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(id, targets, values, calls, descriptionHash);
    }

    function _executeOperations(
        uint256 id,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calls,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(id, targets, values, calls, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calls,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calls, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }

    // Bounds of the settings.

    function _setVotingDelay(uint48 value) internal override {
        _requireBounds("votingDelay", value, 0, MOST_DELAY);
        super._setVotingDelay(value);
    }

    function _setVotingPeriod(uint32 value) internal override {
        _requireBounds("votingPeriod", value, LEAST_PERIOD, MOST_PERIOD);
        super._setVotingPeriod(value);
    }

    function _setProposalThreshold(uint256 value) internal override {
        _requireBounds("proposalThreshold", value, 0, MOST_THRESHOLD);
        super._setProposalThreshold(value);
    }

    function _updateQuorumNumerator(uint256 value) internal override {
        _requireBounds("quorum", value, LEAST_QUORUM, MOST_QUORUM);
        super._updateQuorumNumerator(value);
    }

    function _requireBounds(bytes32 setting, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert AicGovernorOutOfBounds(setting, value, least, most);
    }
}
