// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipBatchId} from "../types/Ids.sol";

/// @title Keeps who may vouch for chips, what models weigh, and the roots of genuine batches.
interface IVendorRegistry {
    /// @notice Only the governor does this.
    error VendorRegistryNotGovernor(address caller);
    /// @notice Only an admitted vendor posts; only the batch's vendor, while it is admitted, or the governor
    /// revokes.
    error VendorRegistryNotVendor(address caller);
    /// @notice The model has no power yet.
    error VendorRegistryUnknownModel(uint32 model);
    /// @notice A model's power is 1 to 1,000,000,000 units of phi.
    error VendorRegistryBadModel(uint32 model, uint64 phi);
    /// @notice The models from the start and their powers are not as many.
    error VendorRegistryListsDiffer(uint256 models, uint256 phis);
    /// @notice The root or the number of chips is zero.
    error VendorRegistryEmptyBatch(bytes32 root, uint32 chips);
    /// @notice The same batch was posted before.
    error VendorRegistryBatchExists(ChipBatchId batch);
    /// @notice No such batch was posted.
    error VendorRegistryUnknownBatch(ChipBatchId batch);
    /// @notice The batch was revoked.
    error VendorRegistryBatchRevoked(ChipBatchId batch);

    /// @notice A vendor may post from now on.
    event VendorAdmitted(address indexed vendor);
    /// @notice A vendor may neither post nor revoke any more.
    event VendorDismissed(address indexed vendor);
    /// @notice A model has this power, in units of phi, for chips that register from now on.
    event ModelSet(uint32 indexed model, uint64 phi);
    /// @notice A batch of so many genuine chips of a model was posted.
    event BatchPosted(
        ChipBatchId indexed batch, address indexed vendor, uint32 indexed model, bytes32 root, uint32 chips
    );
    /// @notice A batch was revoked: its chips are quarantined.
    event BatchRevoked(ChipBatchId indexed batch);

    /// @notice Admits a vendor. Governor only.
    function admit(address vendor) external;

    /// @notice Ends a vendor's right to post and to revoke; its batches stay. Governor only.
    function dismiss(address vendor) external;

    /// @notice Sets the power of a model, in units of phi, at least 1. Governor only.
    /// @dev For chips that are registered from now on. No model should have more than 16 times the least phi:
    /// committees are drawn by tries that the greatest phi ever registered makes rarer, for ever
    /// (`docs/protocol.md`, section 2).
    function setModel(uint32 model, uint64 phi) external;

    /// @notice Publishes the Merkle root of a batch of genuine chips of one model. Vendors only.
    /// @dev Leaf: keccak256(0x00 ‖ x ‖ y ‖ model(32) ‖ serialHash); node: keccak256(0x01 ‖ smaller
    /// ‖ larger).
    /// @param root Merkle root.
    /// @param model Model of every chip in it.
    /// @param chips How many leaves, at least 1.
    /// @return batch keccak256(abi.encode(vendor, model, root, chips)).
    function postBatch(bytes32 root, uint32 model, uint32 chips) external returns (ChipBatchId batch);

    /// @notice Withdraws a batch: its chips are quarantined. Its vendor while admitted, or the governor.
    /// @dev Reverts: `VendorRegistryUnknownBatch`, `VendorRegistryNotVendor`, `VendorRegistryBatchRevoked`.
    function revokeBatch(ChipBatchId batch) external;

    /// @notice The model and power of a chip, if the path proves it genuine; reverts if its batch is unknown
    /// or revoked.
    /// @return genuine Whether the path leads to the batch's root.
    function check(ChipBatchId batch, bytes32 x, bytes32 y, bytes32 serialHash, bytes32[] calldata path)
        external
        view
        returns (bool genuine, uint32 model, uint64 phi);

    /// @notice What the chips of a batch are checked against; reverts if it is unknown or revoked.
    /// @return number The batch's own, from 1, in the order of posting.
    /// @return root Merkle root of its leaves.
    /// @return model Model of its chips.
    /// @return phi Power of that model now, in units of phi.
    function termsOf(ChipBatchId batch)
        external
        view
        returns (uint32 number, bytes32 root, uint32 model, uint64 phi);

    /// @notice The batch of a number; zeros for a number that was not given.
    function batchAt(uint32 number) external view returns (ChipBatchId batch, uint32 model);

    /// @notice Model of the chips of a number's batch, and whether the batch was revoked; zeros for a number
    /// that was not given.
    function kindAt(uint32 number) external view returns (uint32 model, bool isRevoked);

    /// @notice Whether an account may post batches.
    function isVendor(address account) external view returns (bool);
    /// @notice Whether a batch was revoked.
    function isRevoked(ChipBatchId batch) external view returns (bool);
    /// @notice Power of a model, in units of phi; zero for an unknown one.
    function phiOf(uint32 model) external view returns (uint64);
    /// @notice Who admits vendors, sets models and may revoke any batch.
    function governor() external view returns (address);
}
