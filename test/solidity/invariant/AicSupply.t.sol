// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Vault} from "contracts/src/rental/Vault.sol";
import {AicToken} from "contracts/src/token/AicToken.sol";
import {AicVesting} from "contracts/src/token/AicVesting.sol";
import {BuybackBurn} from "contracts/src/token/BuybackBurn.sol";
import {StakeAccess} from "contracts/src/token/StakeAccess.sol";
import {BuybackRound, BuybackTerms, StakeExit} from "contracts/src/types/Aic.sol";
import {CommonBase} from "forge-std/Base.sol";
import {StdCheats} from "forge-std/StdCheats.sol";
import {StdUtils} from "forge-std/StdUtils.sol";

import {AicFixture} from "../fixtures/AicFixture.sol";

/// @title Moves AIC as holders may: transfers, vestings, stakes, exits, sales and burns, in any order.
/// @dev Picks only what is possible, so that no call reverts.
contract AicHandler is CommonBase, StdCheats, StdUtils {
    AicToken private immutable TOKEN;
    StakeAccess private immutable ACCESS;
    BuybackBurn private immutable BUYBACK;
    Vault private immutable VAULT;

    address[4] public accounts;
    address[] private _wallets;

    /// @dev 1e-18 AIC, and wei.
    uint256 public burned;
    uint256 public earned;
    uint256 public spent;

    constructor(
        AicToken token,
        StakeAccess access,
        BuybackBurn buyback,
        Vault vault,
        address sale,
        address[] memory holders
    ) {
        (TOKEN, ACCESS, BUYBACK, VAULT) = (token, access, buyback, vault);
        accounts = [sale, makeAddr("a"), makeAddr("b"), makeAddr("c")];
        for (uint256 i = 0; i < holders.length; ++i) {
            if (i != 0 && i != 5) _wallets.push(holders[i]);
        }
    }

    function transfer(uint256 from, uint256 to, uint256 amount) external {
        address sender = accounts[from % 4];
        amount = bound(amount, 0, TOKEN.balanceOf(sender));
        vm.prank(sender);
        assert(TOKEN.transfer(accounts[to % 4], amount));
    }

    function delegate(uint256 from, uint256 to) external {
        vm.prank(accounts[from % 4]);
        TOKEN.delegate(accounts[to % 4]);
    }

    function release(uint256 seed) external {
        AicVesting(payable(_wallets[seed % _wallets.length])).release(address(TOKEN));
    }

    function burn(uint256 seed, uint256 amount) external {
        address account = accounts[seed % 4];
        amount = bound(amount, 0, TOKEN.balanceOf(account) / 100);
        vm.prank(account);
        TOKEN.burn(amount);
        burned += amount;
    }

    function stake(uint256 seed, uint256 amount) external {
        address account = accounts[seed % 4];
        uint256 most = TOKEN.balanceOf(account);
        if (most == 0) return;
        amount = bound(amount, 1, most);
        vm.startPrank(account);
        TOKEN.approve(address(ACCESS), amount);
        ACCESS.stake(amount);
        vm.stopPrank();
    }

    function requestExit(uint256 seed, uint256 amount) external {
        address account = accounts[seed % 4];
        uint256 most = ACCESS.stakeOf(account).amount;
        if (most == 0) return;
        vm.prank(account);
        ACCESS.requestExit(bound(amount, 1, most));
    }

    function cancelExit(uint256 seed) external {
        address account = accounts[seed % 4];
        if (ACCESS.exitOf(account).amount == 0) return;
        vm.prank(account);
        ACCESS.cancelExit();
    }

    function withdraw(uint256 seed, uint256 to) external {
        address account = accounts[seed % 4];
        StakeExit memory leaving = ACCESS.exitOf(account);
        if (leaving.amount == 0 || block.timestamp < leaving.freeAt) return;
        vm.prank(account);
        ACCESS.withdraw(accounts[to % 4]);
    }

    function earn(uint256 amount) external {
        amount = bound(amount, 1, 300 ether);
        deal(address(this), amount);
        VAULT.deposit{value: amount}(address(BUYBACK));
        earned += amount;
    }

    function startRound() external {
        (BuybackRound memory round,) = BUYBACK.lastRound();
        BuybackTerms memory terms = BUYBACK.currentTerms();
        bool isEarly = round.startedAt != 0 && block.timestamp <= uint256(round.endsAt) + terms.restSeconds;
        if (isEarly || VAULT.freeOf(address(BUYBACK)) < terms.budget / 100) return;
        BUYBACK.start();
    }

    function sell(uint256 seed, uint256 amount) external {
        address account = accounts[seed % 4];
        uint256 price = BUYBACK.priceNow();
        (BuybackRound memory round,) = BUYBACK.lastRound();
        uint256 most = TOKEN.balanceOf(account);
        if (price == 0 || most < 1 ether || round.left < 0.1 ether) return;
        amount = bound(amount, 1 ether, most);
        vm.startPrank(account);
        TOKEN.approve(address(BUYBACK), amount);
        (uint256 taken, uint256 paid) = BUYBACK.sell(amount, 0, payable(account));
        vm.stopPrank();
        burned += taken;
        spent += paid;
    }

    function pass(uint32 time) external {
        skip(bound(time, 1, 3 days));
    }
}

/// @title Whatever holders do, AIC is what it was less what was burned, and every part of it is somewhere.
contract AicSupplyTest is AicFixture {
    AicHandler private _handler;

    function setUp() public override {
        super.setUp();
        _handler = new AicHandler(token, access, buyback, vault, sale, holders);
        targetContract(address(_handler));
    }

    function invariant_supplyIsWhatWasMadeLessWhatWasBurned() public view {
        assertEq(token.totalSupply() + _handler.burned(), SUPPLY, "supply");
    }

    function invariant_vestingAndCirculatingAreTheSupply() public view {
        uint256 vesting;
        for (uint256 i = 1; i < holders.length; ++i) {
            if (i != 5) vesting += token.balanceOf(holders[i]);
        }
        uint256 circulating = token.balanceOf(address(timelock)) + token.balanceOf(team)
            + token.balanceOf(advisors) + token.balanceOf(address(access));
        for (uint256 i = 0; i < 4; ++i) {
            circulating += token.balanceOf(_handler.accounts(i));
        }

        assertEq(vesting + circulating, token.totalSupply(), "every AIC is somewhere");
    }

    function invariant_stakesAndExitsAreHeld() public view {
        uint256 owed;
        for (uint256 i = 0; i < 4; ++i) {
            address account = _handler.accounts(i);
            uint256 amount = access.stakeOf(account).amount;
            assertLe(access.ripeOf(account), amount, "ripe is part of the stake");
            owed += amount + access.exitOf(account).amount;
        }

        assertEq(token.balanceOf(address(access)), owed, "to the last unit");
    }

    function invariant_votesAreNeverMoreThanTheSupply() public view {
        uint256 votes;
        for (uint256 i = 0; i < 4; ++i) {
            votes += token.getVotes(_handler.accounts(i));
        }

        assertLe(votes, token.totalSupply(), "votes");
    }

    function invariant_revenueIsSpentOnAicOnly() public view {
        assertEq(vault.freeOf(address(buyback)) + _handler.spent(), _handler.earned(), "revenue");
        assertEq(address(buyback).balance, 0, "the vault holds it");
        assertEq(token.balanceOf(address(buyback)), 0, "nothing bought is kept");
        (BuybackRound memory round,) = buyback.lastRound();
        assertLe(round.left, vault.freeOf(address(buyback)), "a round promises what is there");
    }
}
