// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {AvailabilityProof} from "../types/Chips.sol";
import {AvailabilityOpening, BookedLeaves} from "../types/Openings.sol";

/// @title Takes the proofs of which chips are there, and the leaves that a later beacon draws from them.
interface IAvailability {
    /// @notice The contract cannot be built with this value of the field.
    error AvailabilityBadParameter(bytes32 field);
    /// @notice The aggregate signature has another length than 96 bytes.
    error AvailabilityBadLength(uint256 length, uint256 expected);
    /// @notice The aggregate signature is not by all chips that count but the absent.
    error AvailabilityBadAggregate(address operator, uint64 epoch);
    /// @notice The caller is not the operator and the operator did not sign this proof.
    error AvailabilityBadAuthority(address operator);
    /// @notice This chain asks for no openings.
    error AvailabilityNotAsked();
    /// @notice Openings of this epoch are taken from block `firstBlock` to `lastBlock`, both inclusive.
    error AvailabilityOutsideWindow(uint64 epoch, uint256 firstBlock, uint256 lastBlock);
    /// @notice No such proof was booked for this epoch.
    error AvailabilityNotBooked(address operator, uint64 epoch);
    /// @notice The opening brings another number of leaves than the sample has.
    error AvailabilityWrongCount(uint256 brought, uint256 expected);
    /// @notice The leaf at this position is of another place than the sample's.
    error AvailabilityWrongPlace(uint256 position, uint32 brought, uint32 expected);
    /// @notice The place is called uncounted, and this chip counts on it.
    error AvailabilityCounted(uint32 place, bytes32 chip);
    /// @notice A list of places does not ascend, or names an absent place, or one outside of the tree.
    /// @param position In the list, from 0.
    error AvailabilityBadPlaces(uint256 position);
    /// @notice The chip's signature on this place does not verify with low s.
    error AvailabilityBadLeaf(uint32 place);
    /// @notice Leaves and nodes do not lead to the root of the proof.
    error AvailabilityBadRoot(address operator, uint64 epoch);

    /// @notice An operator proved an epoch; `present` chips signed, the absent are named by their indices.
    /// @param width Leaves of the tree under `leafRoot`: places given out in the operator's list.
    event AvailabilityProven(
        address indexed operator,
        uint64 indexed epoch,
        uint32 present,
        uint32[] absent,
        bytes32 leafRoot,
        uint32 width
    );
    /// @notice The sampled leaves of an operator's epoch were opened: its present chips are so for good.
    event AvailabilityOpened(address indexed operator, uint64 indexed epoch);

    /// @notice Proves which chips of an operator were available in the current epoch; once per operator and
    /// epoch.
    /// @dev Reverts with this contract's errors and those of `IPociRegistry.bookProof`.
    /// @param proof The aggregate and the absent list. `leafRoot` is over `widthOf(operator, epoch)`
    /// leaves, which no registration changes any more.
    /// @param authority The operator's EIP-712 signature over the proof in the registry's domain
    /// (`AvailabilityProof(address operator,uint64 epoch,bytes32 absentHash,bytes32 signatureHash,bytes32
    /// leafRoot)`); empty when the operator itself sends.
    function prove(AvailabilityProof calldata proof, bytes calldata authority) external;

    /// @notice Opens the leaves of a proof that a beacon drew after it. Anyone; once. An epoch that is not
    /// opened in time is missed by every chip of the operator.
    /// @dev Sample: all present chips if at most `sampleSize`; else, for i = 0, 1, .., the place
    /// uint256(keccak256(abi.encode(seed, i))) mod width, unless it was drawn before, is absent, or no chip
    /// counts on it, until there are `sampleSize`. The mod favours low places by less than 2^-220. Window:
    /// from block (e + 1)E + sampleDelay + 1 to (e + 2)E - 1. Reverts with this contract's errors, and
    /// `IPociRegistry.PociRegistryNotCounted`, `IPociRegistry.PociRegistryAlreadyOpened`.
    function open(AvailabilityOpening calldata opening) external;

    /// @notice Whether exactly this was booked as the proof of an epoch, at most eight epochs ago.
    function isBooked(BookedLeaves calldata booked) external view returns (bool);

    /// @notice What draws the sample of an operator's epoch: keccak256(abi.encode(tag(sample), chainId,
    /// registry, operator, epoch, beacon of block (epoch + 1)E + sampleDelay)).
    /// @dev Reverts: `BeaconHistoryUnknown` before that block.
    function seedOf(address operator, uint64 epoch) external view returns (bytes32);

    /// @notice Leaves that are opened of each proof, or all if fewer are present; 0: none.
    function sampleSize() external view returns (uint8);
    /// @notice Blocks from the begin of the next epoch to the one whose beacon draws the sample.
    function sampleDelay() external view returns (uint64);
}
