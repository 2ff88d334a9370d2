// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BookedProof, ChipKind, ChipRegistration, ChipSignature, ChipState} from "../types/Chips.sol";
import {ChipBatchId, ChipId, ChipPlaces} from "../types/Ids.sol";

/// @title Keeps chips, their operators' power and the proofs of their availability.
/// @dev Epoch e = height / E. What a draw or a proof of epoch e reads is the state at the end of epoch e - L.
/// A chip counts in the segment line from its registration on; it is PENDING until the epoch ends, so the
/// look-back hides it from draws until the next one.
/// Bonds are in the vault, all of an operator's under one purpose: its address as a 32-byte word.
/// The same address answers `IPociViews`: rarer reads.
interface IPociRegistry {
    /// @notice The registry cannot be built with this value of the field.
    error PociRegistryBadParameter(bytes32 field);
    /// @notice A registration without chips.
    error PociRegistryNothingToRegister(address operator);
    /// @notice The value sent is not the sum of the bonds, in wei.
    error PociRegistryBondMismatch(uint256 sent, uint256 required);
    /// @notice The path does not lead from this chip to its batch's root.
    error PociRegistryNotGenuine(ChipId chip);
    /// @notice The chip is registered: only one that was never, or has exited, may be.
    error PociRegistryChipTaken(ChipId chip, ChipState state);
    /// @notice Another chip came with this BLS key before, or this chip with another one.
    error PociRegistryKeyTaken(ChipId chip, bytes32 blsKeyHash);
    /// @notice The attestation's last second, inclusive, is over.
    error PociRegistryAttestationExpired(ChipId chip, uint64 deadline);
    /// @notice The key is not the one that the chip was registered with.
    error PociRegistryOtherKey(ChipId chip, bytes32 blsKeyHash);
    /// @notice A compressed VRF key begins with 2 or 3.
    error PociRegistryBadVrfKey(address operator, uint8 prefix);
    /// @notice The chip's P-256 signature does not verify with low s, or is by another key.
    error PociRegistryBadAttestation(ChipId chip);
    /// @notice The chip did not prove that it holds its BLS key.
    error PociRegistryBadPossession(ChipId chip);
    /// @notice A field has another length than it must, or more than it may have: bytes, for `chips` their
    /// number.
    error PociRegistryBadLength(bytes32 field, uint256 length, uint256 expected);
    /// @notice The operator has set no VRF key yet and brings none.
    error PociRegistryNoVrfKey(address operator);
    /// @notice The chip is not this account's.
    error PociRegistryNotOperator(ChipId chip, address caller);
    /// @notice The chip is in a state in which this cannot be done.
    error PociRegistryWrongState(ChipId chip, ChipState state);
    /// @notice The chip missed too many epochs and still stands on the line: `suspendSilent` comes first.
    error PociRegistryOverdue(ChipId chip);
    /// @notice The chip has not missed so many epochs in a row that it may be expelled.
    error PociRegistryTooFewMisses(ChipId chip, uint8 misses, uint8 required);
    /// @notice A rental holds the chip.
    error PociRegistryChipRented(ChipId chip);
    /// @notice The exit waits for the second `exitAt`, and until the last leaf of the chip is eight epochs
    /// old: for L + 8 epochs after the one in which it left the line.
    error PociRegistryExitPending(ChipId chip, uint64 exitAt);
    /// @notice Only the escrow reserves and frees chips.
    error PociRegistryNotEscrow(address caller);
    /// @notice The epoch asked for is not the current one, or not reached yet.
    error PociRegistryWrongEpoch(uint64 epoch, uint64 current);
    /// @notice The operator has proven this epoch before.
    error PociRegistryAlreadyProven(address operator, uint64 epoch);
    /// @notice The operator had no chip in the snapshot that this epoch's proof reads.
    error PociRegistryNoChips(address operator, uint64 epoch);
    /// @notice The absent list does not ascend here, or holds the key of no chip that counts in the snapshot.
    /// @param position In the list, from 0.
    error PociRegistryBadAbsentList(uint256 position);
    /// @notice Only the Availability contract books proofs and openings.
    error PociRegistryNotAvailability(address caller);
    /// @notice The operator's epoch was opened before.
    error PociRegistryAlreadyOpened(address operator, uint64 epoch);
    /// @notice The chip does not count in the snapshot that this operator's epoch reads.
    error PociRegistryNotCounted(ChipId chip, address operator, uint64 epoch);
    /// @notice Only the ChipChallenges contract has a chip punished for not answering.
    error PociRegistryNotChallenges(address caller);
    /// @notice Only the ChipEvidence contract slashes.
    error PociRegistryNotEvidence(address caller);
    /// @notice Neither the registry nor its views know this call.
    error PociRegistryUnknownCall(bytes4 selector);
    /// @notice The point is at or beyond the end of the segment line, in units of phi.
    error PociRegistryBeyondPower(uint128 kappa, uint128 total);

