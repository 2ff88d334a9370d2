// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBeaconHistory} from "contracts/src/interfaces/IBeaconHistory.sol";

import {ChainFixture} from "../lib/ChainFixture.sol";

contract BeaconHistoryTest is ChainFixture {
    function test_beaconAt_knowsGenesisAndEveryBlockSince() public {
        mineTo(40);

        for (uint64 height = 0; height <= 40; ++height) {
            assertEq(beacons.beaconAt(height), beaconOf(height));
        }
    }

    function test_beaconAt_keeps8192Blocks() public {
        mineTo(8192);

        assertEq(beacons.beaconAt(1), beaconOf(1), "oldest");
        assertEq(beacons.beaconAt(8192), beaconOf(8192), "newest");
        vm.expectRevert(unknown(0, 8192));
        beacons.beaconAt(0);
    }

    function test_beaconAt_revertsWhen_heightIsInTheFuture() public {
        mineTo(5);
        vm.expectRevert(unknown(6, 5));
        beacons.beaconAt(6);
    }

    function test_beaconAt_revertsWhen_nothingWasStored() public {
        vm.roll(3);
        vm.expectRevert(unknown(3, 3));
        beacons.beaconAt(3);
    }

    function test_store_revertsWhen_callerIsNotTheSystem() public {
        vm.expectRevert(abi.encodeWithSelector(IBeaconHistory.BeaconHistoryNotSystem.selector, address(this)));
        beacons.store();
    }

    function unknown(uint64 height, uint64 head) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBeaconHistory.BeaconHistoryUnknown.selector, height, head);
    }
}
