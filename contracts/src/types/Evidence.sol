// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipId} from "./Ids.sol";
import {BookedLeaves} from "./Openings.sol";

/// @dev A chip that is accused, by its keys as `ChipRegistered` published them.
struct Accused {
    /// P-256 identity
    bytes32 x;
    bytes32 y;
    /// BLS12-381 G1 key, 48 bytes: what leaves the operator's sum
    bytes blsKey;
}

/// @dev A chip's word that an operator may register it, with its P-256 signature, low s.
struct Attestation {
    address operator;
    bytes32 blsKeyHash;
    /// registrations of the chip before the one that this is for
    uint64 nonce;
    /// last second, inclusive, in which it can be used
    uint64 deadline;
    bytes32 r;
    bytes32 s;
}

/// @dev A leaf that stands under an operator's root on the place of the accused chip.
struct LeafEvidence {
    BookedLeaves booked;
    /// the chip that the leaf names; zero, with zeros for r and s, says that the leaf is zero
    ChipId claimed;
    bytes32 r;
    bytes32 s;
    /// from the leaf to the root (`MerkleTree.rootOfOrdered`)
    bytes32[] path;
}

/// @dev What a chip sealed a block with.
struct Seal {
    uint32 round;
    /// the operator's VRF proof
    bytes pi;
    /// RLP of the header with empty extraData
    bytes header;
    bytes32 r;
    bytes32 s;
}

/// @dev What `ChipEvidence` is made with.
struct EvidenceParameters {
    address registry;
    address availability;
    address ranking;
    /// the registry's E
    uint64 epochBlocks;
}

/// @dev What `ChipChallenges` is made with.
struct ChallengeParameters {
    address registry;
    address beacons;
    address vault;
    /// wei that a challenge costs whose chip answers
    uint128 bond;
    /// blocks in which a chip answers, 2 to 8,190: BeaconHistory must still know what was asked
    uint64 answerBlocks;
}

/// @dev A question to a chip; one slot.
struct Challenge {
    /// who asked; zero if no question is open
    address challenger;
    /// block of the question; its deadline is `answerBlocks` later
    uint40 askedAt;
    /// questions to this chip so far
    uint32 number;
    /// registrations of the chip when it was asked: after another it is not the same holder's
    uint24 registrations;
}
