// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

import {IChipEvidence} from "contracts/src/interfaces/IChipEvidence.sol";
import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {ChipState} from "contracts/src/types/Chips.sol";
import {Attestation, LeafEvidence, Seal} from "contracts/src/types/Evidence.sol";
import {ChipId} from "contracts/src/types/Ids.sol";
import {BookedLeaves} from "contracts/src/types/Openings.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

import {EvidenceFixture} from "../lib/EvidenceFixture.sol";

contract PociEvidenceTest is EvidenceFixture {
    uint64 private constant LATER = 4_000_000_000;
    uint64 private constant HEIGHT = 2 * EPOCH + 3;

    function setUp() public override {
        super.setUp();
        register(8);
    }

    function test_doubleAttestation_slashes() public {
        vm.expectEmit(EVIDENCE);
        emit IChipEvidence.DoubleAttestation(ids[2], stranger, 1);
        doubled(2, wordOf(2, newOperator, 1, LATER), wordOf(2, stranger, 1, LATER));

        assertSlashed(2);
    }

    function test_doubleAttestation_ofTwoKeysSlashes() public {
        Attestation memory other = wordOf(2, newOperator, 1, LATER);
        other.blsKeyHash = keccak256("another key");
        (other.r, other.s) = attest(2, newOperator, other.blsKeyHash, 1, LATER);

        doubled(2, wordOf(2, newOperator, 1, LATER), other);

        assertSlashed(2);
    }

    function test_doubleAttestation_revertsWhen_onlyTheDeadlineDiffers() public {
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceSameWord.selector, ids[2]));
        doubled(2, wordOf(2, newOperator, 1, LATER), wordOf(2, newOperator, 1, LATER + 1));
    }

    function test_doubleAttestation_revertsWhen_nonceIsNotTheNext() public {
        refused(
            abi.encodeWithSelector(
                IChipEvidence.ChipEvidenceOtherNonce.selector, ids[2], uint64(0), uint64(1)
            )
        );
        doubled(2, wordOf(2, newOperator, 0, LATER), wordOf(2, stranger, 1, LATER));
        refused(
            abi.encodeWithSelector(
                IChipEvidence.ChipEvidenceOtherNonce.selector, ids[2], uint64(2), uint64(1)
            )
        );
        doubled(2, wordOf(2, newOperator, 1, LATER), wordOf(2, stranger, 2, LATER));
    }

    function test_doubleAttestation_revertsWhen_oneHasRunOut() public {
        uint64 deadline = time();
        Attestation memory first = wordOf(2, newOperator, 1, deadline);
        skipSeconds(1);
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceRunOut.selector, ids[2], deadline));
        doubled(2, first, wordOf(2, stranger, 1, LATER));
    }

    function test_doubleAttestation_slashesInTheLastSecondOfAWord() public {
        doubled(2, wordOf(2, newOperator, 1, time()), wordOf(2, stranger, 1, time()));
        assertSlashed(2);
    }

    function test_doubleAttestation_revertsWhen_oneIsNotTheChips() public {
        Attestation memory forged = wordOf(3, stranger, 1, LATER);
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceNotSigned.selector, ids[2]));
        doubled(2, wordOf(2, newOperator, 1, LATER), forged);
    }

    function test_falseLeaf_ofAFalseSignatureSlashes() public {
        (BookedLeaves memory booked, bytes32 r, bytes32 s) = lie(3, ids[3]);

        vm.expectEmit(EVIDENCE);
        emit IChipEvidence.FalseLeaf(ids[3], stranger, 1, 3);
        accuse(accusedOf(3), leafEvidence(booked, 3, ids[3], r, s));

        assertSlashed(3);
    }

    function test_falseLeaf_ofAnotherChipSlashes() public {
        (BookedLeaves memory booked, bytes32 r, bytes32 s) = lie(3, ids[4]);
        accuse(accusedOf(3), leafEvidence(booked, 3, ids[4], r, s));
        assertSlashed(3);
    }

    function test_falseLeaf_thatIsMissingSlashes() public {
        mineToEpoch(1);
        plant(1, 8, nobody);
        tree[3] = 0;
        BookedLeaves memory booked = proveTree(1, 8, nobody);
        accuse(accusedOf(3), leafEvidence(booked, 3, ChipId.wrap(0), 0, 0));
        assertSlashed(3);
    }

    /// @dev Until its proof is forgotten.
    function test_falseLeaf_slashesEpochsLater() public {
        (BookedLeaves memory booked, bytes32 r, bytes32 s) = lie(3, ids[3]);
        LeafEvidence memory evidence = leafEvidence(booked, 3, ids[3], r, s);
        proveAll(8, 8, nobody);
        accuse(accusedOf(3), evidence);
        assertSlashed(3);
    }

    function test_falseLeaf_revertsWhen_leafIsTrue() public {
        BookedLeaves memory booked = proveAll(1, 8, nobody);
        (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(3), registry.availabilityMessage(operator, 1));
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceTrueLeaf.selector, ids[3], uint32(3)));
        evidences.falseLeaf(accusedOf(3), leafEvidence(booked, 3, ids[3], r, s));
    }

    function test_falseLeaf_revertsWhen_proofIsNotBooked() public {
        (BookedLeaves memory booked, bytes32 r, bytes32 s) = lie(3, ids[3]);
        booked.leafRoot = keccak256("another root");
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceNotBooked.selector, operator, uint64(1)));
        evidences.falseLeaf(accusedOf(3), leafEvidence(booked, 3, ids[3], r, s));
    }

    function test_falseLeaf_revertsWhen_chipWasNamedAbsent() public {
        mineToEpoch(1);
        plant(1, 8, one(3));
        BookedLeaves memory booked = proveTree(1, 8, one(3));
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceAbsent.selector, ids[3], uint32(3)));
        evidences.falseLeaf(accusedOf(3), leafEvidence(booked, 3, ChipId.wrap(0), 0, 0));
    }

    function test_falseLeaf_revertsWhen_leafIsOnAnotherPlace() public {
        (BookedLeaves memory booked, bytes32 r, bytes32 s) = lie(3, ids[3]);
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceNotInTree.selector, ids[4], uint32(4)));
        evidences.falseLeaf(accusedOf(4), leafEvidence(booked, 3, ids[3], r, s));
    }

    function test_falseLeaf_revertsWhen_pathIsTooLong() public {
        (BookedLeaves memory booked, bytes32 r, bytes32 s) = lie(3, ids[3]);
        LeafEvidence memory evidence = leafEvidence(booked, 3, ids[3], r, s);
        bytes32[] memory longer = new bytes32[](evidence.path.length + 1);
        for (uint256 i = 0; i < evidence.path.length; ++i) {
            longer[i] = evidence.path[i];
        }
        evidence.path = longer;
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceNotInTree.selector, ids[3], uint32(3)));
        evidences.falseLeaf(accusedOf(3), evidence);
    }

    function test_falseLeaf_revertsWhen_chipDidNotCount() public {
        (BookedLeaves memory booked, bytes32 r, bytes32 s) = lie(3, ids[3]);
        refused(
            abi.encodeWithSelector(IPociRegistry.PociRegistryNotCounted.selector, ids[9], operator, uint64(1))
        );
        evidences.falseLeaf(accusedOf(9), leafEvidence(booked, 3, ids[3], r, s));
    }

    function test_equivocation_slashes() public {
        mineTo(HEIGHT);
        vm.expectEmit(EVIDENCE);
        emit IChipEvidence.Equivocation(ids[1], stranger, HEIGHT);
        sealed_(sealOf(1, 0, siblingOf(HEIGHT, 1)), sealOf(1, 2, siblingOf(HEIGHT, 2)));
        assertSlashed(1);
    }

    /// @dev The block's hash hangs on the round, too.
    function test_equivocation_ofOneHeaderInTwoRoundsSlashes() public {
        mineTo(HEIGHT);
        sealed_(sealOf(1, 0, siblingOf(HEIGHT, 1)), sealOf(1, 1, siblingOf(HEIGHT, 1)));
        assertSlashed(1);
    }

    /// @dev And on the proof: who holds the VRF key can make more than one.
    function test_equivocation_ofOneHeaderUnderTwoProofsSlashes() public {
        mineTo(HEIGHT);
        bytes memory other = bytes.concat(hex"01", new bytes(80));
        sealed_(sealOf(1, 0, siblingOf(HEIGHT, 1)), sealUnder(1, 0, other, siblingOf(HEIGHT, 1)));
        assertSlashed(1);
    }

    /// @dev Signing the same word twice gives other bytes each time.
    function test_equivocation_revertsWhen_theSameIsSignedTwice() public {
        mineTo(HEIGHT);
        Seal memory first = sealOf(1, 0, siblingOf(HEIGHT, 1));
        Seal memory again = sealOf(1, 0, siblingOf(HEIGHT, 1));
        (again.r, again.s) = (bytes32(uint256(1)), bytes32(uint256(1)));
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceSameSeal.selector, ids[1]));
        sealed_(first, again);
    }

    function test_equivocation_revertsWhen_heightsDiffer() public {
        mineTo(HEIGHT);
        refused(
            abi.encodeWithSelector(IChipEvidence.ChipEvidenceOtherHeight.selector, ids[1], HEIGHT, HEIGHT - 1)
        );
        sealed_(sealOf(1, 0, siblingOf(HEIGHT, 1)), sealOf(1, 0, siblingOf(HEIGHT - 1, 1)));
    }

    function test_equivocation_revertsWhen_parentIsNotThisChains() public {
        mineTo(HEIGHT);
        bytes memory elsewhere = headerOf(keccak256("another chain"), HEIGHT, 2, "");
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceOtherParent.selector, ids[1], HEIGHT));
        sealed_(sealOf(1, 0, siblingOf(HEIGHT, 1)), sealOf(1, 0, elsewhere));
        bytes memory ahead = headerOf(blockhash(HEIGHT - 1), HEIGHT + 1, 2, "");
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceOtherParent.selector, ids[1], uint64(0)));
        sealed_(sealOf(1, 0, ahead), sealOf(1, 0, siblingOf(HEIGHT, 1)));
    }

    /// @dev Nothing comes before the first block.
    function test_equivocation_revertsWhen_heightIsZero() public {
        mineTo(HEIGHT);
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceOtherParent.selector, ids[1], uint64(0)));
        sealed_(sealOf(1, 0, headerOf(0, 0, 1, "")), sealOf(1, 0, headerOf(0, 0, 2, "")));
    }

    /// @dev A parent that the chain no longer knows is none, least of all for a header that names none.
    function test_equivocation_revertsWhen_parentIsForgotten() public {
        vm.roll(HEIGHT + 8200);
        Seal memory first = sealOf(1, 0, headerOf(0, HEIGHT, 1, ""));
        Seal memory second = sealOf(1, 0, headerOf(0, HEIGHT, 2, ""));
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceOtherParent.selector, ids[1], HEIGHT));
        sealed_(first, second);
    }

    function test_equivocation_revertsWhen_chipWasRegisteredInOrAfterThatEpoch() public {
        mineTo(HEIGHT);
        registerFrom(8, 1);
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceOtherHolder.selector, ids[8], HEIGHT));
        Seal memory first = sealOf(8, 0, siblingOf(HEIGHT, 1));
        Seal memory second = sealOf(8, 0, siblingOf(HEIGHT, 2));
        evidences.equivocation(accusedOf(8), first, second);
    }

    function test_equivocation_revertsWhen_sealIsAnothers() public {
        mineTo(HEIGHT);
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceNotSigned.selector, ids[1]));
        sealed_(sealOf(1, 0, siblingOf(HEIGHT, 1)), sealOf(2, 0, siblingOf(HEIGHT, 2)));
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceNotSigned.selector, ids[1]));
        sealed_(sealOf(2, 0, siblingOf(HEIGHT, 1)), sealOf(1, 0, siblingOf(HEIGHT, 2)));
        Seal memory moved = sealOf(1, 0, siblingOf(HEIGHT, 2));
        moved.round = 1;
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceNotSigned.selector, ids[1]));
        sealed_(sealOf(1, 0, siblingOf(HEIGHT, 1)), moved);
    }

    /// @dev The signed bytes say nowhere where the proof ends: its length does.
    function test_equivocation_revertsWhen_theProofIsCutElsewhere() public {
        mineTo(HEIGHT);
        Seal memory first = sealOf(1, 0, siblingOf(HEIGHT, 1));
        bytes memory inner = siblingOf(HEIGHT, 2);
        Seal memory moved = sealOf(1, 0, bytes.concat(hex"00", inner));
        (moved.pi, moved.header) = (new bytes(82), inner);
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceNotSigned.selector, ids[1]));
        sealed_(first, moved);
    }

    function test_equivocation_revertsWhen_bytesAreNoBareHeader() public {
        mineTo(HEIGHT);
        Seal memory first = sealOf(1, 0, siblingOf(HEIGHT, 1));
        bytes memory full = headerOf(blockhash(HEIGHT - 1), HEIGHT, 2, hex"01");
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceNotHeader.selector, ids[1]));
        sealed_(first, sealOf(1, 0, full));
        refused(abi.encodeWithSelector(IChipEvidence.ChipEvidenceNotHeader.selector, ids[1]));
        sealed_(first, sealOf(1, 0, hex"c3010203"));
        refused(abi.encodeWithSelector(RLP.RLPInvalidEncoding.selector));
        sealed_(first, sealOf(1, 0, hex"f8"));
    }

    /// @dev Proves epoch 1 with a leaf on a place whose signature is over something else.
    function lie(uint32 place, ChipId claimed)
        private
        returns (BookedLeaves memory booked, bytes32 r, bytes32 s)
    {
        mineToEpoch(1);
        plant(1, 8, nobody);
        (r, s) = SoftChip.sign(secretOf(place), keccak256("something else"));
        tree[place] = keccak256(abi.encodePacked(bytes1(0), uint256(place), ChipId.unwrap(claimed), r, s));
        booked = proveTree(1, 8, nobody);
    }

    function doubled(uint256 i, Attestation memory first, Attestation memory second) private {
        vm.prank(stranger);
        evidences.doubleAttestation(accusedOf(i), first, second);
    }

    function sealed_(Seal memory first, Seal memory second) private {
        vm.prank(stranger);
        evidences.equivocation(accusedOf(1), first, second);
    }

    function refused(bytes memory reason) private {
        vm.expectRevert(reason);
    }

    function assertSlashed(uint256 i) private view {
        assertEq(uint8(registry.stateOf(ids[i])), uint8(ChipState.Slashed), "state");
        assertEq(vault.freeOf(stranger), PHI * BOND / 10, "reporter's share");
        assertEq(slashedFaults(operator), 1, "the ranking was told");
    }
}
