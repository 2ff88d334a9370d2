// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Test} from "forge-std/Test.sol";

import {ITokenVault} from "contracts/src/interfaces/ITokenVault.sol";
import {Emission} from "contracts/src/poci/Emission.sol";
import {Vault} from "contracts/src/rental/Vault.sol";

import {
    BlockingToken,
    CallingToken,
    FeeToken,
    IMintable,
    OddToken,
    PlainToken,
    ShrinkingToken
} from "../doubles/Tokens.sol";
import {Plans} from "../lib/Plans.sol";

/// @title Attacks on the vault by tokens that are not what tokens should be.
contract VaultTokensAttack is Test {
    bytes32 private constant PURPOSE = "rental 1";
    bytes4 private constant REENTERED = bytes4(keccak256("ReentrancyGuardReentrantCall()"));

    address private keeper = makeAddr("keeper");
    address private governor = makeAddr("governor");
    address private purse = makeAddr("purse");
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");
    Vault private vault;

    function setUp() public {
        address[] memory keepers = new address[](1);
        keepers[0] = keeper;
        address sink = address(new Emission(address(this), address(0), Plans.tiered()));
        vault = new Vault(sink, governor, purse, keepers);
    }

    /// @dev Credited by what was asked for, the last who withdraws would pay the token's fees.
    function test_attack_aTokensFeeIsBornByWhoMovesIt() public {
        address token = _admitted(address(new FeeToken()));
        _deposit(token, alice, 1000);
        _deposit(token, bob, 1000);

        _withdrawAll(token, alice);
        _withdrawAll(token, bob);

        assertEq(IMintable(token).balanceOf(alice), 981, "the token kept a hundredth twice");
        assertEq(IMintable(token).balanceOf(bob), 981, "of both alike");
        assertEq(IMintable(token).balanceOf(address(vault)), 0, "nothing is left or missing");
    }

    /// @dev When a token takes from the vault, who comes first must not be paid by who comes last.
    function test_attack_aShrunkenTokenIsSharedNotRun() public {
        address token = _admitted(address(new ShrinkingToken()));
        _deposit(token, alice, 600);
        _deposit(token, bob, 300);
        vm.prank(keeper);
        vault.lockToken(token, bob, PURPOSE, 100);
        ShrinkingToken(token).shrink(address(vault), 301);

        _withdrawAll(token, alice);
        _withdrawAll(token, bob);
        vm.prank(keeper);
        vault.releaseToken(token, PURPOSE, bob, 100);
        _withdrawAll(token, bob);

        assertEq(IMintable(token).balanceOf(alice), 399, "600 of 900, rounded down");
        assertEq(IMintable(token).balanceOf(bob), 200, "300 of 900: early and late alike");
        assertEq(IMintable(token).balanceOf(address(vault)), 0, "nothing stays behind");
    }

    function testFuzz_attack_noOneOutrunsTheOthers(uint96 one, uint96 other, uint96 taken, uint96 first)
        public
    {
        address token = _admitted(address(new ShrinkingToken()));
        _deposit(token, alice, uint256(one) + 1);
        _deposit(token, bob, uint256(other) + 1);
        uint256 all = uint256(one) + other + 2;
        taken = uint96(bound(taken, 0, all < type(uint96).max ? all : type(uint96).max));
        ShrinkingToken(token).shrink(address(vault), taken);

        first = uint96(bound(first, 0, uint256(one) + 1));
        vm.prank(alice);
        vault.withdrawToken(token, alice, first);
        _withdrawAll(token, alice);
        _withdrawAll(token, bob);

        uint256 fair = (all - taken) * (uint256(other) + 1) / all;
        assertGe(IMintable(token).balanceOf(bob), fair, "who comes last has its share");
        assertLe(IMintable(token).balanceOf(bob), fair + 2, "and only the dust of who came first");
    }

    /// @dev A newcomer's units must not pay what is missing.
    function test_attack_nobodyDepositsIntoAGap() public {
        address token = _admitted(address(new ShrinkingToken()));
        _deposit(token, alice, 600);
        ShrinkingToken(token).shrink(address(vault), 1);

        _approve(token, bob, 100);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultTokenShort.selector, token, 599, 600));
        vm.prank(bob);
        vault.depositToken(token, bob, 100);

        IMintable(token).mint(address(vault), 1);
        vm.prank(bob);
        vault.depositToken(token, bob, 100);
        assertEq(vault.freeTokenOf(token, bob), 100, "a gap that is filled keeps nobody out");
    }

    function test_attack_aTokenThatAnswersNothingIsTaken() public {
        OddToken token = OddToken(_admitted(address(new OddToken())));
        token.mint(alice, 10);
        vm.startPrank(alice);
        vault.depositToken(address(token), alice, 10);
        vault.withdrawToken(address(token), bob, 4);
        vm.stopPrank();

        assertEq(token.balanceOf(bob), 4, "paid");
        assertEq(vault.freeTokenOf(address(token), alice), 6, "the rest");
    }

    function test_attack_aTokenThatAnswersNoCreditsNothing() public {
        OddToken token = OddToken(_admitted(address(new OddToken())));
        token.mint(alice, 10);
        token.setManner(OddToken.Manner.Refusing);

        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token));
        vm.prank(alice);
        vault.depositToken(address(token), alice, 10);
    }

    function test_attack_aTokenThatAnswersNoTakesNothingFromTheBooks() public {
        OddToken token = OddToken(_admitted(address(new OddToken())));
        token.mint(alice, 10);
        vm.startPrank(alice);
        vault.depositToken(address(token), alice, 10);
        token.setManner(OddToken.Manner.Refusing);

        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token));
        vault.withdrawToken(address(token), alice, 10);
        vm.stopPrank();

        assertEq(vault.freeTokenOf(address(token), alice), 10, "still owed");
    }

    function test_attack_aTokenThatOnlySaysItMovedCreditsNothing() public {
        OddToken token = OddToken(_admitted(address(new OddToken())));
        token.setManner(OddToken.Manner.Lying);

        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNothingReceived.selector, token, alice));
        vm.prank(alice);
        vault.depositToken(address(token), alice, 10);
    }

    /// @dev A deposit within a deposit would be counted by both.
    function test_attack_aDepositWithinADepositIsRefused() public {
        CallingToken token = CallingToken(_admitted(address(new CallingToken())));
        token.mint(address(token), 10);
        token.approveFor(address(vault), 10);
        _approve(address(token), alice, 10);
        bytes memory again = abi.encodeCall(vault.depositToken, (address(token), bob, 10));
        token.callBack(address(vault), again);
        vm.prank(alice);
        vault.depositToken(address(token), alice, 10);

        assertFalse(token.hasSucceeded(), "refused");
        assertEq(bytes4(token.refusal()), REENTERED, "by the guard");
        assertEq(vault.freeTokenOf(address(token), bob), 0, "nothing for the thief");
        assertEq(vault.freeTokenOf(address(token), alice), 10, "and all for who paid");
    }

    /// @dev Each way out of the vault is shut while a token is being moved.
    function test_attack_nothingLeavesWhileATokenMoves() public {
        CallingToken token = CallingToken(_admitted(address(new CallingToken())));
        _deposit(address(token), address(token), 10);
        vm.deal(address(this), 5);
        vault.deposit{value: 5}(address(token));
        bytes[2] memory calls = [
            abi.encodeCall(vault.withdrawToken, (address(token), bob, 10)),
            abi.encodeCall(vault.withdraw, (payable(bob), 5))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            _approve(address(token), alice, 10);
            token.callBack(address(vault), calls[i]);
            vm.prank(alice);
            vault.depositToken(address(token), alice, 10);
            assertEq(bytes4(token.refusal()), REENTERED, "into a deposit");

            token.callBack(address(vault), calls[i]);
            vm.prank(alice);
            vault.withdrawToken(address(token), alice, 10);
            assertEq(bytes4(token.refusal()), REENTERED, "into a withdrawal");
        }
        assertEq(IMintable(address(token)).balanceOf(bob), 0, "no units for the thief");
        assertEq(bob.balance, 0, "no coin either");
    }

    /// @dev A payee that a token's issuer has listed must not lose what is its own, nor stop others.
    function test_attack_aListedPayeeIsPaidElsewhere() public {
        BlockingToken token = BlockingToken(_admitted(address(new BlockingToken())));
        _deposit(address(token), alice, 10);
        _deposit(address(token), bob, 10);
        token.list(alice);

        vm.expectRevert(abi.encodeWithSelector(BlockingToken.BlockingTokenListed.selector, alice));
        vm.prank(alice);
        vault.withdrawToken(address(token), alice, 10);
        vm.prank(alice);
        vault.withdrawToken(address(token), makeAddr("elsewhere"), 10);
        _withdrawAll(address(token), bob);

        assertEq(token.balanceOf(makeAddr("elsewhere")), 10, "paid elsewhere");
        assertEq(token.balanceOf(bob), 10, "others are untouched");
    }

    /// @dev Whatever one token does, the books of others and the coin stand.
    function test_attack_aBadTokenTouchesNoOther() public {
        address bad = _admitted(address(new ShrinkingToken()));
        address good = _admitted(address(new PlainToken()));
        _deposit(bad, alice, 600);
        _deposit(good, alice, 600);
        vm.deal(address(this), 7);
        vault.deposit{value: 7}(alice);
        ShrinkingToken(bad).shrink(address(vault), 600);

        _withdrawAll(bad, alice);
        _withdrawAll(good, alice);
        vm.prank(alice);
        vault.withdraw(payable(alice), 7);

        assertEq(IMintable(good).balanceOf(alice), 600, "the good token");
        assertEq(alice.balance, 7, "the coin");
    }

    /// @dev A dismissed token is no trap.
    function test_attack_dismissingLocksNothingIn() public {
        address token = _admitted(address(new PlainToken()));
        _deposit(token, alice, 600);
        vm.prank(keeper);
        vault.lockToken(token, alice, PURPOSE, 500);
        vm.prank(governor);
        vault.dismiss(token);

        vm.prank(keeper);
        vault.releaseToken(token, PURPOSE, alice, 500);
        _withdrawAll(token, alice);

        assertEq(IMintable(token).balanceOf(alice), 600, "all of it left");
    }

    function _admitted(address token) private returns (address) {
        vm.prank(governor);
        vault.admit(token);
        return token;
    }

    function _approve(address token, address account, uint256 amount) private {
        IMintable(token).mint(account, amount);
        vm.prank(account);
        IMintable(token).approve(address(vault), amount);
    }

    function _deposit(address token, address account, uint256 amount) private {
        _approve(token, account, amount);
        vm.prank(account);
        vault.depositToken(token, account, amount);
    }

    function _withdrawAll(address token, address account) private {
        uint256 free = vault.freeTokenOf(token, account);
        vm.prank(account);
        vault.withdrawToken(token, account, free);
    }
}
