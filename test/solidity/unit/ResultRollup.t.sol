// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IResultRollup} from "contracts/src/interfaces/IResultRollup.sol";
import {ResultRollup} from "contracts/src/jobs/ResultRollup.sol";
import {BatchId} from "contracts/src/types/Ids.sol";
import {Batch, Challenge, ChallengeState, ResultLeaf, RollupParameters} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";
import {SortedTree} from "../lib/SortedTree.sol";

contract ResultRollupTest is JobFixture {
    function test_constructor_revertsWhen_nobodyCouldEverBeDrawn() public {
        RollupParameters memory wrong = parameters();
        wrong.maxAttempts = 0;
        vm.expectRevert(badParameter("maxAttempts"));
        new ResultRollup(wrong);

        wrong = parameters();
        wrong.drawDelayBlocks = 0; // the beacon would be known to the challenger
        vm.expectRevert(badParameter("drawDelayBlocks"));
        new ResultRollup(wrong);
    }

    function test_postRoot_keepsTheBatchAndItsBond() public {
        bytes32 root = SortedTree.orderedRoot(leafHashes);
        BatchId expected = BatchId.wrap(keccak256(abi.encode(block.chainid, ROLLUP, worker, uint256(0))));

        vm.expectEmit(ROLLUP);
        emit IResultRollup.RootPosted(expected, worker, root, 5, "https://worker/results", time() + WINDOW);
        BatchId batch = postBatch();

        Batch memory kept = rollup.batchOf(batch);
        assertEq(kept.poster, worker, "poster");
        assertEq(kept.leaves, 5, "leaves");
        assertEq(kept.openChallenges, 0, "challenges");
        assertEq(kept.challengeUntil, time() + WINDOW, "window");
        assertEq(kept.root, root, "root");
        assertEq(kept.bond, POST_BOND, "bond");
        assertFalse(kept.isBondReturned, "returned");
        assertEq(vault.lockedOf(ROLLUP, BatchId.unwrap(batch)), POST_BOND, "locked");
    }

    function test_postRoot_namesEveryBatchAnew() public {
        BatchId first = postBatch();
        BatchId second = postBatch();
        assertNotEq(BatchId.unwrap(first), BatchId.unwrap(second));
    }

    function test_postRoot_revertsWhen_bondIsNotExact() public {
        vm.expectRevert(
            abi.encodeWithSelector(IResultRollup.ResultRollupBondMismatch.selector, POST_BOND - 1, POST_BOND)
        );
        vm.prank(worker);
        rollup.postRoot{value: POST_BOND - 1}("root", 1, "");
    }

    function test_postRoot_revertsWhen_rootOrLeavesOrPointerAreBad() public {
        vm.startPrank(worker);
        vm.expectRevert(badRoot(0, 1, 0));
        rollup.postRoot{value: POST_BOND}(0, 1, "");
        vm.expectRevert(badRoot("root", 0, 0));
        rollup.postRoot{value: POST_BOND}("root", 0, "");
        vm.expectRevert(badRoot("root", 1, 257));
        rollup.postRoot{value: POST_BOND}("root", 1, string(new bytes(257)));
        vm.stopPrank();
    }

    function test_proveResult_holdsForEveryLeafOnceFinal() public {
        BatchId batch = postBatch();
        skipSeconds(WINDOW + 1);

        assertTrue(rollup.isFinal(batch), "final");
        for (uint256 i = 0; i < 5; ++i) {
            assertTrue(rollup.proveResult(batch, leaves[i], i, pathOf(i)), "leaf");
        }
    }

    function test_proveResult_isFalseInTheLastSecondOfTheWindow() public {
        BatchId batch = postBatch();
        skipSeconds(WINDOW);

        assertFalse(rollup.isFinal(batch), "final");
        assertFalse(rollup.proveResult(batch, leaves[0], 0, pathOf(0)), "proven");
    }

    function test_proveResult_isFalseForAnotherPlaceOrLeaf() public {
        BatchId batch = postBatch();
        skipSeconds(WINDOW + 1);
        ResultLeaf memory other = leaves[0];
        other.steps += 1;

        assertFalse(rollup.proveResult(batch, leaves[0], 1, pathOf(0)), "place");
        assertFalse(rollup.proveResult(batch, leaves[0], 5, pathOf(0)), "beyond");
        assertFalse(rollup.proveResult(batch, other, 0, pathOf(0)), "leaf");
        assertFalse(rollup.proveResult(BatchId.wrap("unknown"), leaves[0], 0, pathOf(0)), "batch");
    }

    function test_challenge_waitsForALaterBeacon() public {
        BatchId batch = postBatch();
        uint64 drawHeight = uint64(vm.getBlockNumber()) + DELAY;
        skipSeconds(WINDOW); // the last second counts

        vm.expectEmit(ROLLUP);
        emit IResultRollup.LeafChallenged(batch, 2, leaves[2].job, challenger, drawHeight);
        dispute(batch, 2);

        Challenge memory kept = rollup.challengeOf(batch, 2);
        assertEq(uint8(kept.state), uint8(ChallengeState.Waiting), "state");
        assertEq(kept.challenger, challenger, "challenger");
        assertEq(kept.drawHeight, drawHeight, "height");
        assertEq(kept.bond, CHALLENGE_BOND, "bond");
        assertEq(kept.claimedRoot, leaves[2].resultRoot, "claimed");
        assertEq(rollup.batchOf(batch).openChallenges, 1, "open");
        assertEq(vault.lockedOf(ROLLUP, keyOf(batch, 2)), CHALLENGE_BOND, "locked");
        skipSeconds(1);
        assertFalse(rollup.isFinal(batch), "not final while disputed");
    }

    function test_challenge_revertsWhen_windowIsOver() public {
        BatchId batch = postBatch();
        uint64 until = time() + WINDOW;
        skipSeconds(WINDOW + 1);
        refuseChallenge(
            batch,
            0,
            0,
            CHALLENGE_BOND,
            abi.encodeWithSelector(IResultRollup.ResultRollupTooLate.selector, batch, until)
        );
    }

    function test_challenge_revertsWhen_batchIsUnknown() public {
        BatchId unknown = BatchId.wrap("unknown");
        refuseChallenge(
            unknown,
            0,
            0,
            CHALLENGE_BOND,
            abi.encodeWithSelector(IResultRollup.ResultRollupUnknownBatch.selector, unknown)
        );
    }

    function test_challenge_revertsWhen_bondIsNotExact() public {
        BatchId batch = postBatch();
        refuseChallenge(
            batch,
            0,
            0,
            CHALLENGE_BOND + 1,
            abi.encodeWithSelector(
                IResultRollup.ResultRollupBondMismatch.selector, CHALLENGE_BOND + 1, CHALLENGE_BOND
            )
        );
    }

    function test_challenge_revertsWhen_leafIsNotThere() public {
        BatchId batch = postBatch();
        refuseChallenge(
            batch,
            0,
            1,
            CHALLENGE_BOND,
            abi.encodeWithSelector(IResultRollup.ResultRollupBadPath.selector, batch, 1)
        );
    }

    function test_challenge_revertsWhen_leafIsDisputed() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        refuseChallenge(
            batch,
            0,
            0,
            CHALLENGE_BOND,
            abi.encodeWithSelector(IResultRollup.ResultRollupAlreadyChallenged.selector, batch, 0)
        );
    }

    function test_answer_upholdsTheLeaf() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        drawFor(batch, 0);

        vm.expectEmit(ROLLUP);
        emit IResultRollup.LeafUpheld(batch, 0, leaves[0].job, referee);
        rule(batch, 0, RESULT);

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Upheld), "state");
        assertEq(vault.freeOf(referee), CHALLENGE_BOND / 2, "referee");
        assertEq(vault.freeOf(worker), CHALLENGE_BOND - CHALLENGE_BOND / 2, "poster has the odd wei");
        assertEq(vault.lockedOf(ROLLUP, keyOf(batch, 0)), 0, "lock");
        assertFalse(rollup.hasFallen(batch, 0), "stands");
        skipSeconds(WINDOW);
        assertTrue(rollup.proveResult(batch, leaves[0], 0, pathOf(0)), "proven");
    }

    function test_answer_overturnsTheLeafAlone() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        drawFor(batch, 0);

        vm.expectEmit(ROLLUP);
        emit IResultRollup.LeafOverturned(batch, 0, leaves[0].job, referee, "found");
        rule(batch, 0, "found");

        Challenge memory kept = rollup.challengeOf(batch, 0);
        assertEq(uint8(kept.state), uint8(ChallengeState.Overturned), "state");
        assertEq(kept.foundRoot, "found", "found");
        assertTrue(rollup.hasFallen(batch, 0), "fallen");
        assertTrue(rollup.isOverturned(leaves[0].job), "job");
        assertTrue(rollup.isResultOverturned(worker, leaves[0].job, RESULT), "result");
        assertFalse(rollup.isResultOverturned(worker, leaves[0].job, "found"), "another result");
        assertFalse(rollup.isResultOverturned(stranger, leaves[0].job, RESULT), "another poster");
        assertEq(vault.freeOf(referee), CHALLENGE_BOND / 2, "referee");
        assertEq(
            vault.freeOf(challenger), 2 * CHALLENGE_BOND - CHALLENGE_BOND / 2, "challenger: bond and share"
        );
        assertEq(rollup.batchOf(batch).bond, POST_BOND - CHALLENGE_BOND, "rest of the poster's bond");
        skipSeconds(WINDOW);
        assertFalse(rollup.proveResult(batch, leaves[0], 0, pathOf(0)), "the leaf fell");
        assertTrue(rollup.proveResult(batch, leaves[1], 1, pathOf(1)), "the others stand");
    }

    function test_answer_sharesOnlyWhatIsLeftOfTheBond() public {
        BatchId batch = postBatch();
        for (uint256 i = 0; i < 3; ++i) {
            dispute(batch, i);
        }
        for (uint256 i = 0; i < 3; ++i) {
            drawFor(batch, i);
            rule(batch, i, "found");
        }

        assertEq(rollup.batchOf(batch).bond, 0, "nothing left");
        assertEq(vault.lockedOf(ROLLUP, BatchId.unwrap(batch)), 0, "lock");
        assertEq(
            vault.freeOf(challenger) + vault.freeOf(referee), 3 * CHALLENGE_BOND + POST_BOND, "all paid out"
        );
    }

    function test_answer_revertsWhen_callerIsNotTheReferee() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        drawFor(batch, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IResultRollup.ResultRollupNotReferee.selector, stranger, referee)
        );
        vm.prank(stranger);
        rollup.answer(batch, 0, RESULT);
    }

    function test_answer_revertsWhen_deadlineIsOver() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        drawFor(batch, 0);
        uint64 deadline = time() + ANSWER;
        skipSeconds(ANSWER + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IResultRollup.ResultRollupAnswerTooLate.selector, batch, 0, deadline)
        );
        rule(batch, 0, RESULT);
    }

    function test_answer_revertsWhen_nobodyWasDrawn() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        vm.expectRevert(challengeIn(batch, 0, ChallengeState.Waiting));
        rule(batch, 0, RESULT);
    }

    function test_poke_drawsAnewAfterSilence() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        drawFor(batch, 0);
        skipSeconds(ANSWER + 1);

        vm.prank(stranger);
        rollup.poke(batch, 0);

        Challenge memory kept = rollup.challengeOf(batch, 0);
        assertEq(uint8(kept.state), uint8(ChallengeState.Waiting), "state");
        assertEq(kept.referee, address(0), "referee");
        assertEq(kept.drawHeight, vm.getBlockNumber() + DELAY, "height");
    }

    function test_poke_expiresTheChallengeAfterTheLastReferee() public {
        BatchId batch = postBatch();
        expire(batch, 0);

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Expired), "state");
        assertEq(vault.freeOf(challenger), CHALLENGE_BOND, "bond back");
        assertTrue(rollup.proveResult(batch, leaves[0], 0, pathOf(0)), "the leaf stands");
    }

    /// @dev A poster that challenges itself and finds no referee must not shield a false leaf.
    function test_challenge_isPossibleAgainAfterAnExpiredOne() public {
        BatchId batch = postBatch();
        uint256 second = vm.getBlockTimestamp();
        expire(batch, 0);
        vm.warp(second + WINDOW);

        dispute(batch, 0);

        Challenge memory kept = rollup.challengeOf(batch, 0);
        assertEq(uint8(kept.state), uint8(ChallengeState.Waiting), "state");
        assertEq(kept.attempts, 0, "attempts");
    }

    function test_poke_drawsAnewWhenTheBeaconIsForgotten() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        uint64 drawHeight = rollup.challengeOf(batch, 0).drawHeight;
        vm.roll(drawHeight + 8192);

        rollup.poke(batch, 0);

        assertEq(rollup.challengeOf(batch, 0).drawHeight, drawHeight + 8192 + DELAY);
    }

    function test_poke_revertsWhen_nothingIsDue() public {
        BatchId batch = postBatch();
        vm.expectRevert(challengeIn(batch, 0, ChallengeState.None));
        rollup.poke(batch, 0);
        dispute(batch, 0);
        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupNotDue.selector, uint64(0)));
        rollup.poke(batch, 0);
        drawFor(batch, 0);
        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupNotDue.selector, time() + ANSWER));
        rollup.poke(batch, 0);
    }

    function test_finalise_returnsTheBond() public {
        BatchId batch = postBatch();
        skipSeconds(WINDOW + 1);

        vm.expectEmit(ROLLUP);
        emit IResultRollup.BatchFinal(batch, POST_BOND);
        vm.prank(stranger);
        rollup.finalise(batch);

        assertEq(vault.freeOf(worker), POST_BOND, "free");
        assertTrue(rollup.batchOf(batch).isBondReturned, "returned");
        assertEq(rollup.batchOf(batch).bond, 0, "bond");
    }

    function test_finalise_burnsWhatABatchWithAFallenLeafHasLeft() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        drawFor(batch, 0);
        rule(batch, 0, "found");
        skipSeconds(WINDOW);

        vm.expectEmit(ROLLUP);
        emit IResultRollup.BatchFinal(batch, 0);
        rollup.finalise(batch);

        assertEq(emission.burned(), POST_BOND - CHALLENGE_BOND, "burned");
        assertEq(vault.freeOf(worker), 0, "poster");
    }

    function test_finalise_revertsWhen_notFinalOrDone() public {
        BatchId batch = postBatch();
        vm.expectRevert(
            abi.encodeWithSelector(
                IResultRollup.ResultRollupNotFinal.selector, batch, time() + WINDOW, uint32(0)
            )
        );
        rollup.finalise(batch);
        skipSeconds(WINDOW + 1);
        rollup.finalise(batch);
        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupBondReturned.selector, batch));
        rollup.finalise(batch);
        BatchId unknown = BatchId.wrap("unknown");
        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupUnknownBatch.selector, unknown));
        rollup.finalise(unknown);
    }

    function expire(BatchId batch, uint256 i) private {
        dispute(batch, i);
        for (uint256 attempt = 0; attempt < ATTEMPTS; ++attempt) {
            drawFor(batch, i);
            skipSeconds(ANSWER + 1);
            rollup.poke(batch, i);
        }
    }

    function refuseChallenge(
        BatchId batch,
        uint256 leafIndex,
        uint256 index,
        uint256 value,
        bytes memory reason
    ) private {
        bytes32[] memory path = pathOf(leafIndex);
        ResultLeaf memory leaf = leaves[leafIndex];
        vm.expectRevert(reason);
        vm.prank(challenger);
        rollup.challenge{value: value}(batch, leaf, index, path);
    }

    function badRoot(bytes32 root, uint32 count, uint256 pointerBytes) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IResultRollup.ResultRollupBadRoot.selector, root, count, pointerBytes);
    }

    function badParameter(bytes32 field) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IResultRollup.ResultRollupBadParameter.selector, field);
    }
}
