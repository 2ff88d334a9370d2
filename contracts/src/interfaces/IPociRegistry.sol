// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AvailabilityProof, Chip, ChipRegistration, ChipState} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";

/// @title Keeps chips, their operators' power and the proofs of their availability.
/// @dev Epoch e = height / E. What a draw or a proof of epoch e reads is the state at the end of epoch e - L.
/// A chip counts in the segment line from its registration on; it is PENDING until the epoch ends, so the
/// look-back hides it from draws until the next one.
/// Bonds are in the vault, all of an operator's under one purpose: its address as a 32-byte word.
interface IPociRegistry {
    error PociRegistryNothingToRegister();
    error PociRegistryBondMismatch(uint256 sent, uint256 required);
    error PociRegistryNotGenuine(ChipId chip);
    error PociRegistryChipTaken(ChipId chip, ChipState state);
    error PociRegistryKeyTaken(ChipId chip, bytes32 blsKeyHash);
    error PociRegistryAttestationExpired(ChipId chip, uint64 deadline);
    error PociRegistryBadAttestation(ChipId chip);
    error PociRegistryBadPossession(ChipId chip);
    error PociRegistryBadLength(bytes32 field, uint256 length, uint256 expected);
    error PociRegistryNoVrfKey(address operator);
    error PociRegistryNotOperator(ChipId chip, address caller);
    error PociRegistryWrongState(ChipId chip, ChipState state);
    error PociRegistryChipRented(ChipId chip);
    error PociRegistryExitPending(ChipId chip, uint64 exitAt);
    error PociRegistryNotEscrow(address caller);
    error PociRegistryWrongEpoch(uint64 epoch, uint64 current);
    error PociRegistryAlreadyProven(address operator, uint64 epoch);
    error PociRegistryNoChips(address operator, uint64 epoch);
    error PociRegistryBadAbsentList(uint256 position);
    error PociRegistryBadAggregate(address operator, uint64 epoch);
    error PociRegistryBadAuthority(address operator);
    error PociRegistryBeyondPower(uint128 kappa, uint128 total);
    error PociRegistryNotSystem(address caller);

    event ChipRegistered(
        ChipId indexed chip,
        address indexed operator,
        uint32 indexed model,
        uint64 phi,
        uint32 index,
        bytes32 x,
        bytes32 y,
        bytes blsKey,
        bytes wrappedKeys
    );
    event VrfKeySet(address indexed operator, bytes key);
    event AvailabilityProven(
        address indexed operator, uint64 indexed epoch, uint32 present, uint32[] absent, bytes32 leafRoot
    );
    event ChipMissed(ChipId indexed chip, uint64 indexed epoch, uint8 misses);
    event ChipSuspended(ChipId indexed chip, uint64 indexed epoch);
    event ChipResumed(ChipId indexed chip);
    event ChipExiting(ChipId indexed chip, uint64 exitAt);
    event ChipExited(ChipId indexed chip, address indexed operator, uint128 bond);
    event ChipQuarantined(ChipId indexed chip);

    /// @notice Registers chips for the caller, all or none; the value sent is their bonds, exactly.
    /// @param chips At least one; 32 fit into one transaction.
    /// @param vrfKey 33-byte compressed P-256 key of the operator's VRF; empty keeps the key that is set.
    function register(ChipRegistration[] calldata chips, bytes calldata vrfKey) external payable;

    /// @notice Proves which chips of an operator were available in the current epoch; once per operator and
    /// epoch. @param proof The aggregate and the absent list.
    /// @param authority The operator's EIP-712 signature over the proof (`AvailabilityProof(address
    /// operator,uint64 epoch,bytes32 absentHash,bytes32 signatureHash,bytes32 leafRoot)`); empty when the
    /// operator itself sends.
    function proveAvailability(AvailabilityProof calldata proof, bytes calldata authority) external;

    /// @notice Suspends chips whose operator has proven nothing for so long that they missed too many epochs.
    /// Anyone. @dev A proof ends the silence: what nobody called this for is forgiven.
    function suspendSilent(ChipId[] calldata chips) external;

    /// @notice Brings a suspended chip back; its operator sends a fresh signature of the chip over the
    /// current epoch's availability message.
    function resume(ChipId chip, bytes32 x, bytes32 y, bytes32 r, bytes32 s) external;

    /// @notice Takes a chip's power away and starts the wait before its bond is free. Operator only.
    function requestExit(ChipId chip) external;

    /// @notice Frees the bond of a chip whose wait is over; it becomes withdrawable in the vault. Anyone.
    function finishExit(ChipId chip) external;

    /// @notice Quarantines chips of a revoked batch. Anyone.
    function quarantine(ChipId[] calldata chips) external;

    /// @notice Reserves chips for a rental, or frees them; escrows only.
    function reserve(address operator, ChipId[] calldata chips) external;
    function free(ChipId[] calldata chips) external;

    /// @notice The chip at a point of the segment line, in units of phi.
    /// @param kappa Below `totalPower()`.
    function segmentAt(uint128 kappa) external view returns (ChipId chip, address operator, uint64 phi);

    function totalPower() external view returns (uint128);
    function powerOf(address operator) external view returns (uint128);
    function chipOf(ChipId chip) external view returns (Chip memory);
    /// @notice As `chipOf(..).state`, with PENDING and QUARANTINED resolved for the current block.
    function stateOf(ChipId chip) external view returns (ChipState);
    function blsKeyOf(ChipId chip) external view returns (bytes memory);
    /// @notice 33 bytes; empty if none is set.
    function vrfKeyOf(address operator) external view returns (bytes memory);
    /// @notice All chips that an operator ever listed, in the order of their indices.
    function chipsOf(address operator) external view returns (ChipId[] memory);
    /// @notice What a proof of an epoch is checked against.
    /// @return aggregateKey Sum of the BLS keys of the chips that count, 48 bytes.
    /// @return count How many chips count.
    function snapshotOf(address operator, uint64 epoch)
        external
        view
        returns (bytes memory aggregateKey, uint32 count);
    /// @notice Whether a chip counted in an epoch and was proven present.
    function wasPresent(ChipId chip, uint64 epoch) external view returns (bool);
    function isProven(address operator, uint64 epoch) external view returns (bool);
    /// @notice The 32 bytes that present chips sign in an epoch (current or past and still known).
    function availabilityMessage(address operator, uint64 epoch) external view returns (bytes32);
    function currentEpoch() external view returns (uint64);
    function bondPerPhi() external view returns (uint128);
}
