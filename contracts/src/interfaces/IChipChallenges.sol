// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipSignature, ChipState} from "../types/Chips.sol";
import {Challenge} from "../types/Evidence.sol";
import {ChipId} from "../types/Ids.sol";

/// @title Asks single chips whether they are there: a bond, a question from a later beacon, a deadline.
/// @dev A chip that answers earns the bond for its operator. One that does not loses a tenth of its own, of
/// which the challenger has a tenth, and is SUSPENDED. Nothing waits for ever: after the deadline anybody
/// closes a question.
interface IChipChallenges {
    /// @notice The contract cannot be built with this value of the field.
    error ChipChallengesBadParameter(bytes32 field);
    /// @notice The value sent is not the bond, in wei.
    error ChipChallengesBondMismatch(uint256 sent, uint256 required);
    /// @notice Only a chip that is ACTIVE may be asked.
    error ChipChallengesNotActive(ChipId chip, ChipState state);
    /// @notice A question to this chip is open.
    error ChipChallengesOpen(ChipId chip, uint32 number);
    /// @notice No question to this chip is open.
    error ChipChallengesNoneOpen(ChipId chip);
    /// @notice The last block, inclusive, of an answer is over.
    error ChipChallengesTooLate(ChipId chip, uint64 deadlineBlock);
    /// @notice Answers are taken until this block, inclusive.
    error ChipChallengesTooEarly(ChipId chip, uint64 deadlineBlock);
    /// @notice The answer is not the chip's signature, with low s, over the question.
    error ChipChallengesBadAnswer(ChipId chip);

    /// @notice A chip was asked its `number`-th question; it answers until the block `deadlineBlock`,
    /// inclusive.
    event Challenged(ChipId indexed chip, address indexed challenger, uint32 number, uint64 deadlineBlock);
    /// @notice A chip answered: the bond is its operator's.
    event Answered(ChipId indexed chip, address indexed operator, uint32 number);
    /// @notice A chip did not answer: the bond is the challenger's again.
    event Expired(ChipId indexed chip, address indexed challenger, uint32 number);

    /// @notice Asks an ACTIVE chip; the value sent is the bond, exactly. Anyone; one question at a time.
    /// @dev The challenger needs no key of the chip: whoever closes the question brings it. Reverts:
    /// `ChipChallengesBondMismatch`, `ChipChallengesNotActive`, `ChipChallengesOpen`.
    function challenge(ChipId chip) external payable;

    /// @notice Answers an open question; the bond goes to the chip's operator, in the vault. Anyone, from the
    /// block in which `questionOf` is known until the deadline, inclusive.
    /// @dev Reverts: `ChipChallengesNoneOpen`, `ChipChallengesTooLate`, `ChipChallengesBadAnswer`, and
    /// `BeaconHistoryUnknown` while the question is not known yet.
    /// @param signed The chip's signature over `questionOf(chip)`.
    function answer(ChipId chip, ChipSignature calldata signed) external;

    /// @notice Closes a question that was not answered: gives the bond back, and has the chip punished.
    /// Anyone.
    /// @dev A chip that has exited or was slashed meanwhile has nothing more to lose. One that was registered
    /// again was not asked: whoever holds it now loses nothing. Reverts: `ChipChallengesNoneOpen`,
    /// `ChipChallengesTooEarly`, and as `IPociRegistry.failChallenge`.
    /// @param blsKey The chip's key, 48 bytes; not read if the chip was registered again.
    function expire(ChipId chip, bytes calldata blsKey) external;

    /// @notice What the chip must sign: keccak256(abi.encode(tag(challenge), chainId, this contract, chip,
    /// uint32 number, beacon of the block after the question)).
    /// @dev Reverts: `ChipChallengesNoneOpen`, and `BeaconHistoryUnknown` in the question's own block.
    function questionOf(ChipId chip) external view returns (bytes32);
    /// @notice The open question to a chip, or what is left of the last: `number` alone.
    function challengeOf(ChipId chip) external view returns (Challenge memory);
    /// @notice Last block, inclusive, in which the open question is answered; 0 if none is open.
    function deadlineOf(ChipId chip) external view returns (uint64);
    /// @notice Wei that a question costs if it is answered.
    function bond() external view returns (uint128);
}
