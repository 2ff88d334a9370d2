// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AvailabilityProof} from "../types/Chips.sol";

/// @title Takes the proofs of which chips are there.
interface IAvailability {
    /// @notice The aggregate signature has another length than 96 bytes.
    error AvailabilityBadLength(uint256 length, uint256 expected);
    /// @notice The aggregate signature is not by all chips that count but the absent.
    error AvailabilityBadAggregate(address operator, uint64 epoch);
    /// @notice The caller is not the operator and the operator did not sign this proof.
    error AvailabilityBadAuthority(address operator);

    /// @notice An operator proved an epoch; `present` chips signed, the absent are named by their indices.
    event AvailabilityProven(
        address indexed operator, uint64 indexed epoch, uint32 present, uint32[] absent, bytes32 leafRoot
    );

    /// @notice Proves which chips of an operator were available in the current epoch; once per operator and
    /// epoch.
    /// @dev Reverts with this contract's errors and those of `IPociRegistry.bookProof`.
    /// @param proof The aggregate and the absent list.
    /// @param authority The operator's EIP-712 signature over the proof in the registry's domain
    /// (`AvailabilityProof(address operator,uint64 epoch,bytes32 absentHash,bytes32 signatureHash,bytes32
    /// leafRoot)`); empty when the operator itself sends.
    function prove(AvailabilityProof calldata proof, bytes calldata authority) external;
}
