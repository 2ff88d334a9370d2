// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {PociRegistry} from "contracts/src/poci/PociRegistry.sol";
import {PociParameters} from "contracts/src/types/Chips.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

import {PociFixture} from "../lib/PociFixture.sol";

contract ChipBooksTest is PociFixture {
    function test_constructor_revertsWhen_anEpochHasNoBlocksOrOutlivesItsBeacon() public {
        PociParameters memory wanted = parameters();
        wanted.epochBlocks = 0;
        refuse(wanted, "epochBlocks");
        wanted.epochBlocks = 8192;
        refuse(wanted, "epochBlocks");
    }

    function test_constructor_acceptsTheLongestEpoch() public {
        PociParameters memory wanted = parameters();
        wanted.epochBlocks = 8191;

        assertEq(new PociRegistry(wanted).currentEpoch(), 0);
    }

    function test_constructor_revertsWhen_snapshotsAreNotLookedBackTo() public {
        PociParameters memory wanted = parameters();
        wanted.lookbackEpochs = 0;
        refuse(wanted, "lookbackEpochs");
    }

    function test_constructor_revertsWhen_noMissSuspends() public {
        PociParameters memory wanted = parameters();
        wanted.missesToSuspend = 0;
        refuse(wanted, "missesToSuspend");
    }

    function test_line_countsPlacesAndTheGreatestPower() public {
        register(3);

        (uint32 places, uint64 greatestPhi) = views.line();

        assertEq(places, 3, "places");
        assertEq(greatestPhi, PHI, "greatest");
    }

    function test_kindOf_namesModelAndPower() public {
        register(1);

        (uint32 model, uint64 phi) = views.kindOf(ids[0]);

        assertEq(model, MODEL, "model");
        assertEq(phi, PHI, "power");
    }

    function test_activeAt_hasPowerFromTheNextEpochOn() public {
        register(1);
        assertActiveAt(0, 0);

        mineToEpoch(1);

        assertActiveAt(0, PHI);
    }

    function test_vrfKeyOf_isEmptyForWhoHasNone() public {
        register(1);

        assertEq(views.vrfKeyOf(operator), vrfKey(), "the operator's");
        assertEq(views.vrfKeyOf(stranger), "", "a stranger's");
    }

    function assertActiveAt(uint32 place, uint64 power) private view {
        (ChipId chip, address owner, uint64 phi) = views.activeAt(place);
        assertEq(ChipId.unwrap(chip), ChipId.unwrap(ids[0]), "chip");
        assertEq(owner, operator, "operator");
        assertEq(phi, power, "power");
    }

    function refuse(PociParameters memory wanted, bytes32 field) private {
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryBadParameter.selector, field));
        new PociRegistry(wanted);
    }
}
