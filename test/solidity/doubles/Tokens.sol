// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title A token as most are; anybody mints.
contract PlainToken is ERC20 {
    constructor() ERC20("Plain", "PLN") {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }
}

/// @title Keeps a hundredth of what moves, rounded down.
contract FeeToken is ERC20 {
    address private constant COLLECTOR = address(0xfee);

    constructor() ERC20("Fee", "FEE") {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        bool isFree = from == address(0) || to == address(0);
        uint256 fee = isFree ? 0 : value / 100;
        super._update(from, to, value - fee);
        if (fee != 0) super._update(from, COLLECTOR, fee);
    }
}

/// @title Takes from its holders what it likes.
contract ShrinkingToken is ERC20 {
    constructor() ERC20("Shrinking", "SHR") {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function shrink(address account, uint256 amount) external {
        _burn(account, amount);
    }
}

/// @title Moves and says nothing, or moves nothing and says no.
contract OddToken {
    enum Manner {
        Silent,
        Refusing,
        Lying
    }

    Manner public manner;
    mapping(address account => uint256) public balanceOf;

    function mint(address account, uint256 amount) external {
        balanceOf[account] += amount;
    }

    function setManner(Manner chosen) external {
        manner = chosen;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        if (manner == Manner.Silent) {
            balanceOf[from] -= amount;
            balanceOf[to] += amount;
            return;
        }
        bool answer = manner == Manner.Lying; // says that it moved, and did not
        assembly ("memory-safe") {
            mstore(0, answer)
            return(0, 32)
        }
    }
}

/// @title Calls somebody back whenever it moves.
contract CallingToken is ERC20 {
    address public listener;
    bytes public message;
    bool public hasSucceeded;
    bytes public refusal;

    constructor() ERC20("Calling", "CALL") {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    /// @dev Both zero: nobody.
    function callBack(address listener_, bytes calldata message_) external {
        (listener, message) = (listener_, message_);
    }

    /// @dev What the token may do in its own name.
    function approveFor(address spender, uint256 amount) external {
        _approve(address(this), spender, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (listener == address(0) || from == address(0)) return;
        address called = listener;
        listener = address(0);
        (hasSucceeded, refusal) = called.call(message);
    }
}

/// @title Serves nobody whom its issuer has listed.
contract BlockingToken is ERC20 {
    error BlockingTokenListed(address account);

    mapping(address account => bool) public isListed;

    constructor() ERC20("Blocking", "BLK") {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function list(address account) external {
        isListed[account] = true;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (isListed[from]) revert BlockingTokenListed(from);
        if (isListed[to]) revert BlockingTokenListed(to);
        super._update(from, to, value);
    }
}

/// @title What the tests ask of every token here.
interface IMintable is IERC20 {
    function mint(address account, uint256 amount) external;
}
