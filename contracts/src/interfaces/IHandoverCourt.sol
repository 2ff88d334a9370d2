// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Complaint, HandoverFault} from "../types/Complaints.sol";
import {RentalId} from "../types/Ids.sol";

/// @title Judges hand-overs: opens a sealed access in public and says who lied about it.
/// @dev A complaint is evidence and verdict in one transaction: nothing waits. The escrow executes the
/// verdict and refuses it when the rental does not wait for an acknowledgement, or no longer. Needed for
/// safety: the operator is an account with a key, whose signature nobody else makes.
interface IHandoverCourt {
    /// @notice The coin sent is not what this rental asks for, in wei: its bond, or nothing if that is in a
    /// token.
    error HandoverCourtWrongBond(RentalId rental, uint256 sent, uint256 required);
    /// @notice Key, point and ciphertext hash to something else than what the renter signed and the operator
    /// handed over.
    error HandoverCourtOtherHandover(RentalId rental, bytes32 given, bytes32 committed);
    /// @notice The proof does not show that the point is the renter's and the hand-over's.
    error HandoverCourtNotProven(RentalId rental);

    /// @notice A hand-over was opened and judged. Its access is public since then: where it was good, whoever
    /// has read it may use this rental as the renter does, until it ends.
    /// @param fault What is wrong with it: the operator is punished; `None`: the rental starts and the bond
    /// is the operator's.
    /// @param bond Bond of the complaint, in units of the rental's money.
    event HandoverJudged(
        RentalId indexed rental,
        address indexed operator,
        address indexed complainer,
        HandoverFault fault,
        uint256 bond
    );

    /// @notice Opens a hand-over and has the liar punished. The bond returns to the caller's free balance in
    /// the vault if the hand-over is bad, and is the operator's if it is good. Coin is sent along; of a
    /// rental in a token the bond is taken from the caller's free balance of it.
    /// @dev Anyone may carry a complaint; only the renter can make its proof. Until the deadline of the
    /// acknowledgement, inclusive. Reverts with the errors above, and with the escrow's when the rental does
    /// not wait for its acknowledgement.
    function complain(Complaint calldata complaint) external payable returns (HandoverFault fault);

    /// @notice What `complain` would find.
    /// @dev Reverts with the errors above but for the bond's.
    function faultOf(Complaint calldata complaint) external view returns (HandoverFault);
    /// @notice The bond of a complaint, in units of the rental's money: as much as a rating bond of the
    /// rental.
    function bondOf(RentalId rental) external view returns (uint128);
    /// @notice What a complaint's proof is bound to: keccak256(abi.encode(tag "complaint", chain id, escrow,
    /// rental)).
    function contextOf(RentalId rental) external view returns (bytes32);
}
