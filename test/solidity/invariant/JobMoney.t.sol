// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchId, JobId} from "contracts/src/types/Ids.sol";
import {ChallengeState, Job, JobSpec, JobState} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Walks jobs, batches and challenges at random; what it may not do it does not try.
contract JobHandler is JobFixture {
    JobId[] public opened;
    BatchId[] public posted;
    uint256 private _nonce;

    bytes32 private constant FOUND = "found";

    constructor() {
        setUp();
    }

    function pass(uint8 amount) external {
        skipSeconds(amount);
    }

    function mine() external {
        mineTo(uint64(vm.getBlockNumber()) + 1);
    }

    function open(uint96 price, uint64 span) external {
        JobSpec memory wanted = spec();
        wanted.price = uint128(bound(price, 0, vault.freeOf(client)));
        wanted.deadline = time() + uint64(bound(span, 0, 200));
        wanted.nonce = ++_nonce;
        vm.prank(client);
        opened.push(jobs.open(wanted, ""));
    }

    function work(uint256 i) external {
        if (opened.length == 0) return;
        JobId job = opened[i % opened.length];
        Job memory kept = jobs.jobOf(job);
        if (block.timestamp > kept.deadline) return;
        vm.startPrank(worker);
        if (kept.state == JobState.Open) jobs.commitResult(job, commitment(job));
        else if (kept.state == JobState.Committed) jobs.revealResult(job, RESULT, SALT);
        vm.stopPrank();
    }

    function post(uint256 i) external {
        if (opened.length == 0) return;
        leaves[0].job = opened[i % opened.length];
        leafHashes[0] =
            keccak256(abi.encodePacked(bytes1(0), leaves[0].job, RESULT, uint256(leaves[0].steps)));
        posted.push(postBatch());
    }

    function challengeLast() external {
        if (posted.length == 0) return;
        BatchId batch = posted[posted.length - 1];
        ChallengeState state = rollup.challengeOf(batch, 0).state;
        bool isFree = state == ChallengeState.None || state == ChallengeState.Expired;
        if (!isFree || block.timestamp > rollup.batchOf(batch).challengeUntil) return;
        dispute(batch, 0);
    }

    function draw(uint256 i) external {
        if (posted.length == 0) return;
        BatchId batch = posted[i % posted.length];
        if (rollup.challengeOf(batch, 0).state == ChallengeState.Waiting) drawFor(batch, 0);
    }

    function judge(uint256 i, bool isEqual) external {
        if (posted.length == 0) return;
        BatchId batch = posted[i % posted.length];
        if (rollup.challengeOf(batch, 0).state != ChallengeState.Drawn) return;
        if (block.timestamp > rollup.challengeOf(batch, 0).deadline) rollup.poke(batch, 0);
        else rule(batch, 0, isEqual ? RESULT : FOUND);
    }

    function close(uint256 i) external {
        if (posted.length == 0) return;
        BatchId batch = posted[i % posted.length];
        if (!rollup.isFinal(batch) || rollup.batchOf(batch).isBondReturned) return;
        rollup.finalise(batch);
    }

    /// @dev Settles the job of the latest batch, or refunds it, whatever is due.
    function payLast() external {
        if (posted.length == 0) return;
        BatchId batch = posted[posted.length - 1];
        JobId job = leaves[0].job;
        if (jobs.jobOf(job).state != JobState.Revealed) return;
        if (rollup.proveResult(batch, leaves[0], 0, pathOf(0))) settle(job, batch);
        else if (rollup.isResultOverturned(worker, job, RESULT)) jobs.refund(job);
    }

    function refundLate(uint256 i) external {
        if (opened.length == 0) return;
        JobId job = opened[i % opened.length];
        Job memory kept = jobs.jobOf(job);
        bool isWaiting = kept.state == JobState.Open || kept.state == JobState.Committed;
        uint64 due = isWaiting ? kept.deadline : kept.deadline + GRACE;
        if ((isWaiting || kept.state == JobState.Revealed) && block.timestamp > due) jobs.refund(job);
    }

    function openedCount() external view returns (uint256) {
        return opened.length;
    }

    function postedCount() external view returns (uint256) {
        return posted.length;
    }
}

contract JobMoneyInvariantTest is JobFixture {
    JobHandler private _handler;

    function setUp() public override {
        _handler = new JobHandler();
        targetContract(address(_handler));
        bytes4[] memory selectors = new bytes4[](11);
        selectors[0] = JobHandler.pass.selector;
        selectors[1] = JobHandler.mine.selector;
        selectors[2] = JobHandler.open.selector;
        selectors[3] = JobHandler.work.selector;
        selectors[4] = JobHandler.post.selector;
        selectors[5] = JobHandler.challengeLast.selector;
        selectors[6] = JobHandler.draw.selector;
        selectors[7] = JobHandler.judge.selector;
        selectors[8] = JobHandler.close.selector;
        selectors[9] = JobHandler.payLast.selector;
        selectors[10] = JobHandler.refundLate.selector;
        targetSelector(FuzzSelector({addr: address(_handler), selectors: selectors}));
    }

    function invariant_aJobIsLockedUntilItIsPaidOnce() public view {
        for (uint256 i = 0; i < _handler.openedCount(); ++i) {
            JobId job = _handler.opened(i);
            Job memory kept = jobs.jobOf(job);
            bool isOver = kept.state == JobState.Paid || kept.state == JobState.Refunded;
            assertEq(vault.lockedOf(JOBS, JobId.unwrap(job)), isOver ? 0 : kept.price);
        }
    }

    function invariant_bondsAreInTheVault() public view {
        for (uint256 i = 0; i < _handler.postedCount(); ++i) {
            BatchId batch = _handler.posted(i);
            uint256 bond = rollup.batchOf(batch).bond;
            assertEq(vault.lockedOf(ROLLUP, BatchId.unwrap(batch)), bond, "poster's");
            uint256 stake = rollup.challengeOf(batch, 0).bond;
            assertEq(vault.lockedOf(ROLLUP, keyOf(batch, 0)), stake, "challenger's");
        }
    }

    function invariant_aFallenLeafIsNeverProven() public view {
        for (uint256 i = 0; i < _handler.postedCount(); ++i) {
            BatchId batch = _handler.posted(i);
            bool isOpen = rollup.challengeOf(batch, 0).state == ChallengeState.Waiting
                || rollup.challengeOf(batch, 0).state == ChallengeState.Drawn;
            assertEq(rollup.batchOf(batch).openChallenges, isOpen ? 1 : 0, "counted");
            if (isOpen) assertFalse(rollup.isFinal(batch), "disputed");
        }
    }

    function invariant_moneyIsConserved() public view {
        assertEq(VAULT.balance, vault.totalFree() + vault.totalLocked(), "vault");
        assertEq(
            VAULT.balance + EMISSION.balance + client.balance + worker.balance + challenger.balance,
            300 ether,
            "all"
        );
    }
}
