// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {StakeAccess} from "contracts/src/token/StakeAccess.sol";

import {AicFixture} from "../fixtures/AicFixture.sol";

/// @title Measures the gas of what holders of AIC do.
/// @dev Each call is a transaction of its own: cold storage, 21,000 and calldata included.
/// forge-config: default.isolate = true
contract AicGasTest is AicFixture {
    function test_gas_ofAVote() public {
        bytes memory call = abi.encodeCall(StakeAccess.setExitSeconds, (3 days));
        give(alice, QUORUM);
        vm.prank(alice);
        token.delegate(alice);
        _gasOf("delegate");
        skip(1);
        uint256 id = propose(alice, address(access), call);
        _gasOf("propose");
        skip(VOTING_DELAY + 1);
        vote(alice, id, FOR);
        _gasOf("castVote");
        skip(VOTING_PERIOD);
        queue(address(access), call);
        _gasOf("queue");
        skip(TIMELOCK);
        execute(address(access), call);
        _gasOf("execute");
    }

    function test_gas_ofAStake() public {
        give(alice, 10 ether);
        vm.startPrank(alice);
        token.approve(address(access), 10 ether);
        access.stake(10 ether);
        _gasOf("stake");
        skip(1 days);
        access.requestExit(10 ether);
        _gasOf("requestExit");
        skip(7 days);
        access.withdraw(alice);
        _gasOf("withdraw");
    }

    function test_gas_ofASale() public {
        earn(100 ether);
        give(alice, 10 ether);
        buyback.start();
        _gasOf("start");
        vm.startPrank(alice);
        token.approve(address(buyback), 10 ether);
        buyback.sell(5 ether, 0, payable(alice));
        _gasOf("sell");
    }

    function _gasOf(string memory what) private returns (uint256 spent) {
        spent = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue(what, spent);
    }
}
