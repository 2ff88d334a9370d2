// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {
    ChunkPlace,
    Dataset,
    DatasetOffer,
    Publication,
    Sale,
    SaleState,
    SellerRecord
} from "../types/Datasets.sol";
import {DatasetId, SaleId} from "../types/Ids.sol";

/// @title Publishes datasets by their fingerprints, sells access to them, and keeps what buyers say of them.
/// @dev Money is in the vault, under the purpose `SaleId`. What is sold is a key: the seller seals it to the
/// buyer's key, in calldata. Needed for safety of the money: the vault does what its interface says. Not
/// decided here: whether the key opens the data, and whether the data is what its fingerprints say; the buyer
/// checks both and rates.
interface IDatasetMarket {
    /// @notice The market cannot be built with this value of the field.
    error DatasetMarketBadParameter(bytes32 field);
    /// @notice Somebody has made this reservation before.
    error DatasetMarketReserved(bytes32 reservation);
    /// @notice The fingerprints were not reserved by this seller in an earlier second.
    error DatasetMarketNotReserved(bytes32 reservation);
    /// @notice A field of the publication is empty, or longer than it may be.
    error DatasetMarketBadPublication(bytes32 field);
    /// @notice A dataset with the same content or the same chunks is published.
    error DatasetMarketDuplicate(DatasetId published, address seller);
    /// @notice There is no such dataset.
    error DatasetMarketUnknown(DatasetId dataset);
    /// @notice The dataset is another's.
    error DatasetMarketNotSeller(DatasetId dataset, address caller);
    /// @notice The dataset is shared with everybody: it has no price and needs no sale.
    error DatasetMarketFree(DatasetId dataset);
    /// @notice A price of zero: `share` is what makes data free.
    error DatasetMarketNoPrice(DatasetId dataset);
    /// @notice The seller sells the dataset no more.
    error DatasetMarketDelisted(DatasetId dataset);
    /// @notice The original was not published before the copy.
    error DatasetMarketNotEarlier(DatasetId original, DatasetId copy);
    /// @notice The path does not lead from the chunk to the dataset's root.
    error DatasetMarketBadPath(DatasetId dataset, uint32 index);
    /// @notice This chunk was counted for the pair before.
    error DatasetMarketOverlapKnown(DatasetId original, DatasetId copy, bytes32 chunkHash);
    /// @notice The list price is above what the buyer would pay, both in wei.
    error DatasetMarketPriceTooHigh(DatasetId dataset, uint128 price, uint128 limit);
    /// @notice The offer is not between the seller and somebody else.
    error DatasetMarketNotParties(DatasetId dataset, address maker, address taker);
    /// @notice The offer is another's to accept.
    error DatasetMarketNotTaker(address taker, address caller);
    /// @notice The offer's last second, inclusive, is over.
    error DatasetMarketOfferExpired(uint64 expiry);
    /// @notice The maker has voided the offer, or one made later was accepted.
    error DatasetMarketOfferVoid(uint64 nonce, uint64 lowest);
    /// @notice The maker did not sign this offer.
    error DatasetMarketBadSignature(address maker);
    /// @notice The key is no point of P-256, or another than the buyer's offer names.
    error DatasetMarketBadKey(address buyer);
    /// @notice The buyer has bought the dataset, or is about to.
    error DatasetMarketSaleExists(SaleId sale, SaleState state);
    /// @notice The sale is in a state in which this cannot be done.
    error DatasetMarketWrongState(SaleId sale, SaleState state);
    /// @notice The sale is between others.
    error DatasetMarketNotParty(SaleId sale, address caller);
    /// @notice The last second for this, inclusive, is over.
    error DatasetMarketTooLate(SaleId sale, uint48 deadline);
    /// @notice The sealed key is no point with 1 to 1,024 bytes behind it.
    error DatasetMarketBadDelivery(uint256 encBytes, uint256 ciphertextBytes);
    /// @notice The sale waits for somebody until this second, inclusive, or for nobody (zero).
    error DatasetMarketNothingDue(SaleId sale, uint48 deadline);
    /// @notice The score is not 1 to 100.
    error DatasetMarketBadScore(uint8 score);
    /// @notice The buyer has rated this sale before.
    error DatasetMarketAlreadyRated(SaleId sale);
    /// @notice The sale burned no fee: it has no say.
    error DatasetMarketNoSay(SaleId sale);

