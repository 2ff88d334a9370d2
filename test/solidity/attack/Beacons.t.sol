// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBeaconHistory} from "contracts/src/interfaces/IBeaconHistory.sol";
import {ICommittee} from "contracts/src/interfaces/ICommittee.sol";
import {Seat} from "contracts/src/types/Committees.sol";
import {BatchId} from "contracts/src/types/Ids.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Attacks on chance: who can choose the beacon, or wait for one he likes, chooses his own judges.
contract BeaconsAttack is JobFixture {
    /// @dev Grinding: who challenges must not know the beacon that draws, or he repeats until it suits.
    function test_attack_aDrawUsesABeaconAfterTheChallenge() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        uint64 height = uint64(vm.getBlockNumber());
        bytes32 subject = keyOf(batch, 0);
        assertGt(committee.caseOf(subject).drawHeight, height, "a block that is not there yet");

        vm.expectRevert(
            abi.encodeWithSelector(ICommittee.CommitteeNotDrawable.selector, height + DELAY, height)
        );
        committee.draw(subject);
    }

    /// @dev Waiting does not help: whenever the draw is called, the beacon is the one of its height.
    function test_attack_waitingForAnotherBeaconDrawsTheSame() public {
        newMember("other");
        BatchId batch = postBatch();
        dispute(batch, 0);
        bytes32 subject = keyOf(batch, 0);
        mineTo(uint64(vm.getBlockNumber()) + DELAY);
        uint256 now_ = vm.snapshotState();
        committee.draw(subject);
        Seat[] memory early = seatsNow(subject);
        vm.revertToState(now_);
        mineTo(uint64(vm.getBlockNumber()) + 50);
        committee.draw(subject);

        for (uint256 i = 0; i < SEATS; ++i) {
            assertEq(seatsNow(subject)[i].member, early[i].member);
        }
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
