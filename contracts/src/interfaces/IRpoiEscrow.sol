// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipKind, ChipState} from "../types/Chips.sol";
import {ChipId, RentalId} from "../types/Ids.sol";
import {
    OperatorHalf,
    Rental,
    RentalRequest,
    RentalState,
    RentalTerms,
    RenterHalf
} from "../types/Rentals.sol";

/// @title Keeps rentals: the escrow pi, which decides by code and signatures only.
/// @dev Money is in the vault, under the purpose `RentalId`: coin, or the token that both orders name.
/// Amounts are in its smallest units. What is to be burned of a token goes to the vault's purse, since nobody
/// here can destroy it; "burned" below says both. Deadlines are inclusive, in seconds.
interface IRpoiEscrow {
    /// @notice The request was opened before: its nonce makes it another.
    error RpoiEscrowRentalExists(RentalId rental);
    /// @notice Only the desk opens rentals.
    error RpoiEscrowNotDesk(address caller);
    /// @notice The escrow cannot be built with this value of the field.
    error RpoiEscrowBadParameter(bytes32 field);
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
    /// @notice Only the court of intervals freezes and thaws rent.
    error RpoiEscrowNotIntervalCourt(address caller);
    /// @notice The interval is not within the use so far: from this second to that one, exclusive.
    error RpoiEscrowOutsideUse(RentalId rental, uint64 startedAt, uint64 end);
    /// @notice The rental has this duration already, or a longer one, or would have more than ten years, in
    /// seconds.
    error RpoiEscrowNotLonger(RentalId rental, uint64 duration, uint64 current);
    /// @notice The operator has asked for its chips: the rental ends at this second and is not extended.
    error RpoiEscrowReclaimed(RentalId rental, uint64 endsAt);
    /// @notice The rental ends before the notice is over anyhow, at this second.
    error RpoiEscrowNotSooner(RentalId rental, uint64 endsAt);
    /// @notice The rental holds fewer chips.
    error RpoiEscrowNoChip(RentalId rental, uint256 position);
    /// @notice The chip is neither slashed nor quarantined.
    error RpoiEscrowChipInService(ChipId chip, ChipState state);
    /// @notice Only the court of hand-overs executes verdicts about them.
    error RpoiEscrowNotHandoverCourt(address caller);
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

    /// @notice A rental was opened, its chips reserved, its stakes locked; units of its money and seconds.
    /// @param token What it is paid in; zero: the coin.
    /// @param handoverDeadline Last second, inclusive, for the operator's hand-over.
    event RentalOpened(
        RentalId indexed rental,
        address indexed renter,
        address indexed operator,
        ChipId[] chips,
        uint64 duration,
        uint128 deposit,
        uint128 rent,
        address token,
        bytes renterKey,
        uint64 handoverDeadline
    );
    /// @notice The operator published the sealed access; the renter may acknowledge until this second,
    /// inclusive.
    event HandoverCommitted(RentalId indexed rental, bytes enc, bytes ciphertext, uint64 acknowledgeDeadline);
    /// @notice Time runs since the second `startedAt`, by the renter's word or by its silence.
    event RentalStarted(RentalId indexed rental, uint64 startedAt, bool acknowledged);
    /// @notice A rental was paid for longer: its duration, deposit and rent in all, and its last second,
    /// inclusive.
    event RentalExtended(
        RentalId indexed rental, uint64 duration, uint128 deposit, uint128 rent, uint64 deadline
    );
    /// @notice The operator takes its chips back with this second, and paid so much for a notice that is too
    /// short.
    event RentalReclaimed(RentalId indexed rental, uint64 endsAt, uint128 compensation);
    /// @notice A chip was slashed or quarantined: the rental ends.
    event ChipLost(RentalId indexed rental, ChipId indexed chip, ChipState state);
    /// @notice Chips missed so many proofs of availability while they were rented: so much of the metered
    /// rent is the renter's, beside what disputes gave back before; what waits for the court pays first.
    event AbsenceRefunded(RentalId indexed rental, uint64 missed, uint128 refund);
    /// @notice So much of the metered rent waits for the court of intervals.
    event RentFrozen(RentalId indexed rental, uint128 amount);
    /// @notice Rent that waited is the renter's, or the operator's.
    event RentThawed(RentalId indexed rental, uint128 amount, bool isRenters);
    /// @notice Use ended with the second `endedAt`; both owe a commitment until this second, inclusive.
    event RentalEnded(RentalId indexed rental, uint64 endedAt, uint64 commitDeadline);
    /// @notice The court found the hand-over bad: the rental is over, the operator lost its bond.
    event HandoverPunished(RentalId indexed rental, uint128 bondForfeited);
    /// @notice A party committed to its rating.
    event RatingCommitted(RentalId indexed rental, address indexed rater, bytes32 commitment);
    /// @notice A party's rating was opened.
    event RatingRevealed(RentalId indexed rental, address indexed rater, uint8 score);
    /// @notice A party was silent in phase II and loses its rating bond.
    event RatingBondForfeited(RentalId indexed rental, address indexed rater, uint128 amount);
    /// @notice All that a rental locked was divided.
    /// @dev `paidToOperator` is net of the market fee; `burned` is all that was burned, the fee included.
    event RentalSettled(
        RentalId indexed rental,
        uint128 paidToOperator,
        uint128 rentToRenter,
        uint128 depositToRenter,
        uint128 depositToOperator,
        uint128 burned
    );
    /// @notice The operator never handed over and lost so much of its bond.
    event RentalCancelled(RentalId indexed rental, uint128 bondForfeited);

