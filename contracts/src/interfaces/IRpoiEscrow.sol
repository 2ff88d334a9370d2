// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipId, OrderHash, RentalId} from "../types/Ids.sol";
import {Opening, OperatorHalf, Rental, RentalRequest, RentalState, RenterHalf} from "../types/Rentals.sol";

/// @title Keeps rentals: the escrow pi, which decides by code and signatures only.
/// @dev Money is in the vault, under the purpose `RentalId`. Deadlines are inclusive, in seconds.
interface IRpoiEscrow {
    /// @notice The request was opened before: its nonce makes it another.
    error RpoiEscrowRentalExists(RentalId rental);
    /// @notice The request says something else than the orders, the chips or the key that come with it.
    /// @dev Fields: renter, operator, kind, token, specification, chips, chipsHash, duration, renterKey, bid,
    /// rent.
    error RpoiEscrowRequestMismatch(bytes32 field);
    /// @notice The chip is of another model, or has less power in units of phi, than the orders'
    /// specification says.
    error RpoiEscrowWrongChip(ChipId chip, uint32 model, uint64 phi);
    /// @notice The renter leaves less than the escrow's share of the rent as security, in wei.
    error RpoiEscrowDepositTooSmall(uint128 deposit, uint128 required);
    /// @notice The escrow cannot be built with this value of the field.
    error RpoiEscrowBadParameter(bytes32 field);
    /// @notice The payer that the bid names lets it draw less than the renter's part, in wei.
    error RpoiEscrowNotSponsored(address payer, OrderHash bid, uint256 limit, uint256 needed);
    /// @notice The request's last second, inclusive, is over.
    error RpoiEscrowRequestExpired(uint64 deadline);
    /// @notice This account, a key or a contract, did not sign what it should have.
    error RpoiEscrowBadSignature(address signer);
    /// @notice The rental is in a state in which this cannot be done.
    error RpoiEscrowWrongState(RentalId rental, RentalState state);
    /// @notice The last second for this, inclusive, is over: `poke` moves the rental on.
    error RpoiEscrowTooLate(RentalId rental, uint64 deadline);
    /// @notice Nobody is late: the state waits until this second, inclusive; zero: the rental is over.
    error RpoiEscrowNothingDue(RentalId rental, uint64 deadline);
    /// @notice The account is not the party that may do this.
    error RpoiEscrowNotParty(RentalId rental, address caller);
    /// @notice The point is not 65 bytes on the curve, or the ciphertext not 1 to 1,024 bytes.
    error RpoiEscrowBadHandover(uint256 encLength, uint256 ciphertextLength);
    /// @notice A commitment of zero.
    error RpoiEscrowEmptyCommitment(RentalId rental, address rater);
    /// @notice The rater's first commitment stands.
    error RpoiEscrowAlreadyCommitted(RentalId rental, address rater);
    /// @notice The rater has opened its commitment before.
    error RpoiEscrowAlreadyRevealed(RentalId rental, address rater);
    /// @notice Score and salt hash to something else than the rater's commitment.
    error RpoiEscrowBadReveal(RentalId rental, address rater, bytes32 opened, bytes32 commitment);
    /// @notice The score is not 1 to 100.
    error RpoiEscrowBadScore(uint8 score);
    /// @notice A half names another rental, or the operator's half another renter's half.
    error RpoiEscrowHalvesDiffer(RentalId rental);
    /// @notice Neither half came with a signature.
    error RpoiEscrowNoHalf(RentalId rental);

    /// @notice A payer lets a bid draw so many wei in all.
    event OrderSponsored(OrderHash indexed bid, address indexed payer, uint256 limit);
    /// @notice A rental was opened, its chips reserved, its stakes locked; wei and seconds.
    /// @param handoverDeadline Last second, inclusive, for the operator's hand-over.
    event RentalOpened(
        RentalId indexed rental,
        address indexed renter,
        address indexed operator,
        ChipId[] chips,
        uint64 duration,
        uint128 deposit,
        uint128 rent,
        bytes renterKey,
        uint64 handoverDeadline
    );
    /// @notice The operator published the sealed access; the renter may acknowledge until this second,
    /// inclusive.
    event HandoverCommitted(RentalId indexed rental, bytes enc, bytes ciphertext, uint64 acknowledgeDeadline);
    /// @notice Time runs since the second `startedAt`, by the renter's word or by its silence.
    event RentalStarted(RentalId indexed rental, uint64 startedAt, bool acknowledged);
    /// @notice Use ended with the second `endedAt`; both owe a commitment until this second, inclusive.
    event RentalEnded(RentalId indexed rental, uint64 endedAt, uint64 commitDeadline);
    /// @notice A party committed to its rating.
    event RatingCommitted(RentalId indexed rental, address indexed rater, bytes32 commitment);
    /// @notice A party's rating was opened.
    event RatingRevealed(RentalId indexed rental, address indexed rater, uint8 score);
    /// @notice A party was silent in phase II and loses its rating bond, in wei.
    event RatingBondForfeited(RentalId indexed rental, address indexed rater, uint128 amount);
    /// @notice All that a rental locked was divided, in wei.
    /// @dev `paidToOperator` is net of the market fee; `burned` is all that was burned, the fee included.
    event RentalSettled(
        RentalId indexed rental,
        uint128 paidToOperator,
        uint128 rentToRenter,
        uint128 depositToRenter,
        uint128 depositToOperator,
        uint128 burned
    );
    /// @notice The operator never handed over and lost so many wei of its bond.
    event RentalCancelled(RentalId indexed rental, uint128 bondForfeited);

