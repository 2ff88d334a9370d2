// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJobEscrow} from "contracts/src/interfaces/IJobEscrow.sol";
import {IResultRollup} from "contracts/src/interfaces/IResultRollup.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
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

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Waiting));
    }

    function test_attack_aRefereeIsNotReplacedInItsLastSecond() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        drawFor(batch, 0);
        uint64 deadline = rollup.challengeOf(batch, 0).deadline;
        vm.warp(deadline);

        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupNotDue.selector, deadline));
        rollup.poke(batch, 0);
        rule(batch, 0, RESULT);

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Upheld));
    }
}
