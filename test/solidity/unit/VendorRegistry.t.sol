// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IVendorRegistry} from "contracts/src/interfaces/IVendorRegistry.sol";
import {VendorRegistry} from "contracts/src/poci/VendorRegistry.sol";
import {ChipBatchId} from "contracts/src/types/Ids.sol";

import {SortedTree} from "../lib/SortedTree.sol";

contract VendorRegistryTest is Test {
    uint32 private constant MODEL = 3;
    uint64 private constant PHI = 4;

    VendorRegistry private _registry;
    address private _governor = makeAddr("governor");
    address private _vendor = makeAddr("vendor");
    bytes32[] private _leaves;

    function setUp() public {
        _registry = new VendorRegistry(_governor, list(_vendor), listModel(MODEL), listPhi(PHI));
        for (uint256 i = 0; i < 5; ++i) {
            _leaves.push(leafOf(i));
        }
    }

    function test_constructor_revertsWhen_aModelHasNoPower() public {
        vm.expectRevert(abi.encodeWithSelector(IVendorRegistry.VendorRegistryListsDiffer.selector, 1, 0));
        new VendorRegistry(_governor, list(_vendor), listModel(MODEL), new uint64[](0));
    }

    function test_constructor_knowsVendorsModelsAndGovernor() public view {
        assertTrue(_registry.isVendor(_vendor), "vendor");
        assertEq(_registry.phiOf(MODEL), PHI, "phi");
        assertEq(_registry.governor(), _governor, "governor");
    }

    function test_admit_makesAVendor() public {
        vm.expectEmit(address(_registry));
        emit IVendorRegistry.VendorAdmitted(address(this));
        vm.prank(_governor);
        _registry.admit(address(this));

        assertTrue(_registry.isVendor(address(this)));
    }

    function test_dismiss_endsTheRightToPost() public {
        ChipBatchId old = post();

        vm.expectEmit(address(_registry));
        emit IVendorRegistry.VendorDismissed(_vendor);
        vm.prank(_governor);
        _registry.dismiss(_vendor);

        assertFalse(_registry.isVendor(_vendor), "vendor");
        assertTrue(check(old, 2), "old batches stay");
        vm.expectRevert(abi.encodeWithSelector(IVendorRegistry.VendorRegistryNotVendor.selector, _vendor));
        vm.prank(_vendor);
        _registry.postBatch("root", MODEL, 1);
    }

    function test_setModel_movesThePower() public {
        ChipBatchId batch = post();

        vm.expectEmit(address(_registry));
        emit IVendorRegistry.ModelSet(MODEL, 9);
        vm.prank(_governor);
        _registry.setModel(MODEL, 9);

        assertEq(_registry.phiOf(MODEL), 9, "table");
        (,, uint64 phi) = _registry.check(batch, x(0), y(0), serial(0), SortedTree.path(_leaves, 0));
        assertEq(phi, 9, "chips");
    }

    function test_setModel_revertsWhen_phiIsOutOfRange() public {
        vm.startPrank(_governor);
        vm.expectRevert(
            abi.encodeWithSelector(IVendorRegistry.VendorRegistryBadModel.selector, MODEL, uint64(0))
        );
        _registry.setModel(MODEL, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IVendorRegistry.VendorRegistryBadModel.selector, MODEL, uint64(1e9 + 1))
        );
        _registry.setModel(MODEL, 1e9 + 1);
        _registry.setModel(MODEL, 1e9);
        vm.stopPrank();

        assertEq(_registry.phiOf(MODEL), 1e9, "the most");
    }

    function test_governorsFunctions_revertWhen_callerIsAnother() public {
        bytes memory reason =
            abi.encodeWithSelector(IVendorRegistry.VendorRegistryNotGovernor.selector, address(this));
        vm.expectRevert(reason);
        _registry.admit(_vendor);
        vm.expectRevert(reason);
        _registry.dismiss(_vendor);
        vm.expectRevert(reason);
        _registry.setModel(MODEL, 1);
    }

    function test_postBatch_namesTheBatchByItsContent() public {
        bytes32 root = SortedTree.root(_leaves);
        ChipBatchId expected = ChipBatchId.wrap(keccak256(abi.encode(_vendor, MODEL, root, uint32(5))));

        vm.expectEmit(address(_registry));
        emit IVendorRegistry.BatchPosted(expected, _vendor, MODEL, root, 5);
        ChipBatchId batch = post();

        assertEq(ChipBatchId.unwrap(batch), ChipBatchId.unwrap(expected));
    }

    function test_postBatch_revertsWhen_modelIsUnknown() public {
        vm.expectRevert(
            abi.encodeWithSelector(IVendorRegistry.VendorRegistryUnknownModel.selector, uint32(8))
        );
        vm.prank(_vendor);
        _registry.postBatch("root", 8, 1);
    }

    function test_postBatch_revertsWhen_batchIsEmpty() public {
        vm.startPrank(_vendor);
        vm.expectRevert(emptyBatch("root", 0));
        _registry.postBatch("root", MODEL, 0);
        vm.expectRevert(emptyBatch(0, 1));
        _registry.postBatch(0, MODEL, 1);
        vm.stopPrank();
    }

    function test_postBatch_revertsWhen_posted() public {
        ChipBatchId batch = post();
        bytes32 root = SortedTree.root(_leaves);
        vm.expectRevert(abi.encodeWithSelector(IVendorRegistry.VendorRegistryBatchExists.selector, batch));
        vm.prank(_vendor);
        _registry.postBatch(root, MODEL, 5);
    }

    function test_check_provesEveryChipOfTheBatch() public {
        ChipBatchId batch = post();

        for (uint256 i = 0; i < 5; ++i) {
            assertTrue(check(batch, i));
        }
    }

    function test_check_isFalseForAnotherSerial() public {
        ChipBatchId batch = post();

        (bool isGenuine,,) = _registry.check(batch, x(0), y(0), serial(1), SortedTree.path(_leaves, 0));

        assertFalse(isGenuine);
    }

    function test_check_isFalseForANodeTakenAsALeaf() public {
        ChipBatchId batch = post();
        bytes32[] memory path = SortedTree.path(_leaves, 0);
        bytes32[] memory upper = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < upper.length; ++i) {
            upper[i] = path[i + 1];
        }

        (bool isGenuine,,) = _registry.check(batch, _leaves[0], _leaves[1], serial(0), upper);

        assertFalse(isGenuine);
    }

    function test_check_revertsWhen_batchIsUnknown() public {
        ChipBatchId unknown = ChipBatchId.wrap("unknown");
        vm.expectRevert(abi.encodeWithSelector(IVendorRegistry.VendorRegistryUnknownBatch.selector, unknown));
        _registry.check(unknown, 0, 0, 0, new bytes32[](0));
    }

    function test_postBatch_numbersBatchesInTheOrderOfPosting() public {
        ChipBatchId first = post();
        vm.prank(_vendor);
        ChipBatchId second = _registry.postBatch(keccak256("another"), MODEL, 1);

        (ChipBatchId one, uint32 model) = _registry.batchAt(1);
        (ChipBatchId two,) = _registry.batchAt(2);
        (ChipBatchId none, uint32 noModel) = _registry.batchAt(3);

        assertEq(ChipBatchId.unwrap(one), ChipBatchId.unwrap(first), "first");
        assertEq(model, MODEL, "model");
        assertEq(ChipBatchId.unwrap(two), ChipBatchId.unwrap(second), "second");
        assertEq(ChipBatchId.unwrap(none), 0, "none");
        assertEq(noModel, 0, "no model");
        (uint32 kind,) = _registry.kindAt(2);
        (uint32 noKind, bool isRevoked) = _registry.kindAt(3);
        assertEq(kind, MODEL, "the model alone");
        assertEq(noKind, 0, "no model");
        assertFalse(isRevoked, "nothing to revoke");
    }

    function test_termsOf_isWhatChipsAreCheckedAgainst() public {
        ChipBatchId batch = post();

        (uint32 number, bytes32 root, uint32 model, uint64 phi) = _registry.termsOf(batch);

        assertEq(number, 1, "number");
        assertEq(root, SortedTree.root(_leaves), "root");
        assertEq(model, MODEL, "model");
        assertEq(phi, PHI, "phi");
    }

    function test_termsOf_revertsWhen_batchIsRevoked() public {
        ChipBatchId batch = post();
        (, bool isRevoked) = _registry.kindAt(1);
        assertFalse(isRevoked, "not yet");
        vm.prank(_vendor);
        _registry.revokeBatch(batch);

        (, isRevoked) = _registry.kindAt(1);
        assertTrue(isRevoked, "by its number");
        vm.expectRevert(abi.encodeWithSelector(IVendorRegistry.VendorRegistryBatchRevoked.selector, batch));
        _registry.termsOf(batch);
    }

    function test_revokeBatch_endsTheBatch() public {
        ChipBatchId batch = post();

        vm.expectEmit(address(_registry));
        emit IVendorRegistry.BatchRevoked(batch);
        vm.prank(_vendor);
        _registry.revokeBatch(batch);

        assertTrue(_registry.isRevoked(batch), "revoked");
        bytes memory reason =
            abi.encodeWithSelector(IVendorRegistry.VendorRegistryBatchRevoked.selector, batch);
        vm.expectRevert(reason);
        _registry.check(batch, 0, 0, 0, new bytes32[](0));
        vm.expectRevert(reason);
        vm.prank(_governor);
        _registry.revokeBatch(batch);
    }

    function test_revokeBatch_isOpenToTheGovernor() public {
        ChipBatchId batch = post();
        vm.prank(_governor);
        _registry.revokeBatch(batch);
        assertTrue(_registry.isRevoked(batch));
    }

    function test_revokeBatch_revertsWhen_callerIsAnother() public {
        ChipBatchId batch = post();
        vm.expectRevert(
            abi.encodeWithSelector(IVendorRegistry.VendorRegistryNotVendor.selector, address(this))
        );
        _registry.revokeBatch(batch);
    }

    /// @dev Who is not trusted to vouch for chips any more would put those of his batches out of work.
    function test_attack_aDismissedVendorRevokesNothing() public {
        ChipBatchId batch = post();
        vm.prank(_governor);
        _registry.dismiss(_vendor);

        vm.expectRevert(abi.encodeWithSelector(IVendorRegistry.VendorRegistryNotVendor.selector, _vendor));
        vm.prank(_vendor);
        _registry.revokeBatch(batch);

        assertTrue(check(batch, 0), "its chips stay genuine");
        vm.prank(_governor);
        _registry.revokeBatch(batch);
        assertTrue(_registry.isRevoked(batch), "the governor may");
    }

    function test_revokeBatch_isOpenToAVendorThatIsAdmittedAgain() public {
        ChipBatchId batch = post();
        vm.startPrank(_governor);
        _registry.dismiss(_vendor);
        _registry.admit(_vendor);
        vm.stopPrank();

        vm.prank(_vendor);
        _registry.revokeBatch(batch);

        assertTrue(_registry.isRevoked(batch));
    }

    function post() private returns (ChipBatchId) {
        bytes32 root = SortedTree.root(_leaves);
        vm.prank(_vendor);
        return _registry.postBatch(root, MODEL, 5);
    }

    function check(ChipBatchId batch, uint256 i) private view returns (bool isGenuine) {
        uint32 model;
        uint64 phi;
        (isGenuine, model, phi) = _registry.check(batch, x(i), y(i), serial(i), SortedTree.path(_leaves, i));
        assertEq(model, MODEL, "model");
        assertEq(phi, PHI, "phi");
    }

    function emptyBatch(bytes32 root, uint32 chips) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IVendorRegistry.VendorRegistryEmptyBatch.selector, root, chips);
    }

    function leafOf(uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0), x(i), y(i), uint256(MODEL), serial(i)));
    }

    function x(uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode("x", i));
    }

    function y(uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode("y", i));
    }

    function serial(uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode("serial", i));
    }

    function list(address item) private pure returns (address[] memory items) {
        items = new address[](1);
        items[0] = item;
    }

    function listModel(uint32 item) private pure returns (uint32[] memory items) {
        items = new uint32[](1);
        items[0] = item;
    }

    function listPhi(uint64 item) private pure returns (uint64[] memory items) {
        items = new uint64[](1);
        items[0] = item;
    }
}
