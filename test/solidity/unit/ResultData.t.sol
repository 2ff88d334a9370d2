// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IResultRollup} from "contracts/src/interfaces/IResultRollup.sol";
import {BatchId} from "contracts/src/types/Ids.sol";
import {DataRequest, RequestState} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Tests requests for data that a poster does not serve.
contract ResultDataTest is JobFixture {
    function test_requestData_givesThePosterTime() public {
        BatchId batch = postBatch();
        skipSeconds(WINDOW); // the last second counts

        vm.expectEmit(ROLLUP);
        emit IResultRollup.DataRequested(batch, 3, stranger, time() + SERVE);
        request(batch, 3);

        DataRequest memory kept = rollup.requestOf(batch, 3);
        assertEq(uint8(kept.state), uint8(RequestState.Open), "state");
        assertEq(kept.requester, stranger, "requester");
        assertEq(kept.deadline, time() + SERVE, "deadline");
        assertEq(rollup.batchOf(batch).openDisputes, 1, "open");
        assertEq(vault.lockedOf(ROLLUP, dataKeyOf(batch, 3)), DATA_FEE, "fee");
        skipSeconds(1);
        assertFalse(rollup.isFinal(batch), "not final while data is owed");
    }

    function test_requestData_revertsWhen_feeOrBatchOrPlaceOrTimeIsWrong() public {
        BatchId batch = postBatch();
        vm.deal(stranger, 1 ether);
        vm.startPrank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IResultRollup.ResultRollupBondMismatch.selector, DATA_FEE - 1, DATA_FEE)
        );
        rollup.requestData{value: DATA_FEE - 1}(batch, 0);
        BatchId unknown = BatchId.wrap("unknown");
        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupUnknownBatch.selector, unknown));
        rollup.requestData{value: DATA_FEE}(unknown, 0);
        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupBadPath.selector, batch, 5));
        rollup.requestData{value: DATA_FEE}(batch, 5);
        uint64 until = time() + WINDOW;
        skipSeconds(WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupTooLate.selector, batch, until));
        rollup.requestData{value: DATA_FEE}(batch, 0);
        vm.stopPrank();
    }

    function test_requestData_revertsWhen_askedBefore() public {
        BatchId batch = postBatch();
        request(batch, 0);
        vm.deal(challenger, DATA_FEE);
        vm.expectRevert(requestIn(batch, RequestState.Open));
        vm.prank(challenger);
        rollup.requestData{value: DATA_FEE}(batch, 0);
    }

    function test_serveData_paysThePosterAndOpensTheWindowAgain() public {
        BatchId batch = postBatch();
        request(batch, 0);
        skipSeconds(SERVE); // the last second counts

        vm.expectEmit(ROLLUP);
        emit IResultRollup.DataServed(batch, 0, leaves[0].job, time() + WINDOW);
        serve(batch, 0);

        assertEq(uint8(rollup.requestOf(batch, 0).state), uint8(RequestState.Served), "state");
        assertEq(vault.freeOf(worker), DATA_FEE, "fee");
        assertEq(rollup.batchOf(batch).openDisputes, 0, "open");
        assertEq(rollup.batchOf(batch).challengeUntil, time() + WINDOW, "window");
        dispute(batch, 0); // what was shown late may be challenged
    }

    function test_serveData_earlyLeavesTheWindowWhereItIs() public {
        BatchId batch = postBatch();
        uint64 until = time() + WINDOW;
        request(batch, 0);
        serve(batch, 0);
        assertEq(rollup.batchOf(batch).challengeUntil, until);
    }

    function test_serveData_revertsWhen_leafOrManifestIsAnother() public {
        BatchId batch = postBatch();
        request(batch, 0);
        bytes32[] memory path = pathOf(1);
        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupBadPath.selector, batch, 0));
        rollup.serveData(batch, leaves[1], 0, path, MANIFEST);

        path = pathOf(0);
        bytes memory other = "other";
        vm.expectRevert(
            abi.encodeWithSelector(IResultRollup.ResultRollupBadManifest.selector, sha256(other), RESULT)
        );
        rollup.serveData(batch, leaves[0], 0, path, other);
    }

    function test_serveData_revertsWhen_nothingWasAskedOrItIsLate() public {
        BatchId batch = postBatch();
        bytes32[] memory path = pathOf(0);
        vm.expectRevert(requestIn(batch, RequestState.None));
        rollup.serveData(batch, leaves[0], 0, path, MANIFEST);
        request(batch, 0);
        uint64 deadline = time() + SERVE;
        skipSeconds(SERVE + 1);
        vm.expectRevert(abi.encodeWithSelector(IResultRollup.ResultRollupTooLate.selector, batch, deadline));
        rollup.serveData(batch, leaves[0], 0, path, MANIFEST);
    }

    function test_lapse_fellsTheLeafAlone() public {
        BatchId batch = postBatch();
        request(batch, 0);
        skipSeconds(SERVE + 1);

        vm.expectEmit(ROLLUP);
        emit IResultRollup.DataWithheld(batch, 0);
        vm.prank(challenger);
        rollup.lapse(batch, 0);

        assertEq(uint8(rollup.requestOf(batch, 0).state), uint8(RequestState.Lapsed), "state");
        assertTrue(rollup.hasFallen(batch, 0), "fallen");
        assertEq(vault.freeOf(stranger), DATA_FEE, "the fee is back");
        assertFalse(rollup.proveResult(batch, leaves[0], 0, pathOf(0)), "proves nothing");
        assertTrue(rollup.proveResult(batch, leaves[1], 1, pathOf(1)), "the others stand");
        rollup.finalise(batch);
        assertEq(emission.burned(), POST_BOND, "the bond burns");
    }

    function test_lapse_revertsWhen_posterHasTimeOrServed() public {
        BatchId batch = postBatch();
        request(batch, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IResultRollup.ResultRollupNotDue.selector, batch, 0, time() + SERVE)
        );
        rollup.lapse(batch, 0);
        serve(batch, 0);
        vm.expectRevert(requestIn(batch, RequestState.Served));
        rollup.lapse(batch, 0);
    }

    function test_lapse_leavesAnOpenDisputeItsWay() public {
        BatchId batch = postBatch();
        request(batch, 0);
        dispute(batch, 0);
        skipSeconds(SERVE + 1);
        rollup.lapse(batch, 0);

        rule(batch, 0, verdictOn(0));

        assertTrue(rollup.hasFallen(batch, 0), "what was withheld stays fallen");
        assertEq(vault.freeOf(worker), CHALLENGE_BOND, "the verdict is paid as always");
        assertEq(rollup.batchOf(batch).openDisputes, 0, "open");
    }

    function dataKeyOf(BatchId batch, uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode("data", batch, i));
    }

    function requestIn(BatchId batch, RequestState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IResultRollup.ResultRollupWrongRequest.selector, batch, 0, state);
    }
}
