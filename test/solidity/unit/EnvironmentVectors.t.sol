// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {EnvironmentMessages} from "contracts/src/libraries/EnvironmentMessages.sol";

/// @title Hashes as EnvironmentProof does, wherever this code stands.
contract EnvironmentHasher {
    function seed(uint64 round, bytes32 beacon) external view returns (bytes32) {
        return EnvironmentMessages.seed(round, beacon);
    }

    function commitment(uint64 round, address operator, bytes32 answer, bytes32 salt)
        external
        view
        returns (bytes32)
    {
        return EnvironmentMessages.commitment(round, operator, answer, salt);
    }
}

/// @title What both sides know of rounds of the environment proof: `offchain-worker/tests/environment.rs`
/// wrote it.
contract EnvironmentVectorsTest is Test {
    uint256 private constant CASES = 32;

    function test_everyRoundIsDrawnAsTheWorkersDo() public {
        string memory file = vm.readFile("test/vectors/environment.json");
        address contractAt = vm.parseJsonAddress(file, ".contract");
        vm.chainId(vm.parseJsonUint(file, ".chainId"));
        vm.etch(contractAt, type(EnvironmentHasher).runtimeCode);

        for (uint256 i = 0; i < CASES; ++i) {
            check(EnvironmentHasher(contractAt), file, i);
        }
        assertFalse(vm.keyExistsJson(file, keyOf(CASES, "round")), "all cases were read");
    }

    function check(EnvironmentHasher hasher, string memory file, uint256 i) private view {
        uint64 round = uint64(uint256(vm.parseJsonBytes32(file, keyOf(i, "round"))));
        bytes32 seed = hasher.seed(round, vm.parseJsonBytes32(file, keyOf(i, "beacon")));
        assertEq(seed, vm.parseJsonBytes32(file, keyOf(i, "seed")), "seed");

        uint256 programs = vm.parseJsonUint(file, keyOf(i, "programs"));
        uint256 index = EnvironmentMessages.indexOf(seed, programs);
        assertEq(index, vm.parseJsonUint(file, keyOf(i, "index")), "index");

        bytes32 commitment = hasher.commitment(
            round,
            vm.parseJsonAddress(file, keyOf(i, "operator")),
            vm.parseJsonBytes32(file, keyOf(i, "answer")),
            vm.parseJsonBytes32(file, keyOf(i, "salt"))
        );
        assertEq(commitment, vm.parseJsonBytes32(file, keyOf(i, "commitment")), "commitment");
    }

    function keyOf(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".cases[", vm.toString(i), "].", field);
    }
}
