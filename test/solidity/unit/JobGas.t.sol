// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchId, JobId} from "contracts/src/types/Ids.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @dev Writes `snapshots/JobGas.json`: gas of one call, execution only.
contract JobGasTest is JobFixture {
    function test_lifeOfAJob() public {
        JobId job = openJob();
        vm.snapshotGasLastCall("JobGas", "open");
        vm.startPrank(worker);
        jobs.commitResult(job, commitment(job));
        vm.snapshotGasLastCall("JobGas", "commitResult");
        vm.stopPrank();
        BatchId batch = postBatch();
        vm.snapshotGasLastCall("JobGas", "postRoot");
        reveal(job, batch);
        vm.snapshotGasLastCall("JobGas", "revealResult");
        skipSeconds(WINDOW + 1);
        settle(job);
        vm.snapshotGasLastCall("JobGas", "settle");
        rollup.finalise(batch);
        vm.snapshotGasLastCall("JobGas", "finalise");
    }

    function test_lifeOfAChallenge() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        vm.snapshotGasLastCall("JobGas", "challenge");
        bytes32 subject = keyOf(batch, 0);
        mineTo(committee.caseOf(subject).drawHeight);
        committee.draw(subject);
        vm.snapshotGasLastCall("JobGas", "draw: 5 seats");
        commitAs(seatsNow(subject)[4].member, subject, FOUND);
        vm.snapshotGasLastCall("JobGas", "commit");
        for (uint256 i = 0; i < 4; ++i) {
            commitAs(seatsNow(subject)[i].member, subject, FOUND);
        }
        revealAs(seatsNow(subject)[4].member, subject, FOUND);
        vm.snapshotGasLastCall("JobGas", "reveal");
        for (uint256 i = 0; i < 4; ++i) {
            revealAs(seatsNow(subject)[i].member, subject, FOUND);
        }
        vm.snapshotGasLastCall("JobGas", "reveal: the last");
        close(subject);
        vm.snapshotGasLastCall("JobGas", "poke: closes");
        rollup.resolve(batch, 0);
        vm.snapshotGasLastCall("JobGas", "resolve: overturned");
    }

    function test_lifeOfARequest() public {
        BatchId batch = postBatch();
        request(batch, 0);
        vm.snapshotGasLastCall("JobGas", "requestData");
        serve(batch, 0);
        vm.snapshotGasLastCall("JobGas", "serveData");
    }
}