    /// @notice Lets rentals that fill a bid of somebody else draw on the caller's free balance, up to a
    /// limit in all.
    /// @dev Without it nobody pays for another's bid, whatever the bid's `payer` says. Zero withdraws
    /// the consent.
    /// @param limit Wei of deposits, rents and rating bonds together.
    function sponsor(OrderHash bid, uint256 limit) external;

    /// @notice Opens a rental: matches the orders, reserves the chips, locks deposit, rent and bonds
    /// from the free balances of both parties in the vault. Anyone may carry it.
    /// @dev The renter's part (deposit, rent, rating bond) comes from the bid's payer and all that
    /// returns goes there. The rent is the ask's price for all chips and seconds, exactly. 1 to 128
    /// chips, 1 second to 10 years. Both orders name the specification that comes with it, and every chip is
    /// of its model and has its power; an order that names chips is filled by exactly these.
    /// @return rental EIP-712 hash of the request.
    function open(Opening calldata opening) external returns (RentalId rental);

    /// @notice Publishes the sealed hand-over. Operator only. An operator that is silent loses a
    /// quarter of its bond: half of that is burned, half goes to the renter.
    /// @param enc Ephemeral P-256 point of the HPKE export, 65 bytes uncompressed.
    /// @param ciphertext 1 to 1,024 bytes.
    function commitHandover(RentalId rental, bytes calldata enc, bytes calldata ciphertext) external;

    /// @notice Starts the time; silence does the same with the deadline. The renter, or anyone with its
    /// EIP-712 signature over `Acknowledge(bytes32 rental)`.
    function acknowledge(RentalId rental, bytes calldata signature) external;

    /// @notice Ends the rental early. The renter, or anyone with its signature over `EndRental(bytes32
    /// rental)`.
    function end(RentalId rental, bytes calldata signature) external;

    /// @notice Submits m_final: both halves at once, or one of them (the other's signature empty). Anyone.
    /// @dev The operator's half must name the renter's half that comes with it, or zero. A side's first
    /// commitment stands: a half that comes too late is passed over and never spoils the other.
    function commitRatings(
        RentalId rental,
        RenterHalf calldata renterHalf,
        bytes calldata renterSignature,
        OperatorHalf calldata operatorHalf,
        bytes calldata operatorSignature
    ) external;

    /// @notice Submits one commitment by the party itself.
    function commitRating(RentalId rental, bytes32 commitment) external;

    /// @notice Opens a commitment: keccak256(abi.encode(tag "rating", rental, rater, score, salt)).
    /// Anyone who knows it.
    /// @param score 1 to 100. When both are open the rental settles at once.
    function reveal(RentalId rental, address rater, uint8 score, bytes32 salt) external;

    /// @notice Moves a rental whose deadline has passed as far as the table of silences says. Anyone.
    /// @dev Only the renter silent in phase II: its deposit and rating bond are forfeit (half burned,
    /// half to the operator), metered rent to the operator. Only the operator silent: rent and deposit
    /// to the renter, its rating bond forfeit to the renter alike. Both silent: metered rent to the
    /// operator, deposit to the renter, both rating bonds burned.
    function poke(RentalId rental) external returns (RentalState state);

    /// @notice A rental as stored; zeros if it was never opened.
    function rentalOf(RentalId rental) external view returns (Rental memory);
    /// @notice Wei that an account still lets a bid of somebody else draw.
    function sponsoredOf(address payer, OrderHash bid) external view returns (uint256);
    /// @notice The chips that a rental holds or held.
    function chipsOf(RentalId rental) external view returns (ChipId[] memory);
    /// @notice As stored, or as the next `poke` would make it when only time has passed.
    function stateOf(RentalId rental) external view returns (RentalState);
    /// @notice Rent earned until now, in wei, rounded down, before the market fee.
    function accruedOf(RentalId rental) external view returns (uint128);
    /// @notice EIP-712 hash of a request, its rental's id.
    function hashOf(RentalRequest calldata request) external view returns (RentalId);
    /// @notice Bonds that a request locks, in wei, rounded up: the operator's, and the rating bond of
    /// each side.
    function bondsFor(RentalRequest calldata request)
        external
        view
        returns (uint128 operatorBond, uint128 ratingBond);
}