    /// @notice A chip came onto the line.
    /// @param batch Its vendor's batch, which also says its model.
    /// @param phi Its power, in units of phi; its bond is `phi * bondPerPhi()` wei.
    /// @param index Its place in the operator's list.
    /// @param wrappedKeys {PriKEnc, PubK} (eq. 4).
    event ChipRegistered(
        ChipId indexed chip,
        address indexed operator,
        ChipBatchId indexed batch,
        uint64 phi,
        uint32 index,
        bytes32 x,
        bytes32 y,
        bytes blsKey,
        bytes wrappedKeys
    );
    /// @notice An operator set its VRF key, 33 bytes compressed.
    event VrfKeySet(address indexed operator, bytes key);
    /// @notice A chip was proven absent in an epoch, its `misses`-th in a row.
    event ChipMissed(ChipId indexed chip, uint64 indexed epoch, uint8 misses);
    /// @notice A chip left the line for missing too many epochs in a row.
    event ChipSuspended(ChipId indexed chip, uint64 indexed epoch);
    /// @notice A suspended chip came back onto the line.
    event ChipResumed(ChipId indexed chip);
    /// @notice A chip left the line for good; its bond is free from the second `exitAt` on.
    event ChipExiting(ChipId indexed chip, uint64 exitAt);
    /// @notice A suspended chip was made to leave for missing `misses` epochs in a row; `burned` wei of its
    /// bond are gone.
    event ChipExpelled(ChipId indexed chip, uint8 misses, uint256 burned);
    /// @notice A chip's bond, in wei, went to its operator's free balance.
    event ChipExited(ChipId indexed chip, address indexed operator, uint128 bond);
    /// @notice A chip did not answer a challenge: of its bond `burned` wei are gone, `reward` wei are the
    /// challenger's.
    event ChipPenalised(ChipId indexed chip, address indexed challenger, uint256 burned, uint256 reward);
    /// @notice A chip was slashed: of its bond `burned` wei are gone, `reward` wei are the reporter's.
    event ChipSlashed(
        ChipId indexed chip,
        address indexed operator,
        address indexed reporter,
        uint256 burned,
        uint256 reward
    );
    /// @notice A chip left the line because its batch was revoked.
    event ChipQuarantined(ChipId indexed chip);

    /// @notice Registers chips for the caller, all or none; the value sent is their bonds, exactly.
    /// @param chips At least one; 32 fit into one transaction.
    /// @param vrfKey 33-byte compressed P-256 key of the operator's VRF; empty keeps the key that is set.
    function register(ChipRegistration[] calldata chips, bytes calldata vrfKey) external payable;

    /// @notice Books an operator's proof of the current epoch, once: a miss for every absent chip, suspension
    /// for those that missed too often. The Availability contract only, which then checks the aggregate.
    /// @dev Reverts: `PociRegistryNotAvailability`, `PociRegistryWrongEpoch`, `PociRegistryAlreadyProven`,
    /// `PociRegistryNoChips`, `PociRegistryBadAbsentList`, `PociRegistryBadLength`.
    /// @param absentKeys BLS keys of the absent chips, 48 bytes each, in the order of their indices.
    function bookProof(address operator, uint64 epoch, bytes calldata absentKeys)
        external
        returns (BookedProof memory);

    /// @notice Books the opening of a proof's sample, once. The Availability contract only, which answers for
    /// its being true, of a proof, and in time.
    /// @dev Reverts: `PociRegistryNotAvailability`, `PociRegistryAlreadyOpened`.
    function bookOpening(address operator, uint64 epoch) external;

    /// @notice Punishes a chip that did not answer a challenge: a tenth of its bond, rounded up, is gone, of
    /// which a tenth, rounded down, is the challenger's and the rest is burned; a chip on the line is
    /// SUSPENDED, one that is EXITING goes on leaving. The ChipChallenges contract only.
    /// @dev Does nothing to a chip that is EXITED or SLASHED. Reverts: `PociRegistryNotChallenges`,
    /// `PociRegistryBadLength`, `PociRegistryOtherKey`.
    /// @param blsKey The chip's key, 48 bytes.
    function failChallenge(ChipId chip, bytes calldata blsKey, address challenger) external;

