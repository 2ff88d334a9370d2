// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IPociViews} from "../interfaces/IPociViews.sol";
import {IRatingBook} from "../interfaces/IRatingBook.sol";
import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {ITokenVault} from "../interfaces/ITokenVault.sol";
import {PlaceList} from "../libraries/PlaceList.sol";
import {RentalClock} from "../libraries/RentalClock.sol";
import {RentalRecords} from "../libraries/RentalRecords.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {ChipKind} from "../types/Chips.sol";
import {ChipId, ChipPlaces, RentalId} from "../types/Ids.sol";
import {EscrowParameters, Rental, RentalRequest, RentalState} from "../types/Rentals.sol";
import {Share} from "../types/Shares.sol";

/// @title Keeps the records of rentals and moves them, their chips and their money from state to state.
/// @dev Who may ask for a move, and whether it is true, is decided by the escrow above. Needed for safety:
/// the vault and the registry do what their interfaces say. Needed for liveness: `IPociRegistry.free` never
/// fails for reserved chips.
abstract contract RentalLedger is IRpoiEscrow, EIP712 {
    using RentalClock for RentalClock.Clock;
    using RentalRecords for RentalRecords.Record;
    using Signatures for bytes32;

    /// @dev Epochs that a settlement looks back to, of all chips together and of their operator: 2,048 words
    /// of the registry's, which fit into one transaction. One chip alone: five years of ten minutes each.
    uint64 private constant MOST_CHIP_EPOCHS = 2048 * 256;

    ITokenVault internal immutable VAULT;
    IPociRegistry internal immutable REGISTRY;
    IRatingBook internal immutable RATINGS;
    address internal immutable DESK;
    address internal immutable INTERVAL_COURT;
    address internal immutable HANDOVER_COURT;
    /// @dev The registry's E, kept here so that an epoch costs no call.
    uint64 private immutable EPOCH_BLOCKS;
    uint40 internal immutable HANDOVER_SECONDS;
    uint40 internal immutable ACKNOWLEDGE_SECONDS;
    uint40 internal immutable NOTICE_SECONDS;
    uint40 internal immutable COMMIT_SECONDS;
    uint40 internal immutable REVEAL_SECONDS;
    uint16 internal immutable OPERATOR_BOND_BPS;
    uint16 internal immutable RATING_BOND_BPS;
    uint16 internal immutable MARKET_FEE_BPS;

    mapping(RentalId rental => RentalRecords.Record) internal _records;
    /// @dev Chips by their places in the registry, as many as `clock.chips` says; written once.
    mapping(RentalId rental => mapping(uint256 word => ChipPlaces)) internal _places;

    constructor(EscrowParameters memory parameters) EIP712("UtilityNet RpoiEscrow", "1") {
        if (parameters.epochBlocks == 0) revert RpoiEscrowBadParameter("epochBlocks");
        if (parameters.operatorBondBps > Settlement.WHOLE_BPS) {
            revert RpoiEscrowBadParameter("operatorBondBps");
        }
        if (parameters.ratingBondBps > Settlement.WHOLE_BPS) revert RpoiEscrowBadParameter("ratingBondBps");
        if (parameters.marketFeeBps > Settlement.WHOLE_BPS) revert RpoiEscrowBadParameter("marketFeeBps");
        VAULT = ITokenVault(parameters.vault);
        DESK = parameters.desk;
        INTERVAL_COURT = parameters.intervalCourt;
        HANDOVER_COURT = parameters.handoverCourt;
        REGISTRY = IPociRegistry(parameters.registry);
        RATINGS = IRatingBook(parameters.ratings);
        EPOCH_BLOCKS = parameters.epochBlocks;
        HANDOVER_SECONDS = SafeCast.toUint40(parameters.handoverSeconds);
        ACKNOWLEDGE_SECONDS = SafeCast.toUint40(parameters.acknowledgeSeconds);
        NOTICE_SECONDS = SafeCast.toUint40(parameters.noticeSeconds);
        COMMIT_SECONDS = SafeCast.toUint40(parameters.commitSeconds);
        REVEAL_SECONDS = SafeCast.toUint40(parameters.revealSeconds);
        OPERATOR_BOND_BPS = parameters.operatorBondBps;
        RATING_BOND_BPS = parameters.ratingBondBps;
        MARKET_FEE_BPS = parameters.marketFeeBps;
    }

    /// @inheritdoc IRpoiEscrow
    function rentalOf(RentalId id) external view returns (Rental memory rental) {
        RentalRecords.Record storage record = _records[id];
        RentalClock.Clock memory clock = _clockOf(record);
        rental.state = clock.state;
        rental.renter = record.renter;
        rental.operator = record.operator;
        rental.chips = clock.chips;
        rental.token = record.token;
        rental.deposit = record.deposit;
        rental.rent = record.rent;
        (rental.operatorBond, rental.ratingBond) = _bondsFor(record.rent);
        rental.duration = clock.duration;
        rental.mostDuration = clock.mostDuration;
        rental.startedAt = clock.startedAt;
        rental.endedAt = clock.endedAt;
        rental.deadline = clock.deadline;
        rental.renterCommitment = record.renterCommitment;
        rental.operatorCommitment = record.operatorCommitment;
        rental.renterScore = clock.renterScore;
        rental.operatorScore = clock.operatorScore;
        rental.handoverHash = record.handoverHash;
        rental.payer = record.payerOf(clock);
        rental.firstEpoch = clock.epoch;
        (rental.frozen, rental.forgiven) = (record.withheld.frozen, record.withheld.forgiven);
    }

    /// @inheritdoc IRpoiEscrow
    function stateOf(RentalId rental) external view returns (RentalState) {
        RentalClock.Clock memory clock = _clockNow(_records[rental]);
        if (!clock.isAbandoned(_second())) return clock.state;
        return clock.state == RentalState.Open ? RentalState.Cancelled : RentalState.Settled;
    }

    /// @inheritdoc IRpoiEscrow
    function accruedOf(RentalId rental) external view returns (uint128) {
        RentalRecords.Record storage record = _records[rental];
        return _meteredAt(record, _clockNow(record));
    }

    /// @inheritdoc IRpoiEscrow
    function bondsFor(RentalRequest calldata request)
        external
        view
        returns (uint128 operatorBond, uint128 ratingBond)
    {
        return _bondsFor(request.rent);
    }

    /// @inheritdoc IRpoiEscrow
    function chipsOf(RentalId rental) external view returns (ChipId[] memory chips) {
        RentalClock.Clock memory clock = _clockOf(_records[rental]);
        if (clock.state == RentalState.Settled || clock.state == RentalState.Cancelled) return chips;
        return IPociViews(address(REGISTRY)).chipsAt(_held(rental, clock));
    }

    /// @dev Takes a rental's chips off the market and keeps which they are.
    function _reserve(RentalId rental, address operator, ChipId[] calldata chips)
        internal
        returns (ChipKind memory kind)
    {
        ChipPlaces[] memory places;
        (places, kind) = REGISTRY.reserve(operator, chips);
        for (uint256 i = 0; i < places.length; ++i) {
            _places[rental][i] = places[i];
        }
    }

    /// @dev The chip at a position below `clock.chips`.
    function _chipAt(RentalId rental, uint256 position) internal view returns (ChipId) {
        ChipPlaces[] memory one = PlaceList.only(_places[rental][position / PlaceList.LANES], position);
        return IPociViews(address(REGISTRY)).chipsAt(one)[0];
    }

    /// @dev Locks what an extension adds to the stakes of both sides.
    function _extendStakes(
        RentalId rental,
        RentalRecords.Record storage record,
        RentalClock.Clock memory clock,
        uint96 rent,
        uint96 deposit
    ) internal {
        Settlement.Stakes memory before = _stakesOf(record, clock);
        (record.rent, record.deposit) = (rent, deposit);
        Settlement.Stakes memory stakes = _stakesOf(record, clock);
        uint256 ratingBond = stakes.ratingBond - before.ratingBond;
        VAULT.lockStakes(
            record.tokenOf(clock),
            RentalId.unwrap(rental),
            Share(
                record.payerOf(clock),
                stakes.rent - before.rent + stakes.deposit - before.deposit + ratingBond
            ),
            Share(record.operator, stakes.operatorBond - before.operatorBond + ratingBond)
        );
    }

    /// @dev Does what time alone has done: starts what was not acknowledged, ends what is over.
    function _advance(RentalId rental)
        internal
        returns (RentalRecords.Record storage record, RentalClock.Clock memory clock)
    {
        record = _records[rental];
        clock = _clockOf(record);
        RentalState before = clock.state;
        clock.advanced(COMMIT_SECONDS, _second());
        if (clock.state == before) return (record, clock);

        _keep(record, clock);

        if (before == RentalState.HandedOver) emit RentalStarted(rental, clock.startedAt, false);
        if (clock.state == RentalState.Ended) _leave(rental, clock);
    }

    /// @dev Announces the end of use and puts the chips back on the market.
    function _leave(RentalId rental, RentalClock.Clock memory clock) internal {
        emit RentalEnded(rental, clock.endedAt, clock.deadline);

        REGISTRY.free(_held(rental, clock));
    }

    /// @dev The operator never handed over: all back to the renter, part of the operator's bond is forfeit.
    function _cancel(RentalId rental, RentalRecords.Record storage record, RentalClock.Clock memory clock)
        internal
    {
        ChipPlaces[] memory chips = _close(rental, record, clock, RentalState.Cancelled);
        (Settlement.Payout memory payout, uint128 forfeited) = Settlement.cancel(_stakesOf(record, clock));

        emit RentalCancelled(rental, forfeited);

        REGISTRY.free(chips);
        _pay(rental, record, clock, payout);
    }

    /// @dev The operator handed over badly: all back to the renter, the operator's bond is forfeit.
    function _punish(RentalId rental, RentalRecords.Record storage record, RentalClock.Clock memory clock)
        internal
    {
        ChipPlaces[] memory chips = _close(rental, record, clock, RentalState.Cancelled);
        Settlement.Stakes memory stakes = _stakesOf(record, clock);

        emit HandoverPunished(rental, stakes.operatorBond);

        REGISTRY.free(chips);
        _pay(rental, record, clock, Settlement.punish(stakes));
    }

    /// @dev Divides the stakes of an ended rental and hands over the opinions that were opened.
    function _settle(
        RentalId rental,
        RentalRecords.Record storage record,
        RentalClock.Clock memory clock,
        bool renterSpoke,
        bool operatorSpoke
    ) internal {
        ChipPlaces[] memory chips = _close(rental, record, clock, RentalState.Settled);
        Settlement.Stakes memory stakes = _stakesOf(record, clock);
        RentalRecords.Withheld memory withheld = record.withheldOf(clock);
        uint128 refund = _refundFor(rental, chips, clock, stakes.metered, withheld);
        _withhold(record, stakes, withheld, refund, operatorSpoke || !renterSpoke);
        Settlement.Payout memory payout =
            Settlement.divide(stakes, MARKET_FEE_BPS, renterSpoke, operatorSpoke);

        if (!renterSpoke) emit RatingBondForfeited(rental, record.renter, stakes.ratingBond);
        if (!operatorSpoke) emit RatingBondForfeited(rental, record.operator, stakes.ratingBond);
        emit RentalSettled(
            rental,
            payout.paidToOperator,
            payout.rentToRenter,
            payout.depositToRenter,
            payout.depositToOperator,
            payout.burned
        );

        _pay(rental, record, clock, payout);
        _rate(rental, record, clock, payout.fee);
    }

    /// @dev Pays rent that waited beyond the settlement: to the renter's payer, or to the operator less the
    /// fee.
    function _payThawed(
        RentalId rental,
        RentalRecords.Record storage record,
        RentalClock.Clock memory clock,
        uint128 amount,
        bool isRenters
    ) internal {
        Settlement.Payout memory payout;
        if (isRenters) {
            payout.rentToRenter = amount;
        } else {
            payout.burned = Settlement.shareUp(amount, MARKET_FEE_BPS);
            payout.paidToOperator = amount - payout.burned;
        }
        _pay(rental, record, clock, payout);
    }

    /// @dev The rental in the state that a call needs, while it still waits for that call.
    function _awaiting(RentalId rental, RentalState wanted)
        internal
        returns (RentalRecords.Record storage record, RentalClock.Clock memory clock)
    {
        (record, clock) = _advance(rental);
        if (clock.state != wanted) revert RpoiEscrowWrongState(rental, clock.state);
        if (_second() > clock.deadline) revert RpoiEscrowTooLate(rental, clock.deadline);
    }

    /// @dev Use ends now.
    function _finish(RentalId rental, RentalRecords.Record storage record, RentalClock.Clock memory clock)
        internal
    {
        clock.finish(_second(), COMMIT_SECONDS);
        _keep(record, clock);

        _leave(rental, clock);
    }

    /// @dev With `_clockOf` the one place where a clock is packed: packing its fields is much code.
    function _keep(RentalRecords.Record storage record, RentalClock.Clock memory clock) internal {
        record.clock.store(clock);
    }

    function _clockOf(RentalRecords.Record storage record) internal view returns (RentalClock.Clock memory) {
        return record.clock.load();
    }

    /// @dev This account, or anyone with its signature.
    function _requireConsent(address account, bytes32 structHash, bytes calldata signature) internal view {
        if (msg.sender != account) _requireSigned(_hashTypedDataV4(structHash), account, signature);
    }

    function _requireSigned(bytes32 digest, address signer, bytes calldata signature) internal view {
        if (!digest.isSignedByParty(signer, signature)) revert RpoiEscrowBadSignature(signer);
    }

    function _epoch() internal view returns (uint32) {
        return SafeCast.toUint32(block.number / EPOCH_BLOCKS);
    }

    function _second() internal view returns (uint40) {
        return uint40(block.timestamp); // forge-lint: disable-line(unsafe-typecast)
    }

    function _bondsFor(uint128 rent) internal view returns (uint128 operatorBond, uint128 ratingBond) {
        operatorBond = Settlement.shareUp(rent, OPERATOR_BOND_BPS);
        ratingBond = Settlement.shareUp(rent, RATING_BOND_BPS);
    }

    /// @dev A record's clock as of now.
    function _clockNow(RentalRecords.Record storage record) private view returns (RentalClock.Clock memory) {
        return _clockOf(record).advanced(COMMIT_SECONDS, _second());
    }

    function _meteredAt(RentalRecords.Record storage record, RentalClock.Clock memory clock)
        private
        view
        returns (uint128)
    {
        if (clock.startedAt == 0) return 0;
        return Settlement.meteredDown(record.rent, clock.usedSeconds(_second()), clock.duration);
    }

    function _stakesOf(RentalRecords.Record storage record, RentalClock.Clock memory clock)
        private
        view
        returns (Settlement.Stakes memory stakes)
    {
        stakes.rent = record.rent;
        stakes.deposit = record.deposit;
        (stakes.operatorBond, stakes.ratingBond) = _bondsFor(stakes.rent);
        stakes.metered = _meteredAt(record, clock);
    }

    /// @dev Leaves out of a division what the court gave back, what waits for it, and what missed proofs
    /// cost. That comes first out of what waits: a verdict for the renter then adds only what exceeds it. If
    /// no rent is due nothing waits any longer.
    function _withhold(
        RentalRecords.Record storage record,
        Settlement.Stakes memory stakes,
        RentalRecords.Withheld memory withheld,
        uint128 refund,
        bool isRentDue
    ) private {
        uint96 frozen = withheld.frozen;
        // forge-lint: disable-next-line(unsafe-typecast)
        uint96 ofFrozen = uint96(Math.min(refund, frozen)); // fits: at most what is frozen
        stakes.metered -= withheld.forgiven + (refund - ofFrozen) + frozen;
        frozen = isRentDue ? frozen - ofFrozen : 0;
        stakes.rent -= frozen;
        if (frozen != withheld.frozen) record.withheld.frozen = frozen;
    }

    /// @dev What of the metered rent goes back because chips missed proofs of availability while they were
    /// rented: their share of the epochs, rounded up. What a dispute gave back counts toward those in its
    /// interval: whoever missed an epoch pays for it once.
    function _refundFor(
        RentalId rental,
        ChipPlaces[] memory chips,
        RentalClock.Clock memory clock,
        uint128 metered,
        RentalRecords.Withheld memory withheld
    ) private returns (uint128 refund) {
        uint32 current = _epoch();
        if (metered == withheld.forgiven || current == clock.epoch) return 0;
        uint64 last = clock.lastEpoch(current, _second());
        uint64 known = last < current ? last : current - 1; // the current epoch may still be proven
        uint64 window = MOST_CHIP_EPOCHS / (uint64(clock.chips) + 1);
        uint64 first = known < clock.epoch + window ? clock.epoch : known + 1 - window;
        uint256 missed = IPociViews(address(REGISTRY)).missesAt(chips, first, known);
        if (missed == 0) return 0;
        uint256 owed = clock.chips * (last - clock.epoch + 1);
        refund = Settlement.refundUp(metered, missed, owed);
        uint128 counted = Settlement.refundUp(metered, withheld.counted, owed * Settlement.EPOCH_PARTS);
        refund = Settlement.refundBeside(refund, counted, withheld.forgiven, metered);

        emit AbsenceRefunded(rental, SafeCast.toUint64(missed), refund);
    }

    /// @dev The chips of a rental that is not over.
    function _held(RentalId rental, RentalClock.Clock memory clock)
        private
        view
        returns (ChipPlaces[] memory chips)
    {
        chips = PlaceList.room(clock.chips);
        for (uint256 i = 0; i < chips.length; ++i) {
            chips[i] = _places[rental][i];
        }
    }

    /// @dev Over and done: nothing waits, and which chips it held is in the log.
    function _close(
        RentalId rental,
        RentalRecords.Record storage record,
        RentalClock.Clock memory clock,
        RentalState state
    ) private returns (ChipPlaces[] memory chips) {
        chips = _held(rental, clock);
        (clock.state, clock.deadline) = (state, 0);
        _keep(record, clock);
        for (uint256 i = 0; i < chips.length; ++i) {
            _places[rental][i] = ChipPlaces.wrap(0);
        }
    }

    /// @dev Pays out of what the rental holds in the vault.
    function _pay(
        RentalId rental,
        RentalRecords.Record storage record,
        RentalClock.Clock memory clock,
        Settlement.Payout memory payout
    ) private {
        VAULT.payOut(
            record.tokenOf(clock),
            RentalId.unwrap(rental),
            Share(
                record.payerOf(clock),
                uint256(payout.rentToRenter) + payout.depositToRenter + payout.bondsToRenter
            ),
            Share(
                record.operator,
                uint256(payout.paidToOperator) + payout.depositToOperator + payout.bondsToOperator
            ),
            payout.burned
        );
    }

    /// @dev Only a rental that burned a fee in coin can rate. What a token is worth nobody here knows: its
    /// issuer could buy any reputation with it.
    function _rate(
        RentalId rental,
        RentalRecords.Record storage record,
        RentalClock.Clock memory clock,
        uint128 fee
    ) private {
        if (fee == 0 || clock.has(RentalClock.IN_TOKEN)) return;
        (address renter, address operator) = (record.renter, record.operator);
        if (clock.renterScore != 0) RATINGS.record(rental, renter, operator, clock.renterScore, fee);
        if (clock.operatorScore != 0) RATINGS.record(rental, operator, renter, clock.operatorScore, fee);
    }
}
