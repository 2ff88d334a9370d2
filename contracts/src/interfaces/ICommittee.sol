// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Case, CaseState, Seat, Standing} from "../types/Committees.sol";

/// @title Answers questions by committees: drawn operators find a verdict each for himself, the majority
/// counts.
/// @dev A verdict is 32 bytes that the convener gives a meaning. One below 2^16 is no finding but the reason
/// why a member has none (0: cannot be run here, 1: the data is not served); it costs its member nothing and
/// earns nothing. Members come from the operators that `enlist`ed, drawn by the power of their active chips,
/// one seat to each, whose vote weighs as many as the steps that hit it, never the parties. Money is in the
/// vault: stakes under the purpose `bytes32("stakes")`, what is paid for a case under its subject.
interface ICommittee {
    /// @notice The committee cannot be built with this value of the field.
    error CommitteeBadParameter(bytes32 field);
    /// @notice Only conveners ask.
    error CommitteeNotConvener(address caller);
    /// @notice A committee has this many seats, at least and at most.
    error CommitteeBadSeats(uint8 seats, uint8 least, uint8 most);
    /// @notice The value sent is not the price, in wei.
    error CommitteePriceMismatch(uint256 sent, uint256 price);
    /// @notice The case is in a state in which this cannot be done.
    error CommitteeWrongState(bytes32 subject, CaseState state);
    /// @notice The beacon that draws comes with the block `drawHeight`.
    error CommitteeNotDrawable(uint64 drawHeight, uint64 head);
    /// @notice The caller has no seat, or has done what it is doing.
    error CommitteeNotOwed(bytes32 subject, address caller);
    /// @notice The last second, inclusive, is over: `poke` is due.
    error CommitteeTooLate(bytes32 subject, uint64 deadline);
    /// @notice What the case waits for has time until this second, inclusive; zero: `draw` is what is due.
    error CommitteeNotDue(bytes32 subject, uint64 deadline);
    /// @notice What was opened hashes to something else than the member's commitment.
    error CommitteeBadReveal(bytes32 subject, bytes32 opened, bytes32 commitment);
    /// @notice The stake that no seat holds is too small, in wei.
    error CommitteeStakeTooSmall(address operator, uint256 free, uint256 needed);

    /// @notice An operator's stake grew; if it was less than a bond, it is drawn for cases that begin to wait
    /// from this block on.
    event Enlisted(address indexed operator, uint256 added, uint256 free);
    /// @notice A part of a stake went back to its operator's free balance in the vault.
    event Retired(address indexed operator, uint256 taken, uint256 free);
    /// @notice A question was put; `plaintiff` prepaid its committee.
    event CaseOpened(
        bytes32 indexed subject,
        address indexed convener,
        address indexed plaintiff,
        address defendant,
        uint8 seats
    );
    /// @notice A case waits for the beacon of the block `drawHeight`.
    event DrawAwaited(bytes32 indexed subject, uint8 round, uint64 drawHeight);
    /// @notice A committee was drawn and may commit until the second `deadline`, inclusive. Without members:
    /// too many were busy, and nothing is drawn until then.
    event CommitteeDrawn(bytes32 indexed subject, uint8 indexed round, address[] members, uint64 deadline);
    /// @notice A member bound itself to a verdict.
    event VerdictCommitted(bytes32 indexed subject, uint8 indexed round, address indexed member);
    /// @notice Commitments are over; they may be opened until the second `deadline`, inclusive.
    event RevealBegan(bytes32 indexed subject, uint8 indexed round, uint64 deadline);
    /// @notice A member opened its verdict.
    event VerdictRevealed(
        bytes32 indexed subject, uint8 indexed round, address indexed member, bytes32 verdict
    );
    /// @notice A committee found no majority, or was not seated.
    event CommitteeFailed(bytes32 indexed subject, uint8 indexed round);
    /// @notice Members of most of the weight agree; anybody may appeal until the second `deadline`, inclusive
    /// (zero: no more).
    event CaseRuled(
        bytes32 indexed subject,
        uint8 indexed round,
        bytes32 verdict,
        uint8 agreeing,
        uint8 weight,
        uint64 deadline
    );
    /// @notice Somebody, a party or not, asked a larger committee.
    event CaseAppealed(bytes32 indexed subject, address indexed appellant);
    /// @notice A case is over; `agreeing` is zero if there is no verdict.
    /// @param cost Wei that the committees which the plaintiff paid for earned.
    event CaseClosed(bytes32 indexed subject, bytes32 verdict, uint8 agreeing, uint128 cost);

