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
        jobs.revealResult(job, RESULT, SALT);
        vm.snapshotGasLastCall("JobGas", "revealResult");
        vm.stopPrank();
        BatchId batch = postBatch();
        vm.snapshotGasLastCall("JobGas", "postRoot");
        skipSeconds(WINDOW + 1);
        settle(job, batch);
        vm.snapshotGasLastCall("JobGas", "settle");
        rollup.finalise(batch);
        vm.snapshotGasLastCall("JobGas", "finalise");
    }

    function test_lifeOfAChallenge() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        vm.snapshotGasLastCall("JobGas", "challenge");
        drawFor(batch, 0);
        vm.snapshotGasLastCall("JobGas", "drawReferee");
        rule(batch, 0, "found");
        vm.snapshotGasLastCall("JobGas", "answer: overturned");
    }
}
