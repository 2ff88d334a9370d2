// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {IPociViews} from "contracts/src/interfaces/IPociViews.sol";
import {PlaceList} from "contracts/src/libraries/PlaceList.sol";
import {Availability} from "contracts/src/poci/Availability.sol";
import {ChipAdmission} from "contracts/src/poci/ChipAdmission.sol";
import {PociRegistry} from "contracts/src/poci/PociRegistry.sol";
import {PociViews} from "contracts/src/poci/PociViews.sol";
import {VendorRegistry} from "contracts/src/poci/VendorRegistry.sol";
import {
    AvailabilityProof,
    Chip,
    ChipRegistration,
    ChipSignature,
    PociParameters
} from "contracts/src/types/Chips.sol";
import {ChipBatchId, ChipId, ChipPlaces} from "contracts/src/types/Ids.sol";
import {AvailabilityParameters} from "contracts/src/types/Openings.sol";

import {ChainFixture} from "./ChainFixture.sol";
import {SortedTree} from "./SortedTree.sol";

/// @title Registers the real chips of `test/vectors/chips.json` with the real precompiles of a node.
abstract contract PociFixture is ChainFixture {
    uint32 internal constant CHIPS = 32;
    uint256 internal constant OPERATOR_KEY = 0xA11CE;
    uint128 internal constant BOND = 1 ether;
    uint64 internal constant EXIT_SECONDS = 150;
    uint64 internal constant PHI = 2;
    uint32 internal constant MODEL = 1;

    VendorRegistry internal vendors = VendorRegistry(VENDORS);
    PociRegistry internal registry = PociRegistry(REGISTRY);
    IPociViews internal views = IPociViews(REGISTRY);
    Availability internal availability = Availability(AVAILABILITY);

    address internal governor = makeAddr("governor");
    address internal vendor = makeAddr("vendor");
    address internal stranger = makeAddr("stranger");
    address internal operator = vm.addr(OPERATOR_KEY);
    address internal newOperator = vm.addr(0xB0B);

    string internal json;
    ChipBatchId internal batch;
    ChipRegistration[] internal entries;
    ChipId[] internal ids;
    uint32[] internal nobody;

    function setUp() public virtual override {
        super.setUp();
        usePrecompiles();
        address[] memory admitted = new address[](1);
        admitted[0] = vendor;
        uint32[] memory models = new uint32[](1);
        models[0] = MODEL;
        uint64[] memory phis = new uint64[](1);
        phis[0] = PHI;
        build(VENDORS, type(VendorRegistry).creationCode, abi.encode(governor, admitted, models, phis));
        build(VIEWS, type(PociViews).creationCode, abi.encode(parameters()));
        build(REGISTRY, type(PociRegistry).creationCode, abi.encode(parameters()));
        build(AVAILABILITY, type(Availability).creationCode, abi.encode(openings()));
        build(ADMISSION, type(ChipAdmission).creationCode, abi.encode(VENDORS));
        loadChips();
        vm.deal(operator, 1000 ether);
        vm.deal(newOperator, 1000 ether);
        mineTo(1);
    }

    function parameters() internal pure virtual returns (PociParameters memory) {
        return PociParameters({
            views: VIEWS,
            beacons: BEACONS,
            admission: ADMISSION,
            vendors: VENDORS,
            vault: VAULT,
            escrow: ESCROW,
            availability: AVAILABILITY,
            challenges: CHALLENGES,
            evidence: EVIDENCE,
            epochBlocks: EPOCH,
            lookbackEpochs: 1,
            bondPerPhi: BOND,
            exitSeconds: EXIT_SECONDS,
            missesToSuspend: 3,
            sampleSize: 0
        });
    }

    function openings() internal pure returns (AvailabilityParameters memory) {
        return AvailabilityParameters({
            registry: REGISTRY,
            beacons: BEACONS,
            epochBlocks: EPOCH,
            sampleDelay: 8,
            sampleSize: parameters().sampleSize
        });
    }

    /// @dev Reads the chips and posts their batch.
    function loadChips() internal virtual {
        json = vm.readFile("test/vectors/chips.json");
        bytes32[] memory x = vm.parseJsonBytes32Array(json, ".x");
        bytes32[] memory y = vm.parseJsonBytes32Array(json, ".y");
        bytes32[] memory serials = vm.parseJsonBytes32Array(json, ".serialHash");
        bytes32[] memory leaves = new bytes32[](CHIPS);
        for (uint256 i = 0; i < CHIPS; ++i) {
            leaves[i] = keccak256(abi.encodePacked(bytes1(0), x[i], y[i], uint256(MODEL), serials[i]));
        }
        vm.prank(vendor);
        batch = vendors.postBatch(SortedTree.root(leaves), MODEL, CHIPS);
        for (uint256 i = 0; i < CHIPS; ++i) {
            ChipRegistration storage entry = entries.push();
            (entry.x, entry.y, entry.serialHash, entry.batch) = (x[i], y[i], serials[i], batch);
            entry.path = SortedTree.path(leaves, i);
            entry.deadline = 4_000_000_000;
            ids.push(ChipId.wrap(keccak256(abi.encode(x[i], y[i]))));
        }
        loadSignatures();
    }

    function loadSignatures() private {
        bytes32[] memory r = vm.parseJsonBytes32Array(json, ".r");
        bytes32[] memory s = vm.parseJsonBytes32Array(json, ".s");
        bytes[] memory keys = vm.parseJsonBytesArray(json, ".blsKey");
        bytes[] memory possessions = vm.parseJsonBytesArray(json, ".possession");
        bytes[] memory wrapped = vm.parseJsonBytesArray(json, ".wrappedKeys");
        for (uint256 i = 0; i < CHIPS; ++i) {
            ChipRegistration storage entry = entries[i];
            (entry.r, entry.s) = (r[i], s[i]);
            (entry.blsKey, entry.possession, entry.wrappedKeys) = (keys[i], possessions[i], wrapped[i]);
        }
    }

    /// @dev What registers chips `first` to `first + count - 1`.
    function slice(uint256 first, uint256 count) internal view returns (ChipRegistration[] memory chips) {
        chips = new ChipRegistration[](count);
        for (uint256 i = 0; i < count; ++i) {
            chips[i] = entries[first + i];
        }
    }

    function bondOf(uint256 count) internal pure returns (uint256) {
        return count * PHI * BOND;
    }

    /// @dev The operator registers the first `count` chips.
    function register(uint256 count) internal {
        registerFrom(0, count);
    }

    function registerFrom(uint256 first, uint256 count) internal {
        ChipRegistration[] memory chips = slice(first, count);
        bytes memory key = vrfKey();
        vm.prank(operator);
        registry.register{value: bondOf(count)}(chips, key);
    }

    function vrfKey() internal view virtual returns (bytes memory) {
        return vm.parseJsonBytes(json, ".vrfKey");
    }

    /// @dev The proof of an epoch by a set of chips, by the set's name in the vectors.
    function proofOf(uint64 epoch, string memory set, uint32[] memory absent)
        internal
        view
        returns (AvailabilityProof memory)
    {
        bytes memory signature = vm.parseJsonBytes(json, string.concat(keyOf(epoch), set));
        return AvailabilityProof({
            operator: operator,
            epoch: epoch,
            absent: keysOf(absent),
            signature: signature,
            leafRoot: keccak256("leaves")
        });
    }

    /// @dev Keys of the chips with these numbers, one after the other.
    function keysOf(uint32[] memory numbers) internal view returns (bytes memory keys) {
        for (uint256 i = 0; i < numbers.length; ++i) {
            keys = bytes.concat(keys, entries[numbers[i]].blsKey);
        }
    }

    /// @dev The registry's refusal of a field.
    function badLength(bytes32 field, uint256 length, uint256 expected) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IPociRegistry.PociRegistryBadLength.selector, field, length, expected);
    }

    /// @dev A chip's key beside a signature.
    function signed(uint256 i, bytes32 r, bytes32 s) internal view returns (ChipSignature memory) {
        return ChipSignature({x: entries[i].x, y: entries[i].y, r: r, s: s});
    }

    /// @dev Goes to an epoch and proves it, the chips of the list absent.
    function proveIn(uint64 epoch, string memory set, uint32[] memory absent) internal {
        mineToEpoch(epoch);
        AvailabilityProof memory proof = proofOf(epoch, set, absent);
        vm.prank(operator);
        availability.prove(proof, "");
    }

    function keyOf(uint64 epoch) internal pure returns (string memory) {
        return string.concat(".epochs.e", vm.toString(epoch), ".");
    }

    function chipOf(uint256 i) internal view returns (Chip memory) {
        return views.chipOf(ids[i]);
    }

    function one(uint32 index) internal pure returns (uint32[] memory list) {
        list = new uint32[](1);
        list[0] = index;
    }

    function two(uint32 first, uint32 second) internal pure returns (uint32[] memory list) {
        list = new uint32[](2);
        (list[0], list[1]) = (first, second);
    }

    /// @dev As `reserve` answers them: places that chips got on the line for ever.
    function placesOf(ChipId[] memory list) internal view returns (ChipPlaces[] memory places) {
        places = PlaceList.room(list.length);
        for (uint256 i = 0; i < list.length; ++i) {
            PlaceList.put(places, i, views.chipOf(list[i]).segment);
        }
    }

    function onPlace(uint256 i) internal view returns (ChipPlaces[] memory) {
        return placesOf(only(i));
    }

    function only(uint256 i) internal view returns (ChipId[] memory list) {
        list = new ChipId[](1);
        list[0] = ids[i];
    }
}
