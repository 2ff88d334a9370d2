// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipBatchId} from "../types/Ids.sol";

/// @title Keeps who may vouch for chips, what models weigh, and the roots of genuine batches.
interface IVendorRegistry {
    error VendorRegistryNotGovernor(address caller);
    error VendorRegistryNotVendor(address caller);
    error VendorRegistryUnknownModel(uint32 model);
    error VendorRegistryBadModel(uint32 model, uint64 phi);
    error VendorRegistryEmptyBatch();
    error VendorRegistryBatchExists(ChipBatchId batch);
    error VendorRegistryUnknownBatch(ChipBatchId batch);
    error VendorRegistryBatchRevoked(ChipBatchId batch);

    event VendorAdmitted(address indexed vendor);
    event VendorDismissed(address indexed vendor);
    event ModelSet(uint32 indexed model, uint64 phi);
    event BatchPosted(
        ChipBatchId indexed batch, address indexed vendor, uint32 indexed model, bytes32 root, uint32 chips
    );
    event BatchRevoked(ChipBatchId indexed batch);

    /// @notice Admits a vendor. Governor only.
    function admit(address vendor) external;

    /// @notice Ends a vendor's right to post; its batches stay. Governor only.
    function dismiss(address vendor) external;

    /// @notice Sets the power of a model, in units of phi, at least 1. Governor only.
    function setModel(uint32 model, uint64 phi) external;

    /// @notice Publishes the Merkle root of a batch of genuine chips of one model. Vendors only.
    /// @dev Leaf: keccak256(0x00 ‖ x ‖ y ‖ model(32) ‖ serialHash); node: keccak256(0x01 ‖ smaller
    /// ‖ larger).
    /// @param root Merkle root.
    /// @param model Model of every chip in it.
    /// @param chips How many leaves, at least 1.
    /// @return batch keccak256(abi.encode(vendor, model, root, chips)).
    function postBatch(bytes32 root, uint32 model, uint32 chips) external returns (ChipBatchId batch);

    /// @notice Withdraws a batch: its chips are quarantined. Its vendor or the governor.
    function revokeBatch(ChipBatchId batch) external;

    /// @notice The model and power of a chip, if the path proves it genuine; reverts if its batch is unknown
    /// or revoked. @return genuine Whether the path leads to the batch's root.
    function check(ChipBatchId batch, bytes32 x, bytes32 y, bytes32 serialHash, bytes32[] calldata path)
        external
        view
        returns (bool genuine, uint32 model, uint64 phi);

    function isVendor(address account) external view returns (bool);
    function isRevoked(ChipBatchId batch) external view returns (bool);
    function phiOf(uint32 model) external view returns (uint64);
    function governor() external view returns (address);
}
