// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICommittee} from "../interfaces/ICommittee.sol";
import {IVault} from "../interfaces/IVault.sol";
import {Standing} from "../types/Committees.sol";

/// @title Keeps what members of committees have at stake, and the record of what became of their seats.
abstract contract CommitteeStakes is ICommittee {
    using SafeCast for uint256;

    /// @dev The vault's purpose under which all stakes lie.
    bytes32 internal constant STAKES = "stakes";

    IVault internal immutable VAULT;

    /// @inheritdoc ICommittee
    uint128 public immutable seatBond; // forge-lint: disable-line(screaming-snake-case-immutable)

    mapping(address operator => Standing) private _standings;

    constructor(address vault, uint128 bond) {
        if (bond == 0) revert CommitteeBadParameter("seatBond");
        VAULT = IVault(vault);
        seatBond = bond;
    }

    /// @inheritdoc ICommittee
    function enlist() external payable {
        Standing storage standing = _standings[msg.sender];
        // Only a stake that was none before is new: who adds to one keeps its place in cases that wait.
        bool isNew = uint256(standing.free) + standing.held < seatBond;
        if (isNew) standing.since = uint64(block.number);
        standing.free += msg.value.toUint96();

        emit Enlisted(msg.sender, msg.value, standing.free);

        VAULT.lockSent{value: msg.value}(msg.sender, STAKES);
    }

    /// @inheritdoc ICommittee
    function retire(uint256 amount) external {
        Standing storage standing = _standings[msg.sender];
        if (amount > standing.free) revert CommitteeStakeTooSmall(msg.sender, standing.free, amount);

        standing.free -= amount.toUint96();

        emit Retired(msg.sender, amount, standing.free);

        VAULT.release(STAKES, msg.sender, amount);
    }

    /// @inheritdoc ICommittee
    function standingOf(address operator) external view returns (Standing memory) {
        return _standings[operator];
    }

    /// @dev Whether an operator has a stake for a seat that was there at a height, and whether other seats
    /// hold all of it.
    function _readinessOf(address operator, uint64 height)
        internal
        view
        returns (bool isEnlisted, bool isBusy)
    {
        Standing storage standing = _standings[operator];
        uint256 free = standing.free;
        isEnlisted = standing.since <= height && free + standing.held >= seatBond;
        isBusy = free < seatBond;
    }

    /// @dev A seat begins: it holds its bond.
    function _hold(address operator) internal {
        Standing storage standing = _standings[operator];
        uint96 bond = uint256(seatBond).toUint96();
        standing.free -= bond;
        standing.held += bond;
        standing.seats += 1;
    }

    /// @dev A seat ends well: its bond is the operator's again.
    function _giveBack(address operator, bool isAgreed) internal {
        Standing storage standing = _standings[operator];
        uint96 bond = uint256(seatBond).toUint96();
        standing.held -= bond;
        standing.free += bond;
        if (isAgreed) standing.agreed += 1;
    }

    /// @dev A seat ends badly: its bond is no longer the operator's; the caller spends it.
    function _forfeit(address operator, bool isSilent) internal {
        Standing storage standing = _standings[operator];
        standing.held -= uint256(seatBond).toUint96();
        if (isSilent) standing.silent += 1;
        else standing.outvoted += 1;
    }
}
