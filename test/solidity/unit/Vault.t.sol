// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Test} from "forge-std/Test.sol";

import {IVault} from "contracts/src/interfaces/IVault.sol";
import {Emission} from "contracts/src/poci/Emission.sol";
import {Vault} from "contracts/src/rental/Vault.sol";

import {Plans} from "../lib/Plans.sol";

/// @title Withdraws from the vault while it is given what the vault burns.
contract ReenteringSink {
    receive() external payable {}

    function burn() external payable {
        IVault(msg.sender).withdraw(payable(this), 1);
    }
}

/// @title Tests how the vault takes, locks and pays money.
contract VaultTest is Test {
    bytes32 private constant PURPOSE = "rental 1";

    address private keeper = makeAddr("keeper");
    address private otherKeeper = makeAddr("other keeper");
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");
    Emission private sink;
    Vault private vault;

    function setUp() public {
        sink = new Emission(address(this), address(0), Plans.tiered());
        address[] memory keepers = new address[](2);
        (keepers[0], keepers[1]) = (keeper, otherKeeper);
        vault = new Vault(address(sink), address(0), address(0), keepers);
        vm.deal(alice, 100 ether);
        vm.deal(keeper, 100 ether);
    }

    function test_constructor_fixesTheKeepers() public view {
        assertTrue(vault.isKeeper(keeper), "the first keeper");
        assertTrue(vault.isKeeper(otherKeeper), "the second keeper");
        assertFalse(vault.isKeeper(alice), "nobody else");
    }

    function test_deposit_addsToTheNamedAccount() public {
        vm.expectEmit(address(vault));
        emit IVault.Deposited(bob, alice, 3 ether);
        vm.prank(alice);
        vault.deposit{value: 3 ether}(bob);

        assertEq(vault.freeOf(bob), 3 ether, "free balance of bob");
        assertEq(vault.freeOf(alice), 0, "free balance of the sender");
        assertSums(3 ether, 0);
    }

    function test_deposit_revertsWhen_nothingSent() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultNothingSent.selector, alice));
        vault.deposit(alice);
    }

    function test_receive_revertsWhen_coinIsSentWithoutACall() public {
        vm.prank(alice);
        (bool accepted,) = address(vault).call{value: 1 ether}("");

        assertFalse(accepted, "coin without an owner is refused");
    }

    function test_withdraw_paysFromTheCallersBalance() public {
        _deposit(alice, 3 ether);

        vm.expectEmit(address(vault));
        emit IVault.Withdrawn(alice, bob, 1 ether);
        vm.prank(alice);
        vault.withdraw(payable(bob), 1 ether);

        assertEq(bob.balance, 1 ether, "coin of bob");
        assertEq(vault.freeOf(alice), 2 ether, "what alice has left");
        assertSums(2 ether, 0);
    }

    function test_withdraw_revertsWhen_balanceTooSmall() public {
        _deposit(alice, 3 ether);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientFree.selector, bob, 0, 1));
        vm.prank(bob);
        vault.withdraw(payable(bob), 1);
    }

    function test_withdraw_revertsWhen_receiverRefuses() public {
        _deposit(alice, 3 ether);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultPaymentRefused.selector, address(vault), 1 ether));
        vm.prank(alice);
        vault.withdraw(payable(address(vault)), 1 ether);
    }

    function test_burn_cannotBeReentered() public {
        ReenteringSink reentering = new ReenteringSink();
        address[] memory keepers = new address[](1);
        keepers[0] = keeper;
        Vault other = new Vault(address(reentering), address(0), address(0), keepers);
        vm.deal(keeper, 2 ether);
        vm.startPrank(keeper);
        other.deposit{value: 1 ether}(address(reentering));
        other.lockSent{value: 1 ether}(alice, PURPOSE);

        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        other.burn(PURPOSE, 1 ether);
    }

    function test_lock_movesFromFreeToLocked() public {
        _deposit(alice, 3 ether);

        vm.expectEmit(address(vault));
        emit IVault.Locked(keeper, PURPOSE, alice, 2 ether);
        vm.prank(keeper);
        vault.lock(alice, PURPOSE, 2 ether);

        assertEq(vault.freeOf(alice), 1 ether, "what alice has left");
        assertEq(vault.lockedOf(keeper, PURPOSE), 2 ether, "what the keeper holds");
        assertEq(vault.lockedOf(otherKeeper, PURPOSE), 0, "what another keeper holds for the same purpose");
        assertSums(1 ether, 2 ether);
    }

    function test_lock_revertsWhen_callerIsNoKeeper() public {
        _deposit(alice, 3 ether);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultNotKeeper.selector, alice));
        vm.prank(alice);
        vault.lock(alice, PURPOSE, 1 ether);
    }

    function test_lock_revertsWhen_balanceTooSmall() public {
        _deposit(alice, 3 ether);

        vm.expectRevert(
            abi.encodeWithSelector(IVault.VaultInsufficientFree.selector, alice, 3 ether, 4 ether)
        );
        vm.prank(keeper);
        vault.lock(alice, PURPOSE, 4 ether);
    }

    function test_lockSent_addsTheValueToTheLock() public {
        vm.expectEmit(address(vault));
        emit IVault.Locked(keeper, PURPOSE, alice, 2 ether);
        vm.prank(keeper);
        vault.lockSent{value: 2 ether}(alice, PURPOSE);

        assertEq(vault.lockedOf(keeper, PURPOSE), 2 ether, "what the keeper holds");
        assertEq(vault.freeOf(alice), 0, "alice's free balance stays as it was");
        assertSums(0, 2 ether);
    }

    function test_lockSent_revertsWhen_nothingSent() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultNothingSent.selector, alice));
        vm.prank(keeper);
        vault.lockSent(alice, PURPOSE);
    }

    function test_lockSent_revertsWhen_callerIsNoKeeper() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultNotKeeper.selector, alice));
        vm.prank(alice);
        vault.lockSent{value: 1 ether}(alice, PURPOSE);
    }

    function test_release_movesFromLockedToFree() public {
        _lock(alice, 3 ether);

        vm.expectEmit(address(vault));
        emit IVault.Released(keeper, PURPOSE, bob, 1 ether);
        vm.prank(keeper);
        vault.release(PURPOSE, bob, 1 ether);

        assertEq(vault.freeOf(bob), 1 ether, "free balance of bob");
        assertEq(vault.lockedOf(keeper, PURPOSE), 2 ether, "what the keeper still holds");
        assertSums(1 ether, 2 ether);
    }

    function test_release_revertsWhen_callerIsNoKeeper() public {
        _lock(alice, 3 ether);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultNotKeeper.selector, alice));
        vm.prank(alice);
        vault.release(PURPOSE, alice, 1 ether);
    }

    function test_release_revertsWhen_lockTooSmall() public {
        _lock(alice, 3 ether);

        vm.expectRevert(
            abi.encodeWithSelector(IVault.VaultInsufficientLocked.selector, PURPOSE, 3 ether, 4 ether)
        );
        vm.prank(keeper);
        vault.release(PURPOSE, alice, 4 ether);
    }

    function test_release_revertsWhen_theLockIsAnotherKeepers() public {
        _lock(alice, 3 ether);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientLocked.selector, PURPOSE, 0, 1));
        vm.prank(otherKeeper);
        vault.release(PURPOSE, alice, 1);
    }

    function test_burn_sendsToTheSink() public {
        _lock(alice, 3 ether);

        vm.expectEmit(address(vault));
        emit IVault.LockedBurned(keeper, PURPOSE, 1 ether);
        vm.expectCall(address(sink), 1 ether, abi.encodeCall(Emission.burn, ()));
        vm.prank(keeper);
        vault.burn(PURPOSE, 1 ether);

        assertEq(address(sink).balance, 1 ether, "coin in the sink");
        assertEq(sink.burned(), 1 ether, "the sink has counted it");
        assertEq(vault.lockedOf(keeper, PURPOSE), 2 ether, "what the keeper still holds");
        assertSums(0, 2 ether);
    }

    function test_burn_revertsWhen_callerIsNoKeeper() public {
        _lock(alice, 3 ether);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultNotKeeper.selector, alice));
        vm.prank(alice);
        vault.burn(PURPOSE, 1 ether);
    }

    function test_burn_revertsWhen_lockTooSmall() public {
        _lock(alice, 3 ether);

        vm.expectRevert(
            abi.encodeWithSelector(IVault.VaultInsufficientLocked.selector, PURPOSE, 3 ether, 4 ether)
        );
        vm.prank(keeper);
        vault.burn(PURPOSE, 4 ether);
    }

    function _deposit(address account, uint256 amount) private {
        vm.prank(alice);
        vault.deposit{value: amount}(account);
    }

    function _lock(address account, uint256 amount) private {
        _deposit(account, amount);
        vm.prank(keeper);
        vault.lock(account, PURPOSE, amount);
    }

    function assertSums(uint256 free, uint256 locked) private view {
        assertEq(vault.totalFree(), free, "total of free balances");
        assertEq(vault.totalLocked(), locked, "total of locks");
        assertEq(address(vault).balance, free + locked, "the vault holds what it owes");
    }
}
