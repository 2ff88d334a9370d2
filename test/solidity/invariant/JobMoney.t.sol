// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Case, CaseState, Seat, SeatState, Standing} from "contracts/src/types/Committees.sol";
import {BatchId, JobId} from "contracts/src/types/Ids.sol";
import {ChallengeState, Job, JobSpec, JobState, RequestState} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Walks jobs, batches, disputes and committees at random; what it may not do it does not try.
contract JobHandler is JobFixture {
    JobId[] public opened;
    BatchId[] public posted;
    /// @dev Leaf 0 of each batch names this job.
    mapping(uint256 batch => JobId) private _jobOf;
    /// @dev The latest batch of a job.
    mapping(JobId job => BatchId) private _batchOf;
    /// @dev What members committed to.
    mapping(bytes32 subject => mapping(uint8 round => mapping(address member => bytes32))) private _found;
    uint256 private _nonce;

    constructor() {
        setUp();
        for (uint256 i = 0; i < members.length; ++i) {
            vm.deal(members[i], 10 ether);
        }
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
        if (kept.state == JobState.Open) {
            commitResultAs(worker, job);
        } else if (kept.state == JobState.Committed) {
            if (!isNameable(_batchOf[job])) post(i);
            if (isNameable(_batchOf[job])) reveal(job, _batchOf[job]);
        }
    }

    function challengeAny(uint256 i) external {
        if (posted.length == 0 || challenger.balance < rollup.challengePrice()) return;
        BatchId batch = posted[take(i % posted.length)];
        bool isFree = rollup.challengeOf(batch, 0).state == ChallengeState.None;
        if (!isFree || rollup.hasFallen(batch, 0)) return;
        if (block.timestamp > rollup.batchOf(batch).challengeUntil) return;
        dispute(batch, 0);
    }

    function askForData(uint256 i) external {
        if (posted.length == 0) return;
        BatchId batch = posted[i % posted.length];
        bool isFree = rollup.requestOf(batch, 0).state == RequestState.None;
        if (!isFree || block.timestamp > rollup.batchOf(batch).requestUntil) return;
        vm.prank(challenger);
        rollup.requestData{value: DATA_FEE}(batch, 0);
    }

    function answerForData(uint256 i) external {
        if (posted.length == 0) return;
        BatchId batch = posted[take(i % posted.length)];
        if (rollup.requestOf(batch, 0).state != RequestState.Open) return;
        if (block.timestamp > rollup.requestOf(batch, 0).deadline) rollup.lapse(batch, 0);
        else serve(batch, 0);
    }

    function drawAny(uint256 i) external {
        if (posted.length == 0) return;
        bytes32 subject = keyOf(posted[i % posted.length], 0);
        if (committee.caseOf(subject).state == CaseState.Waiting) draw(subject);
    }

    /// @dev The members do what they owe, but for those who are silent: they find the result, another, or a
    /// reason.
    function judge(uint256 i, uint256 findings) external {
        if (posted.length == 0) return;
        BatchId batch = posted[take(i % posted.length)];
        bytes32 subject = keyOf(batch, 0);
        Case memory kept = committee.caseOf(subject);
        bool isAsked = kept.state == CaseState.Committing || kept.state == CaseState.Revealing;
        if (!isAsked || block.timestamp > kept.deadline) return;
        Seat[] memory seats = committee.seatsOf(subject, kept.round);
        for (uint256 n = 0; n < seats.length; ++n) {
            uint256 finding = (findings >> (8 * n)) & 0xff;
            if (finding >= 0xe0) continue;
            address member = seats[n].member;
            if (kept.state == CaseState.Committing && seats[n].state == SeatState.Drawn) {
                bytes32 found = findingOf(finding);
                _found[subject][kept.round][member] = found;
                commitAs(member, subject, found);
            } else if (kept.state == CaseState.Revealing && seats[n].state == SeatState.Committed) {
                revealAs(member, subject, _found[subject][kept.round][member]);
            }
        }
    }

    /// @dev A party, or a stranger: a client, or one that may have judged before.
    function appealAny(uint256 i, uint256 by) external {
        if (posted.length == 0) return;
        bytes32 subject = keyOf(posted[i % posted.length], 0);
        Case memory kept = committee.caseOf(subject);
        if (kept.state != CaseState.Ruled || block.timestamp > kept.deadline) return;
        address[4] memory callers = [worker, challenger, client, members[by % members.length]];
        address caller = callers[by % 4];
        uint256 price = 2 * uint256(committee.priceOf(APPEAL_SEATS));
        if (caller.balance < price) return;
        vm.prank(caller);
        committee.appeal{value: price}(subject);
    }

    function pokeAny(uint256 i) external {
        if (posted.length == 0) return;
        bytes32 subject = keyOf(posted[i % posted.length], 0);
        Case memory kept = committee.caseOf(subject);
        bool isTimed = kept.state == CaseState.Committing || kept.state == CaseState.Revealing
            || kept.state == CaseState.Ruled;
        if (isTimed && block.timestamp > kept.deadline) committee.poke(subject);
    }

    function stakeAny(uint256 i, bool isMore) external {
        address member = members[i % members.length];
        if (isMore) {
            if (vault.freeOf(member) < SEAT_BOND) return;
            vm.startPrank(member);
            vault.withdraw(payable(member), SEAT_BOND);
            committee.enlist{value: SEAT_BOND}();
            vm.stopPrank();
        } else if (committee.standingOf(member).free >= SEAT_BOND) {
            vm.prank(member);
            committee.retire(SEAT_BOND);
        }
    }

    function post(uint256 i) public {
        if (opened.length == 0 || worker.balance < POST_BOND) return;
        JobId job = opened[i % opened.length];
        _jobOf[posted.length] = job;
        take(posted.length);
        _batchOf[job] = postBatch();
        posted.push(_batchOf[job]);
    }

    function resolveAny(uint256 i) public {
        if (posted.length == 0) return;
        BatchId batch = posted[i % posted.length];
        (bool isDecided,,,) = committee.verdictOf(keyOf(batch, 0));
        if (isDecided && rollup.challengeOf(batch, 0).state == ChallengeState.Open) {
            rollup.resolve(batch, 0);
        }
    }

    function close(uint256 i) public {
        if (posted.length == 0) return;
        BatchId batch = posted[i % posted.length];
        if (!rollup.isFinal(batch) || rollup.batchOf(batch).isBondReturned) return;
        rollup.finalise(batch);
    }

    /// @dev Settles the job of a batch, or refunds it, whatever is due.
    function payAny(uint256 i) public {
        if (posted.length == 0) return;
        take(i % posted.length);
        JobId job = leaves[0].job;
        if (jobs.jobOf(job).state != JobState.Revealed) return;
        BatchId batch = BatchId.wrap(jobs.jobOf(job).word);
        if (rollup.resultOf(worker, job, RESULT).hasFallen || rollup.hasFallen(batch, 0)) jobs.refund(job);
        else if (rollup.resultOf(worker, job, RESULT).openDisputes != 0) return;
        else if (rollup.proveResult(batch, leaves[0], 0, pathOf(0))) settle(job);
    }

    function refundLate(uint256 i) public {
        if (opened.length == 0) return;
        JobId job = opened[i % opened.length];
        Job memory kept = jobs.jobOf(job);
        bool isWaiting = kept.state == JobState.Open || kept.state == JobState.Committed;
        uint64 due = isWaiting ? kept.deadline : kept.deadline + GRACE;
        if (!isWaiting && kept.state != JobState.Revealed) return;
        if (!isWaiting && rollup.resultOf(worker, job, RESULT).openDisputes != 0) return;
        if (block.timestamp > due) jobs.refund(job);
    }

    /// @dev Strangers alone bring everything to its end; nobody else moves any more.
    function wind() external {
        for (uint256 i = 0; i < posted.length; ++i) {
            windBatch(posted[i]);
        }
        skipSeconds(200 + GRACE);
        for (uint256 i = 0; i < posted.length; ++i) {
            close(i);
        }
        for (uint256 i = 0; i < opened.length; ++i) {
            if (jobs.jobOf(opened[i]).state == JobState.Revealed) refundLate(i);
            refundLate(i);
        }
        for (uint256 i = 0; i < members.length; ++i) {
            uint256 stake = committee.standingOf(members[i]).free;
            vm.prank(members[i]);
            committee.retire(stake);
        }
    }

    function openedCount() external view returns (uint256) {
        return opened.length;
    }

    function postedCount() external view returns (uint256) {
        return posted.length;
    }

    function stakes() external view returns (uint256 sum) {
        for (uint256 i = 0; i < members.length; ++i) {
            Standing memory standing = committee.standingOf(members[i]);
            sum += uint256(standing.free) + standing.held;
        }
    }

    function riches() external view returns (uint256 sum) {
        for (uint256 i = 0; i < members.length; ++i) {
            sum += members[i].balance;
        }
        sum += client.balance + worker.balance + challenger.balance;
    }

    function findingOf(uint256 finding) private view returns (bytes32) {
        if (finding % 8 == 0) return NOT_SERVED;
        return finding % 8 < 6 ? verdictOn(0) : FOUND;
    }

    function windBatch(BatchId batch) private {
        bytes32 subject = keyOf(batch, 0);
        if (rollup.requestOf(batch, 0).state == RequestState.Open) {
            skipSeconds(SERVE + 1);
            rollup.lapse(batch, 0);
        }
        for (uint256 i = 0; i < 2 * ATTEMPTS * 3 + 1; ++i) {
            CaseState state = committee.caseOf(subject).state;
            if (state == CaseState.None) return;
            if (state >= CaseState.Decided) break;
            if (state == CaseState.Waiting) {
                draw(subject);
            } else {
                vm.warp(Math.max(block.timestamp, committee.caseOf(subject).deadline + 1));
                committee.poke(subject);
            }
        }
        if (rollup.challengeOf(batch, 0).state == ChallengeState.Open) rollup.resolve(batch, 0);
    }

    /// @dev Whether a place in this batch may still be revealed.
    function isNameable(BatchId batch) private view returns (bool) {
        uint64 until = rollup.batchOf(batch).requestUntil;
        return until != 0 && block.timestamp + (WINDOW + 1) / 2 <= until;
    }

    /// @dev Makes leaf 0 that of a batch.
    function take(uint256 i) private returns (uint256) {
        leaves[0].job = _jobOf[i];
        leafHashes[0] =
            keccak256(abi.encodePacked(bytes1(0), leaves[0].job, RESULT, uint256(leaves[0].steps)));
        return i;
    }
}

