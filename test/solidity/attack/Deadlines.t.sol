// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICommittee} from "contracts/src/interfaces/ICommittee.sol";
import {IJobEscrow} from "contracts/src/interfaces/IJobEscrow.sol";
import {IResultRollup} from "contracts/src/interfaces/IResultRollup.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {CaseState} from "contracts/src/types/Committees.sol";
import {BatchId, JobId, RentalId} from "contracts/src/types/Ids.sol";
import {ChallengeState, JobSpec, JobState} from "contracts/src/types/Jobs.sol";
import {RentalState} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";
import {JobFixture} from "../lib/JobFixture.sol";

/// @dev A deadline is the last second of who owes something. If that second were also the first of who gains
/// by silence, both could act, and the order of two transactions would decide about money.
contract RentalDeadlinesAttack is RentalFixture {
    function test_attack_aHandoverInTheLastSecondCannotBeCancelled() public {
        RentalId id = openRental();
        vm.warp(START + HANDOVER);

        notDue(id);
        handOver(id);

        assertTrue(escrow.stateOf(id) == RentalState.HandedOver);
    }

    function test_attack_timeDoesNotStartWhileTheRenterMayStillComplain() public {
        RentalId id = openedAndHandedOver();
        vm.warp(START + ACKNOWLEDGE);

        notDue(id);
        assertTrue(escrow.stateOf(id) == RentalState.HandedOver, "the renter's second");
        skip(1);
        assertTrue(escrow.stateOf(id) == RentalState.Active, "the next one");
    }

    function test_attack_aCommitmentInTheLastSecondCounts() public {
        RentalId id = endedRental(10);
        skip(COMMIT);

        notDue(id);
        commitAs(id, renter, 80, RENTER_SALT);

        assertTrue(escrow.rentalOf(id).renterCommitment != 0);
    }

    function test_attack_aRevealInTheLastSecondCounts() public {
        RentalId id = revealingRental(10);
        skip(REVEAL);

        notDue(id);
        revealAsOperator(id);

        assertEq(escrow.rentalOf(id).operatorScore, 90);
    }

    function notDue(RentalId id) private {
        uint64 deadline = escrow.rentalOf(id).deadline;
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNothingDue.selector, id, deadline));
        escrow.poke(id);
    }
}

/// @dev The same for jobs, roots and their disputes.
contract JobDeadlinesAttack is JobFixture {
    function test_attack_aJobOpensInItsLastSecond() public {
        JobSpec memory wanted = spec();
        vm.warp(wanted.deadline);
        vm.prank(client);
        JobId job = jobs.open(wanted, "");

        assertEq(uint8(jobs.jobOf(job).state), uint8(JobState.Open));
    }

    function test_attack_aResultInTheLastSecondCannotBeRefunded() public {
        JobId job = openJob();
        vm.warp(START + JOB_SECONDS);

        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowNotDue.selector, job, START + JOB_SECONDS));
        jobs.refund(job);
        deliver(job);

        assertEq(uint8(jobs.jobOf(job).state), uint8(JobState.Revealed));
    }

    function test_attack_aLeafFallsInTheLastSecondOfItsWindow() public {
        BatchId batch = postBatch();
        skipSeconds(WINDOW);

        assertFalse(rollup.isFinal(batch), "not final while it can be disputed");
        dispute(batch, 0);

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Open));
    }

    function test_attack_membersAreNotSilentBeforeTheirLastSecond() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        bytes32 subject = keyOf(batch, 0);
        draw(subject);
        skipSeconds(COMMIT);
        undue(subject);
        for (uint256 i = 0; i < SEATS; ++i) {
            commitAs(seatsNow(subject)[i].member, subject, verdictOn(0));
        }
        skipSeconds(REVEAL);
        undue(subject);
        for (uint256 i = 0; i < SEATS; ++i) {
            revealAs(seatsNow(subject)[i].member, subject, verdictOn(0));
        }

        assertEq(uint8(committee.caseOf(subject).state), uint8(CaseState.Ruled));
    }

    function test_attack_aVerdictIsNotFinalWhileItMayBeAppealed() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        bytes32 subject = keyOf(batch, 0);
        draw(subject);
        voteAll(subject, FOUND);
        skipSeconds(APPEAL);

        undue(subject);
        uint256 price = 2 * uint256(committee.priceOf(APPEAL_SEATS));
        vm.prank(worker);
        committee.appeal{value: price}(subject);

        assertTrue(committee.caseOf(subject).isAppealed);
    }

    function test_attack_dataServedInTheLastSecondDoesNotLapse() public {
        BatchId batch = postBatch();
        request(batch, 0);
        skipSeconds(SERVE);
        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupNotDue.selector, batch, 0, time()));
        rollup.lapse(batch, 0);
        serve(batch, 0);

        assertFalse(rollup.hasFallen(batch, 0));
    }

    function undue(bytes32 subject) private {
        uint64 deadline = committee.caseOf(subject).deadline;
        assertEq(deadline, time(), "the last second");
        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteeNotDue.selector, subject, deadline));
        committee.poke(subject);
    }
}
