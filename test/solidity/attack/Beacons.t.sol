// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBeaconHistory} from "contracts/src/interfaces/IBeaconHistory.sol";
import {IResultRollup} from "contracts/src/interfaces/IResultRollup.sol";
import {BatchId} from "contracts/src/types/Ids.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Attacks on chance: who can choose the beacon, or wait for one he likes, chooses his own referee.
contract BeaconsAttack is JobFixture {
    /// @dev Grinding: who challenges must not know the beacon that draws, or he repeats until it suits.
    function test_attack_aDrawUsesABeaconAfterTheChallenge() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        uint64 height = uint64(vm.getBlockNumber());
        assertGt(rollup.challengeOf(batch, 0).drawHeight, height, "a block that is not there yet");

        vm.expectRevert(
            abi.encodeWithSelector(IResultRollup.ResultRollupNotDrawable.selector, height + DELAY, height)
        );
        rollup.drawReferee(batch, 0);
    }

    /// @dev Waiting does not help: whenever the draw is called, the beacon is the one of its height.
    function test_attack_waitingForAnotherBeaconDrawsTheSame() public {
        address other = makeAddr("other");
        power.add(other);
        BatchId batch = postBatch();
        dispute(batch, 0);
        mineTo(uint64(vm.getBlockNumber()) + DELAY);
        uint256 now_ = vm.snapshotState();
        address early = rollup.drawReferee(batch, 0);
        vm.revertToState(now_);
        mineTo(uint64(vm.getBlockNumber()) + 50);

        assertEq(rollup.drawReferee(batch, 0), early);
    }

    /// @dev Chips that are registered once the beacon is known must not come into the draw.
    function test_attack_powerBoughtAfterTheChallengeDrawsNothing() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        mineTo(uint64(vm.getBlockNumber()) + DELAY);
        for (uint256 i = 0; i < 64; ++i) {
            power.add(stranger);
        }

        assertEq(rollup.drawReferee(batch, 0), referee);
    }

    /// @dev A beacon of one's own choice.
    function test_attack_nobodyButTheNodeStoresABeacon() public {
        vm.prevrandao(keccak256("a beacon that suits me"));
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(IBeaconHistory.BeaconHistoryNotSystem.selector, challenger));
        beacons.store();
    }

    /// @dev The ring of beacons must not answer for a height that it has forgotten, or will only know later.
    function test_attack_theRingDoesNotAnswerForAnotherHeight() public {
        mineTo(8200);
        uint64 head = uint64(vm.getBlockNumber());

        vm.expectRevert(
            abi.encodeWithSelector(IBeaconHistory.BeaconHistoryUnknown.selector, head - 8192, head)
        );
        beacons.beaconAt(head - 8192);
        vm.expectRevert(abi.encodeWithSelector(IBeaconHistory.BeaconHistoryUnknown.selector, head + 1, head));
        beacons.beaconAt(head + 1);
    }
}
