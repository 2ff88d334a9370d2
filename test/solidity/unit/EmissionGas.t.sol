// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "contracts/src/poci/Emission.sol";
import {ChipId} from "contracts/src/types/Ids.sol";
import {FuelTerms, IssuePlan} from "contracts/src/types/Issue.sol";

import {PresenceDouble} from "../doubles/PresenceDouble.sol";
import {ChainFixture} from "../lib/ChainFixture.sol";
import {Plans} from "../lib/Plans.sol";

/// @dev Writes `snapshots/EmissionGas.json`: gas of `onBlock` under each schedule, registry apart.
contract EmissionGasTest is ChainFixture {
    ChipId private constant CHIP = ChipId.wrap("chip");
    uint64 private constant HEIGHT = 100_000_000;
    address private operator = makeAddr("operator");

    function measure(IssuePlan memory plan, string memory name) private {
        build(EMISSION, type(Emission).creationCode, abi.encode(REGISTRY, address(0), plan));
        build(REGISTRY, type(PresenceDouble).creationCode, abi.encode(EPOCH));
        PresenceDouble(REGISTRY).set(CHIP, HEIGHT / EPOCH - 2, true);
        vm.deal(address(this), 100 ether);
        vm.roll(HEIGHT - 1);
        if (plan.talos.fuel.leastWei != 0) emission.fillFuel{value: 10 ether}(operator);
        vm.startPrank(SYSTEM);
        emission.onBlock(operator, CHIP);
        vm.roll(HEIGHT);
        emission.onBlock(operator, CHIP);
        vm.snapshotGasLastCall("EmissionGas", name);
        vm.stopPrank();
        assertGt(emission.issuedGwei(), 0, "it paid");
    }

    function test_onBlock_tiered() public {
        measure(Plans.tiered(), "onBlock, tiered");
    }

    function test_onBlock_halving() public {
        measure(Plans.halving(1), "onBlock, halving");
    }

    function test_onBlock_talos() public {
        IssuePlan memory plan = Plans.talos(1);
        plan.talos.fuel = FuelTerms({leastWei: 1 ether, foundation: operator, vault: VAULT});
        measure(plan, "onBlock, talos with fuel");
    }
}
