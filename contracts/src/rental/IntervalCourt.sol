// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICommittee} from "../interfaces/ICommittee.sol";
import {IIntervalCourt} from "../interfaces/IIntervalCourt.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IPociViews} from "../interfaces/IPociViews.sol";
import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {ITokenVault} from "../interfaces/ITokenVault.sol";
import {IVault} from "../interfaces/IVault.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {Dispute, DisputeEnd, DisputeState, IntervalCourtParameters} from "../types/Disputes.sol";
import {ChipId, RentalId} from "../types/Ids.sol";
import {Rental, RentalState} from "../types/Rentals.sol";

/// @title Decides whether a rented machine was there in an interval that its renter disputes.
contract IntervalCourt is IIntervalCourt {
    using SafeCast for uint256;

    /// @notice The verdict of a committee that finds for the renter.
    bytes32 public constant UNAVAILABLE = "unavailable";

    uint256 private constant MAX_EVIDENCE_BYTES = 256;
    /// @dev Epochs, of all chips together, that are looked at: 1,024 words of the registry's, which fit into
    /// one transaction.
    uint64 private constant MOST_CHIP_EPOCHS = 1024 * 256;
    /// @dev Epochs after an interval's last one in which the registry knows what was missed in it: in the
    /// next its proof may be opened.
    uint64 private constant EPOCHS_TO_KNOW = 2;

    IRpoiEscrow private immutable ESCROW;
    ITokenVault private immutable VAULT;
    IPociRegistry private immutable REGISTRY;
    ICommittee private immutable COMMITTEE;
    uint40 private immutable ANSWER_SECONDS;
    uint40 private immutable COMMITTEE_SECONDS;
    uint8 private immutable SEATS;

    mapping(RentalId rental => Dispute) private _disputes;

    constructor(IntervalCourtParameters memory parameters) {
        if (parameters.answerSeconds == 0) revert IntervalCourtBadParameter("answerSeconds");
        if (parameters.seats == 0) revert IntervalCourtBadParameter("seats");
        ESCROW = IRpoiEscrow(parameters.escrow);
        VAULT = ITokenVault(parameters.vault);
        REGISTRY = IPociRegistry(parameters.registry);
        COMMITTEE = ICommittee(parameters.committee);
        ANSWER_SECONDS = uint256(parameters.answerSeconds).toUint40();
        COMMITTEE_SECONDS = uint256(parameters.committeeSeconds).toUint40();
        SEATS = parameters.seats;
    }

    /// @inheritdoc IIntervalCourt
    function dispute(RentalId rental, uint64 fromSecond, uint64 toSecond, bytes calldata evidence)
        external
        payable
    {
        Dispute storage kept = _disputes[rental];
        if (kept.state != DisputeState.None) revert IntervalCourtWrongState(rental, kept.state);
        Rental memory held = ESCROW.rentalOf(rental);
        if (msg.sender != held.renter) revert IntervalCourtNotParty(rental, msg.sender);
        if (fromSecond >= toSecond || fromSecond < kept.toSecond) {
            revert IntervalCourtBadInterval(rental, fromSecond, toSecond, kept.toSecond);
        }
        _requireBond(rental, held.token, held.ratingBond);
        _requireShort(evidence);

        kept.state = DisputeState.Open;
        kept.fromSecond = uint256(fromSecond).toUint40();
        kept.toSecond = uint256(toSecond).toUint40();
        kept.deadline = _second() + ANSWER_SECONDS;
        kept.bond = uint256(held.ratingBond).toUint96();
        (kept.madeIn, kept.madeAt) = (uint256(REGISTRY.currentEpoch()).toUint32(), _second());
        uint128 amount = ESCROW.freeze(rental, fromSecond, toSecond);

        emit IntervalDisputed(rental, fromSecond, toSecond, amount, held.ratingBond, kept.deadline, evidence);

        _lockBond(rental, held.token, held.ratingBond);
    }

    /// @inheritdoc IIntervalCourt
    function concede(RentalId rental) external {
        _requireState(rental, DisputeState.Open);
        if (msg.sender != ESCROW.rentalOf(rental).operator) revert IntervalCourtNotParty(rental, msg.sender);

        _close(rental, DisputeEnd.Conceded);
    }

    /// @inheritdoc IIntervalCourt
    function contest(RentalId rental, bytes calldata evidence) external payable {
        Dispute storage kept = _requireTimely(rental, DisputeState.Open);
        Rental memory held = ESCROW.rentalOf(rental);
        if (msg.sender != held.operator) revert IntervalCourtNotParty(rental, msg.sender);
        _requireBond(rental, held.token, kept.bond);
        _requireShort(evidence);

        kept.state = DisputeState.Contested;
        kept.deadline = _second() + ANSWER_SECONDS;

        emit IntervalContested(rental, kept.deadline, evidence);

        _lockBond(rental, held.token, kept.bond);
    }

    /// @inheritdoc IIntervalCourt
    function closeOnRecord(RentalId rental) external {
        DisputeState state = _disputes[rental].state;
        bool isWaiting = state == DisputeState.Open || state == DisputeState.Contested;
        if (!isWaiting) revert IntervalCourtWrongState(rental, state);
        (uint64 missed, uint64 owed) = _proofsIn(rental, ESCROW.rentalOf(rental), _disputes[rental]);
        if (missed == 0 || missed != owed) revert IntervalCourtNotOnRecord(rental);

        _close(rental, DisputeEnd.OnRecord);
    }

    /// @inheritdoc IIntervalCourt
    function appoint(RentalId rental) external payable {
        Dispute storage kept = _requireTimely(rental, DisputeState.Contested);
        Rental memory parties = ESCROW.rentalOf(rental);
        if (msg.sender != parties.renter) revert IntervalCourtNotParty(rental, msg.sender);

        kept.state = DisputeState.Judging;
        kept.deadline = _second() + COMMITTEE_SECONDS;
        bytes32 subject = subjectOf(rental);

        emit CommitteeAsked(rental, subject, kept.deadline);

        COMMITTEE.convene{value: msg.value}(subject, parties.renter, parties.operator, SEATS);
    }

    /// @inheritdoc IIntervalCourt
    function poke(RentalId rental) external {
        Dispute storage kept = _disputes[rental];
        DisputeState state = kept.state;
        if (state == DisputeState.None) revert IntervalCourtWrongState(rental, state);
        bool isOver = _second() > kept.deadline;
        if (state != DisputeState.Judging) {
            if (!isOver) revert IntervalCourtNotDue(rental, kept.deadline);
            _close(rental, state == DisputeState.Open ? DisputeEnd.Unanswered : DisputeEnd.Dropped);
            return;
        }
        (bool isDecided, bytes32 verdict, uint8 agreeing,) = COMMITTEE.verdictOf(subjectOf(rental));
        if (!isDecided && !isOver) revert IntervalCourtNotDue(rental, kept.deadline);
        // A reason why nobody found anything (`ICommittee`) is no finding against the renter.
        bool isReason = uint256(verdict) < 1 << 16;
        if (!isDecided || agreeing == 0 || isReason) _close(rental, DisputeEnd.Undecided);
        else _close(rental, verdict == UNAVAILABLE ? DisputeEnd.Unavailable : DisputeEnd.Available);
    }

    /// @inheritdoc IIntervalCourt
    function disputeOf(RentalId rental) external view returns (Dispute memory) {
        return _disputes[rental];
    }

    /// @inheritdoc IIntervalCourt
    function bondOf(RentalId rental) external view returns (uint128) {
        return ESCROW.rentalOf(rental).ratingBond;
    }

    /// @inheritdoc IIntervalCourt
    function subjectOf(RentalId rental) public view returns (bytes32) {
        Dispute storage kept = _disputes[rental];
        return keccak256(abi.encode(block.chainid, address(this), rental, kept.fromSecond, kept.toSecond));
    }

    /// @dev Ends a dispute: rent and bonds go where they belong.
    function _close(RentalId rental, DisputeEnd how) private {
        Dispute storage kept = _disputes[rental];
        bool isRenters = how == DisputeEnd.Conceded || how == DisputeEnd.Unanswered
            || how == DisputeEnd.OnRecord || how == DisputeEnd.Unavailable;
        uint256 bond = kept.bond;
        bool areTwo = kept.state != DisputeState.Open;
        kept.state = DisputeState.None;

        emit DisputeClosed(rental, how, isRenters);

        ESCROW.thaw(rental, isRenters, isRenters ? _paidBy(rental, kept) : 0);
        Rental memory parties = ESCROW.rentalOf(rental);
        bytes32 purpose = RentalId.unwrap(rental);
        if (how == DisputeEnd.Undecided) {
            VAULT.releaseToken(parties.token, purpose, parties.renter, bond);
            VAULT.releaseToken(parties.token, purpose, parties.operator, bond);
            return;
        }
        address winner = isRenters ? parties.renter : parties.operator;
        VAULT.releaseToken(parties.token, purpose, winner, areTwo ? 2 * bond : bond);
    }

    /// @dev Locks the caller's bond: coin that came along, or units of the rental's token that it has in the
    /// vault.
    function _lockBond(RentalId rental, address token, uint128 bond) private {
        bytes32 purpose = RentalId.unwrap(rental);
        if (token != address(0)) VAULT.lockToken(token, msg.sender, purpose, bond);
        else IVault(address(VAULT)).lockSent{value: bond}(msg.sender, purpose);
    }

    /// @dev The dispute, while its state still waits for what is being done.
    function _requireTimely(RentalId rental, DisputeState wanted)
        private
        view
        returns (Dispute storage kept)
    {
        kept = _requireState(rental, wanted);
        if (_second() > kept.deadline) revert IntervalCourtTooLate(rental, kept.deadline);
    }

    function _requireState(RentalId rental, DisputeState wanted) private view returns (Dispute storage kept) {
        kept = _disputes[rental];
        if (kept.state != wanted) revert IntervalCourtWrongState(rental, kept.state);
    }

    function _requireBond(RentalId rental, address token, uint128 bond) private view {
        uint256 sent = token == address(0) ? bond : 0;
        if (msg.value != sent) revert IntervalCourtWrongBond(rental, msg.value, sent);
    }

    /// @dev What an interval that is the renter's pays of the proofs missed in its epochs: as many of them as
    /// its own time is worth, rounded down, in `EPOCH_PARTS`. More would pay what another interval owes. What
    /// time is worth is a rate, by the line between start and now: the settlement's goes as far, or farther.
    function _paidBy(RentalId rental, Dispute storage kept) private view returns (uint64) {
        Rental memory held = ESCROW.rentalOf(rental);
        // The settlement took the refund out of what waited.
        if (held.state == RentalState.Settled) return 0;
        uint64 current = REGISTRY.currentEpoch();
        (, uint64 last) = _epochsOf(held, kept);
        if (current < last + EPOCHS_TO_KNOW) revert IntervalCourtTooEarly(rental, last + EPOCHS_TO_KNOW);
        (uint256 missed,) = _proofsIn(rental, held, kept);
        uint256 parts = Settlement.EPOCH_PARTS * held.chips * (current - held.firstEpoch + 1);
        uint256 worth = parts * (kept.toSecond - kept.fromSecond) / (_second() - held.startedAt);
        return Math.min(missed * Settlement.EPOCH_PARTS, worth).toUint64();
    }

    /// @dev Proofs that the rental's chips missed in the epochs of the interval, and those they owed there;
    /// the registry counts the current epoch as not missed. Of a long interval the last epochs are looked at,
    /// the others not missed. Zeros once the rental is over.
    function _proofsIn(RentalId rental, Rental memory held, Dispute storage kept)
        private
        view
        returns (uint64 missed, uint64 owed)
    {
        ChipId[] memory chips = ESCROW.chipsOf(rental);
        (uint64 first, uint64 last) = _epochsOf(held, kept);
        if (chips.length == 0) return (0, 0);
        owed = (chips.length * (last - first + 1)).toUint64();
        uint64 window = MOST_CHIP_EPOCHS / uint64(chips.length); // forge-lint: disable-line(unsafe-typecast)
        if (last - first >= window) first = last + 1 - window;
        IPociViews registry = IPociViews(address(REGISTRY));
        for (uint256 i = 0; i < chips.length; ++i) {
            missed += registry.missesIn(chips[i], first, last);
        }
    }

    /// @dev The epochs that the interval may touch. Both ends of the line lie somewhere in their epochs, so
    /// that it is early by one at most where blocks came evenly: the epoch after the last one counts, too. It
    /// is not after that of the dispute, which no interval outlasts. Where silence started the time,
    /// `firstEpoch` is that of the hand-over, before the start, and the line early by so much more.
    function _epochsOf(Rental memory held, Dispute storage kept)
        private
        view
        returns (uint64 first, uint64 last)
    {
        first = _epochAt(held, kept, kept.fromSecond);
        last = _epochAt(held, kept, kept.toSecond - 1) + 1;
        if (last > kept.madeIn) last = kept.madeIn;
    }

    /// @dev The epoch of a second on the line between the rental's start and the dispute, which is later: an
    /// interval has a second, and lies between them. Rounded down.
    function _epochAt(Rental memory held, Dispute storage kept, uint64 second) private view returns (uint64) {
        uint256 passed = kept.madeAt - held.startedAt;
        uint256 epochs = kept.madeIn - held.firstEpoch;
        return held.firstEpoch + (epochs * (second - held.startedAt) / passed).toUint64();
    }

    function _second() private view returns (uint40) {
        return uint40(block.timestamp); // forge-lint: disable-line(unsafe-typecast)
    }

    function _requireShort(bytes calldata evidence) private pure {
        if (evidence.length > MAX_EVIDENCE_BYTES) revert IntervalCourtTooMuchEvidence(evidence.length);
    }
}
