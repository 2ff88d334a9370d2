// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IEmission} from "../interfaces/IEmission.sol";
import {ITokenVault} from "../interfaces/ITokenVault.sol";
import {IVault} from "../interfaces/IVault.sol";
import {VaultBook} from "../libraries/VaultBook.sol";
import {Share} from "../types/Shares.sol";

/// @title Holds the vault's books, one for each kind of money, and moves them at the word of keepers.
abstract contract VaultBooks is IVault, ITokenVault, ReentrancyGuardTransient {
    using VaultBook for VaultBook.Book;

    enum Standing {
        Unknown,
        Admitted,
        Dismissed
    }

    /// @dev Burns what it is sent.
    IEmission private immutable EMISSION;
    /// @inheritdoc ITokenVault
    address public immutable purse; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @dev Set by the constructor only.
    mapping(address account => bool) private _isKeeper;
    VaultBook.Book internal _coin;
    mapping(address token => VaultBook.Book) internal _tokens;
    /// @dev What the governor said of a token; set by it only.
    mapping(address token => Standing) internal _standings;

    constructor(address emission, address purse_, address[] memory keepers) {
        EMISSION = IEmission(emission);
        purse = purse_;
        for (uint256 i = 0; i < keepers.length; ++i) {
            _isKeeper[keepers[i]] = true;
        }
    }

    modifier onlyKeeper() {
        _requireKeeper();
        _;
    }

    /// @inheritdoc IVault
    function lock(address account, bytes32 purpose, uint256 amount) external onlyKeeper {
        _lockCoin(account, purpose, amount);
    }

    /// @inheritdoc IVault
    function lockSent(address account, bytes32 purpose) external payable onlyKeeper {
        if (msg.value == 0) revert VaultNothingSent(account);

        _coin.creditLocked(purpose, msg.value);

        emit Locked(msg.sender, purpose, account, msg.value);
    }

    /// @inheritdoc ITokenVault
    function lockToken(address token, address account, bytes32 purpose, uint256 amount) external onlyKeeper {
        _lock(token, account, purpose, amount);
    }

    /// @inheritdoc ITokenVault
    function lockStakes(address token, bytes32 purpose, Share calldata one, Share calldata other)
        external
        onlyKeeper
    {
        if (token != address(0)) _requireAdmitted(token);
        _lock(token, one.account, purpose, one.amount);
        _lock(token, other.account, purpose, other.amount);
    }

    /// @inheritdoc IVault
    function release(bytes32 purpose, address account, uint256 amount) external onlyKeeper {
        _releaseCoin(purpose, account, amount);
    }

    /// @inheritdoc ITokenVault
    function releaseToken(address token, bytes32 purpose, address account, uint256 amount)
        external
        onlyKeeper
    {
        _release(token, purpose, account, amount);
    }

    /// @inheritdoc IVault
    function burn(bytes32 purpose, uint256 amount) external onlyKeeper nonReentrant {
        _burn(purpose, amount);
    }

    /// @inheritdoc ITokenVault
    function payOut(
        address token,
        bytes32 purpose,
        Share calldata one,
        Share calldata other,
        uint256 forfeited
    ) external onlyKeeper nonReentrant {
        if (one.amount != 0) _release(token, purpose, one.account, one.amount);
        if (other.amount != 0) _release(token, purpose, other.account, other.amount);
        if (forfeited == 0) return;
        if (token == address(0)) _burn(purpose, forfeited);
        else _release(token, purpose, purse, forfeited);
    }

    /// @inheritdoc IVault
    function freeOf(address account) external view returns (uint256) {
        return _coin.free[account];
    }

    /// @inheritdoc IVault
    function lockedOf(address keeper, bytes32 purpose) external view returns (uint256) {
        return _coin.locked[keeper][purpose];
    }

    /// @inheritdoc IVault
    function totalFree() external view returns (uint256) {
        (uint256 free,) = _coin.sums();
        return free;
    }

    /// @inheritdoc IVault
    function totalLocked() external view returns (uint256) {
        (, uint256 locked) = _coin.sums();
        return locked;
    }

    /// @inheritdoc IVault
    function isKeeper(address account) external view returns (bool) {
        return _isKeeper[account];
    }

    /// @inheritdoc ITokenVault
    function freeTokenOf(address token, address account) external view returns (uint256) {
        return _tokens[token].free[account];
    }

    /// @inheritdoc ITokenVault
    function lockedTokenOf(address token, address keeper, bytes32 purpose) external view returns (uint256) {
        return _tokens[token].locked[keeper][purpose];
    }

    /// @inheritdoc ITokenVault
    function totalsOf(address token) external view returns (uint256 free, uint256 locked) {
        return _tokens[token].sums();
    }

    /// @inheritdoc ITokenVault
    function isAdmitted(address token) external view returns (bool) {
        return _standings[token] == Standing.Admitted;
    }

    function _requireAdmitted(address token) internal view {
        if (_standings[token] != Standing.Admitted) revert VaultNotAdmitted(token);
    }

    /// @param token Zero: the coin.
    function _lock(address token, address account, bytes32 purpose, uint256 amount) private {
        if (token == address(0)) {
            _lockCoin(account, purpose, amount);
            return;
        }
        _tokens[token].lock(account, purpose, amount);

        emit TokenLocked(msg.sender, purpose, account, token, amount);
    }

    function _lockCoin(address account, bytes32 purpose, uint256 amount) private {
        _coin.lock(account, purpose, amount);

        emit Locked(msg.sender, purpose, account, amount);
    }

    /// @param token Zero: the coin.
    function _release(address token, bytes32 purpose, address account, uint256 amount) private {
        if (token == address(0)) {
            _releaseCoin(purpose, account, amount);
            return;
        }
        _tokens[token].release(purpose, account, amount);

        emit TokenReleased(msg.sender, purpose, account, token, amount);
    }

    function _releaseCoin(bytes32 purpose, address account, uint256 amount) private {
        _coin.release(purpose, account, amount);

        emit Released(msg.sender, purpose, account, amount);
    }

    /// @dev Calls the sink: the last thing that a call does.
    function _burn(bytes32 purpose, uint256 amount) private {
        _coin.debitLocked(purpose, amount);

        emit LockedBurned(msg.sender, purpose, amount);

        EMISSION.burn{value: amount}();
    }

    function _requireKeeper() private view {
        if (!_isKeeper[msg.sender]) revert VaultNotKeeper(msg.sender);
    }
}
