// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVault} from "contracts/src/interfaces/IVault.sol";
import {BeaconHistory} from "contracts/src/poci/BeaconHistory.sol";
import {Emission} from "contracts/src/poci/Emission.sol";
import {Vault} from "contracts/src/rental/Vault.sol";

import {Plans} from "./Plans.sol";
import {PrecompileFixture} from "./PrecompileFixture.sol";

/// @title Puts system contracts at their genesis addresses and makes blocks with beacons.
abstract contract ChainFixture is PrecompileFixture {
    address internal constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;
    address internal constant BEACONS = address(0x555410);
    address internal constant VENDORS = address(0x555411);
    address internal constant REGISTRY = address(0x555412);
    address internal constant EMISSION = address(0x555413);
    address internal constant VAULT = address(0x555414);
    address internal constant ESCROW = address(0x555416);
    address internal constant ORDERS = address(0x555415);
    address internal constant JOBS = address(0x555418);
    address internal constant ROLLUP = address(0x555419);
    address internal constant COMMITTEE = address(0x55541B);
    address internal constant AVAILABILITY = address(0x555422);
    address internal constant ADMISSION = address(0x555423);
    address internal constant CHALLENGES = address(0x555424);
    address internal constant EVIDENCE = address(0x555425);
    address internal constant VIEWS = address(0x555426);
    address internal constant RANKING = address(0x55541E);

    uint64 internal constant EPOCH = 16;
    uint64 internal constant START = 1_800_000_000;

    BeaconHistory internal beacons = BeaconHistory(BEACONS);
    Emission internal emission = Emission(EMISSION);
    IVault internal vault = IVault(VAULT);

    function setUp() public virtual {
        vm.roll(0);
        vm.warp(START);
        vm.prevrandao(beaconOf(0));
        build(BEACONS, type(BeaconHistory).creationCode, "");
        build(EMISSION, type(Emission).creationCode, abi.encode(REGISTRY, address(0), Plans.tiered()));
        address[] memory keepers = new address[](6);
        (keepers[0], keepers[1], keepers[2], keepers[3]) = (REGISTRY, ESCROW, JOBS, ROLLUP);
        (keepers[4], keepers[5]) = (COMMITTEE, CHALLENGES);
        build(VAULT, type(Vault).creationCode, abi.encode(EMISSION, address(0), address(0), keepers));
    }

    /// @dev Runs a constructor in place, as genesis does.
    function build(address where, bytes memory creationCode, bytes memory arguments) internal {
        vm.etch(where, bytes.concat(creationCode, arguments));
        vm.prank(SYSTEM);
        (bool isBuilt, bytes memory runtime) = where.call("");
        assertTrue(isBuilt, "constructor failed");
        vm.etch(where, runtime);
    }

    /// @dev Makes blocks up to a height: one second and one beacon each.
    function mineTo(uint64 height) internal {
        for (uint64 h = uint64(vm.getBlockNumber()) + 1; h <= height; ++h) {
            vm.roll(h);
            vm.warp(vm.getBlockTimestamp() + 1);
            vm.prevrandao(beaconOf(h));
            vm.prank(SYSTEM);
            beacons.store();
        }
    }

    function mineToEpoch(uint64 epoch) internal {
        mineTo(epoch * EPOCH);
    }

    function skipSeconds(uint64 span) internal {
        vm.warp(vm.getBlockTimestamp() + span);
    }

    function time() internal view returns (uint64) {
        return uint64(vm.getBlockTimestamp());
    }

    /// @dev The beacon that these tests, and the chips of `test/vectors/chips.json`, give to a height.
    function beaconOf(uint64 height) internal pure returns (bytes32) {
        return keccak256(abi.encode(height));
    }
}
