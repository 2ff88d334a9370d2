// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IAvailability} from "contracts/src/interfaces/IAvailability.sol";
import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {PrecompileHome} from "contracts/src/precompiles/PrecompileHome.sol";
import {AvailabilityProof, ChipState} from "contracts/src/types/Chips.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

import {PociFixture} from "../lib/PociFixture.sol";

contract PociRegistryAvailabilityTest is PociFixture {
    function setUp() public override {
        super.setUp();
        register(8);
    }

    function test_availabilityMessage_isWhatChipsSign() public {
        mineToEpoch(2);

        for (uint64 epoch = 1; epoch <= 2; ++epoch) {
            bytes32 signed = vm.parseJsonBytes32(json, string.concat(keyOf(epoch), "message"));
            assertEq(registry.availabilityMessage(operator, epoch), signed);
        }
    }

    function test_proveAvailability_marksAllPresent() public {
        mineToEpoch(1);
        AvailabilityProof memory proof = proofOf(1, "of8", nobody);

        vm.expectEmit(AVAILABILITY);
        emit IAvailability.AvailabilityProven(operator, 1, 8, nobody, proof.leafRoot, 8);
        vm.prank(operator);
        availability.prove(proof, "");

        assertTrue(views.isProven(operator, 1), "proven");
        for (uint256 i = 0; i < 8; ++i) {
            assertTrue(registry.wasPresent(ids[i], 1), "present");
            assertEq(chipOf(i).misses, 0, "misses");
        }
    }

    function test_proveAvailability_countsAMissOfEachAbsentChip() public {
        mineToEpoch(1);
        AvailabilityProof memory proof = proofOf(1, "of8without2and5", two(2, 5));

        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipMissed(ids[2], 1, 1);
        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipMissed(ids[5], 1, 1);
        vm.expectEmit(AVAILABILITY);
        emit IAvailability.AvailabilityProven(operator, 1, 6, two(2, 5), proof.leafRoot, 8);
        vm.prank(operator);
        availability.prove(proof, "");

        for (uint256 i = 0; i < 8; ++i) {
            bool isAbsent = i == 2 || i == 5;
            assertEq(registry.wasPresent(ids[i], 1), !isAbsent, "present");
            assertEq(chipOf(i).misses, isAbsent ? 1 : 0, "misses");
        }
    }

    function test_proveAvailability_beingPresentEndsTheMisses() public {
        proveIn(1, "of8without7", one(7));
        proveIn(2, "of8without7", one(7));
        assertEq(chipOf(7).misses, 2, "two in a row");

        proveIn(3, "of8", nobody);

        assertEq(chipOf(7).misses, 0, "none after presence");
        assertFalse(registry.wasPresent(ids[7], 2), "the past stays");
        assertTrue(registry.wasPresent(ids[7], 3), "present");
    }

    function test_proveAvailability_suspendsAfterThreeMisses() public {
        proveIn(1, "of8without7", one(7));
        proveIn(2, "of8without7", one(7));
        assertEq(uint8(registry.stateOf(ids[7])), uint8(ChipState.Active), "after two");

        mineToEpoch(3);
        AvailabilityProof memory proof = proofOf(3, "of8without7", one(7));
        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipSuspended(ids[7], 3);
        vm.prank(operator);
        availability.prove(proof, "");

        assertEq(uint8(registry.stateOf(ids[7])), uint8(ChipState.Suspended), "after three");
        assertEq(views.totalPower(), 7 * PHI, "power");
        assertEq(views.powerOf(operator), 7 * PHI, "operator's power");
        (, uint32 now_) = views.snapshotOf(operator, 3);
        (, uint32 next) = views.snapshotOf(operator, 4);
        assertEq(now_, 8, "counted in this epoch's snapshot");
        assertEq(next, 7, "not in the next");
    }

    function test_proveAvailability_withoutTheSuspendedChipNeedsNoAbsentList() public {
        proveIn(1, "of8without7", one(7));
        proveIn(2, "of8without7", one(7));
        proveIn(3, "of8without7", one(7));

        proveIn(4, "of8without7", nobody);

        assertTrue(registry.wasPresent(ids[0], 4), "others");
        assertFalse(registry.wasPresent(ids[7], 4), "suspended");
    }

    function test_proveAvailability_silenceCountsAsMisses() public {
        proveIn(1, "of8without7", one(7));

        mineToEpoch(3); // nothing proven in epoch 2

        assertEq(chipOf(7).misses, 2, "absent and silent");
        assertEq(chipOf(0).misses, 1, "silent");
        assertFalse(registry.wasPresent(ids[0], 2), "nobody is present in silence");

        proveIn(3, "of8without7", one(7));
        assertEq(uint8(registry.stateOf(ids[7])), uint8(ChipState.Suspended), "absent, silent, absent");
        assertEq(chipOf(0).misses, 0, "a proof ends the silence");
    }

    function test_proveAvailability_isCarriedWithTheOperatorsSignature() public {
        mineToEpoch(1);
        AvailabilityProof memory proof = proofOf(1, "of8without7", one(7));

        bytes memory signature = authority(proof, OPERATOR_KEY);
        vm.prank(stranger);
        availability.prove(proof, signature);

        assertTrue(views.isProven(operator, 1));
    }

    function test_proveAvailability_revertsWhen_authorityIsAnothers() public {
        mineToEpoch(1);
        AvailabilityProof memory proof = proofOf(1, "of8", nobody);
        bytes memory signature = authority(proof, 0xB0B);

        vm.expectRevert(abi.encodeWithSelector(IAvailability.AvailabilityBadAuthority.selector, operator));
        vm.prank(stranger);
        availability.prove(proof, signature);
    }

    function test_proveAvailability_revertsWhen_authorityIsForAnotherList() public {
        mineToEpoch(1);
        AvailabilityProof memory proof = proofOf(1, "of8", nobody);
        bytes memory signature = authority(proof, OPERATOR_KEY);
        proof.absent = keysOf(one(7));

        vm.expectRevert(abi.encodeWithSelector(IAvailability.AvailabilityBadAuthority.selector, operator));
        vm.prank(stranger);
        availability.prove(proof, signature);
    }

    function test_proveAvailability_revertsWhen_epochIsNotTheCurrent() public {
        mineToEpoch(2);
        refuse(
            proofOf(1, "of8", nobody),
            abi.encodeWithSelector(IPociRegistry.PociRegistryWrongEpoch.selector, uint64(1), uint64(2))
        );
    }

    function test_proveAvailability_revertsWhen_provenBefore() public {
        proveIn(1, "of8", nobody);
        refuse(
            proofOf(1, "of8", nobody),
            abi.encodeWithSelector(IPociRegistry.PociRegistryAlreadyProven.selector, operator, uint64(1))
        );
    }

    function test_proveAvailability_revertsWhen_operatorHadNoChips() public {
        mineToEpoch(1);
        AvailabilityProof memory proof = proofOf(1, "of8", nobody);
        proof.operator = stranger;

        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryNoChips.selector, stranger, uint64(1))
        );
        vm.prank(stranger);
        availability.prove(proof, "");
    }

    function test_proveAvailability_revertsWhen_chipsCameInThisEpoch() public {
        // Epoch 0 reads genesis, where nobody has chips.
        AvailabilityProof memory proof = proofOf(1, "of8", nobody);
        proof.epoch = 0;
        refuse(proof, abi.encodeWithSelector(IPociRegistry.PociRegistryNoChips.selector, operator, uint64(0)));
    }

    function test_proveAvailability_revertsWhen_absentChipSigned() public {
        mineToEpoch(1);
        refuse(proofOf(1, "of8", one(7)), badAggregate());
    }

    function test_proveAvailability_revertsWhen_presentChipDidNotSign() public {
        mineToEpoch(1);
        refuse(proofOf(1, "of8without7", nobody), badAggregate());
    }

    function test_proveAvailability_revertsWhen_signatureIsOfAnotherEpoch() public {
        mineToEpoch(1);
        AvailabilityProof memory proof = proofOf(2, "of8", nobody);
        proof.epoch = 1;
        refuse(proof, badAggregate());
    }

    function test_proveAvailability_revertsWhen_everybodyIsAbsent() public {
        mineToEpoch(1);
        uint32[] memory all = new uint32[](8);
        for (uint32 i = 0; i < 8; ++i) {
            all[i] = i;
        }
        refuse(proofOf(1, "of8", all), badAggregate());
    }

    function test_proveAvailability_revertsWhen_signatureHasAnotherLength() public {
        mineToEpoch(1);
        AvailabilityProof memory proof = proofOf(1, "of8", nobody);
        proof.signature = new bytes(95);
        refuse(proof, abi.encodeWithSelector(IAvailability.AvailabilityBadLength.selector, 95, 96));
    }

    function test_proveAvailability_revertsWhen_absentListDescends() public {
        mineToEpoch(1);
        refuse(proofOf(1, "of8without2and5", two(5, 2)), badAbsentList(1));
    }

    function test_proveAvailability_revertsWhen_absentListRepeats() public {
        mineToEpoch(1);
        refuse(proofOf(1, "of8without2and5", two(5, 5)), badAbsentList(1));
    }

    function test_proveAvailability_revertsWhen_absentIndexIsUnknown() public {
        mineToEpoch(1);
        refuse(proofOf(1, "of8", one(8)), badAbsentList(0));
    }

    function test_proveAvailability_revertsWhen_absentChipDidNotCount() public {
        mineToEpoch(1);
        registerFrom(8, 1);
        refuse(proofOf(1, "of8", one(8)), badAbsentList(0));
    }

    function test_proveAvailability_asksAboutTheAggregateOnce() public {
        mineToEpoch(1);
        AvailabilityProof memory proof = proofOf(1, "of8", nobody);

        vm.expectCall(PrecompileHome.choose(PociVerify.AT, PociVerify.FALLBACK), hex"00", 1);
        vm.prank(operator);
        availability.prove(proof, "");
    }

    function test_prove_revertsWhen_absentListHoldsAnUnknownKey() public {
        mineToEpoch(1);
        AvailabilityProof memory proof = proofOf(1, "of8", nobody);
        proof.absent = new bytes(48);
        refuse(proof, badAbsentList(0));
    }

    function test_prove_revertsWhen_absentListEndsWithinAKey() public {
        mineToEpoch(1);
        AvailabilityProof memory proof = proofOf(1, "of8without7", one(7));
        proof.absent = bytes.concat(proof.absent, hex"00");
        refuse(proof, badLength("absent", 49, 48));
    }

    function test_bookProof_revertsWhen_callerIsNotTheAvailabilityContract() public {
        mineToEpoch(1);
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryNotAvailability.selector, operator));
        vm.prank(operator);
        registry.bookProof(operator, 1, "");
    }

    function test_wasPresent_isFalseForAnUnknownChip() public {
        proveIn(1, "of8", nobody);
        assertFalse(registry.wasPresent(ids[20], 1));
    }

    function test_onBlock_paysTheChipThatWasPresentTwoEpochsAgo() public {
        proveIn(1, "of8without7", one(7));
        mineToEpoch(3);

        vm.startPrank(SYSTEM);
        uint64 paid = emission.onBlock(operator, ids[0]);
        mineBlock();
        uint64 forfeited = emission.onBlock(operator, ids[7]);
        vm.stopPrank();

        assertEq(paid, 100e9, "present");
        assertEq(forfeited, 0, "absent");
        assertEq(emission.issuedGwei(), 100e9, "issued");
    }

    function mineBlock() private {
        vm.roll(vm.getBlockNumber() + 1);
    }

    function refuse(AvailabilityProof memory proof, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(operator);
        availability.prove(proof, "");
    }

    function badAggregate() private view returns (bytes memory) {
        return abi.encodeWithSelector(IAvailability.AvailabilityBadAggregate.selector, operator, uint64(1));
    }

    function badAbsentList(uint256 position) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPociRegistry.PociRegistryBadAbsentList.selector, position);
    }

    /// @dev The operator's consent, hashed here from the text of docs/protocol.md.
    function authority(AvailabilityProof memory proof, uint256 key) private view returns (bytes memory) {
        bytes32 typeHash = keccak256(
            "AvailabilityProof(address operator,uint64 epoch,bytes32 absentHash,bytes32 signatureHash,"
            "bytes32 leafRoot)"
        );
        bytes32 absentHash = keccak256(proof.absent);
        bytes32 body = keccak256(
            abi.encode(
                typeHash, proof.operator, proof.epoch, absentHash, keccak256(proof.signature), proof.leafRoot
            )
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("UtilityNet PociRegistry"),
                keccak256("1"),
                block.chainid,
                REGISTRY
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, MessageHashUtils.toTypedDataHash(domain, body));
        return abi.encodePacked(r, s, v);
    }
}
