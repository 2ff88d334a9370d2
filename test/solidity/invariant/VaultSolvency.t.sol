// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdCheats} from "forge-std/StdCheats.sol";
import {StdUtils} from "forge-std/StdUtils.sol";
import {Test} from "forge-std/Test.sol";

import {Emission} from "contracts/src/poci/Emission.sol";
import {Vault} from "contracts/src/rental/Vault.sol";

import {Plans} from "../lib/Plans.sol";

/// @title Moves money through the vault as accounts and keepers may, and keeps its own books.
contract VaultHandler is CommonBase, StdCheats, StdUtils {
    Vault public immutable VAULT;
    address public immutable SINK;

    address[3] public accounts = [makeAddr("alice"), makeAddr("bob"), makeAddr("carol")];
    address[2] public keepers;
    bytes32[2] public purposes = [keccak256("rental"), keccak256("job")];

    // Ghost sums, in wei.
    uint256 public deposited;
    uint256 public withdrawn;
    uint256 public burned;
    mapping(address account => uint256) public freeGhost;
    mapping(address keeper => mapping(bytes32 purpose => uint256)) public lockedGhost;

    constructor(Vault vault, address sink, address[2] memory keepersOfVault) {
        VAULT = vault;
        SINK = sink;
        keepers = keepersOfVault;
    }

    function deposit(uint256 seed, uint256 amount) external {
        address account = accounts[seed % 3];
        amount = bound(amount, 1, 1_000_000 ether);
        deal(address(this), amount);
        VAULT.deposit{value: amount}(account);
        deposited += amount;
        freeGhost[account] += amount;
    }

    function withdraw(uint256 seed, uint256 to, uint256 amount) external {
        address account = accounts[seed % 3];
        amount = bound(amount, 0, freeGhost[account]);
        vm.prank(account);
        VAULT.withdraw(payable(accounts[to % 3]), amount);
        withdrawn += amount;
        freeGhost[account] -= amount;
    }

    function lock(uint256 seed, uint256 keeperSeed, uint256 purposeSeed, uint256 amount) external {
        address account = accounts[seed % 3];
        (address keeper, bytes32 purpose) = _lockOf(keeperSeed, purposeSeed);
        amount = bound(amount, 0, freeGhost[account]);
        vm.prank(keeper);
        VAULT.lock(account, purpose, amount);
        freeGhost[account] -= amount;
        lockedGhost[keeper][purpose] += amount;
    }

    function lockSent(uint256 seed, uint256 keeperSeed, uint256 purposeSeed, uint256 amount) external {
        (address keeper, bytes32 purpose) = _lockOf(keeperSeed, purposeSeed);
        amount = bound(amount, 1, 1_000_000 ether);
        deal(keeper, amount);
        vm.prank(keeper);
        VAULT.lockSent{value: amount}(accounts[seed % 3], purpose);
        deposited += amount;
        lockedGhost[keeper][purpose] += amount;
    }

    function release(uint256 seed, uint256 keeperSeed, uint256 purposeSeed, uint256 amount) external {
        address account = accounts[seed % 3];
        (address keeper, bytes32 purpose) = _lockOf(keeperSeed, purposeSeed);
        amount = bound(amount, 0, lockedGhost[keeper][purpose]);
        vm.prank(keeper);
        VAULT.release(purpose, account, amount);
        lockedGhost[keeper][purpose] -= amount;
        freeGhost[account] += amount;
    }

    function burn(uint256 keeperSeed, uint256 purposeSeed, uint256 amount) external {
        (address keeper, bytes32 purpose) = _lockOf(keeperSeed, purposeSeed);
        amount = bound(amount, 0, lockedGhost[keeper][purpose]);
        vm.prank(keeper);
        VAULT.burn(purpose, amount);
        lockedGhost[keeper][purpose] -= amount;
        burned += amount;
    }

    function _lockOf(uint256 keeperSeed, uint256 purposeSeed) private view returns (address, bytes32) {
        return (keepers[keeperSeed % 2], purposes[purposeSeed % 2]);
    }
}

/// @title The vault owes exactly what it holds, whatever its accounts and keepers do.
contract VaultSolvencyTest is Test {
    Vault private vault;
    VaultHandler private handler;

    function setUp() public {
        Emission sink = new Emission(address(this), address(0), Plans.tiered());
        address[2] memory pair = [makeAddr("keeper"), makeAddr("other keeper")];
        address[] memory keepers = new address[](2);
        (keepers[0], keepers[1]) = (pair[0], pair[1]);
        vault = new Vault(address(sink), keepers);
        handler = new VaultHandler(vault, address(sink), pair);
        targetContract(address(handler));
    }

    function invariant_balanceEqualsFreePlusLocked() public view {
        assertEq(address(vault).balance, vault.totalFree() + vault.totalLocked(), "balance of the vault");
    }

    function invariant_totalsAreTheSumsOfTheParts() public view {
        uint256 free;
        for (uint256 i = 0; i < 3; ++i) {
            address account = handler.accounts(i);
            assertEq(vault.freeOf(account), handler.freeGhost(account), "free balance of an account");
            free += vault.freeOf(account);
        }
        uint256 locked;
        for (uint256 i = 0; i < 4; ++i) {
            (address keeper, bytes32 purpose) = (handler.keepers(i / 2), handler.purposes(i % 2));
            assertEq(vault.lockedOf(keeper, purpose), handler.lockedGhost(keeper, purpose), "a lock");
            locked += vault.lockedOf(keeper, purpose);
        }
        assertEq(vault.totalFree(), free, "total of free balances");
        assertEq(vault.totalLocked(), locked, "total of locks");
    }

    function invariant_nothingIsMadeOrLost() public view {
        assertEq(
            address(vault).balance + handler.withdrawn() + handler.burned(), handler.deposited(), "all coin"
        );
        assertEq(handler.SINK().balance, handler.burned(), "coin in the sink");
    }
}
