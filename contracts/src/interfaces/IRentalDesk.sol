// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipId, OrderHash, RentalId} from "../types/Ids.sol";
import {OrderBatch, Specification} from "../types/Orders.sol";
import {BatchOpening, Opening} from "../types/Rentals.sol";

/// @title Opens rentals: checks that orders, request, specification and chips say the same, and who pays.
/// @dev What it lets pass becomes a rental in `IRpoiEscrow`. Deadlines are inclusive, in seconds.
interface IRentalDesk {
    /// @notice The request says something else than the orders, the chips or the key that come with it.
    /// @dev Fields: renter, operator, kind, specification, chips, chipsHash, duration, renterKey, bid,
    /// rent.
    error RentalDeskRequestMismatch(bytes32 field);
    /// @notice The desk cannot be built with this value of the field.
    error RentalDeskBadParameter(bytes32 field);
    /// @notice The chip is of another model, or has less power in units of phi, than the orders'
    /// specification says.
    error RentalDeskWrongChip(ChipId chip, uint32 model, uint64 phi);
    /// @notice The renter leaves less than the desk's share of the rent as security, in units of the bid's
    /// token.
    error RentalDeskDepositTooSmall(uint128 deposit, uint128 required);
    /// @notice The payer that the bid names lets it draw less than the renter's part, in units of its token.
    error RentalDeskNotSponsored(address payer, OrderHash bid, uint256 limit, uint256 needed);
    /// @notice The request's last second, inclusive, is over.
    error RentalDeskRequestExpired(uint64 deadline);
    /// @notice A batch has as many openings as bids.
    error RentalDeskBadBatch(uint256 openings, uint256 bids);
    /// @notice The renter did not sign this request.
    error RentalDeskBadSignature(address renter);

    /// @notice A payer lets a bid draw so many units of its token in all.
    event OrderSponsored(OrderHash indexed bid, address indexed payer, uint256 limit);

    /// @notice Lets rentals that fill a bid of somebody else draw on the caller's free balance, up to a
    /// limit in all.
    /// @dev Without it nobody pays for another's bid, whatever the bid's `payer` says. Zero withdraws
    /// the consent.
    /// @param limit Deposits, rents and rating bonds together, in the smallest units of the bid's token.
    function sponsor(OrderHash bid, uint256 limit) external;

    /// @notice Opens a rental: matches the orders, reserves the chips, locks deposit, rent and bonds
    /// from the free balances of both parties in the vault. Anyone may carry it.
    /// @dev The renter's part (deposit, rent, rating bond) comes from the bid's payer and all that
    /// returns goes there. All of it is in the orders' token, which the vault must admit; zero is the coin.
    /// The rent is the ask's price for all chips and seconds, exactly. 1 to 128
    /// chips, 1 second to 10 years. Both orders name the specification that comes with it, and every chip is
    /// of its model and has its power; an order that names chips is filled by exactly these.
    /// @return rental EIP-712 hash of the request, in the escrow's domain.
    function open(Opening calldata opening) external returns (RentalId rental);

    /// @notice Opens a rental for each bid of a batch, all at one price: the highest of the asks. Anyone may
    /// carry it.
    /// @dev All or none. Each is opened as by `open`; its request names the price of the batch. Orders: see
    /// `IOrderBook.matchBatch`.
    /// @param openings For each bid of the batch, in their order; as many chips as it takes units.
    function openBatch(
        OrderBatch calldata batch,
        Specification calldata specification,
        BatchOpening[] calldata openings
    ) external returns (RentalId[] memory rentals);

    /// @notice Units of its token that an account still lets a bid of somebody else draw.
    function sponsoredOf(address payer, OrderHash bid) external view returns (uint256);
}
