// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AvailabilityProof, ChipRegistration} from "contracts/src/types/Chips.sol";

import {PociFixture} from "../lib/PociFixture.sol";

/// @dev Writes `snapshots/PociGas.json`: gas of one call, execution only; the precompiles' part is what the
/// node charged.
contract PociGasTest is PociFixture {
    uint256 private constant TRANSACTION_CAP = 16_777_216;

    function test_register_of32ChipsFitsIntoATransaction() public {
        ChipRegistration[] memory chips = slice(0, 32);
        bytes memory key = vrfKey();
        bytes memory input = abi.encodeCall(registry.register, (chips, key));

        vm.prank(operator);
        registry.register{value: bondOf(32)}(chips, key);

        uint256 spent = vm.snapshotGasLastCall("PociGas", "register 32 chips");
        assertLt(spent + intrinsic(input), TRANSACTION_CAP);
        vm.snapshotValue("PociGas", "register 32 chips: calldata and base", intrinsic(input));
    }

    function test_register_of8Chips() public {
        register(8);
        vm.snapshotGasLastCall("PociGas", "register 8 chips");
    }

    function test_register_of1Chip() public {
        register(1);
        vm.snapshotGasLastCall("PociGas", "register 1 chip");
    }

    /// @dev The second chip of an operator that is known, some epochs later.
    function test_register_of1MoreChip() public {
        register(8);
        mineToEpoch(2);
        registerFrom(8, 8);
        mineToEpoch(4);
        registerFrom(16, 1);
        mineToEpoch(6);
        ChipRegistration[] memory chips = slice(17, 1);
        vm.prank(operator);
        registry.register{value: bondOf(1)}(chips, "");
        vm.snapshotGasLastCall("PociGas", "register 1 more chip");
        bytes memory input = abi.encodeCall(registry.register, (chips, bytes("")));
        vm.snapshotValue("PociGas", "register 1 more chip: calldata and base", intrinsic(input));
    }

    function test_proveAvailability_of8Chips() public {
        register(8);
        proveIn(1, "of8", nobody);
        vm.snapshotGasLastCall("PociGas", "proveAvailability 8 chips, first proof");
        proveIn(2, "of8", nobody);
        vm.snapshotGasLastCall("PociGas", "proveAvailability 8 chips");
        proveIn(3, "of8without2and5", two(2, 5));
        vm.snapshotGasLastCall("PociGas", "proveAvailability 8 chips, 2 absent");
    }

    /// @dev Cost grows with the chips that are missing, not with those that are there.
    function test_proveAvailability_of32ChipsCostsAsMuchAs8() public {
        register(32);
        proveIn(1, "of32", nobody);
        proveIn(2, "of32", nobody);
        vm.snapshotGasLastCall("PociGas", "proveAvailability 32 chips");
        proveIn(3, "of32without0and31", two(0, 31));
        vm.snapshotGasLastCall("PociGas", "proveAvailability 32 chips, 2 absent");
    }

    function test_onBlock_ofAPresentChip() public {
        register(8);
        proveIn(1, "of8", nobody);
        mineToEpoch(3);
        vm.startPrank(SYSTEM);
        emission.onBlock(operator, ids[0]);
        vm.roll(vm.getBlockNumber() + 1);
        emission.onBlock(operator, ids[0]);
        vm.snapshotGasLastCall("PociGas", "onBlock");
        vm.stopPrank();
    }

    function test_leaving() public {
        register(8);
        mineToEpoch(1);
        vm.prank(operator);
        registry.requestExit(ids[3], entries[3].blsKey);
        vm.snapshotGasLastCall("PociGas", "requestExit");
        mineTo(EPOCH + EXIT_SECONDS);
        registry.finishExit(ids[3]);
        vm.snapshotGasLastCall("PociGas", "finishExit");
    }

    function test_segmentAt_of32Chips() public {
        register(32);
        views.segmentAt(40);
        vm.snapshotGasLastCall("PociGas", "segmentAt 32 chips");
    }

    /// @dev Base, and 4 or 16 gas for each byte that is zero or not (EIP-2028).
    function intrinsic(bytes memory input) private pure returns (uint256 spent) {
        spent = 21_000;
        for (uint256 i = 0; i < input.length; ++i) {
            spent += input[i] == 0 ? 4 : 16;
        }
    }
}
