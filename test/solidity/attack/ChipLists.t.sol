// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {AvailabilityProof, ChipRegistration} from "contracts/src/types/Chips.sol";

import {PociFixture} from "../lib/PociFixture.sol";

/// @title Attacks on the list of the absent: it must name chips of the one who proves, and of nobody else.
contract ChipListsAttack is PociFixture {
    /// @dev A chip that was sold still stands in the list of its old operator, who would book misses on it.
    function test_attack_aSoldChipCannotBeNamedAbsentByItsOldOperator() public {
        register(8);
        sellFirst();
        uint64 epoch = registry.currentEpoch() + 2; // the snapshot that it reads counts the sold chip
        mineToEpoch(epoch);
        AvailabilityProof memory proof = proofOf(1, "of8", one(0));
        proof.epoch = epoch;

        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryBadAbsentList.selector, 0));
        vm.prank(operator);
        availability.prove(proof, "");
    }

    /// @dev Chip 0 leaves and comes in again, by a new attestation, with its new operator.
    function sellFirst() private {
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        mineTo(EXIT_SECONDS + 2 * EPOCH);
        registry.finishExit(ids[0]);
        ChipRegistration[] memory chips = slice(0, 1);
        chips[0].r = vm.parseJsonBytes32(json, ".transfer.r");
        chips[0].s = vm.parseJsonBytes32(json, ".transfer.s");
        chips[0].possession = vm.parseJsonBytes(json, ".transfer.possession");
        bytes memory key = vm.parseJsonBytes(json, ".newVrfKey");
        vm.prank(newOperator);
        registry.register{value: bondOf(1)}(chips, key);
    }
}
