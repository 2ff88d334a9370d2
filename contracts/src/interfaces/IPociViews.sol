// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Chip} from "../types/Chips.sol";
import {ChipId, ChipPlaces} from "../types/Ids.sol";

/// @title Reads of the chip registry that no hot path makes.
/// @dev Asked at the registry's own address: what it does not know itself it hands to `PociViews`, which has
/// its storage layout, by DELEGATECALL. Everything here is a read.
interface IPociViews {
    /// @notice The chip at a point of the segment line, in units of phi.
    /// @param kappa Below `totalPower()`.
    function segmentAt(uint128 kappa) external view returns (ChipId chip, address operator, uint64 phi);
    /// @notice Power on the segment line, in units of phi.
    function totalPower() external view returns (uint128);
    /// @notice Whether an operator proved an epoch, and opened its sample once that is no longer to come.
    function isProven(address operator, uint64 epoch) external view returns (bool);
    /// @notice Wei of bond for a unit of phi.
    function bondPerPhi() external view returns (uint128);
    /// @notice Places given out on the segment line, one to each chip and for ever, and the most power that a
    /// chip ever had, in units of phi.
    function line() external view returns (uint32 places, uint64 greatestPhi);
    /// @notice The chip of a place and its operator, and its power in units of phi: zero unless it is ACTIVE
    /// now.
    /// @param place From 0; zeros beyond the places given out.
    function activeAt(uint32 place) external view returns (ChipId chip, address operator, uint64 phi);
    /// @notice An operator's power on the segment line, in units of phi.
    function powerOf(address operator) external view returns (uint128);
    /// @notice A chip as stored, but `misses` as of now.
    function chipOf(ChipId chip) external view returns (Chip memory);
    /// @notice Model of a chip and its power in units of phi, whatever its state; zeros if it was never
    /// registered.
    function kindOf(ChipId chip) external view returns (uint32 model, uint64 phi);
    /// @notice The chips of places that were given out, in their order.
    function chipsAt(ChipPlaces[] calldata places) external view returns (ChipId[] memory chips);
    /// @notice How many epochs of a range a chip missed: its operator proved nothing, or did not open the
    /// sample in time, or named it absent, or it was off the line without having asked to leave (SUSPENDED,
    /// QUARANTINED, SLASHED).
    /// @dev Epochs that it does not owe count as none: before its latest registration + L, from `requestExit`
    /// (or `expel`) + L on, and the current one, which is not over. Reads two slots for every 256 epochs,
    /// four of a chip that ever missed one.
    /// @param firstEpoch Inclusive.
    /// @param lastEpoch Inclusive; below `firstEpoch` for an empty range.
    function missesIn(ChipId chip, uint64 firstEpoch, uint64 lastEpoch) external view returns (uint64 missed);
    /// @notice How many epochs of a range chips missed, all of them together: the sum of
    /// `missesIn`.
    function missesAt(ChipPlaces[] calldata places, uint64 firstEpoch, uint64 lastEpoch)
        external
        view
        returns (uint256 missed);
    /// @notice The chip that was registered with a BLS key (keccak256 of its 48 bytes); zero if none was.
    /// Keys themselves stand in `ChipRegistered` only.
    function keyOwnerOf(bytes32 blsKeyHash) external view returns (ChipId);
    /// @notice 33 bytes; empty if none is set.
    function vrfKeyOf(address operator) external view returns (bytes memory);
    /// @notice An operator's chips that have not exited, in the order of their indices.
    function chipsOf(address operator) external view returns (ChipId[] memory);
    /// @notice Leaves of the tree under an operator's proof of an epoch: places of its list that were given
    /// out by the end of the epoch whose chips count. The past is known as far as openings read it.
    function widthOf(address operator, uint64 epoch) external view returns (uint32);
    /// @notice What a proof of an epoch is checked against; the past is known as far as openings read it.
    /// @return aggregateKey Sum of the BLS keys of the chips that count, 48 bytes.
    /// @return count How many chips count.
    function snapshotOf(address operator, uint64 epoch)
        external
        view
        returns (bytes memory aggregateKey, uint32 count);
    /// @notice Where chips that count in the snapshot of an operator's epoch stand in its list.
    /// @dev True for as long as openings of the epoch are taken, and for a chip that never left the line
    /// since. Reverts: `IPociRegistry.PociRegistryNotCounted`.
    function standsOn(address operator, uint64 epoch, ChipId[] calldata chips)
        external
        view
        returns (uint32[] memory places);
    /// @notice The chips that count in the snapshot of an operator's epoch on these places; zero where none
    /// does.
    function countedOn(address operator, uint64 epoch, uint32[] calldata places)
        external
        view
        returns (ChipId[] memory chips);
    /// @notice Whether an operator opened an epoch's sample, or proved it where no openings are asked for.
    function isOpened(address operator, uint64 epoch) external view returns (bool);
}
