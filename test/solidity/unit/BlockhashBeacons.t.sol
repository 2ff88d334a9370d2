// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IBeaconHistory} from "contracts/src/interfaces/IBeaconHistory.sol";
import {BlockhashBeacons} from "contracts/src/poci/BlockhashBeacons.sol";

/// @title Tests the beacons of chains that are not ours.
contract BlockhashBeaconsTest is Test {
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    BlockhashBeacons private beacons = new BlockhashBeacons();

    function setUp() public {
        vm.roll(10_000);
    }

    function beaconOf(bytes32 hash) private view returns (bytes32) {
        return keccak256(abi.encode(keccak256("UNC/v1/foreign-beacon"), block.chainid, hash));
    }

    function test_beaconAt_hashesTheHashOfAPastBlock() public {
        vm.setBlockhash(9999, keccak256("the last one"));
        assertEq(beacons.beaconAt(9999), beaconOf(keccak256("the last one")));
    }

    function test_beaconAt_staysWhatItIsWhenTheOpcodeForgets() public {
        vm.setBlockhash(9990, keccak256("block"));
        bytes32 before = beacons.beaconAt(9990);
        vm.roll(10_500);
        vm.mockCall(HISTORY, abi.encode(uint64(9990)), abi.encode(keccak256("block")));

        assertEq(beacons.beaconAt(9990), before);
    }

    function test_beaconAt_isAnotherOnAnotherChain() public {
        vm.setBlockhash(9999, keccak256("block"));
        bytes32 here = beacons.beaconAt(9999);
        vm.chainId(1);
        assertNotEq(beacons.beaconAt(9999), here);
    }

    function test_beaconAt_revertsWhen_theBlockIsNotOver() public {
        vm.expectRevert(unknown(10_000));
        beacons.beaconAt(10_000);
        vm.expectRevert(unknown(10_001));
        beacons.beaconAt(10_001);
    }

    function test_beaconAt_revertsWhen_theHistoryHasForgotten() public {
        vm.mockCallRevert(HISTORY, abi.encode(uint64(5)), "");
        vm.expectRevert(unknown(5));
        beacons.beaconAt(5);
    }

    function test_beaconAt_revertsWhen_theChainKeepsNoHistory() public {
        vm.etch(HISTORY, "");
        vm.expectRevert(unknown(5));
        beacons.beaconAt(5);
    }

    function test_store_revertsForEverybody() public {
        vm.expectRevert(abi.encodeWithSelector(IBeaconHistory.BeaconHistoryNotSystem.selector, address(this)));
        beacons.store();
    }

    function unknown(uint64 height) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBeaconHistory.BeaconHistoryUnknown.selector, height, 10_000);
    }
}
