// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVendorRegistry} from "contracts/src/interfaces/IVendorRegistry.sol";
import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {ChipState, PociParameters} from "contracts/src/types/Chips.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

import {GivenRegistry} from "../doubles/GivenRegistry.sol";
import {ChainFixture} from "../lib/ChainFixture.sol";

/// @title Names many chips absent at once, until all of them are suspended by one proof.
/// @dev Sums of keys are those of a stand-in: what is measured is the registry's own.
contract ManyAbsentTest is ChainFixture {
    GivenRegistry private _registry = GivenRegistry(REGISTRY);

    function setUp() public override {
        super.setUp();
        PociParameters memory wanted;
        (wanted.views, wanted.beacons, wanted.availability) = (BEACONS, BEACONS, AVAILABILITY);
        wanted.vendors = VENDORS;
        (wanted.epochBlocks, wanted.lookbackEpochs, wanted.missesToSuspend) = (EPOCH, 1, 3);
        build(REGISTRY, type(GivenRegistry).creationCode, abi.encode(wanted));
        vm.mockCall(VENDORS, abi.encodeWithSelector(IVendorRegistry.kindAt.selector), abi.encode(1, false));
        vm.etch(PociVerify.AT, hex"fe");
        vm.mockCall(PociVerify.AT, bytes(""), abi.encodePacked(uint256(1), new bytes(PociVerify.KEY_BYTES)));
    }

    /// @dev It grew with the fourth power of their number: from 265 on they could not be named any more.
    function test_bookProof_suspendingOneOfManyCostsWhatOneOfFewCosts() public {
        bytes memory few = give(makeAddr("few"), 8);
        bytes memory many = give(makeAddr("many"), 256);
        for (uint64 epoch = 1; epoch < 3; ++epoch) {
            mineToEpoch(epoch);
            name(makeAddr("few"), few, epoch);
            name(makeAddr("many"), many, epoch);
        }
        mineToEpoch(3);
        uint256 ofFew = name(makeAddr("few"), few, 3) / 8;
        uint256 ofMany = name(makeAddr("many"), many, 3) / 256;

        ChipState state = _registry.stateOf(chipOf(many, 255));
        assertEq(uint8(state), uint8(ChipState.Suspended), "the last one");
        assertLe(ofMany, ofFew, "gas of a chip");
    }

    /// @dev Chips of an operator, each with a key; all keys, one after the other.
    function give(address account, uint256 count) private returns (bytes memory keys) {
        for (uint256 i = 0; i < count; ++i) {
            bytes memory key = abi.encodePacked(keccak256(abi.encode(account, i)), bytes16(0));
            keys = bytes.concat(keys, key);
            _registry.giveKey(idOf(key), account, key);
        }
    }

    /// @dev Proves an epoch with all chips absent, as Availability asks; the gas of it.
    function name(address account, bytes memory keys, uint64 epoch) private returns (uint256) {
        vm.prank(AVAILABILITY);
        _registry.bookProof(account, epoch, keys);
        return vm.lastCallGas().gasTotalUsed;
    }

    function chipOf(bytes memory keys, uint256 i) private pure returns (ChipId) {
        bytes memory key = new bytes(PociVerify.KEY_BYTES);
        for (uint256 j = 0; j < key.length; ++j) {
            key[j] = keys[i * PociVerify.KEY_BYTES + j];
        }
        return idOf(key);
    }

    function idOf(bytes memory key) private pure returns (ChipId) {
        return ChipId.wrap(keccak256(key));
    }
}
