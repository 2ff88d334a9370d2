// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICommittee} from "../interfaces/ICommittee.sol";
import {Case, CaseState, Seat, SeatState} from "../types/Committees.sol";
import {CommitteeStakes} from "./CommitteeStakes.sol";

/// @title Keeps cases and closes them: members are judged by the final verdict, and paid.
/// @dev What is forfeit is halved: the burned half is rounded up, the other goes to those who earn, in equal
/// parts rounded down, to none more than half a bond; what that leaves burns, too.
abstract contract CommitteeCases is CommitteeStakes {
    using SafeCast for uint256;

    /// @dev Gas of a member's two transactions and of its part of the draw, as refunded.
    uint256 private constant SEAT_GAS = 250_000;
    /// @dev Wei a gas: gas is refunded at the base fee, but at no higher one.
    uint256 private constant MOST_BASEFEE = 100 gwei;
    /// @dev A verdict below this is a reason, not a finding.
    uint256 private constant REASONS = 1 << 16;

    uint128 private immutable SEAT_FEE;

    mapping(bytes32 subject => Case) internal _cases;
    mapping(bytes32 subject => mapping(uint8 round => Seat[])) internal _seats;

    constructor(uint128 fee) {
        SEAT_FEE = fee;
    }

    /// @inheritdoc ICommittee
    function verdictOf(bytes32 subject)
        external
        view
        returns (bool isDecided, bytes32 verdict, uint8 agreeing, uint8 weight)
    {
        Case storage kept = _cases[subject];
        if (kept.state == CaseState.Undecided) return (true, 0, 0, 0);
        if (kept.state != CaseState.Decided) return (false, 0, 0, 0);
        return (true, kept.verdict, kept.agreeing, kept.weight);
    }

    /// @inheritdoc ICommittee
    function costOf(bytes32 subject) external view returns (uint128) {
        return _cases[subject].cost;
    }

    /// @inheritdoc ICommittee
    function intervenerOf(bytes32 subject) external view returns (address intervener, uint128 cost) {
        Case storage kept = _cases[subject];
        if (!kept.isChanged || _isParty(kept, kept.appellant)) return (address(0), 0);
        return (kept.appellant, kept.appealCost);
    }

    /// @inheritdoc ICommittee
    function caseOf(bytes32 subject) external view returns (Case memory) {
        return _cases[subject];
    }

    /// @inheritdoc ICommittee
    function seatsOf(bytes32 subject, uint8 round) external view returns (Seat[] memory) {
        return _seats[subject][round];
    }

    /// @inheritdoc ICommittee
    function priceOf(uint8 seats) public view returns (uint128) {
        return (seats * (SEAT_FEE + SEAT_GAS * MOST_BASEFEE)).toUint128();
    }

    /// @dev Ends a case. An appeal that found nothing leaves the verdict of the first instance.
    function _close(bytes32 subject, bool hasAppealRuled) internal {
        Case storage kept = _cases[subject];
        bool isDecided = kept.agreeing != 0;
        kept.state = isDecided ? CaseState.Decided : CaseState.Undecided;
        uint256 cost = isDecided ? _settle(subject, kept.firstRound, true) : 0;
        uint256 appealCost = hasAppealRuled ? _settle(subject, kept.round, true) : 0;
        uint256 rest = kept.pot - cost;
        uint256 appealRest = kept.appealPot - appealCost;
        uint128 bond = kept.appealBond;
        (kept.pot, kept.appealPot, kept.appealBond) = (0, 0, 0);
        if (kept.appellant == kept.plaintiff) cost += appealCost;
        kept.cost = cost.toUint128();
        if (appealCost != 0) kept.appealCost = appealCost.toUint128();

        emit CaseClosed(subject, kept.verdict, kept.agreeing, kept.cost);

        _release(subject, kept.plaintiff, rest);
        _release(subject, kept.appellant, appealRest);
        if (bond == 0) return;
        if (!hasAppealRuled || kept.isChanged) _release(subject, kept.appellant, bond);
        else if (!_isParty(kept, kept.appellant)) VAULT.burn(subject, bond);
        else _release(subject, kept.appellant == kept.plaintiff ? kept.defendant : kept.plaintiff, bond);
    }

    /// @dev Judges the members of one committee, by the verdict if there is one, and pays them: for a finding
    /// from the pot, and in any case from what others forfeit.
    /// @return cost Wei taken from the pot.
    function _settle(bytes32 subject, uint8 round, bool isDecided) internal returns (uint256 cost) {
        Seat[] storage seats = _seats[subject][round];
        bytes32 verdict = _cases[subject].verdict;
        bool isFinding = isDecided && !_isReason(verdict);
        address[] memory earners = new address[](seats.length);
        uint256 count = 0;
        uint256 forfeits = 0;
        for (uint256 i = 0; i < seats.length; ++i) {
            Seat storage seat = seats[i];
            if (seat.state == SeatState.Busy) continue;
            bool isSilent = seat.state != SeatState.Revealed;
            bool hasFound = !isSilent && !_isReason(seat.word);
            if (isSilent || (isFinding && hasFound && seat.word != verdict)) {
                _forfeit(seat.member, isSilent);
                forfeits += seatBond;
            } else {
                _giveBack(seat.member, isFinding && hasFound);
                if (hasFound) earners[count++] = seat.member;
            }
        }
        uint256 fee = isFinding ? SEAT_FEE + SEAT_GAS * Math.min(block.basefee, MOST_BASEFEE) : 0;
        uint256 share = count == 0 ? 0 : Math.min(forfeits / 2 / count, seatBond / 2);
        for (uint256 i = 0; i < count; ++i) {
            _release(subject, earners[i], fee);
            _release(STAKES, earners[i], share);
        }
        if (forfeits != 0) VAULT.burn(STAKES, forfeits - share * count);
        return fee * count;
    }

    /// @dev What most of a committee's weight found, how much of it, of how many members, and all of it, the
    /// silent and the busy counted; the verdict is of no use unless it has more than half.
    function _mostFound(Seat[] storage seats)
        internal
        view
        returns (bytes32 verdict, uint8 agreeing, uint256 alike, uint8 weight)
    {
        uint256 lead = 0;
        for (uint256 i = 0; i < seats.length; ++i) {
            Seat storage seat = seats[i];
            weight += seat.weight;
            if (seat.state != SeatState.Revealed) continue;
            if (seat.word == verdict) lead += seat.weight;
            else if (lead >= seat.weight) lead -= seat.weight;
            else (verdict, lead) = (seat.word, seat.weight - lead);
        }
        for (uint256 i = 0; i < seats.length; ++i) {
            if (seats[i].state == SeatState.Revealed && seats[i].word == verdict) {
                agreeing += seats[i].weight;
                ++alike;
            }
        }
    }

    /// @dev Members of a committee that have committed and not opened.
    function _committed(bytes32 subject, uint8 round) internal view returns (uint256 committed) {
        Seat[] storage seats = _seats[subject][round];
        for (uint256 i = 0; i < seats.length; ++i) {
            if (seats[i].state == SeatState.Committed) ++committed;
        }
    }

    /// @dev The caller's seat, if it owes what the case waits for, in time.
    function _owed(bytes32 subject, CaseState expected, SeatState owing)
        internal
        view
        returns (Case storage kept, Seat storage seat)
    {
        kept = _inState(subject, expected);
        if (block.timestamp > kept.deadline) revert CommitteeTooLate(subject, kept.deadline);
        Seat[] storage seats = _seats[subject][kept.round];
        for (uint256 i = 0; i < seats.length; ++i) {
            seat = seats[i];
            if (seat.member == msg.sender && seat.state == owing) return (kept, seat);
        }
        revert CommitteeNotOwed(subject, msg.sender);
    }

    function _inState(bytes32 subject, CaseState expected) internal view returns (Case storage kept) {
        kept = _cases[subject];
        if (kept.state != expected) revert CommitteeWrongState(subject, kept.state);
    }

    function _isParty(Case storage kept, address account) internal view returns (bool) {
        return account == kept.plaintiff || account == kept.defendant;
    }

    function _release(bytes32 purpose, address account, uint256 amount) private {
        if (amount != 0) VAULT.release(purpose, account, amount);
    }

    function _isReason(bytes32 verdict) private pure returns (bool) {
        return uint256(verdict) < REASONS;
    }
}
