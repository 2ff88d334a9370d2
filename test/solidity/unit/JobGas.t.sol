// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {BatchId, JobId} from "contracts/src/types/Ids.sol";
import {ResultLeaf} from "contracts/src/types/Jobs.sol";

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

    /// @dev A manifest has 65,536 bytes at most (docs/protocol.md, section 6), none cheaper than others.
    function test_theLongestManifestIsServedInOneTransaction() public {
        bytes memory manifest = new bytes(65_536);
        for (uint256 i = 32; i <= manifest.length; i += 32) {
            assembly ("memory-safe") {
                mstore(add(manifest, i), not(0))
            }
        }
        ResultLeaf memory leaf = ResultLeaf({job: leaves[0].job, resultRoot: sha256(manifest), steps: 1});
        bytes32 root = keccak256(abi.encodePacked(bytes1(0), leaf.job, leaf.resultRoot, uint256(leaf.steps)));
        vm.prank(worker);
        BatchId batch = rollup.postRoot{value: POST_BOND}(root, 1, "https://worker/results");
        request(batch, 0);
        bytes memory call = abi.encodeCall(rollup.serveData, (batch, leaf, 0, new bytes32[](0), manifest));

        uint256 before = gasleft();
        (bool isServed,) = address(rollup).call(call);
        uint256 executed = before - gasleft();

        assertTrue(isServed);
        // EIP-7623: what is executed and 16 gas a byte, at least 40 a byte.
        uint256 needed = 21_000 + Math.max(executed + 16 * call.length, 40 * call.length);
        assertLt(needed, 1 << 24);
    }
}
