// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVendorRegistry} from "../interfaces/IVendorRegistry.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {ChipBatchId} from "../types/Ids.sol";

/// @title Keeps who may vouch for chips, what models weigh, and the roots of genuine batches.
contract VendorRegistry is IVendorRegistry {
    /// @dev A batch of genuine chips of one model.
    struct ChipBatch {
        bytes32 root;
        address vendor;
        uint32 model;
        uint32 chips;
        bool isRevoked;
    }

    /// @dev Most power of a model: 2^32 chips of it still sum below 2^64, the bound of the segment line.
    uint64 private constant MOST_PHI = 1_000_000_000;

    address private immutable GOVERNOR;

    /// @dev Written by the governor.
    mapping(address account => bool) private _isVendor;
    /// @dev Power in units of phi, zero for an unknown model; written by the governor.
    mapping(uint32 model => uint64 phi) private _phiOf;
    /// @dev Written by vendors.
    mapping(uint32 number => ChipBatch) private _batches;
    /// @dev From 1, in the order of posting; written by vendors.
    mapping(ChipBatchId batch => uint32 number) private _numberOf;
    uint32 private _posted;

    /// @param vendors Admitted from the start.
    /// @param models Ids of the models known from the start.
    /// @param phis Their power, in the same order.
    constructor(address governor_, address[] memory vendors, uint32[] memory models, uint64[] memory phis) {
        if (models.length != phis.length) revert VendorRegistryListsDiffer(models.length, phis.length);
        GOVERNOR = governor_;
        for (uint256 i = 0; i < vendors.length; ++i) {
            _setVendor(vendors[i], true);
        }
        for (uint256 i = 0; i < models.length; ++i) {
            _setModel(models[i], phis[i]);
        }
    }

    modifier onlyGovernor() {
        _requireGovernor();
        _;
    }

    /// @inheritdoc IVendorRegistry
    function admit(address vendor) external onlyGovernor {
        _setVendor(vendor, true);
    }

    /// @inheritdoc IVendorRegistry
    function dismiss(address vendor) external onlyGovernor {
        _setVendor(vendor, false);
    }

    /// @inheritdoc IVendorRegistry
    function setModel(uint32 model, uint64 phi) external onlyGovernor {
        _setModel(model, phi);
    }

    /// @inheritdoc IVendorRegistry
    function postBatch(bytes32 root, uint32 model, uint32 chips) external returns (ChipBatchId batch) {
        if (!_isVendor[msg.sender]) revert VendorRegistryNotVendor(msg.sender);
        if (_phiOf[model] == 0) revert VendorRegistryUnknownModel(model);
        if (chips == 0 || root == 0) revert VendorRegistryEmptyBatch(root, chips);
        batch = _idOf(msg.sender, model, root, chips);
        if (_numberOf[batch] != 0) revert VendorRegistryBatchExists(batch);

        uint32 number = ++_posted;
        _numberOf[batch] = number;
        _batches[number] =
            ChipBatch({root: root, vendor: msg.sender, model: model, chips: chips, isRevoked: false});

        emit BatchPosted(batch, msg.sender, model, root, chips);
    }

    /// @inheritdoc IVendorRegistry
    function revokeBatch(ChipBatchId batch) external {
        ChipBatch storage posted = _known(batch);
        bool isItsVendor = msg.sender == posted.vendor && _isVendor[msg.sender];
        if (!isItsVendor && msg.sender != GOVERNOR) revert VendorRegistryNotVendor(msg.sender);
        if (posted.isRevoked) revert VendorRegistryBatchRevoked(batch);

        posted.isRevoked = true;

        emit BatchRevoked(batch);
    }

    /// @inheritdoc IVendorRegistry
    function check(ChipBatchId batch, bytes32 x, bytes32 y, bytes32 serialHash, bytes32[] calldata path)
        external
        view
        returns (bool genuine, uint32 model, uint64 phi)
    {
        bytes32 root;
        (, root, model, phi) = termsOf(batch);
        genuine = MerkleTree.rootOfSorted(PociMessages.vendorLeaf(x, y, model, serialHash), path) == root;
    }

    /// @inheritdoc IVendorRegistry
    function batchAt(uint32 number) external view returns (ChipBatchId batch, uint32 model) {
        ChipBatch storage posted = _batches[number];
        if (posted.root == 0) return (ChipBatchId.wrap(0), 0);
        return (_idOf(posted.vendor, posted.model, posted.root, posted.chips), posted.model);
    }

    /// @inheritdoc IVendorRegistry
    function kindAt(uint32 number) external view returns (uint32, bool) {
        ChipBatch storage posted = _batches[number];
        return (posted.model, posted.isRevoked);
    }

    /// @inheritdoc IVendorRegistry
    function isVendor(address account) external view returns (bool) {
        return _isVendor[account];
    }

    /// @inheritdoc IVendorRegistry
    function isRevoked(ChipBatchId batch) external view returns (bool) {
        return _batches[_numberOf[batch]].isRevoked;
    }

    /// @inheritdoc IVendorRegistry
    function phiOf(uint32 model) external view returns (uint64) {
        return _phiOf[model];
    }

    /// @inheritdoc IVendorRegistry
    function governor() external view returns (address) {
        return GOVERNOR;
    }

    /// @inheritdoc IVendorRegistry
    function termsOf(ChipBatchId batch)
        public
        view
        returns (uint32 number, bytes32 root, uint32 model, uint64 phi)
    {
        ChipBatch storage posted = _known(batch);
        if (posted.isRevoked) revert VendorRegistryBatchRevoked(batch);
        (number, root, model) = (_numberOf[batch], posted.root, posted.model);
        phi = _phiOf[model];
    }

    function _setVendor(address vendor, bool isAdmitted) private {
        _isVendor[vendor] = isAdmitted;
        if (isAdmitted) emit VendorAdmitted(vendor);
        else emit VendorDismissed(vendor);
    }

    function _setModel(uint32 model, uint64 phi) private {
        if (phi == 0 || phi > MOST_PHI) revert VendorRegistryBadModel(model, phi);
        _phiOf[model] = phi;
        emit ModelSet(model, phi);
    }

    function _known(ChipBatchId batch) private view returns (ChipBatch storage posted) {
        posted = _batches[_numberOf[batch]];
        if (posted.root == 0) revert VendorRegistryUnknownBatch(batch);
    }

    function _idOf(address vendor, uint32 model, bytes32 root, uint32 chips)
        private
        pure
        returns (ChipBatchId)
    {
        return ChipBatchId.wrap(keccak256(abi.encode(vendor, model, root, chips)));
    }

    function _requireGovernor() private view {
        if (msg.sender != GOVERNOR) revert VendorRegistryNotGovernor(msg.sender);
    }
}
