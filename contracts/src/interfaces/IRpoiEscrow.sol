// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipId, RentalId} from "../types/Ids.sol";
import {Opening, OperatorHalf, Rental, RentalRequest, RentalState, RenterHalf} from "../types/Rentals.sol";

/// @title Keeps rentals: the escrow pi, which decides by code and signatures only.
/// @dev Money is in the vault, under the purpose `RentalId`. Deadlines are inclusive, in seconds.
interface IRpoiEscrow {
    error RpoiEscrowRentalExists(RentalId rental);
    error RpoiEscrowRequestMismatch(bytes32 field);
    error RpoiEscrowRequestExpired(uint64 deadline);
    error RpoiEscrowBadSignature(address signer);
    error RpoiEscrowWrongState(RentalId rental, RentalState state);
    error RpoiEscrowTooLate(RentalId rental, uint64 deadline);
    error RpoiEscrowNothingDue(RentalId rental, uint64 deadline);
    error RpoiEscrowNotParty(RentalId rental, address caller);
    error RpoiEscrowBadHandover(uint256 encLength, uint256 ciphertextLength);
    error RpoiEscrowAlreadyCommitted(RentalId rental, address rater);
    error RpoiEscrowBadReveal(RentalId rental, address rater);
    error RpoiEscrowBadScore(uint8 score);
    error RpoiEscrowHalvesDiffer(RentalId rental);

    event RentalOpened(
        RentalId indexed rental,
        address indexed renter,
        address indexed operator,
        ChipId[] chips,
        uint64 duration,
        uint128 deposit,
        uint128 rent,
        uint64 handoverDeadline
    );
    event HandoverCommitted(RentalId indexed rental, bytes enc, bytes ciphertext, uint64 acknowledgeDeadline);
    event RentalStarted(RentalId indexed rental, uint64 startedAt, bool acknowledged);
    event RentalEnded(RentalId indexed rental, uint64 endedAt, uint64 commitDeadline);
    event RatingCommitted(RentalId indexed rental, address indexed rater, bytes32 commitment);
    event RatingRevealed(RentalId indexed rental, address indexed rater, uint8 score);
    event RentalSettled(
        RentalId indexed rental,
        uint128 paidToOperator,
        uint128 rentToRenter,
        uint128 depositToRenter,
        uint128 depositToOperator,
        uint128 burned
    );
    event RentalCancelled(RentalId indexed rental, uint128 bondForfeited);

    /// @notice Opens a rental: matches the orders, reserves the chips, locks deposit, rent and bonds from the free balances
    /// of both parties in the vault. Anyone may carry it.
    /// @return rental EIP-712 hash of the request.
    function open(Opening calldata opening) external returns (RentalId rental);

    /// @notice Publishes the sealed hand-over. Operator only.
    /// @param enc Ephemeral P-256 point of the HPKE export, 65 bytes uncompressed.
    /// @param ciphertext 1 to 1,024 bytes.
    function commitHandover(RentalId rental, bytes calldata enc, bytes calldata ciphertext) external;

    /// @notice Starts the time. The renter, or anyone with its EIP-712 signature over `Acknowledge(bytes32 rental)`.
    function acknowledge(RentalId rental, bytes calldata signature) external;

    /// @notice Ends the rental early. The renter, or anyone with its signature over `EndRental(bytes32 rental)`.
    function end(RentalId rental, bytes calldata signature) external;

    /// @notice Submits m_final: both halves at once. Anyone.
    function commitRatings(
        RentalId rental,
        RenterHalf calldata renterHalf,
        bytes calldata renterSignature,
        OperatorHalf calldata operatorHalf,
        bytes calldata operatorSignature
    ) external;

    /// @notice Submits one commitment by the party itself.
    function commitRating(RentalId rental, bytes32 commitment) external;

    /// @notice Opens a commitment: keccak256(abi.encode(tag "rating", rental, rater, score, salt)). Anyone who knows it.
    /// @param score 1 to 100. When both are open the rental settles at once.
    function reveal(RentalId rental, address rater, uint8 score, bytes32 salt) external;

    /// @notice Moves a rental whose deadline has passed to its next state, as the table of silences says. Anyone.
    function poke(RentalId rental) external returns (RentalState state);

    function rentalOf(RentalId rental) external view returns (Rental memory);
    function chipsOf(RentalId rental) external view returns (ChipId[] memory);
    /// @notice As stored, or as the next `poke` would make it when only time has passed.
    function stateOf(RentalId rental) external view returns (RentalState);
    /// @notice Rent earned until now, in wei, rounded down.
    function accruedOf(RentalId rental) external view returns (uint128);
    function hashOf(RentalRequest calldata request) external view returns (RentalId);
    function bondsFor(RentalRequest calldata request)
        external
        view
        returns (uint128 operatorBond, uint128 ratingBond);
}
