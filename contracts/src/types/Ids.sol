// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev A chip: `keccak256(x ‖ y)` of its P-256 identity.
type ChipId is bytes32;

/// @dev A vendor's batch of genuine chips.
type ChipBatchId is bytes32;

/// @dev Places of up to eight chips on the segment line, in order, 32 bits each from the lowest: 1 + the
/// place, zero after the last. A chip's place is its own for ever.
type ChipPlaces is uint256;

/// @dev An order: its EIP-712 hash.
type OrderHash is bytes32;

/// @dev A rental: the EIP-712 hash of the renter's request, also its nullifier.
type RentalId is bytes32;

/// @dev A job: the EIP-712 hash of its specification.
type JobId is bytes32;

/// @dev A batch of results posted under one root.
type BatchId is bytes32;

/// @dev A body of data: the Merkle root of its chunks.
type DatasetId is bytes32;

/// @dev A sale of a dataset to a buyer: one for each pair of the two.
type SaleId is bytes32;
