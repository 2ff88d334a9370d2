// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdCheats} from "forge-std/StdCheats.sol";
import {StdUtils} from "forge-std/StdUtils.sol";
import {Test} from "forge-std/Test.sol";

import {Emission} from "contracts/src/poci/Emission.sol";
import {Vault} from "contracts/src/rental/Vault.sol";
import {Share} from "contracts/src/types/Shares.sol";

import {FeeToken, IMintable, PlainToken} from "../doubles/Tokens.sol";
import {Plans} from "../lib/Plans.sol";

/// @title Moves coin and tokens through the vault as accounts and keepers may, and keeps its own books.
/// @dev Money zero is the coin. The token of money two keeps a fee of all that moves.
contract VaultHandler is CommonBase, StdCheats, StdUtils {
    Vault public immutable VAULT;
    address public immutable GOVERNOR;

    address[3] public monies;
    address[3] public accounts = [makeAddr("alice"), makeAddr("bob"), makeAddr("purse")];
    address[2] public keepers;
    bytes32[2] public purposes = [keccak256("rental"), keccak256("job")];

    // Ghost sums of each money, in its units.
    mapping(address money => uint256) public deposited;
    mapping(address money => uint256) public withdrawn;
    uint256 public burned;
    mapping(address money => mapping(address account => uint256)) public freeGhost;
    mapping(address money => mapping(address keeper => mapping(bytes32 purpose => uint256))) public
        lockedGhost;

    constructor(Vault vault, address governor, address[2] memory tokens, address[2] memory keepersOfVault) {
        VAULT = vault;
        GOVERNOR = governor;
        (monies[1], monies[2]) = (tokens[0], tokens[1]);
        keepers = keepersOfVault;
    }

    function deposit(uint256 moneySeed, uint256 seed, uint256 amount) external {
        (address money, address account) = (monies[moneySeed % 3], accounts[seed % 3]);
        amount = bound(amount, 1, 1_000_000 ether);
        uint256 received = amount;
        if (money == address(0)) {
            deal(address(this), amount);
            VAULT.deposit{value: amount}(account);
        } else {
            IMintable(money).mint(address(this), amount);
            IMintable(money).approve(address(VAULT), amount);
            received = VAULT.depositToken(money, account, amount);
        }
        deposited[money] += received;
        freeGhost[money][account] += received;
    }

    function withdraw(uint256 moneySeed, uint256 seed, uint256 to, uint256 amount) external {
        (address money, address account) = (monies[moneySeed % 3], accounts[seed % 3]);
        amount = bound(amount, 0, freeGhost[money][account]);
        vm.prank(account);
        if (money == address(0)) VAULT.withdraw(payable(accounts[to % 3]), amount);
        else VAULT.withdrawToken(money, accounts[to % 3], amount);
        withdrawn[money] += amount;
        freeGhost[money][account] -= amount;
    }

    function lock(uint256 moneySeed, uint256 seed, uint256 keeperSeed, uint256 purposeSeed, uint256 amount)
        external
    {
        (address money, address account) = (monies[moneySeed % 3], accounts[seed % 3]);
        (address keeper, bytes32 purpose) = _lockOf(keeperSeed, purposeSeed);
        amount = bound(amount, 0, freeGhost[money][account]);
        vm.prank(keeper);
        VAULT.lockToken(money, account, purpose, amount);
        freeGhost[money][account] -= amount;
        lockedGhost[money][keeper][purpose] += amount;
    }

    function lockSent(uint256 seed, uint256 keeperSeed, uint256 purposeSeed, uint256 amount) external {
        (address keeper, bytes32 purpose) = _lockOf(keeperSeed, purposeSeed);
        amount = bound(amount, 1, 1_000_000 ether);
        deal(keeper, amount);
        vm.prank(keeper);
        VAULT.lockSent{value: amount}(accounts[seed % 3], purpose);
        deposited[address(0)] += amount;
        lockedGhost[address(0)][keeper][purpose] += amount;
    }

    function lockStakes(uint256 moneySeed, uint256 seed, uint256 keeperSeed, uint256 one, uint256 other)
        external
    {
        (address money, address account) = (monies[moneySeed % 3], accounts[seed % 3]);
        if (money != address(0) && !VAULT.isAdmitted(money)) return;
        (address keeper, bytes32 purpose) = _lockOf(keeperSeed, seed);
        one = bound(one, 0, freeGhost[money][account]);
        other = bound(other, 0, freeGhost[money][account] - one);
        vm.prank(keeper);
        VAULT.lockStakes(money, purpose, Share(account, one), Share(account, other));
        freeGhost[money][account] -= one + other;
        lockedGhost[money][keeper][purpose] += one + other;
    }

    function release(uint256 moneySeed, uint256 seed, uint256 keeperSeed, uint256 purposeSeed, uint256 amount)
        external
    {
        (address money, address account) = (monies[moneySeed % 3], accounts[seed % 3]);
        (address keeper, bytes32 purpose) = _lockOf(keeperSeed, purposeSeed);
        amount = bound(amount, 0, lockedGhost[money][keeper][purpose]);
        vm.prank(keeper);
        VAULT.releaseToken(money, purpose, account, amount);
        lockedGhost[money][keeper][purpose] -= amount;
        freeGhost[money][account] += amount;
    }

    function payOut(uint256 moneySeed, uint256 seed, uint256 keeperSeed, uint256 share, uint256 forfeited)
        external
    {
        address money = monies[moneySeed % 3];
        (address keeper, bytes32 purpose) = _lockOf(keeperSeed, seed);
        uint256 held = lockedGhost[money][keeper][purpose];
        forfeited = bound(forfeited, 0, held);
        share = bound(share, 0, held - forfeited);
        vm.prank(keeper);
        VAULT.payOut(
            money, purpose, Share(accounts[0], share), Share(accounts[1], held - forfeited - share), forfeited
        );
        lockedGhost[money][keeper][purpose] = 0;
        freeGhost[money][accounts[0]] += share;
        freeGhost[money][accounts[1]] += held - forfeited - share;
        if (money == address(0)) burned += forfeited;
        else freeGhost[money][accounts[2]] += forfeited;
    }

    function burn(uint256 keeperSeed, uint256 purposeSeed, uint256 amount) external {
        (address keeper, bytes32 purpose) = _lockOf(keeperSeed, purposeSeed);
        amount = bound(amount, 0, lockedGhost[address(0)][keeper][purpose]);
        vm.prank(keeper);
        VAULT.burn(purpose, amount);
        lockedGhost[address(0)][keeper][purpose] -= amount;
        burned += amount;
    }

    /// @dev The governor changes its mind about a token.
    function turn(uint256 moneySeed) external {
        address token = monies[1 + moneySeed % 2];
        bool isIn = VAULT.isAdmitted(token);
        vm.prank(GOVERNOR);
        if (isIn) VAULT.dismiss(token);
        else VAULT.admit(token);
    }

    function _lockOf(uint256 keeperSeed, uint256 purposeSeed) private view returns (address, bytes32) {
        return (keepers[keeperSeed % 2], purposes[purposeSeed % 2]);
    }
}

