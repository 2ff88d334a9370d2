// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EnvironmentFixture} from "../lib/EnvironmentFixture.sol";

/// @dev Writes `snapshots/EnvironmentGas.json`: gas of single calls, execution only.
contract EnvironmentGasTest is EnvironmentFixture {
    function setUp() public override {
        super.setUp();
        useCatalogue(approximateOnly());
        power.addChip(alice, 1);
        power.addChip(bob, 1);
    }

    function measure(string memory name) private {
        vm.snapshotGasLastCall("EnvironmentGas", name);
    }

    function test_commitAndReveal() public {
        commit(alice, number(1));
        measure("commit, an operator's first and a round's first");
        commit(bob, number(2));
        nextEpoch();
        reveal(alice, number(1));
        measure("reveal, a round's first");
        reveal(bob, number(2));
        measure("reveal, decides");
        for (uint256 i = 0; i < 3; ++i) {
            nextEpoch();
            commit(alice, number(1));
        }
        nextEpoch();
        commit(alice, number(1));
        measure("commit, later");
    }

    function test_isSuspended() public {
        for (uint256 i = 0; i < 2; ++i) {
            play(alice, number(1));
        }
        environment.isSuspended(alice);
        measure("isSuspended");
    }
}
