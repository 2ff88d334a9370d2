// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Dispute, DisputeEnd, DisputeState} from "../types/Disputes.sol";
import {RentalId} from "../types/Ids.sol";

/// @title Decides whether a rented machine was there in an interval that its renter disputes.
/// @dev Only the interval's rent waits in the escrow, and a bond of each side here; everything else goes on.
/// One dispute of a rental at a time, intervals in their order. Bonds are in the vault under the purpose
/// `RentalId`.
/// Deadlines are inclusive, in seconds; each state has one, and `poke`. Needed for safety: committees find
/// out the truth from what both sides show. Needed for liveness: nobody.
interface IIntervalCourt {
    /// @notice The court cannot be built with this value of the field.
    error IntervalCourtBadParameter(bytes32 field);
    /// @notice The account is not the party that may do this.
    error IntervalCourtNotParty(RentalId rental, address caller);
    /// @notice The coin sent is not what this rental asks for, in wei: its bond, or nothing if that is in a
    /// token.
    error IntervalCourtWrongBond(RentalId rental, uint256 sent, uint256 required);
    /// @notice The dispute is in a state in which this cannot be done.
    error IntervalCourtWrongState(RentalId rental, DisputeState state);
    /// @notice The interval is empty or begins before an earlier one ended.
    error IntervalCourtBadInterval(RentalId rental, uint64 fromSecond, uint64 toSecond, uint64 earliest);
    /// @notice What a side shows is longer than 256 bytes.
    error IntervalCourtTooMuchEvidence(uint256 length);
    /// @notice The last second for this, inclusive, is over: `poke` is due.
    error IntervalCourtTooLate(RentalId rental, uint64 deadline);
    /// @notice Nobody is late: the state waits until this second, inclusive.
    error IntervalCourtNotDue(RentalId rental, uint64 deadline);
    /// @notice Proofs of the interval's epochs may still come, or be opened: it is not the renter's before
    /// this epoch, in which the registry knows what was missed.
    error IntervalCourtTooEarly(RentalId rental, uint64 epoch);
    /// @notice The registry does not know that all chips were absent in the interval.
    error IntervalCourtNotOnRecord(RentalId rental);

    /// @notice The renter says that the machine was not there from one second to another, exclusive.
    /// @param amount Rent that waits, in units of the rental's money, as is the bond.
    /// @param deadline Last second, inclusive, of the operator's answer.
    /// @param evidence Where the renter shows what it saw.
    event IntervalDisputed(
        RentalId indexed rental,
        uint64 fromSecond,
        uint64 toSecond,
        uint128 amount,
        uint128 bond,
        uint64 deadline,
        bytes evidence
    );
    /// @notice The operator says that it was there; the renter may ask a committee until this second,
    /// inclusive.
    event IntervalContested(RentalId indexed rental, uint64 deadline, bytes evidence);
    /// @notice A committee was asked about the subject; it has until this second, inclusive.
    event CommitteeAsked(RentalId indexed rental, bytes32 indexed subject, uint64 deadline);
    /// @notice A dispute is over. The rent in dispute is the renter's, or the operator's as it would have
    /// been.
    event DisputeClosed(RentalId indexed rental, DisputeEnd how, bool isRenters);

    /// @notice Disputes an interval of the use of an open rental, with the bond `bondOf(rental)`. Renter
    /// only.
    /// @dev Coin is sent along; of a rental in a token the bond comes from the caller's free balance.
    /// @param fromSecond First second in dispute.
    /// @param toSecond First second after it, not in the future.
    /// @param evidence At most 256 bytes.
    function dispute(RentalId rental, uint64 fromSecond, uint64 toSecond, bytes calldata evidence)
        external
        payable;

    /// @notice Agrees: the interval's rent and the bond are the renter's. Operator only.
    /// @dev Not before the registry knows what was missed in the interval, nor does any other end for the
    /// renter come before: what is given back pays for that, too. Waiting costs the operator nothing: silence
    /// ends as agreement does. Reverts: `IntervalCourtTooEarly`.
    function concede(RentalId rental) external;

    /// @notice Contradicts, with the same bond. Operator only; silence agrees.
    function contest(RentalId rental, bytes calldata evidence) external payable;

    /// @notice Ends a dispute for the renter that the registry decides: all chips missed all epochs that the
    /// interval may touch, and these are over. Anyone, while no committee was asked and the rental is not
    /// settled.
    /// @dev Seconds become epochs on the line between the rental's start and the dispute. If blocks came
    /// evenly it is early by one at most: the epoch after the last one is asked for, too, unless the dispute
    /// was made before it. If they did not, it is early by age * (1 - b / m) more: age from the second to the
    /// dispute, in epochs of the mean rate m of the line, b the rate in that time. Where the renter's silence
    /// started the time, the line begins with the epoch of the hand-over and is early by the epochs of the
    /// acknowledgement more.
    function closeOnRecord(RentalId rental) external;

    /// @notice Asks a committee; the value sent is its price. Renter only; silence drops the dispute.
    function appoint(RentalId rental) external payable;

    /// @notice Ends what is overdue or decided: silence of the operator is for the renter, of the renter for
    /// the operator; who loses before the committee loses its bond to the other; a committee that finds
    /// nothing leaves everything as if nobody had disputed. Anyone.
    function poke(RentalId rental) external;

    /// @notice The dispute of a rental; the interval of the last one if there is none now.
    function disputeOf(RentalId rental) external view returns (Dispute memory);
    /// @notice Bond of each side, in units of the rental's money: the rental's rating bond.
    function bondOf(RentalId rental) external view returns (uint128);
    /// @notice What a committee is asked by. Its verdict `UNAVAILABLE` is for the renter, any other finding
    /// for the operator.
    function subjectOf(RentalId rental) external view returns (bytes32);
}
