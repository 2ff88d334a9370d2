// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IOrderBook} from "../interfaces/IOrderBook.sol";
import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {OrderMessages} from "../libraries/OrderMessages.sol";
import {RentalClock} from "../libraries/RentalClock.sol";
import {RentalMessages} from "../libraries/RentalMessages.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {ChipId, OrderHash, RentalId} from "../types/Ids.sol";
import {Order, OrderKind, Specification} from "../types/Orders.sol";
import {
    EscrowParameters,
    Opening,
    OperatorHalf,
    RentalRequest,
    RentalState,
    RenterHalf
} from "../types/Rentals.sol";
import {RentalLedger} from "./RentalLedger.sol";

/// @title Keeps rentals: the escrow pi, which decides by code and signatures only.
/// @dev Checks who asks for a move and whether it is true; `RentalLedger` makes the move.
contract RpoiEscrow is RentalLedger, EIP712 {
    using RentalClock for RentalClock.Clock;
    using Signatures for bytes32;

    /// @dev Bounds the loops over a rental's chips: reserving and freeing them fits into one transaction.
    uint256 private constant MAX_CHIPS = 128;
    /// @dev Keeps every sum of seconds far from overflow, so that no rental can be stuck by its own length.
    uint64 private constant MAX_DURATION = 3650 days;
    uint256 private constant MAX_CIPHERTEXT_BYTES = 1024;
    /// @dev 0x04 and two coordinates.
    uint256 private constant POINT_BYTES = 65;
    uint8 private constant HIGHEST_SCORE = 100;

    IOrderBook private immutable ORDERS;

    /// @dev Wei that an account lets a bid of somebody else draw from its free balance.
    mapping(address payer => mapping(OrderHash bid => uint256)) private _sponsored;

    constructor(EscrowParameters memory parameters)
        RentalLedger(parameters)
        EIP712("UtilityNet RpoiEscrow", "1")
    {
        ORDERS = IOrderBook(parameters.orders);
    }

    /// @inheritdoc IRpoiEscrow
    function sponsor(OrderHash bid, uint256 limit) external {
        _sponsored[msg.sender][bid] = limit;

        emit OrderSponsored(bid, msg.sender, limit);
    }

    /// @inheritdoc IRpoiEscrow
    function open(Opening calldata opening) external returns (RentalId rental) {
        RentalRequest calldata request = opening.request;
        rental = hashOf(request);
        if (_records[rental].clock.state != RentalState.None) revert RpoiEscrowRentalExists(rental);
        if (Time.timestamp() > request.deadline) revert RpoiEscrowRequestExpired(request.deadline);
        _requireSigned(RentalId.unwrap(rental), request.renter, opening.requestSignature);
        _requireTerms(opening);
        _fill(opening);

        RentalRecord storage record = _write(rental, opening);
        address payer = _spendSponsorship(opening, record);

        emit RentalOpened(
            rental,
            request.renter,
            request.operator,
            opening.chips,
            request.duration,
            request.deposit,
            request.rent,
            opening.renterKey,
            record.clock.deadline
        );

        _reserve(rental, request.operator, opening.chips);
        _requireKind(opening.chips, opening.specification);
        _lockStakes(rental, payer, record);
    }

    /// @inheritdoc IRpoiEscrow
    function commitHandover(RentalId rental, bytes calldata enc, bytes calldata ciphertext) external {
        RentalRecord storage record = _awaiting(rental, RentalState.Open);
        if (msg.sender != record.operator) revert RpoiEscrowNotParty(rental, msg.sender);
        bool fits = ciphertext.length != 0 && ciphertext.length <= MAX_CIPHERTEXT_BYTES;
        if (!fits || !_isPoint(enc)) revert RpoiEscrowBadHandover(enc.length, ciphertext.length);

        uint48 deadline = Time.timestamp() + ACKNOWLEDGE_SECONDS;
        record.clock.state = RentalState.HandedOver;
        record.clock.deadline = deadline;
        record.handoverHash = keccak256(abi.encodePacked(enc, ciphertext));

        emit HandoverCommitted(rental, enc, ciphertext, deadline);
    }

    /// @inheritdoc IRpoiEscrow
    function acknowledge(RentalId rental, bytes calldata signature) external {
        RentalRecord storage record = _awaiting(rental, RentalState.HandedOver);
        _requireRenter(record.renter, RentalMessages.acknowledgeHash(rental), signature);

        RentalClock.Clock memory clock = record.clock;
        clock.start(Time.timestamp());
        record.clock = clock;

        emit RentalStarted(rental, clock.startedAt, true);
    }

    /// @inheritdoc IRpoiEscrow
    function end(RentalId rental, bytes calldata signature) external {
        RentalRecord storage record = _awaiting(rental, RentalState.Active);
        _requireRenter(record.renter, RentalMessages.endHash(rental), signature);

        RentalClock.Clock memory clock = record.clock;
        clock.finish(Time.timestamp(), COMMIT_SECONDS);
        record.clock = clock;

        _leave(rental, clock);
    }

    /// @inheritdoc IRpoiEscrow
    function commitRatings(
        RentalId rental,
        RenterHalf calldata renterHalf,
        bytes calldata renterSignature,
        OperatorHalf calldata operatorHalf,
        bytes calldata operatorSignature
    ) external {
        RentalRecord storage record = _awaiting(rental, RentalState.Ended);
        if (renterSignature.length == 0 && operatorSignature.length == 0) revert RpoiEscrowNoHalf(rental);
        bytes32 renterHash = 0;
        if (renterSignature.length != 0) {
            if (RentalId.unwrap(renterHalf.rental) != RentalId.unwrap(rental)) {
                revert RpoiEscrowHalvesDiffer(rental);
            }
            renterHash = RentalMessages.hash(renterHalf);
            _requireSigned(_hashTypedDataV4(renterHash), record.renter, renterSignature);
        }
        if (operatorSignature.length != 0) {
            bool agrees = RentalId.unwrap(operatorHalf.rental) == RentalId.unwrap(rental)
                && operatorHalf.renterHalf == renterHash;
            if (!agrees) revert RpoiEscrowHalvesDiffer(rental);
            bytes32 operatorHash = RentalMessages.hash(operatorHalf);
            _requireSigned(_hashTypedDataV4(operatorHash), record.operator, operatorSignature);
        }

        bool isNew =
            renterSignature.length != 0 && _commit(rental, record, record.renter, renterHalf.commitment);
        if (
            operatorSignature.length != 0 && _commit(rental, record, record.operator, operatorHalf.commitment)
        ) {
            isNew = true;
        }
        if (!isNew) revert RpoiEscrowAlreadyCommitted(rental, record.renter);
        _revealOnceBothCommitted(record);
    }

    /// @inheritdoc IRpoiEscrow
    function commitRating(RentalId rental, bytes32 commitment) external {
        RentalRecord storage record = _awaiting(rental, RentalState.Ended);
        _requireParty(rental, record, msg.sender);
        if (!_commit(rental, record, msg.sender, commitment)) {
            revert RpoiEscrowAlreadyCommitted(rental, msg.sender);
        }
        _revealOnceBothCommitted(record);
    }

    /// @inheritdoc IRpoiEscrow
    function reveal(RentalId rental, address rater, uint8 score, bytes32 salt) external {
        RentalRecord storage record = _awaiting(rental, RentalState.Revealing);
        _requireParty(rental, record, rater);
        if (score == 0 || score > HIGHEST_SCORE) revert RpoiEscrowBadScore(score);
        bool isRenter = rater == record.renter;
        bytes32 commitment = isRenter ? record.renterCommitment : record.operatorCommitment;
        bytes32 opened = RentalMessages.commitment(rental, rater, score, salt);
        if (opened != commitment) revert RpoiEscrowBadReveal(rental, rater, opened, commitment);
        RentalClock.Clock memory clock = record.clock;
        if ((isRenter ? clock.renterScore : clock.operatorScore) != 0) {
            revert RpoiEscrowAlreadyRevealed(rental, rater);
        }

        if (isRenter) clock.renterScore = score;
        else clock.operatorScore = score;
        record.clock = clock;

        emit RatingRevealed(rental, rater, score);

        if (clock.renterScore != 0 && clock.operatorScore != 0) _settle(rental, record, true, true);
    }

    /// @inheritdoc IRpoiEscrow
    function poke(RentalId rental) external returns (RentalState state) {
        RentalState before = _records[rental].clock.state;
        RentalRecord storage record = _advance(rental);
        RentalClock.Clock memory clock = record.clock;
        if (!clock.isAbandoned(Time.timestamp())) {
            if (clock.state == before) revert RpoiEscrowNothingDue(rental, clock.deadline);
            return clock.state;
        }
        if (clock.state == RentalState.Open) {
            _cancel(rental, record);
            return RentalState.Cancelled;
        }
        if (clock.state == RentalState.Ended) {
            _settle(rental, record, record.renterCommitment != 0, record.operatorCommitment != 0);
        } else {
            _settle(rental, record, clock.renterScore != 0, clock.operatorScore != 0);
        }
        return RentalState.Settled;
    }

    /// @inheritdoc IRpoiEscrow
    function sponsoredOf(address payer, OrderHash bid) external view returns (uint256) {
        return _sponsored[payer][bid];
    }

    /// @inheritdoc IRpoiEscrow
    function hashOf(RentalRequest calldata request) public view returns (RentalId) {
        return RentalId.wrap(_hashTypedDataV4(RentalMessages.hash(request)));
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
        if (OrderHash.unwrap(bid) != OrderHash.unwrap(request.bid)) revert RpoiEscrowRequestMismatch("bid");
        uint256 price = uint256(unitPrice) * opening.chips.length * request.duration;
        if (price != request.rent) revert RpoiEscrowRequestMismatch("rent");
        // Without security a renter would lose nothing by its silence.
        uint128 required = Settlement.shareUp(request.rent, DEPOSIT_BPS);
        if (request.deposit < required) revert RpoiEscrowDepositTooSmall(request.deposit, required);
    }

    function _write(RentalId rental, Opening calldata opening) private returns (RentalRecord storage record) {
        RentalRequest calldata request = opening.request;
        record = _records[rental];
        RentalClock.Clock memory clock;
        clock.state = RentalState.Open;
        clock.duration = SafeCast.toUint48(request.duration);
        clock.deadline = Time.timestamp() + HANDOVER_SECONDS;
        clock.chips = SafeCast.toUint32(opening.chips.length);
        record.clock = clock;
        record.renter = request.renter;
        record.rent = SafeCast.toUint96(request.rent);
        record.operator = request.operator;
        record.deposit = SafeCast.toUint96(request.deposit);
        record.renterKeyHash = request.renterKeyHash;
    }

    /// @dev Who pays for the renter; somebody else only as far as he said so himself.
    function _spendSponsorship(Opening calldata opening, RentalRecord storage record)
        private
        returns (address payer)
    {
        RentalRequest calldata request = opening.request;
        payer = opening.bid.payer;
        if (payer == address(0) || payer == request.renter) return request.renter;
        (, uint128 ratingBond) = _bondsFor(request.rent);
        uint256 needed = uint256(request.deposit) + request.rent + ratingBond;
        uint256 limit = _sponsored[payer][request.bid];
        if (limit < needed) revert RpoiEscrowNotSponsored(payer, request.bid, limit, needed);

        _sponsored[payer][request.bid] = limit - needed;
        record.sponsor = payer;
    }

    /// @dev Every chip is what the orders are about: neither less than the renter was promised nor another
    /// model than the operator priced.
    function _requireKind(ChipId[] calldata chips, Specification calldata specification) private view {
        for (uint256 i = 0; i < chips.length; ++i) {
            (uint32 model, uint64 phi) = REGISTRY.kindOf(chips[i]);
            bool isModel = specification.model == 0 || model == specification.model;
            if (!isModel || phi < specification.leastPhi) revert RpoiEscrowWrongChip(chips[i], model, phi);
        }
    }

    /// @dev The rental in the state that a call needs, while it still waits for that call.
    function _awaiting(RentalId rental, RentalState wanted) private returns (RentalRecord storage record) {
        record = _advance(rental);
        (RentalState state, uint48 deadline) = (record.clock.state, record.clock.deadline);
        if (state != wanted) revert RpoiEscrowWrongState(rental, state);
        if (Time.timestamp() > deadline) revert RpoiEscrowTooLate(rental, deadline);
    }

    /// @dev Keeps a party's first commitment.
    /// @return isFirst False if there was one before.
    function _commit(RentalId rental, RentalRecord storage record, address rater, bytes32 commitment)
        private
        returns (bool isFirst)
    {
        if (commitment == 0) revert RpoiEscrowEmptyCommitment(rental, rater);
        bool isRenter = rater == record.renter;
        if ((isRenter ? record.renterCommitment : record.operatorCommitment) != 0) return false;

        if (isRenter) record.renterCommitment = commitment;
        else record.operatorCommitment = commitment;

        emit RatingCommitted(rental, rater, commitment);
        return true;
    }

    function _revealOnceBothCommitted(RentalRecord storage record) private {
        if (record.renterCommitment == 0 || record.operatorCommitment == 0) return;
        record.clock.state = RentalState.Revealing;
        record.clock.deadline = Time.timestamp() + REVEAL_SECONDS;
    }

    /// @dev The renter itself, or anyone with its signature.
    function _requireRenter(address renter, bytes32 structHash, bytes calldata signature) private view {
        if (msg.sender != renter) _requireSigned(_hashTypedDataV4(structHash), renter, signature);
    }

    function _requireParty(RentalId rental, RentalRecord storage record, address account) private view {
        bool isParty = account == record.renter || account == record.operator;
        if (!isParty) revert RpoiEscrowNotParty(rental, account);
    }

    function _requireSigned(bytes32 digest, address signer, bytes calldata signature) private view {
        if (!digest.isSignedByParty(signer, signature)) revert RpoiEscrowBadSignature(signer);
    }

    /// @dev What the request says against the orders and the chips, field by field; bid and rent follow with
    /// the fill.
    function _requireTerms(Opening calldata opening) private pure {
        RentalRequest calldata request = opening.request;
        (Order calldata ask, Order calldata bid) = (opening.ask, opening.bid);
        if (request.renter != bid.maker) revert RpoiEscrowRequestMismatch("renter");
        if (request.operator != ask.maker) revert RpoiEscrowRequestMismatch("operator");
        if (bid.kind != OrderKind.MachineTime) revert RpoiEscrowRequestMismatch("kind");
        if (bid.token != address(0)) revert RpoiEscrowRequestMismatch("token"); // native coin only
        if (OrderMessages.hash(opening.specification) != bid.specHash) {
            revert RpoiEscrowRequestMismatch("specification");
        }
        if (opening.chips.length == 0 || opening.chips.length > MAX_CHIPS) {
            revert RpoiEscrowRequestMismatch("chips");
        }
        if (keccak256(abi.encodePacked(opening.chips)) != request.chipsHash) {
            revert RpoiEscrowRequestMismatch("chipsHash");
        }
        bool areNamed = _isNamed(ask.chipsHash, request) && _isNamed(bid.chipsHash, request);
        if (!areNamed) revert RpoiEscrowRequestMismatch("chipsHash");
        if (request.duration != bid.duration || request.duration == 0 || request.duration > MAX_DURATION) {
            revert RpoiEscrowRequestMismatch("duration");
        }
        // A key that nobody can seal to would make every operator look silent.
        if (keccak256(opening.renterKey) != request.renterKeyHash || !_isPoint(opening.renterKey)) {
            revert RpoiEscrowRequestMismatch("renterKey");
        }
    }

    /// @dev Whether an order may be filled by the request's chips.
    function _isNamed(bytes32 chipsHash, RentalRequest calldata request) private pure returns (bool) {
        return chipsHash == 0 || chipsHash == request.chipsHash;
    }

    /// @dev Whether the bytes are an uncompressed point of P-256, not infinity.
    function _isPoint(bytes calldata key) private pure returns (bool) {
        if (key.length != POINT_BYTES || key[0] != 0x04) return false;
        return P256.isValidPublicKey(bytes32(key[1:33]), bytes32(key[33:65]));
    }
}