contract JobMoneyInvariantTest is JobFixture {
    JobHandler private _handler;
    uint256 private _all;

    function setUp() public override {
        _handler = new JobHandler();
        _all = VAULT.balance + _handler.riches();
        targetContract(address(_handler));
        bytes4[] memory selectors = new bytes4[](17);
        selectors[0] = JobHandler.pass.selector;
        selectors[1] = JobHandler.mine.selector;
        selectors[2] = JobHandler.open.selector;
        selectors[3] = JobHandler.work.selector;
        selectors[4] = JobHandler.post.selector;
        selectors[5] = JobHandler.challengeAny.selector;
        selectors[6] = JobHandler.askForData.selector;
        selectors[7] = JobHandler.answerForData.selector;
        selectors[8] = JobHandler.drawAny.selector;
        selectors[9] = JobHandler.judge.selector;
        selectors[10] = JobHandler.appealAny.selector;
        selectors[11] = JobHandler.pokeAny.selector;
        selectors[12] = JobHandler.stakeAny.selector;
        selectors[13] = JobHandler.resolveAny.selector;
        selectors[14] = JobHandler.close.selector;
        selectors[15] = JobHandler.payAny.selector;
        selectors[16] = JobHandler.refundLate.selector;
        targetSelector(FuzzSelector({addr: address(_handler), selectors: selectors}));
    }

    /// @dev No state without a way out: whatever happened, strangers bring all money home.
    function afterInvariant() public {
        _handler.wind();
        assertEq(vault.totalLocked(), 0, "nothing stays locked");
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
            Case memory kept = committee.caseOf(keyOf(batch, 0));
            uint256 pots = uint256(kept.pot) + kept.appealPot + kept.appealBond;
            assertEq(vault.lockedOf(COMMITTEE, keyOf(batch, 0)), pots, "committee's");
        }
    }

    function invariant_stakesAreInTheVault() public view {
        assertEq(vault.lockedOf(COMMITTEE, STAKES), _handler.stakes());
    }

    function invariant_whoAppealedDoesNotJudge() public view {
        for (uint256 i = 0; i < _handler.postedCount(); ++i) {
            bytes32 subject = keyOf(_handler.posted(i), 0);
            Case memory kept = committee.caseOf(subject);
            if (!kept.isAppealed || kept.round == kept.firstRound) continue;
            Seat[] memory seats = committee.seatsOf(subject, kept.round);
            for (uint256 n = 0; n < seats.length; ++n) {
                assertTrue(seats[n].member != kept.appellant);
            }
        }
    }

    function invariant_aDisputedBatchIsNotFinal() public view {
        for (uint256 i = 0; i < _handler.postedCount(); ++i) {
            BatchId batch = _handler.posted(i);
            uint256 open = rollup.challengeOf(batch, 0).state == ChallengeState.Open ? 1 : 0;
            if (rollup.requestOf(batch, 0).state == RequestState.Open) ++open;
            assertEq(rollup.batchOf(batch).openDisputes, open, "counted");
            if (open != 0) assertFalse(rollup.isFinal(batch), "disputed");
        }
    }

    function invariant_moneyIsConserved() public view {
        assertEq(VAULT.balance, vault.totalFree() + vault.totalLocked(), "vault");
        assertEq(VAULT.balance + EMISSION.balance + _handler.riches(), _all, "all");
    }
}
