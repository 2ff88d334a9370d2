// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

import {IRanking} from "contracts/src/interfaces/IRanking.sol";
import {Accused, Attestation, LeafEvidence, Seal} from "contracts/src/types/Evidence.sol";
import {ChipId} from "contracts/src/types/Ids.sol";
import {BookedLeaves} from "contracts/src/types/Openings.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

import {OpeningFixture} from "./OpeningFixture.sol";
import {SortedTree} from "./SortedTree.sol";

/// @title Makes what chips are slashed by, true and false.
abstract contract EvidenceFixture is OpeningFixture {
    using RLP for RLP.Encoder;

    /// @dev A chip's word for its next registration.
    function wordOf(uint256 i, address account, uint64 nonce, uint64 deadline)
        internal
        view
        returns (Attestation memory word)
    {
        word.operator = account;
        word.blsKeyHash = keccak256(entries[i].blsKey);
        (word.nonce, word.deadline) = (nonce, deadline);
        (word.r, word.s) = attest(i, account, word.blsKeyHash, nonce, deadline);
    }

    /// @dev A header of the oldest form that follows a parent; `mark` makes it one of its own.
    function headerOf(bytes32 parent, uint64 height, uint256 mark, bytes memory extra)
        internal
        pure
        returns (bytes memory)
    {
        RLP.Encoder memory fields = RLP.encoder();
        fields.push(parent);
        for (uint256 i = 0; i < 5; ++i) {
            fields.push(keccak256(abi.encode(mark, i)));
        }
        fields.push(new bytes(256)).push(uint256(0)).push(uint256(height));
        fields.push(uint256(30_000_000)).push(uint256(21_000)).push(uint256(START)).push(extra);
        fields.push(keccak256(abi.encode(mark))).push(bytes.concat(bytes8(0)));
        return RLP.encode(fields);
    }

    /// @dev A header that follows this chain's block before a height.
    function siblingOf(uint64 height, uint256 mark) internal view returns (bytes memory) {
        return headerOf(blockhash(height - 1), height, mark, "");
    }

    function sealOf(uint256 i, uint32 round, bytes memory header) internal view returns (Seal memory) {
        return sealUnder(i, round, new bytes(81), header);
    }

    function sealUnder(uint256 i, uint32 round, bytes memory pi, bytes memory header)
        internal
        view
        returns (Seal memory seal)
    {
        (seal.round, seal.pi, seal.header) = (round, pi, header);
        bytes32 digest = keccak256(
            abi.encodePacked(keccak256("UNC/v1/seal"), block.chainid, uint256(round), seal.pi, header)
        );
        (seal.r, seal.s) = SoftChip.sign(secretOf(i), digest);
    }

    /// @dev A leaf of the tree that was planted last, on a chip's place.
    function leafEvidence(BookedLeaves memory booked, uint256 place, ChipId claimed, bytes32 r, bytes32 s)
        internal
        view
        returns (LeafEvidence memory)
    {
        return LeafEvidence(booked, claimed, r, s, SortedTree.orderedPath(tree, place));
    }

    function accuse(Accused memory accused, LeafEvidence memory evidence) internal {
        vm.prank(stranger);
        evidences.falseLeaf(accused, evidence);
    }

    function slashedFaults(address account) internal view returns (uint32) {
        return IRanking(RANKING).recordOf(account).slashed;
    }
}
