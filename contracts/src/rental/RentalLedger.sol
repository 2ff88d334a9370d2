// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IRatingBook} from "../interfaces/IRatingBook.sol";
import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {IVault} from "../interfaces/IVault.sol";
import {RentalClock} from "../libraries/RentalClock.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {ChipId, RentalId} from "../types/Ids.sol";
import {EscrowParameters, Rental, RentalRequest, RentalState} from "../types/Rentals.sol";

/// @title Keeps the records of rentals and moves them, their chips and their money from state to state.
/// @dev Who may ask for a move, and whether it is true, is decided by the escrow above. Needed for safety:
/// the vault and the registry do what their interfaces say. Needed for liveness: `IPociRegistry.free` never
/// fails for reserved chips.
abstract contract RentalLedger is IRpoiEscrow, EIP712 {
    using RentalClock for RentalClock.Clock;
    using Signatures for bytes32;

    /// @dev A rental as stored; bonds follow from the rent.
    struct RentalRecord {
        RentalClock.Clock clock;
        address renter;
        /// wei
        uint96 rent;
        address operator;
        /// wei
        uint96 deposit;
        /// who paid for the renter; zero: the renter itself
        address sponsor;
        bytes32 renterCommitment;
        bytes32 operatorCommitment;
        bytes32 renterKeyHash;
        bytes32 handoverHash;
    }

    /// @dev Epochs, of all chips together, that a settlement looks back to: 2,048 words of the registry's,
    /// which fit into one transaction. One chip alone: ten years of ten minutes each.
    uint64 private constant MOST_CHIP_EPOCHS = 2048 * 256;

    IVault internal immutable VAULT;
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

    /// @dev Metered rent that is not, or not yet, the operator's, in wei.
    struct Withheld {
        uint96 frozen;
        uint96 forgiven;
    }

    mapping(RentalId rental => RentalRecord) internal _records;
    /// @dev Together never more than what is metered: the court's intervals do not meet.
    mapping(RentalId rental => Withheld) internal _withheld;
    /// @dev Positions below `clock.chips`; written once.
    mapping(RentalId rental => mapping(uint256 position => ChipId)) internal _chips;

    constructor(EscrowParameters memory parameters) EIP712("UtilityNet RpoiEscrow", "1") {
        if (parameters.epochBlocks == 0) revert RpoiEscrowBadParameter("epochBlocks");
        if (parameters.operatorBondBps > Settlement.WHOLE_BPS) {
            revert RpoiEscrowBadParameter("operatorBondBps");
        }
        if (parameters.ratingBondBps > Settlement.WHOLE_BPS) revert RpoiEscrowBadParameter("ratingBondBps");
        if (parameters.marketFeeBps > Settlement.WHOLE_BPS) revert RpoiEscrowBadParameter("marketFeeBps");
        VAULT = IVault(parameters.vault);
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
        RentalRecord storage record = _records[id];
        RentalClock.Clock memory clock = _clockOf(record);
        rental.state = clock.state;
        rental.renter = record.renter;
        rental.operator = record.operator;
        rental.chips = clock.chips;
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
        rental.renterKeyHash = record.renterKeyHash;
        rental.handoverHash = record.handoverHash;
        rental.payer = _payerOf(record);
        rental.firstEpoch = clock.epoch;
        (rental.frozen, rental.forgiven) = (_withheld[id].frozen, _withheld[id].forgiven);
    }

    /// @inheritdoc IRpoiEscrow
    function stateOf(RentalId rental) external view returns (RentalState) {
        RentalClock.Clock memory clock = _clockNow(_records[rental]);
        if (!clock.isAbandoned(_second())) return clock.state;
        return clock.state == RentalState.Open ? RentalState.Cancelled : RentalState.Settled;
    }

    /// @inheritdoc IRpoiEscrow
    function accruedOf(RentalId rental) external view returns (uint128) {
        RentalRecord storage record = _records[rental];
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
    function chipsOf(RentalId rental) public view returns (ChipId[] memory chips) {
        RentalClock.Clock memory clock = _clockOf(_records[rental]);
        if (clock.state == RentalState.Settled || clock.state == RentalState.Cancelled) return chips;
        chips = new ChipId[](clock.chips);
        for (uint256 i = 0; i < chips.length; ++i) {
            chips[i] = _chips[rental][i];
        }
    }

    /// @dev Keeps which chips a rental holds and takes them off the market.
    function _reserve(RentalId rental, address operator, ChipId[] calldata chips) internal {
        for (uint256 i = 0; i < chips.length; ++i) {
            _chips[rental][i] = chips[i];
        }
        REGISTRY.reserve(operator, chips);
    }

    /// @dev Locks the stakes of both sides in the vault.
    function _lockStakes(RentalId rental, address payer, RentalRecord storage record) internal {
        Settlement.Stakes memory stakes = _stakesOf(record);
        bytes32 purpose = RentalId.unwrap(rental);
        VAULT.lock(payer, purpose, uint256(stakes.deposit) + stakes.rent + stakes.ratingBond);
        VAULT.lock(record.operator, purpose, uint256(stakes.operatorBond) + stakes.ratingBond);
    }

    /// @dev Locks what an extension adds to the stakes of both sides.
    function _extendStakes(RentalId rental, RentalRecord storage record, uint96 rent, uint96 deposit)
        internal
    {
        Settlement.Stakes memory before = _stakesOf(record);
        (record.rent, record.deposit) = (rent, deposit);
        Settlement.Stakes memory stakes = _stakesOf(record);
        uint256 ratingBond = stakes.ratingBond - before.ratingBond;
        bytes32 purpose = RentalId.unwrap(rental);
        VAULT.lock(
            _payerOf(record),
            purpose,
            stakes.rent - before.rent + stakes.deposit - before.deposit + ratingBond
        );
        VAULT.lock(record.operator, purpose, stakes.operatorBond - before.operatorBond + ratingBond);
    }

    /// @dev Does what time alone has done: starts what was not acknowledged, ends what is over.
    function _advance(RentalId rental) internal returns (RentalRecord storage record) {
        record = _records[rental];
        RentalState before = record.clock.state;
        RentalClock.Clock memory clock = _clockNow(record);
        if (clock.state == before) return record;

        _keep(record, clock);

        if (before == RentalState.HandedOver) emit RentalStarted(rental, clock.startedAt, false);
        if (clock.state == RentalState.Ended) _leave(rental, clock);
    }

    /// @dev Announces the end of use and puts the chips back on the market.
    function _leave(RentalId rental, RentalClock.Clock memory clock) internal {
        emit RentalEnded(rental, clock.endedAt, clock.deadline);

        REGISTRY.free(chipsOf(rental));
    }

    /// @dev The operator never handed over: all back to the renter, part of the operator's bond is forfeit.
    function _cancel(RentalId rental, RentalRecord storage record) internal {
        ChipId[] memory chips = _close(rental, record, RentalState.Cancelled);
        (Settlement.Payout memory payout, uint128 forfeited) = Settlement.cancel(_stakesOf(record));

        emit RentalCancelled(rental, forfeited);

        REGISTRY.free(chips);
        _pay(rental, record, payout);
    }

    /// @dev The operator handed over badly: all back to the renter, the operator's bond is forfeit.
    function _punish(RentalId rental, RentalRecord storage record) internal {
        ChipId[] memory chips = _close(rental, record, RentalState.Cancelled);
        Settlement.Stakes memory stakes = _stakesOf(record);

        emit HandoverPunished(rental, stakes.operatorBond);

        REGISTRY.free(chips);
        _pay(rental, record, Settlement.punish(stakes));
    }

    /// @dev Divides the stakes of an ended rental and hands over the opinions that were opened.
    function _settle(RentalId rental, RentalRecord storage record, bool renterSpoke, bool operatorSpoke)
        internal
    {
        ChipId[] memory chips = _close(rental, record, RentalState.Settled);
        Settlement.Stakes memory stakes = _stakesOf(record);
        _withhold(rental, stakes, operatorSpoke || !renterSpoke);
        stakes.metered -= _refundFor(rental, chips, _clockOf(record), stakes.metered);
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

        _pay(rental, record, payout);
        _rate(rental, record, payout.fee);
    }

    /// @dev Pays rent that waited beyond the settlement.
    function _payThawed(RentalId rental, RentalRecord storage record, uint128 amount, bool isRenters)
        internal
    {
        bytes32 purpose = RentalId.unwrap(rental);
        if (isRenters) {
            VAULT.release(purpose, _payerOf(record), amount);
            return;
        }
        uint128 fee = Settlement.shareUp(amount, MARKET_FEE_BPS);
        VAULT.release(purpose, record.operator, amount - fee);
        VAULT.burn(purpose, fee);
    }

    /// @dev The rental in the state that a call needs, while it still waits for that call.
    function _awaiting(RentalId rental, RentalState wanted)
        internal
        returns (RentalRecord storage record, RentalClock.Clock memory clock)
    {
        record = _advance(rental);
        clock = _clockOf(record);
        if (clock.state != wanted) revert RpoiEscrowWrongState(rental, clock.state);
        if (_second() > clock.deadline) revert RpoiEscrowTooLate(rental, clock.deadline);
    }

    /// @dev Use ends now.
    function _finish(RentalId rental, RentalRecord storage record, RentalClock.Clock memory clock) internal {
        clock.finish(_second(), COMMIT_SECONDS);
        _keep(record, clock);

        _leave(rental, clock);
    }

    /// @dev With `_clockOf` the one place where a clock is packed: packing ten fields is much code.
    function _keep(RentalRecord storage record, RentalClock.Clock memory clock) internal {
        record.clock = clock;
    }

    function _clockOf(RentalRecord storage record) internal view returns (RentalClock.Clock memory) {
        return record.clock;
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

    /// @dev A record's clock as of now.
    function _clockNow(RentalRecord storage record) internal view returns (RentalClock.Clock memory) {
        return _clockOf(record).advanced(COMMIT_SECONDS, _second());
    }

    function _payerOf(RentalRecord storage record) internal view returns (address) {
        return record.sponsor == address(0) ? record.renter : record.sponsor;
    }

    function _bondsFor(uint128 rent) internal view returns (uint128 operatorBond, uint128 ratingBond) {
        operatorBond = Settlement.shareUp(rent, OPERATOR_BOND_BPS);
        ratingBond = Settlement.shareUp(rent, RATING_BOND_BPS);
    }

    function _meteredAt(RentalRecord storage record, RentalClock.Clock memory clock)
        internal
        view
        returns (uint128)
    {
        if (clock.startedAt == 0) return 0;
        return Settlement.meteredDown(record.rent, clock.usedSeconds(_second()), clock.duration);
    }

    function _stakesOf(RentalRecord storage record) private view returns (Settlement.Stakes memory stakes) {
        stakes.rent = record.rent;
        stakes.deposit = record.deposit;
        (stakes.operatorBond, stakes.ratingBond) = _bondsFor(stakes.rent);
        stakes.metered = _meteredAt(record, _clockOf(record));
    }

    /// @dev Leaves out of a division what the court gave back and what waits for it; if no rent is due
    /// nothing waits any longer.
    function _withhold(RentalId rental, Settlement.Stakes memory stakes, bool isRentDue) private {
        Withheld memory withheld = _withheld[rental];
        stakes.metered -= uint128(withheld.frozen) + withheld.forgiven;
        if (isRentDue) stakes.rent -= withheld.frozen;
        else if (withheld.frozen != 0) _withheld[rental].frozen = 0;
    }

    /// @dev What of the metered rent goes back because chips missed proofs of availability while they were
    /// rented: their share of the epochs, rounded up.
    function _refundFor(
        RentalId rental,
        ChipId[] memory chips,
        RentalClock.Clock memory clock,
        uint128 metered
    ) private returns (uint128 refund) {
        uint32 current = _epoch();
        if (metered == 0 || current == clock.epoch) return 0;
        uint64 last = clock.lastEpoch(current, _second());
        uint64 known = last < current ? last : current - 1; // the current epoch may still be proven
        uint64 window = MOST_CHIP_EPOCHS / clock.chips;
        uint64 first = known < clock.epoch + window ? clock.epoch : known + 1 - window;
        uint256 missed = 0;
        for (uint256 i = 0; i < chips.length; ++i) {
            missed += REGISTRY.missesIn(chips[i], first, known);
        }
        if (missed == 0) return 0;
        refund = Settlement.refundUp(metered, missed, chips.length * (last - clock.epoch + 1));

        emit AbsenceRefunded(rental, SafeCast.toUint64(missed), refund);
    }

    /// @dev Over and done: nothing waits, and which chips it held is in the log.
    function _close(RentalId rental, RentalRecord storage record, RentalState state)
        private
        returns (ChipId[] memory chips)
    {
        chips = chipsOf(rental);
        record.clock.state = state;
        record.clock.deadline = 0;
        for (uint256 i = 0; i < chips.length; ++i) {
            _chips[rental][i] = ChipId.wrap(0);
        }
    }

    /// @dev Pays out all that the rental holds in the vault.
    function _pay(RentalId rental, RentalRecord storage record, Settlement.Payout memory payout) private {
        bytes32 purpose = RentalId.unwrap(rental);
        uint256 toRenter = uint256(payout.rentToRenter) + payout.depositToRenter + payout.bondsToRenter;
        uint256 toOperator =
            uint256(payout.paidToOperator) + payout.depositToOperator + payout.bondsToOperator;
        if (toRenter != 0) VAULT.release(purpose, _payerOf(record), toRenter);
        if (toOperator != 0) VAULT.release(purpose, record.operator, toOperator);
        if (payout.burned != 0) VAULT.burn(purpose, payout.burned);
    }

    /// @dev Only a rental that burned a fee can rate.
    function _rate(RentalId rental, RentalRecord storage record, uint128 fee) private {
        if (fee == 0) return;
        (address renter, address operator) = (record.renter, record.operator);
        (uint8 renterScore, uint8 operatorScore) = (record.clock.renterScore, record.clock.operatorScore);
        if (renterScore != 0) RATINGS.record(rental, renter, operator, renterScore, fee);
        if (operatorScore != 0) RATINGS.record(rental, operator, renter, operatorScore, fee);
    }
}
