// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IOrderBook} from "../interfaces/IOrderBook.sol";
import {IPociViews} from "../interfaces/IPociViews.sol";
import {IRentalDesk} from "../interfaces/IRentalDesk.sol";
import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {CurvePoint} from "../libraries/CurvePoint.sol";
import {OrderMessages} from "../libraries/OrderMessages.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {ChipKind} from "../types/Chips.sol";
import {ChipId, OrderHash, RentalId} from "../types/Ids.sol";
import {Order, OrderBatch, OrderKind, Specification} from "../types/Orders.sol";
import {BatchOpening, Opening, RentalRequest, RentalTerms} from "../types/Rentals.sol";

/// @title Opens rentals: checks that orders, request, specification and chips say the same, and who pays.
contract RentalDesk is IRentalDesk {
    using CurvePoint for bytes;
    using Signatures for bytes32;

    /// @dev Bounds the loops over a rental's chips: reserving and freeing them fits into one transaction.
    uint256 private constant MAX_CHIPS = 128;
    /// @dev Keeps every sum of seconds far from overflow, so that no rental can be stuck by its own length.
    uint64 private constant MAX_DURATION = 3650 days;

    /// @dev What filling the orders of one rental gave.
    struct Parts {
        uint256 units;
        uint256 unitPrice;
        OrderHash bid;
    }

    IRpoiEscrow private immutable ESCROW;
    IOrderBook private immutable ORDERS;
    IPociViews private immutable REGISTRY;
    /// @dev Least deposit, as a share of the rent.
    uint16 private immutable DEPOSIT_BPS;

    /// @dev Units of its token that an account lets a bid of somebody else draw from its free balance.
    mapping(address payer => mapping(OrderHash bid => uint256)) private _sponsored;

    constructor(address escrow, address orders, address registry, uint16 depositBps) {
        if (depositBps > Settlement.WHOLE_BPS) revert RentalDeskBadParameter("depositBps");
        ESCROW = IRpoiEscrow(escrow);
        ORDERS = IOrderBook(orders);
        REGISTRY = IPociViews(registry);
        DEPOSIT_BPS = depositBps;
    }

    /// @inheritdoc IRentalDesk
    function sponsor(OrderHash bid, uint256 limit) external {
        _sponsored[msg.sender][bid] = limit;

        emit OrderSponsored(bid, msg.sender, limit);
    }

    /// @inheritdoc IRentalDesk
    function open(Opening calldata opening) external returns (RentalId rental) {
        Parts memory parts;
        parts.units = opening.chips.length;
        _requireTerms(opening.request, opening.ask, opening.bid, opening.chips);
        _requireSpecification(opening.specification, opening.bid);
        _requireKey(opening.request, opening.renterKey);
        _requireTimely(opening.request);
        (, parts.bid, parts.unitPrice) = ORDERS.fill(
            opening.ask,
            opening.askSignature,
            opening.bid,
            opening.bidSignature,
            SafeCast.toUint32(parts.units)
        );
        _requirePrice(opening.request, parts);
        address payer = _spendSponsorship(opening.bid.payer, opening.request);

        ChipKind memory kind;
        (rental, kind) = ESCROW.begin(
            opening.request,
            RentalTerms(payer, opening.bid.token, opening.ask.duration),
            opening.chips,
            opening.renterKey
        );

        // Cheap now that the escrow has hashed the request,
        _requireConsent(rental, opening.request, opening.requestSignature);
        _requireKind(kind, opening.chips, opening.specification); // and the registry has read the chips
    }

    /// @inheritdoc IRentalDesk
    function openBatch(
        OrderBatch calldata batch,
        Specification calldata specification,
        BatchOpening[] calldata openings
    ) external returns (RentalId[] memory rentals) {
        if (openings.length != batch.bids.length) {
            revert RentalDeskBadBatch(openings.length, batch.bids.length);
        }
        (OrderHash[] memory bids, uint128 unitPrice) = ORDERS.matchBatch(batch);
        rentals = new RentalId[](openings.length);
        for (uint256 i = 0; i < openings.length; ++i) {
            Parts memory parts = Parts(batch.units[i], unitPrice, bids[i]);
            rentals[i] = _openOne(batch, i, specification, openings[i], parts);
        }
    }

    /// @inheritdoc IRentalDesk
    function sponsoredOf(address payer, OrderHash bid) external view returns (uint256) {
        return _sponsored[payer][bid];
    }

    /// @dev One rental of a batch whose orders are matched.
    function _openOne(
        OrderBatch calldata batch,
        uint256 position,
        Specification calldata specification,
        BatchOpening calldata opening,
        Parts memory parts
    ) private returns (RentalId rental) {
        Order calldata ask = batch.asks[batch.askOf[position]];
        Order calldata bid = batch.bids[position];
        if (opening.chips.length != parts.units) revert RentalDeskRequestMismatch("chips");
        _requireTerms(opening.request, ask, bid, opening.chips);
        _requireSpecification(specification, bid);
        _requireKey(opening.request, opening.renterKey);
        _requireTimely(opening.request);
        _requirePrice(opening.request, parts);
        address payer = _spendSponsorship(bid.payer, opening.request);

        ChipKind memory kind;
        (rental, kind) = ESCROW.begin(
            opening.request, RentalTerms(payer, bid.token, ask.duration), opening.chips, opening.renterKey
        );

        _requireConsent(rental, opening.request, opening.requestSignature);
        _requireKind(kind, opening.chips, specification);
    }

    /// @dev Who pays for the renter; somebody else only as far as he said so himself.
    function _spendSponsorship(address named, RentalRequest calldata request)
        private
        returns (address payer)
    {
        if (named == address(0) || named == request.renter) return request.renter;
        (, uint128 ratingBond) = ESCROW.bondsFor(request);
        uint256 needed = uint256(request.deposit) + request.rent + ratingBond;
        uint256 limit = _sponsored[named][request.bid];
        if (limit < needed) revert RentalDeskNotSponsored(named, request.bid, limit, needed);

        _sponsored[named][request.bid] = limit - needed;
        return named;
    }

    /// @dev Every chip is what the orders are about: neither less than the renter was promised nor another
    /// model than the operator priced. Which one is not is looked up only on failure.
    /// @param common What the chips have in common.
    function _requireKind(
        ChipKind memory common,
        ChipId[] calldata chips,
        Specification calldata specification
    ) private view {
        if (_isOfKind(common.model, common.phi, specification)) return;
        for (uint256 i = 0; i < chips.length; ++i) {
            (uint32 model, uint64 phi) = REGISTRY.kindOf(chips[i]);
            if (!_isOfKind(model, phi, specification)) revert RentalDeskWrongChip(chips[i], model, phi);
        }
    }

    function _requireTimely(RentalRequest calldata request) private view {
        if (Time.timestamp() > request.deadline) revert RentalDeskRequestExpired(request.deadline);
    }

    /// @param rental The hash of the request that the renter signs.
    function _requireConsent(RentalId rental, RentalRequest calldata request, bytes calldata signature)
        private
        view
    {
        if (!RentalId.unwrap(rental).isSignedByParty(request.renter, signature)) {
            revert RentalDeskBadSignature(request.renter);
        }
    }

    /// @dev What the renter signed is the bid that was filled, at the price it was filled at.
    function _requirePrice(RentalRequest calldata request, Parts memory parts) private view {
        if (OrderHash.unwrap(parts.bid) != OrderHash.unwrap(request.bid)) {
            revert RentalDeskRequestMismatch("bid");
        }
        if (parts.unitPrice * parts.units * request.duration != request.rent) {
            revert RentalDeskRequestMismatch("rent");
        }
        // Without security a renter would lose nothing by its silence.
        uint128 required = Settlement.shareUp(request.rent, DEPOSIT_BPS);
        if (request.deposit < required) revert RentalDeskDepositTooSmall(request.deposit, required);
    }

    /// @dev What the request says against the orders and the chips, field by field; bid and rent follow with
    /// the fill.
    function _requireTerms(
        RentalRequest calldata request,
        Order calldata ask,
        Order calldata bid,
        ChipId[] calldata chips
    ) private pure {
        if (request.renter != bid.maker) revert RentalDeskRequestMismatch("renter");
        if (request.operator != ask.maker) revert RentalDeskRequestMismatch("operator");
        if (bid.kind != OrderKind.MachineTime) revert RentalDeskRequestMismatch("kind");
        if (chips.length == 0 || chips.length > MAX_CHIPS) revert RentalDeskRequestMismatch("chips");
        bool areNamed = keccak256(abi.encodePacked(chips)) == request.chipsHash
            && _isNamed(ask.chipsHash, request) && _isNamed(bid.chipsHash, request);
        if (!areNamed) revert RentalDeskRequestMismatch("chipsHash");
        if (request.duration != bid.duration || request.duration == 0 || request.duration > MAX_DURATION) {
            revert RentalDeskRequestMismatch("duration");
        }
    }

    /// @param model Zero, of chips whose models differ, is what no specification asks for.
    function _isOfKind(uint32 model, uint64 phi, Specification calldata specification)
        private
        pure
        returns (bool)
    {
        bool isModel = specification.model == 0 || model == specification.model;
        return isModel && phi >= specification.leastPhi;
    }

    function _requireSpecification(Specification calldata specification, Order calldata bid) private pure {
        if (OrderMessages.hash(specification) != bid.specHash) {
            revert RentalDeskRequestMismatch("specification");
        }
    }

    /// @dev A key that nobody can seal to would make every operator look silent.
    function _requireKey(RentalRequest calldata request, bytes calldata renterKey) private pure {
        if (keccak256(renterKey) != request.renterKeyHash || !renterKey.isPoint()) {
            revert RentalDeskRequestMismatch("renterKey");
        }
    }

    /// @dev Whether an order may be filled by the request's chips.
    function _isNamed(bytes32 chipsHash, RentalRequest calldata request) private pure returns (bool) {
        return chipsHash == 0 || chipsHash == request.chipsHash;
    }
}
