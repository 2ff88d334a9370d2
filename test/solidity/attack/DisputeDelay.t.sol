// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IResultRollup} from "contracts/src/interfaces/IResultRollup.sol";
import {BatchId} from "contracts/src/types/Ids.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Many challengers try to keep a batch from being final.
contract DisputeDelayTest is JobFixture {
    /// @dev Longest life of a batch: two windows, the time to serve, and both instances of a committee.
    uint64 private constant BOUND =
        2 * WINDOW + SERVE + 2 * ATTEMPTS * (DELAY + COMMIT + REVEAL + 2) + APPEAL + 4;

    /// @dev Every leaf asked for in the last second, served in the last second, challenged in the last
    /// second, judged by silent committees until the last attempt, and appealed: all of it runs side by side.
    function test_attack_disputesOfAllLeavesEndTogether() public {
        uint256 posted = vm.getBlockTimestamp();
        BatchId batch = postBatch();
        skipSeconds(WINDOW);
        for (uint256 i = 0; i < 5; ++i) {
            request(batch, i);
        }
        skipSeconds(SERVE);
        serve(batch, 0);
        skipSeconds(1);
        for (uint256 i = 1; i < 5; ++i) {
            rollup.lapse(batch, i);
        }
        skipSeconds(WINDOW - 1);
        dispute(batch, 0);
        bytes32 subject = keyOf(batch, 0);
        silent(subject);
        judged(subject);
        skipSeconds(APPEAL);
        uint256 price = 2 * uint256(committee.priceOf(APPEAL_SEATS));
        vm.prank(challenger);
        committee.appeal{value: price}(subject);
        silent(subject);
        judged(subject);
        rollup.resolve(batch, 0);

        assertTrue(rollup.isFinal(batch), "final");
        assertLt(vm.getBlockTimestamp(), posted + BOUND, "bounded");
    }

    /// @dev A leaf that was judged cannot be challenged, or asked for, again and again.
    function test_attack_aLeafIsDisputedOnce() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        uint256 second = vm.getBlockTimestamp();
        rule(batch, 0, verdictOn(0));
        vm.warp(second);
        uint256 price = rollup.challengePrice();
        bytes32[] memory path = pathOf(0);
        vm.expectRevert(
            abi.encodeWithSelector(IResultRollup.ResultRollupAlreadyChallenged.selector, batch, 0)
        );
        vm.prank(challenger);
        rollup.challenge{value: price}(batch, leaves[0], 0, path);
    }

    /// @dev Data served late opens the window again, but nothing can be asked for in it.
    function test_attack_requestsDoNotFollowEachOther() public {
        BatchId batch = postBatch();
        uint64 until = time() + WINDOW;
        skipSeconds(WINDOW);
        request(batch, 0);
        skipSeconds(SERVE);
        serve(batch, 0);
        vm.deal(stranger, DATA_FEE);
        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupTooLate.selector, batch, until));
        vm.prank(stranger);
        rollup.requestData{value: DATA_FEE}(batch, 1);
    }

    /// @dev Spam pays the poster: each wrong challenge is a bond for it.
    function test_attack_wrongChallengesPayThePoster() public {
        BatchId batch = postBatch();
        for (uint256 i = 0; i < 5; ++i) {
            dispute(batch, i);
        }
        for (uint256 i = 0; i < 5; ++i) {
            rule(batch, i, verdictOn(i));
        }
        rollup.finalise(batch);
        assertEq(vault.freeOf(worker), POST_BOND + 5 * uint256(CHALLENGE_BOND));
    }

    function silent(bytes32 subject) private {
        draw(subject);
        skipSeconds(COMMIT + 1);
        committee.poke(subject);
    }

    function judged(bytes32 subject) private {
        draw(subject);
        skipSeconds(COMMIT);
        uint256 seats = seatsNow(subject).length;
        for (uint256 i = 0; i < seats; ++i) {
            commitAs(seatsNow(subject)[i].member, subject, verdictOn(0));
        }
        skipSeconds(REVEAL);
        for (uint256 i = 0; i < seats; ++i) {
            revealAs(seatsNow(subject)[i].member, subject, verdictOn(0));
        }
    }
}
