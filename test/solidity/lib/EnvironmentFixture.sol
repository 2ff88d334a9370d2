// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EnvironmentMessages} from "contracts/src/libraries/EnvironmentMessages.sol";
import {Tags} from "contracts/src/libraries/Tags.sol";
import {EnvironmentProof} from "contracts/src/poci/EnvironmentProof.sol";
import {EnvironmentParameters, EnvironmentProgram} from "contracts/src/types/Environments.sol";
import {Tolerance} from "contracts/src/types/Jobs.sol";

import {PowerDouble} from "../doubles/PowerDouble.sol";
import {ChainFixture} from "./ChainFixture.sol";

/// @title A chain at the beginning of epoch 1, on which operators have power and play rounds.
abstract contract EnvironmentFixture is ChainFixture {
    address internal constant ENVIRONMENT = address(0x55541C);
    bytes32 internal constant SALT = keccak256("salt");
    uint64 internal constant WIDTH = 1000;

    EnvironmentProof internal environment = EnvironmentProof(ENVIRONMENT);
    PowerDouble internal power = PowerDouble(REGISTRY);

    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");
    address internal carol = makeAddr("carol");

    function setUp() public virtual override {
        super.setUp();
        build(REGISTRY, type(PowerDouble).creationCode, "");
        build(ENVIRONMENT, type(EnvironmentProof).creationCode, abi.encode(parametersOf(exactOnly())));
        mineToEpoch(1);
    }

    /// @dev Plays on another contract from the next epoch on.
    function useCatalogue(EnvironmentProgram[] memory programs) internal {
        environment = new EnvironmentProof(parametersOf(programs));
        nextEpoch();
    }

    function parametersOf(EnvironmentProgram[] memory programs)
        internal
        pure
        returns (EnvironmentParameters memory)
    {
        return EnvironmentParameters({
            registry: REGISTRY, beacons: BEACONS, epochBlocks: EPOCH, programs: programs
        });
    }

    function exactOnly() internal pure returns (EnvironmentProgram[] memory programs) {
        programs = new EnvironmentProgram[](1);
        programs[0] = EnvironmentProgram({programHash: "wasm", tolerance: Tolerance.Exact, width: 0});
    }

    function approximateOnly() internal pure returns (EnvironmentProgram[] memory programs) {
        programs = new EnvironmentProgram[](1);
        programs[0] =
            EnvironmentProgram({programHash: "torch", tolerance: Tolerance.Approximate, width: WIDTH});
    }

    function currentEpoch() internal view returns (uint64) {
        return uint64(vm.getBlockNumber()) / EPOCH;
    }

    /// @dev As the operator's worker computes it.
    function commitmentOf(address operator, uint64 round, bytes32 answer) internal view returns (bytes32) {
        return keccak256(
            abi.encode(Tags.ENVIRONMENT_ANSWER, block.chainid, environment, round, operator, answer, SALT)
        );
    }

    /// @dev Commits in the current round.
    function commit(address operator, bytes32 answer) internal {
        uint64 round = currentEpoch();
        bytes32 commitment = commitmentOf(operator, round, answer);
        vm.prank(operator);
        environment.commit(round, commitment);
    }

    /// @dev Reveals in the round before the current one.
    function reveal(address operator, bytes32 answer) internal {
        uint64 round = currentEpoch() - 1;
        vm.prank(operator);
        environment.reveal(round, answer, SALT);
    }

    function nextEpoch() internal {
        mineToEpoch(currentEpoch() + 1);
    }

    /// @dev One whole round of one operator, up to the epoch after its judgement began.
    function play(address operator, bytes32 answer) internal {
        commit(operator, answer);
        nextEpoch();
        reveal(operator, answer);
        nextEpoch();
    }

    function number(int256 value) internal pure returns (bytes32) {
        return bytes32(abi.encode(value));
    }
}
