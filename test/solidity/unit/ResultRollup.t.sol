// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IResultRollup} from "contracts/src/interfaces/IResultRollup.sol";
import {ResultRollup} from "contracts/src/jobs/ResultRollup.sol";
import {Case, CaseState} from "contracts/src/types/Committees.sol";
import {BatchId, JobId} from "contracts/src/types/Ids.sol";
import {Batch, Challenge, ChallengeState, ResultLeaf, RollupParameters} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";
import {SortedTree} from "../lib/SortedTree.sol";

contract ResultRollupTest is JobFixture {
    function test_constructor_revertsWhen_disputesWouldBeFree() public {
        RollupParameters memory wrong = parameters();
        wrong.challengeBond = 0;
        vm.expectRevert(badParameter("challengeBond"));
        new ResultRollup(wrong);

        wrong = parameters();
        wrong.dataFee = 0;
        vm.expectRevert(badParameter("dataFee"));
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
        assertEq(kept.openDisputes, 0, "disputes");
        assertEq(kept.challengeUntil, time() + WINDOW, "window");
        assertEq(kept.requestUntil, time() + WINDOW, "requests");
        assertFalse(kept.isAtFault, "fault");
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

    function test_subjectOf_namesALeafOfABatch() public view {
        BatchId batch = BatchId.wrap("batch");
        assertEq(rollup.subjectOf(batch, 3), keccak256(abi.encode(batch, uint256(3))));
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

    function test_postRoot_acceptsTheLongestPointer() public {
        vm.prank(worker);
        BatchId batch = rollup.postRoot{value: POST_BOND}("root", 1, string(new bytes(256)));

        assertEq(rollup.batchOf(batch).poster, worker);
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

    function test_challenge_asksACommittee() public {
        BatchId batch = postBatch();
        bytes32 subject = keyOf(batch, 2);
        skipSeconds(WINDOW); // the last second counts

        vm.expectEmit(ROLLUP);
        emit IResultRollup.LeafChallenged(
            batch, 2, leaves[2].job, subject, challenger, leaves[2].resultRoot, leaves[2].steps
        );
        dispute(batch, 2);

        Challenge memory kept = rollup.challengeOf(batch, 2);
        assertEq(uint8(kept.state), uint8(ChallengeState.Open), "state");
        assertEq(kept.challenger, challenger, "challenger");
        assertEq(kept.bond, CHALLENGE_BOND, "bond");
        assertEq(JobId.unwrap(kept.job), JobId.unwrap(leaves[2].job), "job");
        assertEq(kept.resultRoot, leaves[2].resultRoot, "root");
        assertEq(kept.steps, leaves[2].steps, "steps");
        assertEq(rollup.batchOf(batch).openDisputes, 1, "open");
        assertEq(rollup.resultOf(worker, leaves[2].job, leaves[2].resultRoot).openDisputes, 1, "result");
        assertEq(vault.lockedOf(ROLLUP, subject), CHALLENGE_BOND, "locked");
        Case memory asked = committee.caseOf(subject);
        assertEq(uint8(asked.state), uint8(CaseState.Waiting), "case");
        assertEq(asked.plaintiff, challenger, "plaintiff");
        assertEq(asked.defendant, worker, "defendant");
        assertEq(asked.seats, SEATS, "seats");
        skipSeconds(1);
        assertFalse(rollup.isFinal(batch), "not final while disputed");
    }

    function test_challenge_revertsWhen_windowIsOver() public {
        BatchId batch = postBatch();
        uint64 until = time() + WINDOW;
        skipSeconds(WINDOW + 1);
        refuseChallenge(
            batch, 0, 0, 0, abi.encodeWithSelector(IResultRollup.ResultRollupTooLate.selector, batch, until)
        );
    }

    function test_challenge_revertsWhen_batchIsUnknown() public {
        BatchId unknown = BatchId.wrap("unknown");
        refuseChallenge(
            unknown, 0, 0, 0, abi.encodeWithSelector(IResultRollup.ResultRollupUnknownBatch.selector, unknown)
        );
    }

    function test_challenge_revertsWhen_valueIsNotExact() public {
        BatchId batch = postBatch();
        uint256 price = rollup.challengePrice();
        assertEq(price, uint256(CHALLENGE_BOND) + committee.priceOf(SEATS), "bond and committee");
        refuseChallenge(
            batch,
            0,
            0,
            1,
            abi.encodeWithSelector(IResultRollup.ResultRollupBondMismatch.selector, price + 1, price)
        );
    }

    function test_challenge_revertsWhen_leafIsNotThere() public {
        BatchId batch = postBatch();
        refuseChallenge(
            batch, 0, 1, 0, abi.encodeWithSelector(IResultRollup.ResultRollupBadPath.selector, batch, 1)
        );
    }

    function test_challenge_revertsWhen_leafIsDisputedOrJudged() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        refuseChallenge(batch, 0, 0, 0, already(batch));
        uint256 second = vm.getBlockTimestamp();
        rule(batch, 0, verdictOn(0));
        vm.warp(second);
        refuseChallenge(batch, 0, 0, 0, already(batch));
    }

    function test_challenge_revertsWhen_leafHasFallen() public {
        BatchId batch = postBatch();
        uint256 second = vm.getBlockTimestamp();
        request(batch, 0);
        skipSeconds(SERVE + 1);
        rollup.lapse(batch, 0);
        vm.warp(second);
        refuseChallenge(batch, 0, 0, 0, already(batch));
    }

    function test_resolve_upholdsTheLeaf() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        decide(batch, 0, verdictOn(0));

        vm.expectEmit(ROLLUP);
        emit IResultRollup.LeafUpheld(batch, 0, leaves[0].job);
        vm.prank(stranger);
        rollup.resolve(batch, 0);

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Upheld), "state");
        assertEq(vault.freeOf(worker), CHALLENGE_BOND, "the poster has the challenger's bond");
        assertEq(vault.freeOf(challenger), committee.priceOf(SEATS) - 5 * PAY, "rest of the price");
        assertEq(vault.lockedOf(ROLLUP, keyOf(batch, 0)), 0, "lock");
        assertFalse(rollup.hasFallen(batch, 0), "stands");
        assertEq(rollup.resultOf(worker, leaves[0].job, RESULT).openDisputes, 0, "result");
        assertTrue(rollup.proveResult(batch, leaves[0], 0, pathOf(0)), "proven");
    }

    function test_resolve_overturnsTheLeafAlone() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        decide(batch, 0, FOUND);

        vm.expectEmit(ROLLUP);
        emit IResultRollup.LeafOverturned(batch, 0, leaves[0].job, FOUND);
        rollup.resolve(batch, 0);

        Challenge memory kept = rollup.challengeOf(batch, 0);
        assertEq(uint8(kept.state), uint8(ChallengeState.Overturned), "state");
        assertEq(kept.found, FOUND, "found");
        assertTrue(rollup.hasFallen(batch, 0), "fallen");
        assertTrue(rollup.batchOf(batch).isAtFault, "batch at fault");
        assertTrue(rollup.isAtFault(batch, 0), "leaf at fault");
        assertTrue(rollup.resultOf(worker, leaves[0].job, RESULT).hasFallen, "result");
        assertFalse(rollup.resultOf(worker, leaves[0].job, FOUND).hasFallen, "another result");
        assertFalse(rollup.resultOf(stranger, leaves[0].job, RESULT).hasFallen, "another poster");
        uint256 slice = 5 * uint256(PAY) + 600_000 * BASEFEE + CHALLENGE_BOND / 2;
        assertEq(
            vault.freeOf(challenger),
            committee.priceOf(SEATS) - 5 * uint256(PAY) + CHALLENGE_BOND + slice,
            "bond, price, gas and half of what it risked"
        );
        assertEq(rollup.batchOf(batch).bond, POST_BOND - slice, "rest of the poster's bond");
        assertFalse(rollup.proveResult(batch, leaves[0], 0, pathOf(0)), "the leaf fell");
        assertTrue(rollup.proveResult(batch, leaves[1], 1, pathOf(1)), "the others stand");
    }

    /// @dev Steps were once nobody's business: a leaf could claim any number of them.
    function test_resolve_overturnsALeafWithOtherSteps() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        rule(batch, 0, verdictOf(RESULT, leaves[0].steps - 1));
        assertTrue(rollup.hasFallen(batch, 0));
    }

    function test_resolve_overturnsALeafWhoseDataWasNotServed() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        rule(batch, 0, NOT_SERVED);
        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Overturned), "state");
        assertTrue(rollup.batchOf(batch).isAtFault, "fault");
    }

    function test_resolve_voidsALeafThatCannotBeRunAgain() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        decide(batch, 0, CANNOT_RUN);

        vm.expectEmit(ROLLUP);
        emit IResultRollup.LeafVoided(batch, 0, leaves[0].job);
        rollup.resolve(batch, 0);

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Void), "state");
        assertTrue(rollup.hasFallen(batch, 0), "proves nothing");
        assertFalse(rollup.batchOf(batch).isAtFault, "nobody's fault");
        assertFalse(rollup.isAtFault(batch, 0), "nor the leaf's poster's");
        assertEq(rollup.batchOf(batch).bond, POST_BOND, "poster's bond");
        assertEq(vault.freeOf(challenger), rollup.challengePrice(), "challenger's bond and price");
    }

    function test_resolve_voidsALeafThatNoCommitteeJudged() public {
        power.clear();
        power.add(worker);
        BatchId batch = postBatch();
        dispute(batch, 0);
        for (uint256 i = 0; i < ATTEMPTS; ++i) {
            draw(keyOf(batch, 0));
        }

        rollup.resolve(batch, 0);

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Void), "state");
        assertEq(vault.freeOf(challenger), rollup.challengePrice(), "challenger's bond and price");
    }

    /// @dev However many leaves fall, half of the bond burns.
    function test_resolve_sharesHalfOfTheBondAtMost() public {
        BatchId batch = postBatch();
        for (uint256 i = 0; i < 5; ++i) {
            dispute(batch, i);
        }
        for (uint256 i = 0; i < 5; ++i) {
            rule(batch, i, FOUND);
        }

        assertEq(rollup.batchOf(batch).bond, POST_BOND / 2, "half is left");
        uint256 earned = 25 * uint256(PAY);
        assertEq(
            vault.freeOf(challenger),
            5 * uint256(rollup.challengePrice()) - earned + POST_BOND / 2,
            "half is paid"
        );
        uint256 burned = emission.burned();
        skipSeconds(WINDOW + 1);
        rollup.finalise(batch);
        assertEq(emission.burned() - burned, POST_BOND / 2, "half burns");
        assertEq(vault.lockedOf(ROLLUP, BatchId.unwrap(batch)), 0, "lock");
    }

    /// @dev Half of what a challenger risked is paid for the first leaf that was found to be another; after
    /// it, costs only.
    function test_resolve_paysHalfOfWhatWasRiskedOnce() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        dispute(batch, 1);
        uint256 costs = 5 * uint256(PAY) + 600_000 * uint256(BASEFEE);

        rule(batch, 0, FOUND);
        assertEq(POST_BOND - rollup.batchOf(batch).bond, costs + CHALLENGE_BOND / 2, "costs and half");
        assertTrue(rollup.batchOf(batch).isRewarded, "once");
        rule(batch, 1, FOUND);
        assertEq(POST_BOND - rollup.batchOf(batch).bond, 2 * costs + CHALLENGE_BOND / 2, "costs alone");
    }

    function test_resolve_paysCostsAloneForDataThatWasNotServed() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        dispute(batch, 1);
        rule(batch, 0, NOT_SERVED);
        uint256 gas_ = 600_000 * uint256(BASEFEE); // members earn nothing for a reason
        assertEq(POST_BOND - rollup.batchOf(batch).bond, gas_, "gas");
        assertFalse(rollup.batchOf(batch).isRewarded, "not yet");

        rule(batch, 1, bytes32(uint256(1 << 16)));
        assertTrue(rollup.batchOf(batch).isRewarded, "for the least finding");
    }

    function test_resolve_revertsWhen_notDecidedOrNotOpen() public {
        BatchId batch = postBatch();
        vm.expectRevert(challengeIn(batch, ChallengeState.None));
        rollup.resolve(batch, 0);
        dispute(batch, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IResultRollup.ResultRollupUndecided.selector, batch, uint256(0))
        );
        rollup.resolve(batch, 0);
        rule(batch, 0, FOUND);
        vm.expectRevert(challengeIn(batch, ChallengeState.Overturned));
        rollup.resolve(batch, 0);
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
        rule(batch, 0, FOUND);
        uint256 left = rollup.batchOf(batch).bond;

        vm.expectEmit(ROLLUP);
        emit IResultRollup.BatchFinal(batch, 0);
        rollup.finalise(batch);

        assertEq(emission.burned(), left, "burned");
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

    /// @dev A committee decides a case; nobody has told the rollup.
    function decide(BatchId batch, uint256 i, bytes32 verdict) private {
        bytes32 subject = keyOf(batch, i);
        draw(subject);
        voteAll(subject, verdict);
        close(subject);
    }

    function refuseChallenge(
        BatchId batch,
        uint256 leafIndex,
        uint256 index,
        uint256 surplus,
        bytes memory reason
    ) private {
        bytes32[] memory path = pathOf(leafIndex);
        ResultLeaf memory leaf = leaves[leafIndex];
        uint256 value = rollup.challengePrice() + surplus;
        vm.expectRevert(reason);
        vm.prank(challenger);
        rollup.challenge{value: value}(batch, leaf, index, path);
    }

    function already(BatchId batch) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IResultRollup.ResultRollupAlreadyChallenged.selector, batch, 0);
    }

    function challengeIn(BatchId batch, ChallengeState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IResultRollup.ResultRollupWrongState.selector, batch, 0, state);
    }

    function badRoot(bytes32 root, uint32 count, uint256 pointerBytes) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IResultRollup.ResultRollupBadRoot.selector, root, count, pointerBytes);
    }

    function badParameter(bytes32 field) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IResultRollup.ResultRollupBadParameter.selector, field);
    }
}