    /// @notice Adds the value sent to the caller's stake. An operator without stake is never drawn.
    function enlist() external payable;

    /// @notice Takes from the caller's stake what no seat holds; it goes to its free balance in the vault.
    /// @dev Reverts: `CommitteeStakeTooSmall`.
    function retire(uint256 amount) external;

    /// @notice Puts a question; the value sent is `priceOf(seats)`, exactly. Conveners only.
    /// @dev A subject is asked about once, ever. Reverts: `CommitteeNotConvener`, `CommitteeBadSeats`,
    /// `CommitteePriceMismatch`, `CommitteeWrongState`.
    /// @param plaintiff Who disputes; what its committee does not earn goes back to its free balance.
    /// @param defendant The other party; neither is drawn.
    function convene(bytes32 subject, address plaintiff, address defendant, uint8 seats) external payable;

    /// @notice Draws the members, once the beacon is there. Anyone. With fewer members than the least seats,
    /// or no more weight of members than of busy ones, the case waits for another beacon or, after the last
    /// attempt, ends. Where some were busy it waits before that for as long as a committee that sits now
    /// may hold stakes, its appeal apart: `poke` is due then.
    /// @dev It goes on until all seats are filled, or to the last step; every step that hits an operator with
    /// a seat adds to its weight. On average power counts as much in many accounts as in one; a draw whose
    /// seats are filled soon is a small sample.
    /// Chips and stakes that came after the wait began are not drawn; how: `libraries/SeatDraw.sol`. An
    /// operator whose stake is held by other seats fills one as `SeatState.Busy`: it owes nothing, and counts
    /// against a majority as a silent one does.
    function draw(bytes32 subject) external;

    /// @notice Binds the caller to its verdict: keccak256(abi.encode(tag "verdict", subject, round, member,
    /// verdict, salt)). Members only, once.
    function commit(bytes32 subject, bytes32 commitment) external;

    /// @notice Opens the caller's commitment. The last opening counts the votes.
    function reveal(bytes32 subject, bytes32 verdict, bytes32 salt) external;

    /// @notice Asks a larger committee, once a case; the value sent is twice `priceOf(appealSeats)`, exactly:
    /// half pays the members, half is lost if they find the same: a party's to the other one, anybody else's
    /// burns. Anyone; who appeals is not drawn.
    /// @dev Reverts: `CommitteeWrongState`, `CommitteeTooLate`, `CommitteePriceMismatch`.
    function appeal(bytes32 subject) external payable;

    /// @notice Ends whatever is overdue: commitments, openings, the time for an appeal, a forgotten beacon.
    /// Anyone.
    /// @dev Reverts: `CommitteeNotDue`, `CommitteeWrongState`.
    function poke(bytes32 subject) external;

    /// @notice Whether a case is over, and how.
    /// @return isDecided Whether it is over.
    /// @return verdict What the majority found.
    /// @return agreeing Weight of the members that agreed; zero: over without a verdict.
    /// @return weight Of all seats of that committee, the busy ones counted.
    function verdictOf(bytes32 subject)
        external
        view
        returns (bool isDecided, bytes32 verdict, uint8 agreeing, uint8 weight);
    /// @notice Wei that the committees which the plaintiff paid for earned, once the case is over.
    function costOf(bytes32 subject) external view returns (uint128);
    /// @notice Who is no party, appealed, and was right: the appeal changed the verdict.
    /// @return intervener Zero: nobody, or the case is not over.
    /// @return cost Wei that the appeal's committee earned, of what the intervener paid.
    function intervenerOf(bytes32 subject) external view returns (address intervener, uint128 cost);
    /// @notice A case as kept; zeros if it was never put.
    function caseOf(bytes32 subject) external view returns (Case memory);
    /// @notice The members of one of its committees, in the order of the draw; after them the busy ones.
    function seatsOf(bytes32 subject, uint8 round) external view returns (Seat[] memory);
    /// @notice An operator's stake and what became of its seats.
    function standingOf(address operator) external view returns (Standing memory);
    /// @notice Wei that a committee of so many seats costs at most: fees, and gas at the highest base fee
    /// that is refunded.
    function priceOf(uint8 seats) external view returns (uint128);
    /// @notice Wei of stake that a seat holds.
    function seatBond() external view returns (uint128);
    /// @notice Seats of an appeal.
    function appealSeats() external view returns (uint8);
}