    /// @notice Somebody bound itself to fingerprints that it will show.
    event DatasetReserved(bytes32 indexed reservation);
    /// @notice A dataset was published.
    event DatasetPublished(
        DatasetId indexed dataset, address indexed seller, uint32 chunks, Publication publication
    );
    /// @notice The list price, in wei, changed.
    event DatasetPriced(DatasetId indexed dataset, uint128 oldPrice, uint128 price);
    /// @notice A dataset became everybody's; the pointer leads to its plain bytes.
    event DatasetShared(DatasetId indexed dataset, string dataPointer);
    /// @notice A dataset is sold no more.
    event DatasetDelisted(DatasetId indexed dataset);
    /// @notice A copy was proven to hold a chunk of an earlier dataset, the `shared`-th of the pair.
    event OverlapProven(DatasetId indexed original, DatasetId indexed copy, bytes32 chunkHash, uint32 shared);
    /// @notice Offers of the maker to the taker below this nonce can be accepted no more.
    event OffersVoided(
        DatasetId indexed dataset, address indexed maker, address indexed taker, uint64 lowest
    );
    /// @notice The price, in wei, was locked; the seller has until the deadline, inclusive, to deliver.
    event SaleOpened(
        SaleId indexed sale,
        DatasetId indexed dataset,
        address indexed buyer,
        address seller,
        uint128 price,
        bytes buyerKey,
        uint48 deadline
    );
    /// @notice The seller handed the sealed key over; the buyer has until the deadline, inclusive, to
    /// acknowledge.
    event KeyDelivered(SaleId indexed sale, bytes enc, bytes ciphertext, uint48 deadline);
    /// @notice The price less the burned fee, both in wei, went to the seller's free balance.
    event SaleSettled(SaleId indexed sale, uint128 paid, uint128 fee, bool isAcknowledged);
    /// @notice The seller was silent: the price, in wei, went back to the buyer's free balance.
    event SaleRefunded(SaleId indexed sale, uint128 price);
    /// @notice A buyer said so much of a dataset, with a weight in wei; zero: it does not count.
    event DatasetRated(
        DatasetId indexed dataset, SaleId indexed sale, address indexed buyer, uint8 score, uint128 weight
    );

    /// @notice Binds whoever made the reservation to fingerprints that `publish` shows, so that nobody who
    /// sees them there can publish them first. Anyone.
    /// @param reservation keccak256(abi.encode(tag "dataset", seller, contentHash, root, salt)).
    function reserve(bytes32 reservation) external;

    /// @notice Publishes a dataset of the caller, who reserved its fingerprints in an earlier second.
    /// @dev Reverts: `DatasetMarketNotReserved`, `DatasetMarketBadPublication`, `DatasetMarketDuplicate`.
    /// @param salt The one of the reservation.
    /// @return dataset The root of its chunks.
    function publish(Publication calldata publication, bytes32 salt) external returns (DatasetId dataset);

    /// @notice Changes the list price. Seller only; never of a free dataset.
    /// @param price Wei, not zero.
    function setPrice(DatasetId dataset, uint128 price) external;

    /// @notice Shares a dataset with everybody, for ever. Seller only.
    /// @param dataPointer Where the plain bytes, or their key, are; at most 256 bytes.
    function share(DatasetId dataset, string calldata dataPointer) external;

    /// @notice Ends the sale of a dataset, offers included; open sales go on, the fingerprints stay taken.
    /// Seller only.
    function delist(DatasetId dataset) external;

    /// @notice Records that two datasets share a chunk: evidence of a copy or a derivative. Anyone.
    /// @dev Changes no right and moves no money: what a shared chunk means is for the licence to say. Each
    /// distinct chunk counts once for a pair.
    /// @param chunkHash sha256 of the chunk's bytes.
    /// @param original The dataset that was published first.
    function proveOverlap(bytes32 chunkHash, ChunkPlace calldata original, ChunkPlace calldata copy) external;