/// @title The vault owes exactly what it holds, of each money, whatever its accounts and keepers do.
contract VaultSolvencyTest is Test {
    Emission private sink;
    Vault private vault;
    VaultHandler private handler;

    function setUp() public {
        sink = new Emission(address(this), address(0), Plans.tiered());
        address[2] memory pair = [makeAddr("keeper"), makeAddr("other keeper")];
        address[] memory keepers = new address[](2);
        (keepers[0], keepers[1]) = (pair[0], pair[1]);
        address governor = makeAddr("governor");
        vault = new Vault(address(sink), governor, makeAddr("purse"), keepers);
        address[2] memory tokens = [address(new PlainToken()), address(new FeeToken())];
        vm.startPrank(governor);
        vault.admit(tokens[0]);
        vault.admit(tokens[1]);
        vm.stopPrank();
        handler = new VaultHandler(vault, governor, tokens, pair);
        targetContract(address(handler));
    }

    function invariant_balanceEqualsFreePlusLocked() public view {
        for (uint256 i = 0; i < 3; ++i) {
            (uint256 free, uint256 locked) = _totals(handler.monies(i));
            assertEq(_heldBy(address(vault), handler.monies(i)), free + locked, "balance of the vault");
        }
    }

    function invariant_totalsAreTheSumsOfTheParts() public view {
        for (uint256 i = 0; i < 3; ++i) {
            address money = handler.monies(i);
            (uint256 free, uint256 locked) = _totals(money);
            assertEq(free, _sumOfFree(money), "total of free balances");
            assertEq(locked, _sumOfLocks(money), "total of locks");
        }
    }

    function invariant_nothingIsMadeOrLost() public view {
        for (uint256 i = 0; i < 3; ++i) {
            address money = handler.monies(i);
            uint256 gone = handler.withdrawn(money);
            if (money == address(0)) gone += handler.burned();
            assertEq(_heldBy(address(vault), money) + gone, handler.deposited(money), "all of a money");
        }
        assertEq(address(sink).balance, handler.burned(), "coin in the sink");
    }

    function _sumOfFree(address money) private view returns (uint256 sum) {
        for (uint256 i = 0; i < 3; ++i) {
            address account = handler.accounts(i);
            uint256 free = money == address(0) ? vault.freeOf(account) : vault.freeTokenOf(money, account);
            assertEq(free, handler.freeGhost(money, account), "free balance of an account");
            sum += free;
        }
    }

    function _sumOfLocks(address money) private view returns (uint256 sum) {
        for (uint256 i = 0; i < 4; ++i) {
            (address keeper, bytes32 purpose) = (handler.keepers(i / 2), handler.purposes(i % 2));
            uint256 locked = money == address(0)
                ? vault.lockedOf(keeper, purpose)
                : vault.lockedTokenOf(money, keeper, purpose);
            assertEq(locked, handler.lockedGhost(money, keeper, purpose), "a lock");
            sum += locked;
        }
    }

    function _totals(address money) private view returns (uint256, uint256) {
        if (money == address(0)) return (vault.totalFree(), vault.totalLocked());
        return vault.totalsOf(money);
    }

    function _heldBy(address account, address money) private view returns (uint256) {
        return money == address(0) ? account.balance : IMintable(money).balanceOf(account);
    }
}
