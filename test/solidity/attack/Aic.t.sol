// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IBuybackBurn} from "contracts/src/interfaces/IBuybackBurn.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {AicGovernor} from "contracts/src/token/AicGovernor.sol";
import {AicToken} from "contracts/src/token/AicToken.sol";
import {AicVesting} from "contracts/src/token/AicVesting.sol";
import {BuybackBurn} from "contracts/src/token/BuybackBurn.sol";
import {StakeAccess} from "contracts/src/token/StakeAccess.sol";

import {AicFixture} from "../fixtures/AicFixture.sol";

/// @title Borrows votes, uses them, and gives them back, all in one transaction.
contract FlashVoter {
    AicToken private immutable TOKEN;
    AicGovernor private immutable GOVERNOR;

    constructor(AicToken token, AicGovernor governor) {
        (TOKEN, GOVERNOR) = (token, governor);
    }

    function attack(address lender, uint256 amount, uint256 proposal) external returns (uint256 weight) {
        assert(TOKEN.transferFrom(lender, address(this), amount));
        TOKEN.delegate(address(this));
        weight = GOVERNOR.castVote(proposal, 1);
        assert(TOKEN.transfer(lender, amount));
    }
}

/// @title Sells, and sells again while it is being paid; or refuses the coin.
contract HostileSeller {
    BuybackBurn private immutable BUYBACK;
    bool private immutable REFUSES;
    uint256 public attempts;
    bytes public refusal;

    constructor(AicToken token, BuybackBurn buyback, bool refuses) {
        (BUYBACK, REFUSES) = (buyback, refuses);
        token.approve(address(buyback), type(uint256).max);
    }

    function sell(uint256 amount) external {
        BUYBACK.sell(amount, 0, payable(address(this)));
    }

    receive() external payable {
        require(!REFUSES, "no");
        if (attempts++ != 0) return;
        try BUYBACK.sell(1 ether, 0, payable(address(this))) {}
        catch (bytes memory reason) {
            refusal = reason;
        }
    }
}