    /// @notice Buys at the list price: locks it from the caller's free balance.
    /// @dev Reverts: `DatasetMarketUnknown`, `DatasetMarketDelisted`, `DatasetMarketFree`,
    /// `DatasetMarketPriceTooHigh`, `DatasetMarketNotParties`, `DatasetMarketBadKey`,
    /// `DatasetMarketSaleExists`, `VaultInsufficientFree`.
    /// @param limit Most wei that the caller pays.
    /// @param buyerKey Uncompressed P-256 key (65 bytes) to which the seller seals.
    function buy(DatasetId dataset, uint128 limit, bytes calldata buyerKey) external returns (SaleId sale);

    /// @notice Accepts the other side's signed offer: locks its price from the buyer's free balance. Taker
    /// only.
    /// @dev Voids the offer and all that its maker made to the taker before it. Reverts as `buy`, and
    /// `DatasetMarketNotTaker`, `DatasetMarketOfferExpired`, `DatasetMarketOfferVoid`,
    /// `DatasetMarketBadSignature`.
    /// @param signature By the maker.
    /// @param buyerKey As for `buy`; if the buyer made the offer, the key that it names.
    function accept(DatasetOffer calldata offer, bytes calldata signature, bytes calldata buyerKey)
        external
        returns (SaleId sale);

    /// @notice Voids all offers of the caller to an account with a nonce below this one.
    /// @param lowest Above what it is.
    function voidOffers(DatasetId dataset, address taker, uint64 lowest) external;

    /// @notice Hands the sealed key over, not after the deadline. Seller only.
    /// @param enc HPKE's encapsulated key, 65 bytes.
    /// @param ciphertext 1 to 1,024 bytes.
    function deliver(SaleId sale, bytes calldata enc, bytes calldata ciphertext) external;

    /// @notice Says that the key opens the data, and pays the seller. Buyer only.
    function acknowledge(SaleId sale) external;

    /// @notice Ends a wait that is over: pays the seller whom the buyer left without an answer, refunds the
    /// buyer whom the seller did. Anyone.
    function poke(SaleId sale) external returns (SaleState state);

    /// @notice Says what the data is worth, once, while the rating's deadline is not over. Buyer only.
    /// @dev Weight: the burned fee in whole gwei, below what is left of the pair's cap. Reverts:
    /// `DatasetMarketNoSay` if no fee was burned.
    /// @param score 1 to 100.
    function rate(SaleId sale, uint8 score) external;

    /// @notice A dataset as kept; zeros if it was never published.
    function datasetOf(DatasetId dataset) external view returns (Dataset memory);
    /// @notice The dataset of this content; zero if none is published.
    function datasetWith(bytes32 contentHash) external view returns (DatasetId);
    /// @notice Whether a dataset holds a chunk (by sha256) at a place.
    function holdsChunk(bytes32 chunkHash, ChunkPlace calldata place) external view returns (bool);
    /// @notice Distinct chunks of the original that were proven to be in the copy.
    function overlapOf(DatasetId original, DatasetId copy) external view returns (uint32 chunks);
    /// @notice Whether an account may have the data: its seller, whoever was handed the key, and of free
    /// data everybody.
    function hasAccess(DatasetId dataset, address account) external view returns (bool);
    /// @notice A sale as kept.
    function saleOf(SaleId sale) external view returns (Sale memory);
    /// @notice The id of the sale of a dataset to a buyer: keccak256(abi.encode(chainId, market, dataset,
    /// buyer)).
    function saleIdOf(DatasetId dataset, address buyer) external view returns (SaleId);
    /// @notice EIP-712 hash of an offer, what its maker signs.
    function hashOf(DatasetOffer calldata offer) external view returns (bytes32);
    /// @notice Lowest nonce that an offer of the maker to the taker must have.
    function lowestNonceOf(DatasetId dataset, address maker, address taker) external view returns (uint64);
    /// @notice How a seller has kept its word.
    function recordOf(address seller) external view returns (SellerRecord memory);
    /// @notice Weighted mean of a dataset with the prior, in hundredths (100 to 10_000), the weight behind
    /// it, in wei, both decayed to now and rounded down, and the ratings with weight.
    function ratingOf(DatasetId dataset) external view returns (uint16 rating, uint128 weight, uint64 count);
}
