// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IOrderBook} from "../interfaces/IOrderBook.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IRentalDesk} from "../interfaces/IRentalDesk.sol";
import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {CurvePoint} from "../libraries/CurvePoint.sol";
import {OrderMessages} from "../libraries/OrderMessages.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {ChipId, OrderHash, RentalId} from "../types/Ids.sol";
import {Order, OrderKind, Specification} from "../types/Orders.sol";
import {Opening, RentalRequest} from "../types/Rentals.sol";

/// @title Opens rentals: checks that orders, request, specification and chips say the same, and who pays.
contract RentalDesk is IRentalDesk {
    using CurvePoint for bytes;
    using Signatures for bytes32;

    /// @dev Bounds the loops over a rental's chips: reserving and freeing them fits into one transaction.
    uint256 private constant MAX_CHIPS = 128;
    /// @dev Keeps every sum of seconds far from overflow, so that no rental can be stuck by its own length.
    uint64 private constant MAX_DURATION = 3650 days;

    IRpoiEscrow private immutable ESCROW;
    IOrderBook private immutable ORDERS;
    IPociRegistry private immutable REGISTRY;
    /// @dev Least deposit, as a share of the rent.
    uint16 private immutable DEPOSIT_BPS;

    /// @dev Wei that an account lets a bid of somebody else draw from its free balance.
    mapping(address payer => mapping(OrderHash bid => uint256)) private _sponsored;

    constructor(address escrow, address orders, address registry, uint16 depositBps) {
        if (depositBps > Settlement.WHOLE_BPS) revert RentalDeskBadParameter("depositBps");
        ESCROW = IRpoiEscrow(escrow);
        ORDERS = IOrderBook(orders);
        REGISTRY = IPociRegistry(registry);
        DEPOSIT_BPS = depositBps;
    }

    /// @inheritdoc IRentalDesk
    function sponsor(OrderHash bid, uint256 limit) external {
        _sponsored[msg.sender][bid] = limit;

        emit OrderSponsored(bid, msg.sender, limit);
    }

    /// @inheritdoc IRentalDesk
    function open(Opening calldata opening) external returns (RentalId rental) {
        RentalRequest calldata request = opening.request;
        if (Time.timestamp() > request.deadline) revert RentalDeskRequestExpired(request.deadline);
        _requireTerms(opening);
        bytes32 digest = RentalId.unwrap(ESCROW.hashOf(request));
        if (!digest.isSignedByParty(request.renter, opening.requestSignature)) {
            revert RentalDeskBadSignature(request.renter);
        }
        _fill(opening);
        address payer = _spendSponsorship(opening.bid.payer, request);

        rental = ESCROW.begin(request, payer, opening.chips, opening.renterKey, opening.ask.duration);

        _requireKind(opening.chips, opening.specification); // cheap now that the registry has read the chips
    }

    /// @inheritdoc IRentalDesk
    function sponsoredOf(address payer, OrderHash bid) external view returns (uint256) {
        return _sponsored[payer][bid];
    }

    /// @dev Fills both orders and checks that they say what the renter signed.
    function _fill(Opening calldata opening) private {
        RentalRequest calldata request = opening.request;
        (, OrderHash bid, uint128 unitPrice) = ORDERS.fill(
            opening.ask,
            opening.askSignature,
            opening.bid,
            opening.bidSignature,
            SafeCast.toUint32(opening.chips.length)
        );
        if (OrderHash.unwrap(bid) != OrderHash.unwrap(request.bid)) revert RentalDeskRequestMismatch("bid");
        uint256 price = uint256(unitPrice) * opening.chips.length * request.duration;
        if (price != request.rent) revert RentalDeskRequestMismatch("rent");
        // Without security a renter would lose nothing by its silence.
        uint128 required = Settlement.shareUp(request.rent, DEPOSIT_BPS);
        if (request.deposit < required) revert RentalDeskDepositTooSmall(request.deposit, required);
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
    /// model than the operator priced.
    function _requireKind(ChipId[] calldata chips, Specification calldata specification) private view {
        for (uint256 i = 0; i < chips.length; ++i) {
            (uint32 model, uint64 phi) = REGISTRY.kindOf(chips[i]);
            bool isModel = specification.model == 0 || model == specification.model;
            if (!isModel || phi < specification.leastPhi) revert RentalDeskWrongChip(chips[i], model, phi);
        }
    }

    /// @dev What the request says against the orders and the chips, field by field; bid and rent follow with
    /// the fill.
    function _requireTerms(Opening calldata opening) private pure {
        RentalRequest calldata request = opening.request;
        (Order calldata ask, Order calldata bid) = (opening.ask, opening.bid);
        if (request.renter != bid.maker) revert RentalDeskRequestMismatch("renter");
        if (request.operator != ask.maker) revert RentalDeskRequestMismatch("operator");
        if (bid.kind != OrderKind.MachineTime) revert RentalDeskRequestMismatch("kind");
        if (bid.token != address(0)) revert RentalDeskRequestMismatch("token"); // native coin only
        if (OrderMessages.hash(opening.specification) != bid.specHash) {
            revert RentalDeskRequestMismatch("specification");
        }
        if (opening.chips.length == 0 || opening.chips.length > MAX_CHIPS) {
            revert RentalDeskRequestMismatch("chips");
        }
        if (keccak256(abi.encodePacked(opening.chips)) != request.chipsHash) {
            revert RentalDeskRequestMismatch("chipsHash");
        }
        bool areNamed = _isNamed(ask.chipsHash, request) && _isNamed(bid.chipsHash, request);
        if (!areNamed) revert RentalDeskRequestMismatch("chipsHash");
        if (request.duration != bid.duration || request.duration == 0 || request.duration > MAX_DURATION) {
            revert RentalDeskRequestMismatch("duration");
        }
        // A key that nobody can seal to would make every operator look silent.
        if (keccak256(opening.renterKey) != request.renterKeyHash || !opening.renterKey.isPoint()) {
            revert RentalDeskRequestMismatch("renterKey");
        }
    }

    /// @dev Whether an order may be filled by the request's chips.
    function _isNamed(bytes32 chipsHash, RentalRequest calldata request) private pure returns (bool) {
        return chipsHash == 0 || chipsHash == request.chipsHash;
    }
}
