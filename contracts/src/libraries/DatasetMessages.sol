// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {DatasetOffer} from "../types/Datasets.sol";
import {Tags} from "./Tags.sol";

/// @title Hashes what sellers and buyers of data sign and commit to (`docs/protocol.md`, sections 2 and 4).
library DatasetMessages {
    bytes32 internal constant OFFER_TYPEHASH = keccak256(
        "DatasetOffer(bytes32 dataset,address maker,address taker,uint128 price,bytes32 buyerKeyHash,"
        "uint64 expiry,uint64 nonce)"
    );

    /// @dev EIP-712 struct hash, domain "UtilityNet DatasetMarket", "1".
    function hash(DatasetOffer calldata offer) internal pure returns (bytes32) {
        return keccak256(abi.encode(OFFER_TYPEHASH, offer));
    }

    /// @dev What a seller reserves before it shows the fingerprints.
    function reservation(address seller, bytes32 contentHash, bytes32 root, bytes32 salt)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(Tags.DATASET, seller, contentHash, root, salt));
    }

    /// @dev A leaf of a dataset's tree. It does not say where the chunk stands: the same chunk is the same
    /// leaf in every dataset.
    /// @param chunkHash sha256 of the chunk's bytes.
    function leafHash(bytes32 chunkHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), chunkHash));
    }
}
