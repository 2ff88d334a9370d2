// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Counter} from "./Counter.sol";

interface Vm {
    function envAddress(string calldata name) external view returns (address);
    function expectRevert(bytes calldata data) external;
    function rollFork(uint256 height) external;
}

/// @notice Tests a counter that stands on the forked node and holds 5.
contract ForkTest {
    bool public constant IS_TEST = true;
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    Counter private _counter;

    function setUp() external {
        _counter = Counter(VM.envAddress("COUNTER"));
    }

    function test_reads_what_the_node_holds() external view {
        require(block.chainid == 31_337, "the node's chain");
        require(_counter.count() == 5, "the node's state");
    }

    function test_writes_above_it() external {
        _counter.add(2);
        require(_counter.count() == 7, "the fork's own state");
        VM.expectRevert(abi.encodeWithSelector(Counter.TooMany.selector, 101));
        _counter.add(101);
    }

    function test_rolls_back_to_an_older_block() external {
        VM.rollFork(block.number - 1);
        require(_counter.count() == 0, "the state before");
    }
}
