// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {IVendorRegistry} from "contracts/src/interfaces/IVendorRegistry.sol";
import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {PrecompileHome} from "contracts/src/precompiles/PrecompileHome.sol";
import {SeVerify} from "contracts/src/precompiles/SeVerify.sol";
import {Chip, ChipRegistration, ChipState} from "contracts/src/types/Chips.sol";
import {ChipBatchId, ChipId} from "contracts/src/types/Ids.sol";

import {PociFixture} from "../lib/PociFixture.sol";

contract PociRegistryRegisterTest is PociFixture {
    function test_register_booksEveryChip() public {
        register(8);

        for (uint256 i = 0; i < 8; ++i) {
            Chip memory chip = chipOf(i);
            assertEq(uint8(chip.state), uint8(ChipState.Pending), "state");
            assertEq(chip.operator, operator, "operator");
            assertEq(chip.model, MODEL, "model");
            assertEq(chip.index, i, "index");
            assertEq(chip.phi, PHI, "phi");
            assertEq(chip.registrations, 1, "registrations");
            assertEq(chip.registeredEpoch, 0, "epoch");
            assertEq(chip.bond, PHI * BOND, "bond");
            assertEq(chip.misses, 0, "misses");
            assertEq(chip.rentals, 0, "rentals");
            ChipId owner = views.keyOwnerOf(keccak256(entries[i].blsKey));
            assertEq(ChipId.unwrap(owner), ChipId.unwrap(ids[i]), "key");
            assertEq(ChipBatchId.unwrap(chip.batch), ChipBatchId.unwrap(batch), "batch");
        }
        assertEq(views.chipsOf(operator).length, 8, "list");
        assertEq(views.vrfKeyOf(operator), vrfKey(), "vrf key");
    }

    function test_register_putsChipsOnTheLine() public {
        register(8);

        assertEq(views.totalPower(), 8 * PHI, "total");
        assertEq(views.powerOf(operator), 8 * PHI, "operator's");
        for (uint128 kappa = 0; kappa < 8 * PHI; ++kappa) {
            (ChipId chip, address owner, uint64 phi) = views.segmentAt(kappa);
            assertEq(ChipId.unwrap(chip), ChipId.unwrap(ids[kappa / PHI]), "chip");
            assertEq(owner, operator, "operator");
            assertEq(phi, PHI, "phi");
        }
    }

    function test_register_locksTheBondsInTheVault() public {
        register(8);

        assertEq(vault.lockedOf(REGISTRY, bytes32(uint256(uint160(operator)))), bondOf(8));
    }

    function test_register_asksEachPrecompileOnce() public {
        ChipRegistration[] memory chips = slice(0, 3);
        address poci = PrecompileHome.choose(PociVerify.AT, PociVerify.FALLBACK);
        vm.expectCall(PrecompileHome.choose(SeVerify.AT, SeVerify.FALLBACK), bytes(""), 1);
        vm.expectCall(poci, hex"01", 1);
        vm.expectCall(poci, hex"02", 1);

        bytes memory key = vrfKey();
        vm.prank(operator);
        registry.register{value: bondOf(3)}(chips, key);
    }

    function test_register_announcesTheChip() public {
        ChipRegistration[] memory chips = slice(0, 1);
        bytes memory key = vrfKey();

        vm.expectEmit(REGISTRY);
        emit IPociRegistry.VrfKeySet(operator, key);
        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipRegistered(
            ids[0], operator, batch, PHI, 0, chips[0].x, chips[0].y, chips[0].blsKey, chips[0].wrappedKeys
        );
        vm.prank(operator);
        registry.register{value: bondOf(1)}(chips, key);
    }

    function test_register_isPendingUntilTheEpochEnds() public {
        register(1);
        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Pending), "in the same epoch");

        mineToEpoch(1);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Active), "in the next");
    }

    function test_register_showsInTheSnapshotOfTheNextEpoch() public {
        register(8);

        (, uint32 before) = views.snapshotOf(operator, 0);
        (bytes memory key, uint32 count) = views.snapshotOf(operator, 1);

        assertEq(before, 0, "before");
        assertEq(count, 8, "after");
        assertEq(key.length, 48, "key");
    }

    function test_register_inTwoCallsSumsTheSameKey() public {
        registerFrom(0, 3);
        registerFrom(3, 5);
        (bytes memory key, uint32 count) = views.snapshotOf(operator, 1);

        bytes memory keys = PociVerify.keyList(8);
        for (uint256 i = 0; i < 8; ++i) {
            keys = bytes.concat(keys, entries[i].blsKey);
        }

        assertEq(count, 8, "count");
        assertEq(key, PociVerify.toBytes(PociVerify.sum(keys, "")), "sum");
    }

    function test_register_keepsTheVrfKeyThatIsSet() public {
        register(1);

        ChipRegistration[] memory chips = slice(1, 1);
        vm.prank(operator);
        registry.register{value: bondOf(1)}(chips, "");

        assertEq(views.vrfKeyOf(operator), vrfKey());
    }

    function test_register_revertsWhen_noChips() public {
        ChipRegistration[] memory chips = slice(0, 0);
        refuse(
            chips, 0, abi.encodeWithSelector(IPociRegistry.PociRegistryNothingToRegister.selector, operator)
        );
    }

    function test_register_revertsWhen_moreThan64Chips() public {
        ChipRegistration[] memory chips = new ChipRegistration[](65);
        refuse(chips, 0, badLength("chips", 65, 64));
    }

    function test_register_revertsWhen_noVrfKeyIsSet() public {
        ChipRegistration[] memory chips = slice(0, 1);
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryNoVrfKey.selector, operator));
        vm.prank(operator);
        registry.register{value: bondOf(1)}(chips, "");
    }

    function test_register_revertsWhen_vrfKeyHasAnotherLength() public {
        ChipRegistration[] memory chips = slice(0, 1);
        vm.expectRevert(badLength("vrfKey", 32, 33));
        vm.prank(operator);
        registry.register{value: bondOf(1)}(chips, new bytes(32));
    }

    function test_register_revertsWhen_bondIsNotExact() public {
        bytes memory reason =
            abi.encodeWithSelector(IPociRegistry.PociRegistryBondMismatch.selector, bondOf(2) + 1, bondOf(2));
        refuse(slice(0, 2), bondOf(2) + 1, reason);
    }

    function test_register_revertsWhen_blsKeyHasAnotherLength() public {
        ChipRegistration[] memory chips = slice(0, 1);
        chips[0].blsKey = new bytes(47);
        refuse(chips, bondOf(1), badLength("blsKey", 47, 48));
    }

    function test_register_revertsWhen_possessionHasAnotherLength() public {
        ChipRegistration[] memory chips = slice(0, 1);
        chips[0].possession = new bytes(97);
        refuse(chips, bondOf(1), badLength("possession", 97, 96));
    }

    function test_register_revertsWhen_wrappedKeysAreTooLong() public {
        ChipRegistration[] memory chips = slice(0, 1);
        chips[0].wrappedKeys = new bytes(1025);
        refuse(chips, bondOf(1), badLength("wrappedKeys", 1025, 1024));
    }

    function test_register_revertsWhen_chipIsRegistered() public {
        register(1);
        bytes memory reason =
            abi.encodeWithSelector(IPociRegistry.PociRegistryChipTaken.selector, ids[0], ChipState.Pending);
        refuse(slice(0, 1), bondOf(1), reason);
    }

    function test_register_revertsWhen_chipIsTwiceInTheCall() public {
        ChipRegistration[] memory chips = slice(0, 2);
        chips[1] = chips[0];
        bytes memory reason =
            abi.encodeWithSelector(IPociRegistry.PociRegistryChipTaken.selector, ids[0], ChipState.Pending);
        refuse(chips, bondOf(2), reason);
    }

    function test_register_revertsWhen_blsKeyIsAnotherChips() public {
        register(1);
        ChipRegistration[] memory chips = slice(1, 1);
        chips[0].blsKey = entries[0].blsKey;
        bytes memory reason = abi.encodeWithSelector(
            IPociRegistry.PociRegistryKeyTaken.selector, ids[1], keccak256(entries[0].blsKey)
        );
        refuse(chips, bondOf(1), reason);
    }

    function test_register_revertsWhen_attestationIsOver() public {
        vm.warp(4_000_000_001);
        bytes memory reason = abi.encodeWithSelector(
            IPociRegistry.PociRegistryAttestationExpired.selector, ids[0], uint64(4_000_000_000)
        );
        refuse(slice(0, 1), bondOf(1), reason);
    }

    function test_register_acceptsTheLastSecondOfAnAttestation() public {
        vm.warp(4_000_000_000);

        register(1);

        assertEq(views.totalPower(), PHI);
    }

    function test_register_revertsWhen_attestationIsForAnotherOperator() public {
        ChipRegistration[] memory chips = slice(0, 1);
        bytes memory key = vrfKey();
        vm.deal(stranger, 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryBadAttestation.selector, ids[0]));
        vm.prank(stranger);
        registry.register{value: bondOf(1)}(chips, key);
    }

    function test_register_revertsWhen_attestationHasHighS() public {
        ChipRegistration[] memory chips = slice(0, 2);
        uint256 order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
        chips[1].s = bytes32(order - uint256(chips[1].s));
        bytes memory reason =
            abi.encodeWithSelector(IPociRegistry.PociRegistryBadAttestation.selector, ids[1]);
        refuse(chips, bondOf(2), reason);
    }

    function test_register_revertsWhen_possessionIsAnotherChips() public {
        ChipRegistration[] memory chips = slice(0, 3);
        chips[1].possession = chips[2].possession;
        bytes memory reason = abi.encodeWithSelector(IPociRegistry.PociRegistryBadPossession.selector, ids[1]);
        refuse(chips, bondOf(3), reason);
    }

    function test_register_revertsWhen_serialIsNotInTheBatch() public {
        ChipRegistration[] memory chips = slice(0, 1);
        chips[0].serialHash = keccak256("another");
        refuse(
            chips, bondOf(1), abi.encodeWithSelector(IPociRegistry.PociRegistryNotGenuine.selector, ids[0])
        );
    }

    function test_register_revertsWhen_batchIsRevoked() public {
        vm.prank(vendor);
        vendors.revokeBatch(batch);
        bytes memory reason =
            abi.encodeWithSelector(IVendorRegistry.VendorRegistryBatchRevoked.selector, batch);
        refuse(slice(0, 1), bondOf(1), reason);
    }

    function test_register_revertsWhen_precompileIsMissing() public {
        vm.etch(SeVerify.AT, "");
        vm.etch(SeVerify.FALLBACK, "");
        refuse(slice(0, 1), bondOf(1), abi.encodeWithSelector(SeVerify.SeVerifyUnavailable.selector));
    }

    function test_segmentAt_revertsWhen_pointIsBeyondThePower() public {
        register(1);
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryBeyondPower.selector, uint128(PHI), uint128(PHI))
        );
        views.segmentAt(PHI);
    }

    function test_keyOwnerOf_isNobodyForAnUnknownKey() public view {
        assertEq(ChipId.unwrap(views.keyOwnerOf(keccak256(entries[0].blsKey))), 0);
    }

    function test_register_revertsWhen_vrfKeyIsNotCompressed() public {
        ChipRegistration[] memory chips = slice(0, 1);
        bytes memory key = vrfKey();
        key[0] = 0x04;
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryBadVrfKey.selector, operator, uint8(4))
        );
        vm.prank(operator);
        registry.register{value: bondOf(1)}(chips, key);
    }

    function refuse(ChipRegistration[] memory chips, uint256 value, bytes memory reason) private {
        bytes memory key = vrfKey();
        vm.expectRevert(reason);
        vm.prank(operator);
        registry.register{value: value}(chips, key);
    }
}