/// @title Attacks on AICompute: borrowed votes, late votes, stolen proposals and permits, sold vestings,
/// borrowed stakes, hostile sellers.
contract AicAttack is AicFixture {
    bytes private _change = abi.encodeCall(StakeAccess.setExitSeconds, (3 days));

    /// @dev Beanstalk, 2022: votes borrowed for one transaction decide. Votes are those of a past second.
    function test_attack_borrowedVotesWeighNothing() public {
        giveVotes(alice, THRESHOLD);
        uint256 id = propose(alice, address(access), _change);
        skip(VOTING_DELAY + 1);
        FlashVoter thief = new FlashVoter(token, governor);
        vm.prank(sale);
        token.approve(address(thief), QUORUM);

        uint256 weight = thief.attack(sale, QUORUM, id);

        assertEq(weight, 0, "nothing");
        skip(VOTING_PERIOD);
        assertEq(uint8(governor.state(id)), uint8(IGovernor.ProposalState.Defeated), "defeated");
    }

    /// @dev The same with votes bought while the proposal is pending and sold while it is voted on: they are
    /// counted once, for whoever held them at the snapshot.
    function test_attack_onesTokensVoteOnce() public {
        giveVotes(alice, QUORUM);
        uint256 id = propose(alice, address(access), _change);
        skip(VOTING_DELAY + 1);
        vote(alice, id, FOR);
        vm.prank(alice);
        assertTrue(token.transfer(stranger, QUORUM), "sold");
        vm.startPrank(stranger);
        token.delegate(stranger);

        assertEq(governor.castVote(id, FOR), 0, "the buyer has no vote left");
    }

    /// @dev A large holder votes in the last second, so that nobody can answer. The vote goes on for a day.
    function test_attack_aLateQuorumLeavesTimeToAnswer() public {
        giveVotes(alice, QUORUM);
        giveVotes(stranger, QUORUM + 1);
        uint256 id = propose(alice, address(access), _change);
        skip(VOTING_DELAY + VOTING_PERIOD);
        vote(alice, id, FOR);
        skip(1 days);

        vote(stranger, id, AGAINST);

        skip(1);
        assertEq(uint8(governor.state(id)), uint8(IGovernor.ProposalState.Defeated), "answered");
    }

    /// @dev A front-runner proposes the same first, to be able to cancel it: the description names who may.
    function test_attack_aProposalCannotBeProposedByAnother() public {
        giveVotes(alice, THRESHOLD);
        giveVotes(stranger, THRESHOLD);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            single(address(access), _change);
        string memory description = string.concat("a change#proposer=", vm.toString(alice));

        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorRestrictedProposer.selector, stranger));
        vm.prank(stranger);
        governor.propose(targets, values, calls, description);
        vm.prank(alice);
        governor.propose(targets, values, calls, description);
    }

    /// @dev Whoever is not the governor hands the timelock a call, or skips the wait.
    function test_attack_theTimelockListensToTheGovernorOnly() public {
        bytes32 proposer = timelock.PROPOSER_ROLE();
        address[3] memory others = [stranger, address(script), sale];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectPartialRevert(bytes4(keccak256("AccessControlUnauthorizedAccount(address,bytes32)")));
            vm.prank(others[i]);
            timelock.schedule(address(access), 0, _change, 0, 0, 2 days);
            vm.expectPartialRevert(bytes4(keccak256("AccessControlUnauthorizedAccount(address,bytes32)")));
            vm.prank(others[i]);
            timelock.grantRole(proposer, others[i]);
        }
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        timelock.execute(address(access), 0, _change, 0, 0);
    }

    /// @dev OpenZeppelin's caveat: the wallet is owned, so its ownership, and what is not vested with it,
    /// could be sold.
    function test_attack_unvestedTokensCannotBeSold() public {
        AicVesting wallet = teamWallet();
        bytes memory refusal = abi.encodeWithSelector(AicVesting.AicVestingBound.selector, team);

        vm.startPrank(team);
        vm.expectRevert(refusal);
        wallet.transferOwnership(stranger);
        vm.expectRevert(refusal);
        wallet.renounceOwnership();
        wallet.release(address(token));

        assertEq(wallet.owner(), team, "still the team's");
        assertEq(token.balanceOf(team), 0, "nothing is out");
    }

    /// @dev What is not vested neither votes nor moves by an approval of its beneficiary.
    function test_attack_unvestedTokensNeitherVoteNorMove() public {
        vm.startPrank(team);
        token.delegate(team);
        token.approve(stranger, type(uint256).max);
        vm.stopPrank();
        skip(1);

        assertEq(token.getPastVotes(team, START), 0, "no votes");
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, stranger, 0, uint256(1))
        );
        vm.prank(stranger);
        assertFalse(token.transferFrom(holders[3], stranger, 1), "refused before");
    }

    /// @dev Permit front-run: whoever sees the signature uses it first, so that the stake fails.
    function test_attack_aUsedPermitDoesNotStopTheStake() public {
        give(alice, 5 ether);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(aliceKey, alice, address(access), 5 ether);
        vm.prank(stranger);
        token.permit(alice, address(access), 5 ether, block.timestamp, v, r, s);

        vm.prank(alice);
        access.stakeWithPermit(5 ether, block.timestamp, v, r, s);

        assertEq(access.stakeOf(alice).amount, 5 ether, "staked");
    }

    /// @dev A permit of somebody else must not stake his tokens, nor for the caller.
    function test_attack_aStrangersPermitStakesNothing() public {
        give(alice, 5 ether);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(aliceKey, alice, address(access), 5 ether);

        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(access), 0, 5 ether
            )
        );
        vm.prank(stranger);
        access.stakeWithPermit(5 ether, block.timestamp, v, r, s);
    }

    /// @dev A stake borrowed for a call opens nothing, and is not back before the wait.
    function test_attack_aBorrowedStakeOpensNothing() public {
        stakeAs(stranger, 100_000_000 ether);

        assertEq(access.tierOf(stranger), 0, "no tier in the same second");
        skip(100);
        // 10,000 AIC of 100,000,000 are ripe after this: whoever lends for longer bears the exit's week.
        assertLt(access.ripeOf(stranger), 12_000 ether, "little after 100 s");
        vm.prank(stranger);
        access.requestExit(100_000_000 ether);
        assertEq(access.tierOf(stranger), 0, "none on the way out");
    }

    /// @dev One stake, moved from account to account, gives access to one at a time.
    function test_attack_oneStakeOpensForOne() public {
        stakeAs(alice, 1000 ether);
        skip(420 days);
        assertEq(access.tierOf(alice), 1, "hers");
        vm.startPrank(alice);
        access.requestExit(1000 ether);
        skip(7 days);
        access.withdraw(stranger);
        vm.stopPrank();
        vm.startPrank(stranger);
        token.approve(address(access), 1000 ether);
        access.stake(1000 ether);

        assertEq(access.tierOf(alice), 0, "not hers any more");
        assertEq(access.tierOf(stranger), 0, "not yet his");
    }

    /// @dev Votes can change what later exits wait for, never lock in who is on the way out, nor pause.
    function test_attack_governanceCannotHoldAStake() public {
        stakeAs(alice, 10 ether);
        vm.prank(alice);
        access.requestExit(10 ether);
        uint96[] memory steep = new uint96[](1);
        steep[0] = type(uint96).max;
        vm.startPrank(address(timelock));
        access.setTiers(steep);
        access.setExitSeconds(30 days);
        vm.stopPrank();
        skip(7 days);

        vm.prank(alice);
        access.withdraw(alice);

        assertEq(token.balanceOf(alice), 10 ether, "out");
    }

    /// @dev A seller that sells again while it is paid: the vault is entered once.
    function test_attack_reenteringASaleSellsOnce() public {
        earn(100 ether);
        buyback.start();
        HostileSeller thief = new HostileSeller(token, buyback, false);
        give(address(thief), 100 ether);

        thief.sell(10 ether);

        assertEq(bytes4(thief.refusal()), bytes4(keccak256("ReentrancyGuardReentrantCall()")), "refused");
        assertEq(token.balanceOf(address(thief)), 90 ether, "sold once");
        assertEq(address(thief).balance, 0.05 ether, "paid once");
        assertEq(token.totalSupply(), SUPPLY - 10 ether, "burned once");
    }

    /// @dev A seller that refuses the coin loses nothing and stops nobody.
    function test_attack_aRefusingSellerStopsNobody() public {
        earn(100 ether);
        buyback.start();
        HostileSeller refusing = new HostileSeller(token, buyback, true);
        give(address(refusing), 100 ether);
        give(alice, 10 ether);

        vm.expectRevert(
            abi.encodeWithSelector(
                IVault.VaultPaymentRefused.selector, address(refusing), uint256(0.05 ether)
            )
        );
        refusing.sell(10 ether);
        sellAs(alice, 10 ether);

        assertEq(token.balanceOf(address(refusing)), 100 ether, "not sold");
        assertEq(alice.balance, 0.05 ether, "another is paid");
    }

    /// @dev Sellers that collude wait for the highest price: it is bounded by the vote's ceiling, and each
    /// round by its budget.
    function test_attack_waitingSellersMeetTheCeiling() public {
        earn(1_000_000 ether);
        for (uint256 i = 0; i < 12; ++i) {
            buyback.start();
            skip(7 days + 1);
        }
        buyback.start();
        skip(1 days);
        give(alice, 1_000_000 ether);

        (uint256 amount, uint256 paid) = sellAs(alice, 1_000_000 ether);

        assertEq(amount, 10_000 ether, "1 UNC each, at most");
        assertEq(paid, 10_000 ether, "one budget");
    }

    /// @dev Rounds of dust, which nobody sells for, doubled the price to the ceiling.
    function test_attack_roundsOfDustDoNotRaiseThePrice() public {
        for (uint256 i = 0; i < 7; ++i) {
            earn(1);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IBuybackBurn.BuybackBurnTooLittleRevenue.selector, i + 1, uint256(100 ether)
                )
            );
            buyback.start();
            skip(7 days + 1);
        }
        earn(10_000 ether);
        buyback.start();

        assertEq(buyback.priceNow(), 0.005 ether, "half of the first price");
    }

    /// @dev A sale of dust in a round's first second halved the price of the next.
    function test_attack_aSaleOfDustDoesNotLowerThePrice() public {
        earn(20_000 ether);
        give(alice, 1_000_000 ether);
        buyback.start();
        skip(12 hours);
        sellAs(alice, 8000 ether); // 100 UNC at 0.0125
        skip(7 days);
        buyback.start();
        sellAs(alice, 1 ether); // at 0.00625
        skip(12 hours);
        sellAs(alice, 8000 ether); // at 0.015625
        sellAs(alice, 1 ether);
        skip(7 days);

        buyback.start();

        assertApproxEqRel(
            buyback.priceNow(), 0.007_812_5 ether, 0.0001 ether, "half of what was paid for a hundredth"
        );
    }

    /// @dev Nobody takes the revenue but by selling: neither the vote nor the contract itself.
    function test_attack_revenueLeavesOnlyForAic() public {
        earn(10 ether);
        bytes memory call = abi.encodeCall(IVault.withdraw, (payable(stranger), 10 ether));
        giveVotes(alice, QUORUM);
        queued(alice, address(vault), call);
        skip(TIMELOCK);

        vm.expectRevert(
            abi.encodeWithSelector(IVault.VaultInsufficientFree.selector, address(timelock), 0, 10 ether)
        );
        this.executeOnVault(call);
        assertEq(vault.freeOf(address(buyback)), 10 ether, "still there");
    }

    /// @dev There is no way to more than the supply: no function's name says mint.
    function test_attack_thereIsNoMint() public {
        bytes[3] memory tries = [
            abi.encodeWithSignature("mint(address,uint256)", stranger, 1),
            abi.encodeWithSignature("mint(uint256)", 1),
            abi.encodeWithSignature("initialize(address)", stranger)
        ];
        for (uint256 i = 0; i < tries.length; ++i) {
            vm.prank(address(timelock));
            (bool done,) = address(token).call(tries[i]);
            assertFalse(done, "no such function");
        }
        assertEq(token.totalSupply(), SUPPLY, "as it was");
    }

    function executeOnVault(bytes memory call) external {
        execute(address(vault), call);
    }
}
