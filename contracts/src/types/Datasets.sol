// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {DatasetId} from "./Ids.sol";

/// @dev What a seller says of its data. Hashes are of the plain bytes, whatever form the store keeps.
struct Publication {
    /// sha256 of all bytes
    bytes32 contentHash;
    /// Merkle root of the chunks of 65,536 bytes, the last one shorter; the dataset's id
    bytes32 root;
    /// bytes, not zero
    uint64 size;
    /// sha256 of the licence: who may do what with the data
    bytes32 licenceHash;
    /// wei; zero shares the data with everybody, for ever
    uint128 price;
    /// at most 96 bytes, not empty
    string title;
    /// where the bytes are, sealed unless shared; at most 256 bytes
    string dataPointer;
}

/// @dev A dataset as the market keeps it.
struct Dataset {
    address seller;
    /// second in which it was published
    uint48 publishedAt;
    /// everybody may have it
    bool isFree;
    /// nobody can buy it any more
    bool isDelisted;
    /// wei
    uint128 price;
    /// bytes
    uint64 size;
    /// of 65,536 bytes, the last one shorter
    uint32 chunks;
}

/// @dev Where a chunk stands in a dataset.
struct ChunkPlace {
    DatasetId dataset;
    /// from 0
    uint32 index;
    /// from the leaf to the root
    bytes32[] path;
}

/// @dev A price that one side offers the other; EIP-712, domain "UtilityNet DatasetMarket", "1". Seller and
/// buyer both make them, in turns, until one is accepted.
struct DatasetOffer {
    DatasetId dataset;
    /// who signs and is bound
    address maker;
    /// who may accept; seller and buyer are maker and taker, in either order
    address taker;
    /// wei
    uint128 price;
    /// keccak256 of the buyer's uncompressed P-256 key (65 bytes); zero in a seller's offer: any key
    bytes32 buyerKeyHash;
    /// last second, inclusive, in which it may be accepted
    uint64 expiry;
    /// higher in each later offer of the maker to the taker: accepting one voids all before it
    uint64 nonce;
}

/// @dev Where a sale stands. The first two after None have a deadline and a poke.
enum SaleState {
    None,
    Paid, // money locked, the seller owes the key
    Delivered, // the buyer owes an acknowledgement; silence is one
    Settled,
    Refunded // the seller was silent; the buyer may buy again
}

/// @dev A sale as the market keeps it.
struct Sale {
    SaleState state;
    /// 1 to 100; 0 while the buyer has not rated
    uint8 score;
    /// last second, inclusive, of what the state waits for; once settled, of the buyer's rating
    uint48 deadline;
    address buyer;
    /// wei
    uint128 price;
    DatasetId dataset;
}

/// @dev How a seller has kept its word.
struct SellerRecord {
    /// sales in which it delivered in time
    uint64 delivered;
    /// sales in which it did not
    uint64 silent;
}

/// @dev What the market is built with.
struct DatasetParameters {
    address vault;
    /// for the seller to deliver
    uint64 deliverSeconds;
    /// for the buyer to acknowledge
    uint64 acknowledgeSeconds;
    /// for the buyer to rate
    uint64 ratingSeconds;
    /// share of the price that is burned, at most 10_000
    uint16 marketFeeBps;
}