    /// @notice Slashes a chip, whether it is on the line, suspended, quarantined or leaving: its whole bond
    /// is gone, of which a tenth, rounded down, is the reporter's and the rest is burned. Its key and place
    /// are never used again. The ChipEvidence contract only.
    /// @dev Reverts: `PociRegistryNotEvidence`, `PociRegistryWrongState`, `PociRegistryBadLength`,
    /// `PociRegistryOtherKey`.
    /// @param blsKey The chip's key, 48 bytes.
    function slash(ChipId chip, bytes calldata blsKey, address reporter) external;

    /// @notice Takes chips off the line that missed too many epochs in a row, whether they were proven absent
    /// or their operator proved nothing. Anyone.
    /// @dev A later proof does not undo the misses: such a chip is SUSPENDED to `stateOf`, hence neither
    /// drawn nor rented, from the end of the last of those epochs and for 256 epochs, called or not. Reverts:
    /// `PociRegistryWrongState`.
    /// @param blsKeys Their keys in the same order, 48 bytes each.
    function suspendSilent(ChipId[] calldata chips, bytes calldata blsKeys) external;

    /// @notice Brings a suspended chip back; its operator sends a fresh signature of the chip over the
    /// current epoch's availability message.
    /// @dev Operator only; L + 1 epochs after the suspension at the earliest, since openings still read the
    /// chip's old term before. Reverts: `PociRegistryNotOperator`,
    /// `PociRegistryWrongState`, `PociRegistryOverdue`, `PociRegistryWrongEpoch`,
    /// `PociRegistryBadAttestation`, `PociRegistryOtherKey`.
    /// @param blsKey The chip's key, 48 bytes.
    function resume(ChipId chip, ChipSignature calldata signed, bytes calldata blsKey) external;

    /// @notice Takes a chip's power away and starts the wait before its bond is free. Operator only.
    /// @param blsKey The chip's key, 48 bytes.
    function requestExit(ChipId chip, bytes calldata blsKey) external;

    /// @notice Makes a SUSPENDED chip leave that missed more than 144 epochs in a row, the time off the line
    /// included: a tenth of its bond, rounded up, is burned, and its exit begins. Anyone.
    /// @dev Reverts: `PociRegistryWrongState`, `PociRegistryChipRented`, `PociRegistryTooFewMisses`.
    function expel(ChipId chip) external;

    /// @notice Frees the bond of a chip whose wait is over; it becomes withdrawable in the vault. Anyone.
    /// @dev From the second `exitAt` on, inclusive, and not before L + 8 epochs after the one in which the
    /// chip left the line: a false leaf of it slashes until then. Reverts: `PociRegistryWrongState`,
    /// `PociRegistryExitPending`.
    function finishExit(ChipId chip) external;

    /// @notice Quarantines chips of a revoked batch. Anyone.
    /// @param blsKeys Their keys in the same order, 48 bytes each.
    function quarantine(ChipId[] calldata chips, bytes calldata blsKeys) external;

    /// @notice Reserves ACTIVE chips of an operator for a rental. The escrow only.
    /// @dev Reverts: `PociRegistryNotEscrow`, `PociRegistryNotOperator`, `PociRegistryWrongState`,
    /// `PociRegistryChipRented`.
    /// @return places Where the chips stand on the segment line: what names them to `free` and `missesAt`.
    /// @return kind What they have in common.
    function reserve(address operator, ChipId[] calldata chips)
        external
        returns (ChipPlaces[] memory places, ChipKind memory kind);

    /// @notice Frees chips that a rental held, whatever has become of them. The escrow only.
    function free(ChipPlaces[] calldata places) external;

    /// @notice As `IPociViews.chipOf(..).state`, with what time and others alone have done by the current
    /// block: PENDING is over, too many epochs were missed (SUSPENDED), the batch was revoked (QUARANTINED).
    function stateOf(ChipId chip) external view returns (ChipState);
    /// @notice Whether a chip counted in an epoch and was proven present: by a proof, whose sample was opened
    /// unless that is still to come (the epoch is the current one or the one before).
    function wasPresent(ChipId chip, uint64 epoch) external view returns (bool);
    /// @notice The 32 bytes that present chips sign in an epoch (current or past and still known).
    function availabilityMessage(address operator, uint64 epoch) external view returns (bytes32);
    /// @notice Height of the current block / E.
    function currentEpoch() external view returns (uint64);
}
