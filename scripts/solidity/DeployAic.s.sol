// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Script} from "forge-std/Script.sol";

import {Vault} from "contracts/src/rental/Vault.sol";
import {AicGovernor} from "contracts/src/token/AicGovernor.sol";
import {AicPlan} from "contracts/src/token/AicPlan.sol";
import {AicToken} from "contracts/src/token/AicToken.sol";
import {AicVesting} from "contracts/src/token/AicVesting.sol";
import {BuybackBurn} from "contracts/src/token/BuybackBurn.sol";
import {StakeAccess} from "contracts/src/token/StakeAccess.sol";
import {Allotment, BuybackTerms, Grant} from "contracts/src/types/Aic.sol";

/// @title Deploys AICompute's token, vesting, governance, access and buyback to any chain with Osaka's rules.
/// @dev AIC_SALE, AIC_TEAM and AIC_ADVISORS name who is to hold those parts (the sender, if they are not
/// set); all else is the timelock's. AIC_VAULT is the vault that pays for what is bought back: UT chain's, if
/// that is not set and it is there, else a new one. In the end nobody but the governor can propose to the
/// timelock, and nobody administers it.
contract DeployAic is Script {
    /// @dev Who holds what is not the timelock's.
    struct Owners {
        address sale;
        address team;
        address advisors;
        address vault;
    }

    /// @dev All that was deployed; `holders` in the order of `AicPlan.allotments()`.
    struct Deployment {
        TimelockController timelock;
        AicToken token;
        AicGovernor governor;
        StakeAccess access;
        BuybackBurn buyback;
        address vault;
        address[] holders;
    }

    /// @dev Nothing, or a contract that could be sold, was to be the beneficiary of a vesting.
    error DeployAicNotAPlainAccount(address account);

    address private constant SYSTEM_VAULT = address(0x555414);

    uint256 private constant TIMELOCK_SECONDS = 2 days;
    uint48 private constant VOTING_DELAY = 1 days;
    uint32 private constant VOTING_PERIOD = 5 days;
    uint256 private constant PROPOSAL_THRESHOLD = 100_000 ether;
    uint256 private constant QUORUM_PERCENT = 4;
    uint48 private constant LATE_EXTENSION = 1 days;
    uint48 private constant RIPENING_HALF_LIFE = 7 days;
    uint48 private constant EXIT_SECONDS = 7 days;

    function run() external returns (Deployment memory deployment) {
        address sender = msg.sender;
        Owners memory owners = Owners({
            sale: vm.envOr("AIC_SALE", sender),
            team: vm.envOr("AIC_TEAM", sender),
            advisors: vm.envOr("AIC_ADVISORS", sender),
            vault: vm.envOr("AIC_VAULT", SYSTEM_VAULT.code.length == 0 ? address(0) : SYSTEM_VAULT)
        });
        vm.startBroadcast();
        deployment = deploy(owners, sender);
        vm.stopBroadcast();
    }

    /// @param admin The account whose calls these are; it gives its power away.
    function deploy(Owners memory owners, address admin) public returns (Deployment memory made) {
        _requirePlain(owners.team);
        _requirePlain(owners.advisors);
        made.timelock = new TimelockController(TIMELOCK_SECONDS, new address[](0), new address[](1), admin);
        made.vault = owners.vault;
        if (made.vault == address(0)) {
            address timelock = address(made.timelock);
            made.vault = address(new Vault(address(0), timelock, timelock, new address[](0)));
        }
        made.holders = _holders(owners, address(made.timelock));
        made.token = new AicToken(_grants(made.holders));
        made.governor = new AicGovernor(
            made.token,
            made.timelock,
            VOTING_DELAY,
            VOTING_PERIOD,
            PROPOSAL_THRESHOLD,
            QUORUM_PERCENT,
            LATE_EXTENSION
        );
        made.access = new StakeAccess(
            address(made.token), address(made.timelock), RIPENING_HALF_LIFE, EXIT_SECONDS, _tiers()
        );
        made.buyback =
            new BuybackBurn(address(made.token), made.vault, address(made.timelock), _terms(), 0.01 ether);
        _handOver(made.timelock, address(made.governor), admin);
    }

    /// @dev Who holds each part: its owner, or a wallet that lets it go in time.
    function _holders(Owners memory owners, address timelock) private returns (address[] memory holders) {
        Allotment[] memory plan = AicPlan.allotments();
        holders = new address[](plan.length);
        for (uint256 i = 0; i < plan.length; ++i) {
            Allotment memory part = plan[i];
            address owner = timelock;
            if (part.purpose == AicPlan.SALE) owner = owners.sale;
            if (part.purpose == AicPlan.TEAM) owner = owners.team;
            if (part.purpose == AicPlan.ADVISORS) owner = owners.advisors;
            holders[i] = part.vestingSeconds == 0
                ? owner
                : address(
                    new AicVesting(owner, uint64(block.timestamp), part.cliffSeconds, part.vestingSeconds)
                );
        }
    }

    /// @dev The governor alone proposes and cancels, anyone executes what has waited, nobody administers.
    function _handOver(TimelockController timelock, address governor, address admin) private {
        timelock.grantRole(timelock.PROPOSER_ROLE(), governor);
        timelock.grantRole(timelock.CANCELLER_ROLE(), governor);
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), admin);
    }

    function _requirePlain(address account) private view {
        if (account == address(0) || account.code.length != 0) revert DeployAicNotAPlainAccount(account);
    }

    function _grants(address[] memory holders) private pure returns (Grant[] memory grants) {
        Allotment[] memory plan = AicPlan.allotments();
        grants = new Grant[](plan.length);
        for (uint256 i = 0; i < plan.length; ++i) {
            uint256 amount = 1_000_000_000 ether * uint256(plan[i].shareBps) / AicPlan.WHOLE_BPS;
            grants[i] = Grant({holder: holders[i], amount: amount});
        }
    }

    function _tiers() private pure returns (uint96[] memory thresholds) {
        thresholds = new uint96[](3);
        (thresholds[0], thresholds[1], thresholds[2]) = (1000 ether, 10_000 ether, 100_000 ether);
    }

    function _terms() private pure returns (BuybackTerms memory) {
        return BuybackTerms({
            budget: 10_000 ether,
            roundSeconds: 1 days,
            restSeconds: 6 days,
            floorPrice: 0.0001 ether,
            ceilingPrice: 1 ether
        });
    }
}
