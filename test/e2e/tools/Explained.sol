// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Fails deep inside: a free function's line must be found through two contracts.
library Checks {
    error TooHigh(uint256 asked, uint256 most);

    function below(uint256 asked, uint256 most) internal pure {
        if (asked > most) revert TooHigh(asked, most); // line of the custom error
    }
}

contract Inner {
    uint256 private immutable _most;

    constructor(uint256 most) {
        require(most != 0, "no limit"); // line of the constructor
        _most = most;
    }

    function check(uint256 asked) external view {
        Checks.below(asked, _most); // line of the library's call
    }

    function sum(uint256 more) external pure returns (uint256) {
        return type(uint256).max + more; // line of the panic
    }
}

contract Outer {
    Inner public immutable INNER = new Inner(10);
    uint256 public last;

    event Asked(address indexed by, uint256 amount);

    function ask(uint256 amount) external {
        _log(amount);
        emit Asked(msg.sender, amount);
        last = amount;
        _pass(amount); // line of the private call
    }

    function make(uint256 most) external returns (Inner) {
        return new Inner(most); // line of the creation
    }

    function overflow() external view returns (uint256) {
        return INNER.sum(1);
    }

    /// Fails for a reason of its own, after a failure that it caught.
    function caught(uint256 amount) external view {
        try INNER.check(amount) {}
        catch {
            require(amount == 0, "own reason"); // line of its own reason
        }
    }

    function _pass(uint256 amount) private view {
        INNER.check(amount); // line of the contract's call
    }

    function _log(uint256 amount) private view {
        bytes memory call = abi.encodeWithSignature("log(string,uint256,address)", "asked %s by", amount, msg.sender);
        (bool heard,) = 0x000000000000000000636F6e736F6c652e6c6f67.staticcall(call);
        require(heard, "nobody hears");
    }
}
