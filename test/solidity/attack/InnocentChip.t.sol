// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IChipEvidence} from "contracts/src/interfaces/IChipEvidence.sol";
import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {ChipState} from "contracts/src/types/Chips.sol";
import {Attestation, Seal} from "contracts/src/types/Evidence.sol";
import {ChipId} from "contracts/src/types/Ids.sol";
import {BookedLeaves} from "contracts/src/types/Openings.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

import {EvidenceFixture} from "../lib/EvidenceFixture.sol";

/// @title A reporter wants his share of the bond of a chip that did nothing wrong.
contract InnocentChipAttack is EvidenceFixture {
    uint64 private constant LATER = 4_000_000_000;

    function setUp() public override {
        super.setUp();
        register(8);
    }

    /// @dev A seller renews his word for the same buyer.
    function test_theSameWordWithALaterDeadline_isNoFault() public {
        Attestation memory first = wordOf(2, newOperator, 1, time() + 10);
        Attestation memory renewed = wordOf(2, newOperator, 1, LATER);
        vm.expectRevert(abi.encodeWithSelector(IChipEvidence.ChipEvidenceSameWord.selector, ids[2]));
        evidences.doubleAttestation(accusedOf(2), first, renewed);
    }

    /// @dev A sale failed; its word has run out; the chip is promised to another buyer.
    function test_aSecondBuyerAfterTheFirstWordRanOut_isNoFault() public {
        Attestation memory first = wordOf(2, newOperator, 1, time());
        skipSeconds(1);
        Attestation memory second = wordOf(2, stranger, 1, LATER);
        vm.expectRevert(abi.encodeWithSelector(IChipEvidence.ChipEvidenceRunOut.selector, ids[2], time() - 1));
        evidences.doubleAttestation(accusedOf(2), first, second);
    }

    /// @dev The word under which a chip was registered, and one that a former holder gave beside it, are no
    /// longer the present holder's fault.
    function test_wordsForThePresentRegistration_areNoFault() public {
        Attestation memory used = wordOf(2, operator, 0, LATER);
        Attestation memory other = wordOf(2, stranger, 0, LATER);
        vm.expectRevert(
            abi.encodeWithSelector(
                IChipEvidence.ChipEvidenceOtherNonce.selector, ids[2], uint64(0), uint64(1)
            )
        );
        evidences.doubleAttestation(accusedOf(2), used, other);
    }

    /// @dev A former holder let the chip sign headers of heights to come: they follow no block of this chain.
    function test_sealsOfTheFuture_areNoFault() public {
        uint64 height = 3 * EPOCH + 1;
        Seal memory first = sealOf(1, 0, headerOf(keccak256("no block yet"), height, 1, ""));
        mineTo(height);
        Seal memory real = sealOf(1, 0, siblingOf(height, 2));
        vm.expectRevert(
            abi.encodeWithSelector(IChipEvidence.ChipEvidenceOtherParent.selector, ids[1], height)
        );
        evidences.equivocation(accusedOf(1), real, first);
    }

    /// @dev What a chip sealed before it was sold hits nobody now.
    function test_sealsOfAFormerHolder_areNoFault() public {
        uint64 height = EPOCH + 4;
        mineTo(height);
        Seal memory first = sealOf(0, 0, siblingOf(height, 1));
        Seal memory second = sealOf(0, 1, siblingOf(height, 2));
        sell();
        vm.expectRevert(
            abi.encodeWithSelector(IChipEvidence.ChipEvidenceOtherHolder.selector, ids[0], height)
        );
        evidences.equivocation(accusedOf(0), first, second);
        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Pending), "the buyer's");
    }

    /// @dev A former operator's false leaf hits nobody now.
    function test_leavesOfAFormerOperator_areNoFault() public {
        mineToEpoch(1);
        plant(1, 8, nobody);
        tree[0] = 0;
        BookedLeaves memory booked = proveTree(1, 8, nobody);
        sell();
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryNotCounted.selector, ids[0], operator, uint64(1))
        );
        evidences.falseLeaf(accusedOf(0), leafEvidence(booked, 0, ids[7], 0, 0));
    }

    /// @dev The seller has the chip asked, answers nothing, and sells it: the buyer would pay for the
    /// silence.
    function test_aQuestionToTheSeller_isNoFaultOfTheBuyer() public {
        mineToEpoch(1);
        ask();
        sell();
        mineToEpoch(registry.currentEpoch() + 1);

        challenges.expire(ids[0], entries[0].blsKey);

        assertEq(chipOf(0).bond, PHI * BOND, "the buyer's bond is whole");
        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Active), "and its chip stays");
        assertEq(vault.freeOf(stranger), CHALLENGE_BOND, "the bond returns");
        assertEq(vault.lockedOf(CHALLENGES, ChipId.unwrap(ids[0])), 0, "nothing is locked");
        assertEq(challenges.challengeOf(ids[0]).registrations, 0, "only the number is left");
    }

    /// @dev Nor does it shield the buyer: once it is closed he is asked like anybody.
    function test_aQuestionToTheBuyer_isAskedAnew() public {
        mineToEpoch(1);
        ask();
        sell();
        mineToEpoch(registry.currentEpoch() + 1);
        challenges.expire(ids[0], "");

        ask();
        mineTo(challenges.deadlineOf(ids[0]) + 1);
        challenges.expire(ids[0], entries[0].blsKey);

        assertEq(challenges.challengeOf(ids[0]).number, 2, "number");
        assertEq(chipOf(0).bond, PHI * BOND * 9 / 10, "a tenth is gone");
    }

    /// @dev True leaves, and places that owe none.
    function test_trueLeaves_areNoFault() public {
        BookedLeaves memory booked = proveAll(1, 8, nobody);
        bytes32 message = registry.availabilityMessage(operator, 1);
        for (uint32 i = 0; i < 8; ++i) {
            (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(i), message);
            vm.expectRevert(abi.encodeWithSelector(IChipEvidence.ChipEvidenceTrueLeaf.selector, ids[i], i));
            evidences.falseLeaf(accusedOf(i), leafEvidence(booked, i, ids[i], r, s));
        }
    }

    function ask() private {
        vm.prank(stranger);
        challenges.challenge{value: CHALLENGE_BOND}(ids[0]);
    }

    /// @dev The first chip leaves and is registered by another operator.
    function sell() private {
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        mineTo(uint64(vm.getBlockNumber()) + EXIT_SECONDS + EPOCH);
        registry.finishExit(ids[0]);
        consent(1, newOperator, 1);
        bytes memory key = vrfKey();
        vm.prank(newOperator);
        registry.register{value: bondOf(1)}(slice(0, 1), key);
    }
}
