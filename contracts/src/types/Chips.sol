// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipBatchId, ChipId} from "./Ids.sol";

/// @dev Where a chip stands.
enum ChipState {
    None,
    Pending, // registered in this epoch: counts from the next on
    Active,
    Suspended, // missed three epochs in a row
    Exiting, // no power, still slashable
    Exited, // bond free; may be registered again by a new attestation
    Slashed,
    Quarantined // its vendor batch was revoked
}

/// @dev What registers one chip.
struct ChipRegistration {
    /// P-256 identity
    bytes32 x;
    bytes32 y;
    /// keccak256 of the serial number
    bytes32 serialHash;
    /// the vendor's batch, and the path of this chip's leaf to its root
    ChipBatchId batch;
    bytes32[] path;
    /// chip's signature over the EIP-712 attestation (domain "UtilityNet PociRegistry", "1"), low s
    bytes32 r;
    bytes32 s;
    /// last second, inclusive, of the attestation
    uint64 deadline;
    /// BLS12-381 G1 key, 48 bytes compressed
    bytes blsKey;
    /// proof that the chip holds that key, 96 bytes
    bytes possession;
    /// {PriKEnc, PubK}: the wrapped private keys, published as an event (eq. 4), at most 1,024 bytes
    bytes wrappedKeys;
}

/// @dev What an admitted chip is registered as, in one word: the number of its vendor's batch, and its power
/// in units of phi in the lower half.
type Admitted is uint64;

using {batchOf, phiOf} for Admitted global;

function toAdmitted(uint32 batch, uint32 phi) pure returns (Admitted) {
    return Admitted.wrap(uint64(batch) << 32 | phi);
}

function batchOf(Admitted admitted) pure returns (uint32) {
    // forge-lint: disable-next-line(unsafe-typecast)
    return uint32(Admitted.unwrap(admitted) >> 32); // fits: the upper half
}

function phiOf(Admitted admitted) pure returns (uint32) {
    // forge-lint: disable-next-line(unsafe-typecast)
    return uint32(Admitted.unwrap(admitted)); // the lower half alone
}

/// @dev What chips have in common.
struct ChipKind {
    /// zero where they differ
    uint32 model;
    /// least power of one of them, in units of phi
    uint64 phi;
}

/// @dev A chip's P-256 signature, low s, and the key that made it.
struct ChipSignature {
    bytes32 x;
    bytes32 y;
    bytes32 r;
    bytes32 s;
}

/// @dev A chip as the registry keeps it.
struct Chip {
    ChipState state;
    address operator;
    uint32 model;
    /// place in the operator's list; free for another chip once this one has exited
    uint32 index;
    /// leaf of the segment tree
    uint32 segment;
    /// power, in units of phi
    uint64 phi;
    /// registrations so far: the nonce of the next attestation
    uint32 registrations;
    /// epoch of the latest registration
    uint64 registeredEpoch;
    /// wei
    uint128 bond;
    /// consecutive epochs missed
    uint8 misses;
    /// rentals that hold it now
    uint8 rentals;
    /// second from which an exit may be finished; 0 before it was asked for
    uint64 exitAt;
    ChipBatchId batch;
}

/// @dev One operator's proof of one epoch.
struct AvailabilityProof {
    address operator;
    uint64 epoch;
    /// BLS keys of the absent chips, 48 bytes each, in the order of their indices
    bytes absent;
    /// aggregate BLS signature of the present chips, 96 bytes compressed G2
    bytes signature;
    /// root over the P-256 signatures of the present chips, a leaf for each place (`types/Openings.sol`)
    bytes32 leafRoot;
}

/// @dev What an epoch's proof is checked against, and the chips that it names absent.
struct BookedProof {
    /// sum of the keys of the chips that count, 48 bytes
    bytes aggregateKey;
    /// what present chips sign
    bytes32 message;
    /// chips that count and were not named absent
    uint32 present;
    /// places given out in the operator's list when its chips began to count: leaves of the tree
    uint32 width;
    /// places of the absent chips in the operator's list, ascending
    uint32[] absent;
}

/// @dev What the registry, and what answers its rare reads, are made with.
struct PociParameters {
    /// answers the reads that the registry has no room for: `PociViews`
    address views;
    address beacons;
    address admission;
    address vendors;
    address vault;
    /// the only contract that may reserve chips
    address escrow;
    /// the only contract that may book proofs and openings
    address availability;
    /// the only contract that may punish a chip for not answering
    address challenges;
    /// the only contract that may slash
    address evidence;
    /// blocks in an epoch, E; 1 to 8,191, since BeaconHistory must still know the epoch's beacon
    uint64 epochBlocks;
    /// epochs between a snapshot and the epoch that reads it, L, at least 1
    uint64 lookbackEpochs;
    /// wei per unit of phi
    uint128 bondPerPhi;
    /// seconds between asking for an exit and the bond, at least; longer than a rental waits for its
    /// settlement, since a chip that is registered again owes nothing of before
    uint64 exitSeconds;
    /// consecutive missed epochs that suspend a chip, at least 1
    uint8 missesToSuspend;
    /// leaves that are opened of each proof; 0: none are asked for, and a proof alone suffices
    uint8 sampleSize;
}
