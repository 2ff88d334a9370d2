// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ITokenVault} from "contracts/src/interfaces/ITokenVault.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {Emission} from "contracts/src/poci/Emission.sol";
import {Vault} from "contracts/src/rental/Vault.sol";
import {Share} from "contracts/src/types/Shares.sol";

import {FeeToken, PlainToken} from "../doubles/Tokens.sol";
import {Plans} from "../lib/Plans.sol";

/// @title Tests how the vault takes, locks and pays tokens, and two-sided deals in any money.
contract VaultTokensTest is Test {
    bytes32 private constant PURPOSE = "rental 1";
    address private constant COIN = address(0);

    address private keeper = makeAddr("keeper");
    address private otherKeeper = makeAddr("other keeper");
    address private governor = makeAddr("governor");
    address private purse = makeAddr("purse");
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");
    Emission private sink;
    Vault private vault;
    PlainToken private token;
    PlainToken private otherToken;

    function setUp() public {
        sink = new Emission(address(this), address(0), Plans.tiered());
        address[] memory keepers = new address[](2);
        (keepers[0], keepers[1]) = (keeper, otherKeeper);
        vault = new Vault(address(sink), governor, purse, keepers);
        (token, otherToken) = (new PlainToken(), new PlainToken());
        vm.startPrank(governor);
        vault.admit(address(token));
        vault.admit(address(otherToken));
        vm.stopPrank();
    }

    function test_constructor_fixesGovernorAndPurse() public view {
        assertEq(vault.governor(), governor, "governor");
        assertEq(vault.purse(), purse, "purse");
    }

    function test_admit_letsATokenIn() public {
        PlainToken another = new PlainToken();
        assertFalse(vault.isAdmitted(address(another)), "before");

        vm.expectEmit(address(vault));
        emit ITokenVault.TokenAdmitted(address(another));
        vm.prank(governor);
        vault.admit(address(another));

        assertTrue(vault.isAdmitted(address(another)), "after");
    }

    function test_admit_revertsWhen_callerIsNotTheGovernor() public {
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNotGovernor.selector, alice));
        vm.prank(alice);
        vault.admit(address(this));
    }

    function test_admit_revertsWhen_thereIsNoContract() public {
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNoToken.selector, COIN));
        vm.prank(governor);
        vault.admit(COIN);
    }

    function test_admit_revertsWhen_itIsAdmitted() public {
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultAdmitted.selector, token));
        vm.prank(governor);
        vault.admit(address(token));
    }

    function test_dismiss_endsTheAdmissionOfOneToken() public {
        vm.expectEmit(address(vault));
        emit ITokenVault.TokenDismissed(address(token));
        _dismiss();

        assertFalse(vault.isAdmitted(address(token)), "dismissed");
        assertTrue(vault.isAdmitted(address(otherToken)), "the other one stays");
    }

    function test_dismiss_revertsWhen_callerIsNotTheGovernor() public {
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNotGovernor.selector, alice));
        vm.prank(alice);
        vault.dismiss(address(token));
    }

    function test_dismiss_revertsWhen_itIsNotAdmitted() public {
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNotAdmitted.selector, COIN));
        vm.prank(governor);
        vault.dismiss(COIN);
    }

    function test_depositToken_creditsTheNamedAccount() public {
        _approve(alice, 3e6);

        vm.expectEmit(address(vault));
        emit ITokenVault.TokenDeposited(address(token), bob, alice, 3e6);
        vm.prank(alice);
        uint256 received = vault.depositToken(address(token), bob, 3e6);

        assertEq(received, 3e6, "what it answers");
        assertEq(vault.freeTokenOf(address(token), bob), 3e6, "bob's units");
        assertEq(vault.freeTokenOf(address(token), alice), 0, "the sender's");
        assertEq(vault.freeTokenOf(address(otherToken), bob), 0, "bob's units of another token");
        assertEq(vault.freeOf(bob), 0, "bob's coin");
        assertSums(3e6, 0);
    }

    function test_depositToken_creditsWhatArrivesOfATokenWithAFee() public {
        FeeToken taxed = new FeeToken();
        vm.prank(governor);
        vault.admit(address(taxed));
        taxed.mint(alice, 1000);
        vm.startPrank(alice);
        taxed.approve(address(vault), 1000);
        uint256 received = vault.depositToken(address(taxed), alice, 1000);
        vm.stopPrank();

        assertEq(received, 990, "less the fee");
        assertEq(vault.freeTokenOf(address(taxed), alice), 990, "credited");
    }

    function test_depositToken_revertsWhen_tokenWasNeverAdmitted() public {
        PlainToken another = new PlainToken();
        another.mint(address(this), 1);
        another.approve(address(vault), 1);

        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNotAdmitted.selector, another));
        vault.depositToken(address(another), alice, 1);
    }

    /// @dev A dispute of a deal in it may ask for a bond.
    function test_depositToken_takesWhatWasDismissed() public {
        _approve(alice, 5);
        _dismiss();

        vm.prank(alice);
        vault.depositToken(address(token), alice, 5);

        assertSums(5, 0);
    }

    function test_admit_letsADismissedTokenInAgain() public {
        _dismiss();

        vm.prank(governor);
        vault.admit(address(token));

        assertTrue(vault.isAdmitted(address(token)), "admitted");
    }

    function test_depositToken_revertsWhen_nothingArrives() public {
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNothingReceived.selector, token, alice));
        vault.depositToken(address(token), alice, 0);
    }

    function test_depositToken_revertsWhen_theBooksCannotHoldIt() public {
        uint256 most = type(uint128).max;
        _lock(alice, most);
        _approve(bob, 1);

        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultTooMany.selector, most + 1, most));
        vm.prank(bob);
        vault.depositToken(address(token), bob, 1);
    }

    function test_withdrawToken_paysFromTheCallersBalance() public {
        _deposit(alice, 3e6);

        vm.expectEmit(address(vault));
        emit ITokenVault.TokenWithdrawn(address(token), alice, bob, 1e6, 1e6);
        vm.prank(alice);
        uint256 sent = vault.withdrawToken(address(token), bob, 1e6);

        assertEq(sent, 1e6, "what it answers");
        assertEq(token.balanceOf(bob), 1e6, "units of bob");
        assertEq(vault.freeTokenOf(address(token), alice), 2e6, "what alice has left");
        assertSums(2e6, 0);
    }

    function test_withdrawToken_paysWhatWasDismissed() public {
        _deposit(alice, 3e6);
        _dismiss();

        vm.prank(alice);
        vault.withdrawToken(address(token), alice, 3e6);

        assertEq(token.balanceOf(alice), 3e6, "all of it");
    }

    function test_withdrawToken_ofNothingFromAnEmptyBookSendsNothing() public {
        vm.prank(alice);
        uint256 sent = vault.withdrawToken(address(token), alice, 0);

        assertEq(sent, 0, "nothing");
    }

    function test_withdrawToken_revertsWhen_balanceTooSmall() public {
        _deposit(alice, 3e6);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientFree.selector, bob, 0, 1));
        vm.prank(bob);
        vault.withdrawToken(address(token), bob, 1);
    }

    function test_withdrawToken_ignoresWhatNobodyDeposited() public {
        _deposit(alice, 3e6);
        token.mint(address(vault), 5e6);

        vm.prank(alice);
        vault.withdrawToken(address(token), alice, 3e6);

        assertEq(token.balanceOf(alice), 3e6, "no more than its own");
        assertEq(token.balanceOf(address(vault)), 5e6, "what was sent without a deposit stays");
    }

    function test_lockToken_movesFromFreeToLocked() public {
        _deposit(alice, 3e6);

        vm.expectEmit(address(vault));
        emit ITokenVault.TokenLocked(keeper, PURPOSE, alice, address(token), 2e6);
        vm.prank(keeper);
        vault.lockToken(address(token), alice, PURPOSE, 2e6);

        assertEq(vault.freeTokenOf(address(token), alice), 1e6, "what alice has left");
        assertEq(vault.lockedTokenOf(address(token), keeper, PURPOSE), 2e6, "what the keeper holds");
        assertEq(vault.lockedTokenOf(address(token), otherKeeper, PURPOSE), 0, "what another keeper holds");
        assertEq(
            vault.lockedTokenOf(address(otherToken), keeper, PURPOSE), 0, "what it holds of another token"
        );
        assertEq(vault.lockedOf(keeper, PURPOSE), 0, "the coin that it holds");
        assertSums(1e6, 2e6);
    }

    function test_lockToken_locksWhatWasDismissed() public {
        _deposit(alice, 3e6);
        _dismiss();

        vm.prank(keeper);
        vault.lockToken(address(token), alice, PURPOSE, 2e6);

        assertSums(1e6, 2e6);
    }

    function test_lockToken_locksCoinWithoutAToken() public {
        _depositCoin(alice, 3 ether);

        vm.expectEmit(address(vault));
        emit IVault.Locked(keeper, PURPOSE, alice, 2 ether);
        vm.prank(keeper);
        vault.lockToken(COIN, alice, PURPOSE, 2 ether);

        assertEq(vault.freeOf(alice), 1 ether, "what alice has left");
        assertEq(vault.lockedOf(keeper, PURPOSE), 2 ether, "what the keeper holds");
    }

    function test_lockToken_revertsWhen_callerIsNoKeeper() public {
        _deposit(alice, 1);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultNotKeeper.selector, alice));
        vm.prank(alice);
        vault.lockToken(address(token), alice, PURPOSE, 1);
    }

    function test_lockToken_revertsWhen_balanceIsOfAnotherToken() public {
        _deposit(alice, 3e6);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientFree.selector, alice, 0, 1));
        vm.prank(keeper);
        vault.lockToken(address(otherToken), alice, PURPOSE, 1);
    }

    function test_releaseToken_movesFromLockedToFree() public {
        _lock(alice, 3e6);

        vm.expectEmit(address(vault));
        emit ITokenVault.TokenReleased(keeper, PURPOSE, bob, address(token), 1e6);
        vm.prank(keeper);
        vault.releaseToken(address(token), PURPOSE, bob, 1e6);

        assertEq(vault.freeTokenOf(address(token), bob), 1e6, "bob's units");
        assertEq(vault.lockedTokenOf(address(token), keeper, PURPOSE), 2e6, "what the keeper still holds");
        assertSums(1e6, 2e6);
    }

    function test_releaseToken_releasesCoinWithoutAToken() public {
        _depositCoin(alice, 3 ether);
        vm.startPrank(keeper);
        vault.lock(alice, PURPOSE, 3 ether);

        vm.expectEmit(address(vault));
        emit IVault.Released(keeper, PURPOSE, bob, 1 ether);
        vault.releaseToken(COIN, PURPOSE, bob, 1 ether);
        vm.stopPrank();

        assertEq(vault.freeOf(bob), 1 ether, "bob's coin");
    }

    function test_releaseToken_revertsWhen_callerIsNoKeeper() public {
        _lock(alice, 3e6);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultNotKeeper.selector, alice));
        vm.prank(alice);
        vault.releaseToken(address(token), PURPOSE, alice, 1);
    }

    function test_releaseToken_revertsWhen_theLockIsAnotherKeepers() public {
        _lock(alice, 3e6);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientLocked.selector, PURPOSE, 0, 1));
        vm.prank(otherKeeper);
        vault.releaseToken(address(token), PURPOSE, alice, 1);
    }

    function test_lockStakes_locksBothSides() public {
        _deposit(alice, 3e6);
        _deposit(bob, 2e6);

        vm.expectEmit(address(vault));
        emit ITokenVault.TokenLocked(keeper, PURPOSE, alice, address(token), 3e6);
        vm.expectEmit(address(vault));
        emit ITokenVault.TokenLocked(keeper, PURPOSE, bob, address(token), 1e6);
        vm.prank(keeper);
        vault.lockStakes(address(token), PURPOSE, Share(alice, 3e6), Share(bob, 1e6));

        assertEq(vault.freeTokenOf(address(token), bob), 1e6, "what bob has left");
        assertEq(vault.lockedTokenOf(address(token), keeper, PURPOSE), 4e6, "both stakes");
        assertSums(1e6, 4e6);
    }

    function test_lockStakes_locksCoinWithoutAToken() public {
        _depositCoin(alice, 3 ether);

        vm.prank(keeper);
        vault.lockStakes(COIN, PURPOSE, Share(alice, 1 ether), Share(alice, 2 ether));

        assertEq(vault.lockedOf(keeper, PURPOSE), 3 ether, "both stakes");
    }

    function test_lockStakes_revertsWhen_tokenWasDismissed() public {
        _deposit(alice, 3e6);
        _dismiss();

        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNotAdmitted.selector, token));
        vm.prank(keeper);
        vault.lockStakes(address(token), PURPOSE, Share(alice, 1), Share(alice, 1));
    }

    function test_lockStakes_revertsWhen_callerIsNoKeeper() public {
        _deposit(alice, 3e6);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultNotKeeper.selector, alice));
        vm.prank(alice);
        vault.lockStakes(address(token), PURPOSE, Share(alice, 1), Share(alice, 1));
    }

    function test_payOut_givesSharesAndForfeitsTheRestToThePurse() public {
        _lock(alice, 10);

        vm.prank(keeper);
        vault.payOut(address(token), PURPOSE, Share(alice, 5), Share(bob, 3), 2);

        assertEq(vault.freeTokenOf(address(token), alice), 5, "one");
        assertEq(vault.freeTokenOf(address(token), bob), 3, "the other");
        assertEq(vault.freeTokenOf(address(token), purse), 2, "the rest");
        assertSums(10, 0);
    }

    function test_payOut_paysWhatWasDismissed() public {
        _lock(alice, 10);
        _dismiss();

        vm.prank(keeper);
        vault.payOut(address(token), PURPOSE, Share(alice, 10), Share(bob, 0), 0);

        assertEq(vault.freeTokenOf(address(token), alice), 10, "all of it");
    }

    function test_payOut_burnsTheRestOfCoin() public {
        _depositCoin(alice, 10);
        vm.startPrank(keeper);
        vault.lock(alice, PURPOSE, 10);

        vm.expectEmit(address(vault));
        emit IVault.LockedBurned(keeper, PURPOSE, 2);
        vault.payOut(COIN, PURPOSE, Share(alice, 5), Share(bob, 3), 2);
        vm.stopPrank();

        assertEq(vault.freeOf(alice), 5, "one");
        assertEq(vault.freeOf(bob), 3, "the other");
        assertEq(sink.burned(), 2, "the rest is gone");
        assertEq(address(vault).balance, 8, "the vault holds what it owes");
    }

    function test_payOut_saysNothingOfSharesOfNothing() public {
        _lock(alice, 10);
        vm.recordLogs();

        vm.prank(keeper);
        vault.payOut(address(token), PURPOSE, Share(alice, 0), Share(bob, 10), 0);

        assertEq(vm.getRecordedLogs().length, 1, "one release");
    }

    function test_payOut_revertsWhen_moreThanTheLockIsGiven() public {
        _lock(alice, 10);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientLocked.selector, PURPOSE, 1, 2));
        vm.prank(keeper);
        vault.payOut(address(token), PURPOSE, Share(alice, 5), Share(bob, 4), 2);
    }

    function test_payOut_revertsWhen_callerIsNoKeeper() public {
        _lock(alice, 10);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultNotKeeper.selector, alice));
        vm.prank(alice);
        vault.payOut(address(token), PURPOSE, Share(alice, 10), Share(bob, 0), 0);
    }

    function _dismiss() private {
        vm.prank(governor);
        vault.dismiss(address(token));
    }

    function _approve(address account, uint256 amount) private {
        token.mint(account, amount);
        vm.prank(account);
        token.approve(address(vault), amount);
    }

    function _deposit(address account, uint256 amount) private {
        _approve(account, amount);
        vm.prank(account);
        vault.depositToken(address(token), account, amount);
    }

    function _depositCoin(address account, uint256 amount) private {
        vm.deal(address(this), amount);
        vault.deposit{value: amount}(account);
    }

    function _lock(address account, uint256 amount) private {
        _deposit(account, amount);
        vm.prank(keeper);
        vault.lockToken(address(token), account, PURPOSE, amount);
    }

    function assertSums(uint256 free, uint256 locked) private view {
        (uint256 totalFree, uint256 totalLocked) = vault.totalsOf(address(token));
        assertEq(totalFree, free, "total of free balances");
        assertEq(totalLocked, locked, "total of locks");
        assertEq(token.balanceOf(address(vault)), free + locked, "the vault holds what it owes");
    }
}