    /// @notice Begins a rental with what the desk has checked: reserves the chips, locks deposit, rent and
    /// bonds from the free balances of the payer and of the operator. The desk only.
    /// @dev Reverts: `RpoiEscrowNotDesk`, `RpoiEscrowRentalExists`, and what registry and vault refuse.
    /// @return rental EIP-712 hash of the request.
    /// @return kind What the chips have in common.
    function begin(
        RentalRequest calldata request,
        RentalTerms calldata terms,
        ChipId[] calldata chips,
        bytes calldata renterKey
    ) external returns (RentalId rental, ChipKind memory kind);

    /// @notice Publishes the sealed hand-over. Operator only. An operator that is silent loses a
    /// quarter of its bond: half of that is burned, half goes to the renter.
    /// @param enc Ephemeral P-256 point of the HPKE export, 65 bytes uncompressed.
    /// @param ciphertext 1 to 1,024 bytes.
    function commitHandover(RentalId rental, bytes calldata enc, bytes calldata ciphertext) external;

    /// @notice Starts the time; silence does the same with the deadline. The renter, or anyone with its
    /// EIP-712 signature over `Acknowledge(bytes32 rental)`.
    function acknowledge(RentalId rental, bytes calldata signature) external;

    /// @notice Executes the verdict on a hand-over. The court of hand-overs only, until the acknowledge
    /// deadline, inclusive.
    /// @dev If the operator lied all goes back to the renter, with half of the operator's bond, rounded
    /// down; the other half is burned. If the renter lied the time starts.
    function punishHandover(RentalId rental, bool operatorLied) external;

    /// @notice Extends a running rental at its price. The payer, or anyone with its EIP-712 signature over
    /// `TopUp(bytes32 rental,uint64 duration)`.
    /// @dev Rent, deposit and bonds grow in proportion (deposit and bonds rounded up) and are locked from the
    /// free balances of the payer and of the operator. Up to the duration of the operator's ask its consent
    /// is given; beyond, and up to ten years, it signs the same message. Reverts: `RpoiEscrowNotLonger`,
    /// `RpoiEscrowReclaimed`, `RpoiEscrowBadSignature`, and what the vault refuses.
    /// @param duration Seconds in all, from the start.
    function topUp(
        RentalId rental,
        uint64 duration,
        bytes calldata payerSignature,
        bytes calldata operatorSignature
    ) external;

    /// @notice Gives notice: a running rental ends so many seconds from now. Operator only.
    /// @dev A notice shorter than the agreed one costs the missing share of the operator's bond, rounded up;
    /// it is paid to the renter's payer at once, from the operator's free balance, so that the bond stays
    /// whole for the rest. Reverts: `RpoiEscrowNotSooner`.
    function reclaimNotice(RentalId rental, uint64 noticeSeconds) external;

    /// @notice Ends a running rental one of whose chips was slashed or quarantined. Anyone.
    /// @param position Of the chip in `chipsOf`.
    function endFor(RentalId rental, uint256 position) external;

    /// @notice Withholds the rent of an interval of use until `thaw`; everything else goes on, and settlement
    /// waits for nothing. The court of intervals only, for intervals that do not meet.
    /// @dev Until the rental is settled. Reverts: `RpoiEscrowOutsideUse`, `RpoiEscrowWrongState`.
    /// @return amount Rounded down.
    function freeze(RentalId rental, uint64 fromSecond, uint64 toSecond) external returns (uint128 amount);

    /// @notice Gives all rent that waits to the renter's payer, or lets it go its way: to the operator, less
    /// the market fee. The court of intervals only.
    /// @param missed Proofs missed for which the interval's rent pays; 65,536 are one epoch of a chip: it
    /// counts toward their refund.
    function thaw(RentalId rental, bool isRenters, uint64 missed) external;

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
    /// @dev Ratings weigh what their rental burned in coin: those of a rental in a token weigh nothing and
    /// stand in the log only.
    /// @param score 1 to 100. When both are open the rental settles at once.
    function reveal(RentalId rental, address rater, uint8 score, bytes32 salt) external;

    /// @notice Moves a rental whose deadline has passed as far as the table of silences says. Anyone.
    /// @dev Rent that waits for the court is kept back, unless it is the renter's anyhow.
    /// Only the renter silent in phase II: its deposit and rating bond are forfeit (half burned,
    /// half to the operator), metered rent to the operator. Only the operator silent: rent and deposit
    /// to the renter, its rating bond forfeit to the renter alike. Both silent: metered rent to the
    /// operator, deposit to the renter, both rating bonds burned.
    function poke(RentalId rental) external returns (RentalState state);

    /// @notice A rental as stored; zeros if it was never opened.
    function rentalOf(RentalId rental) external view returns (Rental memory);
    /// @notice The chips that a rental holds or held, until it is over; then they are in `RentalOpened` only.
    function chipsOf(RentalId rental) external view returns (ChipId[] memory);
    /// @notice As stored, or as the next `poke` would make it when only time has passed.
    function stateOf(RentalId rental) external view returns (RentalState);
    /// @notice Rent earned until now, rounded down, before refunds for missed proofs and the market
    /// fee.
    function accruedOf(RentalId rental) external view returns (uint128);
    /// @notice EIP-712 hash of a request, its rental's id.
    function hashOf(RentalRequest calldata request) external view returns (RentalId);
    /// @notice Bonds that a request locks, rounded up: the operator's, and the rating bond of
    /// each side.
    function bondsFor(RentalRequest calldata request)
        external
        view
        returns (uint128 operatorBond, uint128 ratingBond);
}
