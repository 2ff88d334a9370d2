// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IEmission} from "../interfaces/IEmission.sol";
import {IVault} from "../interfaces/IVault.sol";

/// @title Holds everybody's money: the only contract that pays out, and only to who asks for his own.
/// @dev The native coin only. Coin enters in `deposit` and `lockSent` and leaves in `withdraw` and `burn`,
/// nowhere else: another token would need those four and a token beside each balance. Coin that is forced in
/// (a withdrawal, a self-destruct) belongs to nobody and stays.
contract Vault is IVault, ReentrancyGuardTransient {
    using SafeCast for uint256;

    /// @dev Burns what it is sent.
    IEmission private immutable EMISSION;

    /// @dev Wei in all free balances and in all locks; the supply stays far below 2^128.
    struct Totals {
        uint128 free;
        uint128 locked;
    }

    /// @dev Set by the constructor only.
    mapping(address account => bool) private _isKeeper;
    /// @dev Wei that an account may withdraw or commit.
    mapping(address account => uint256) private _free;
    /// @dev Wei that a keeper holds for a purpose (a rental, a job, a bond).
    mapping(address keeper => mapping(bytes32 purpose => uint256)) private _locked;
    Totals private _totals;

    constructor(address emission, address[] memory keepers) {
        EMISSION = IEmission(emission);
        for (uint256 i = 0; i < keepers.length; ++i) {
            _isKeeper[keepers[i]] = true;
        }
    }

    modifier onlyKeeper() {
        _requireKeeper();
        _;
    }

    /// @inheritdoc IVault
    function deposit(address account) external payable {
        if (msg.value == 0) revert VaultNothingSent(account);

        _free[account] += msg.value;
        _totals.free += msg.value.toUint128();

        emit Deposited(account, msg.sender, msg.value);
    }

    /// @inheritdoc IVault
    function withdraw(address payable to, uint256 amount) external nonReentrant {
        _takeFree(msg.sender, amount);
        _totals.free -= amount.toUint128();

        emit Withdrawn(msg.sender, to, amount);

        (bool paid,) = to.call{value: amount}("");
        if (!paid) revert VaultPaymentRefused(to, amount);
    }

    /// @inheritdoc IVault
    function lock(address account, bytes32 purpose, uint256 amount) external onlyKeeper {
        _takeFree(account, amount);
        _locked[msg.sender][purpose] += amount;
        uint128 moved = amount.toUint128();
        _totals = Totals({free: _totals.free - moved, locked: _totals.locked + moved});

        emit Locked(msg.sender, purpose, account, amount);
    }

    /// @inheritdoc IVault
    function lockSent(address account, bytes32 purpose) external payable onlyKeeper {
        if (msg.value == 0) revert VaultNothingSent(account);

        _locked[msg.sender][purpose] += msg.value;
        _totals.locked += msg.value.toUint128();

        emit Locked(msg.sender, purpose, account, msg.value);
    }

    /// @inheritdoc IVault
    function release(bytes32 purpose, address account, uint256 amount) external onlyKeeper {
        _takeLocked(purpose, amount);
        _free[account] += amount;
        uint128 moved = amount.toUint128();
        _totals = Totals({free: _totals.free + moved, locked: _totals.locked - moved});

        emit Released(msg.sender, purpose, account, amount);
    }

    /// @inheritdoc IVault
    function burn(bytes32 purpose, uint256 amount) external onlyKeeper nonReentrant {
        _takeLocked(purpose, amount);
        _totals.locked -= amount.toUint128();

        emit LockedBurned(msg.sender, purpose, amount);

        EMISSION.burn{value: amount}();
    }

    /// @inheritdoc IVault
    function freeOf(address account) external view returns (uint256) {
        return _free[account];
    }

    /// @inheritdoc IVault
    function lockedOf(address keeper, bytes32 purpose) external view returns (uint256) {
        return _locked[keeper][purpose];
    }

    /// @inheritdoc IVault
    function totalFree() external view returns (uint256) {
        return _totals.free;
    }

    /// @inheritdoc IVault
    function totalLocked() external view returns (uint256) {
        return _totals.locked;
    }

    /// @inheritdoc IVault
    function isKeeper(address account) external view returns (bool) {
        return _isKeeper[account];
    }

    function _takeFree(address account, uint256 amount) private {
        uint256 free = _free[account];
        if (free < amount) revert VaultInsufficientFree(account, free, amount);
        unchecked {
            _free[account] = free - amount; // cannot wrap: amount <= free was checked above
        }
    }

    function _takeLocked(bytes32 purpose, uint256 amount) private {
        uint256 locked = _locked[msg.sender][purpose];
        if (locked < amount) revert VaultInsufficientLocked(purpose, locked, amount);
        unchecked {
            _locked[msg.sender][purpose] = locked - amount; // cannot wrap: amount <= locked was checked above
        }
    }

    function _requireKeeper() private view {
        if (!_isKeeper[msg.sender]) revert VaultNotKeeper(msg.sender);
    }
}
