// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Accused, Attestation, LeafEvidence, Seal} from "../types/Evidence.sol";
import {ChipId} from "../types/Ids.sol";

/// @title Slashes chips by what they signed: who brings it need not be believed.
/// @dev Stores nothing. The chip's whole bond goes: a tenth, rounded down, to whoever brings the evidence,
/// the rest is burned. Its holder answers for what it signed while he held it, as far as the chain can
/// tell: what an earlier holder's chip signed is no evidence, but for an attestation, which carries no
/// date.
interface IChipEvidence {
    /// @notice Both attestations name the same operator and key, whatever their deadlines: that is no fault.
    error ChipEvidenceSameWord(ChipId chip);
    /// @notice The attestation is not for the next registration of the chip, so that it binds nobody now.
    error ChipEvidenceOtherNonce(ChipId chip, uint64 nonce, uint64 next);
    /// @notice The attestation has run out: it conflicts with nothing. `deadline` in seconds, inclusive.
    error ChipEvidenceRunOut(ChipId chip, uint64 deadline);
    /// @notice The signature is not the chip's, with low s, over what the evidence shows.
    error ChipEvidenceNotSigned(ChipId chip);
    /// @notice No such proof was booked in the last eight epochs.
    error ChipEvidenceNotBooked(address operator, uint64 epoch);
    /// @notice The proof names this place absent: nothing was claimed of its chip.
    error ChipEvidenceAbsent(ChipId chip, uint32 place);
    /// @notice The path does not lead from the leaf to the root.
    error ChipEvidenceNotInTree(ChipId chip, uint32 place);
    /// @notice The leaf is the chip's, and truly signed.
    error ChipEvidenceTrueLeaf(ChipId chip, uint32 place);
    /// @notice The bytes are no header with empty extraData.
    error ChipEvidenceNotHeader(ChipId chip);
    /// @notice Both seals are of the same round, proof and header: signing that twice is no fault.
    error ChipEvidenceSameSeal(ChipId chip);
    /// @notice The headers are of different heights.
    error ChipEvidenceOtherHeight(ChipId chip, uint64 first, uint64 second);
    /// @notice A header does not follow this chain's block of the height before, or that is no longer known.
    error ChipEvidenceOtherParent(ChipId chip, uint64 height);
    /// @notice The height is not after the epoch in which the chip was registered last: another holder's.
    error ChipEvidenceOtherHolder(ChipId chip, uint64 height);

    /// @notice A chip gave its word for its next registration twice, to different operators or with different
    /// keys, and both can still be used.
    event DoubleAttestation(ChipId indexed chip, address indexed reporter, uint64 nonce);
    /// @notice A leaf on a chip's place is not its signature.
    event FalseLeaf(ChipId indexed chip, address indexed reporter, uint64 epoch, uint32 place);
    /// @notice A chip sealed two blocks of one height.
    event Equivocation(ChipId indexed chip, address indexed reporter, uint64 height);

    /// @notice Slashes a chip that gave its word twice. Anyone.
    /// @dev Both attestations must be for the next registration (`nonce` = registrations so far), which only
    /// the present holder's chip should sign, and must not have run out: a seller whose sale failed waits for
    /// the deadline. Reverts: `ChipEvidenceSameWord`, `ChipEvidenceOtherNonce`, `ChipEvidenceRunOut`,
    /// `ChipEvidenceNotSigned`, and as `IPociRegistry.slash`.
    function doubleAttestation(
        Accused calldata accused,
        Attestation calldata first,
        Attestation calldata second
    ) external;

    /// @notice Slashes a chip that its operator claimed to be present with a leaf that is not its signature
    /// over the epoch's availability message: another chip's, a false one, or none. Anyone.
    /// @dev The chip must have counted in the proof's snapshot and been on the line since; its place in the
    /// operator's list is the leaf's. Reverts: `ChipEvidenceNotBooked`, `ChipEvidenceAbsent`,
    /// `ChipEvidenceNotInTree`, `ChipEvidenceTrueLeaf`, `IPociRegistry.PociRegistryNotCounted`, and as
    /// `IPociRegistry.slash`.
    function falseLeaf(Accused calldata accused, LeafEvidence calldata evidence) external;

    /// @notice Slashes a chip that sealed two different blocks of one height, both after this chain's block
    /// before it: another header, or the same one in another round or under another proof. Anyone, as long as
    /// the hash of the block before is known (EIP-2935: 8,191 blocks).
    /// @dev The parent ties both signatures to a time at which the present holder had the chip, and to this
    /// chain. Reverts: `ChipEvidenceNotHeader`, `ChipEvidenceSameSeal`, `ChipEvidenceOtherHeight`,
    /// `ChipEvidenceOtherParent`, `ChipEvidenceOtherHolder`, `ChipEvidenceNotSigned`, and as
    /// `IPociRegistry.slash`.
    function equivocation(Accused calldata accused, Seal calldata first, Seal calldata second) external;
}
