// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {Grant} from "../types/Aic.sol";

/// @title The token of AICompute: 1,000,000,000 AIC, made once, only ever burned.
/// @dev Votes count once delegated, by second. Nobody can mint, pause, freeze or upgrade.
contract AicToken is ERC20, ERC20Burnable, ERC20Permit, ERC20Votes {
    /// @notice All that there ever was, in 1e-18 AIC.
    uint256 public constant SUPPLY = 1_000_000_000 ether;

    /// @notice The grants are not the supply.
    error AicTokenWrongSum(uint256 granted, uint256 supply);

    /// @param grants Who holds what from the beginning; together the supply.
    constructor(Grant[] memory grants) ERC20("AICompute", "AIC") ERC20Permit("AICompute") {
        for (uint256 i = 0; i < grants.length; ++i) {
            _mint(grants[i].holder, grants[i].amount);
        }
        if (totalSupply() != SUPPLY) revert AicTokenWrongSum(totalSupply(), SUPPLY);
    }

    /// @notice The second: what past votes are asked by.
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    /// @notice ERC-6372.
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice The next nonce of an account, for permits and delegations alike.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 amount) internal override(ERC20, ERC20Votes) {
        super._update(from, to, amount);
    }
}
