// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {JobEscrow} from "contracts/src/jobs/JobEscrow.sol";
import {ResultRollup} from "contracts/src/jobs/ResultRollup.sol";
import {CaseState} from "contracts/src/types/Committees.sol";
import {BatchId, JobId, RentalId} from "contracts/src/types/Ids.sol";
import {JobSpec, ResultLeaf, RollupParameters, Tolerance} from "contracts/src/types/Jobs.sol";

import {CommitteeFixture} from "./CommitteeFixture.sol";
import {SortedTree} from "./SortedTree.sol";

/// @title Opens jobs, posts batches of their results and lets committees judge them.
abstract contract JobFixture is CommitteeFixture {
    uint128 internal constant POST_BOND = 1 ether;
    uint128 internal constant CHALLENGE_BOND = 0.5 ether + 1;
    uint128 internal constant DATA_FEE = 0.1 ether;
    uint64 internal constant WINDOW = 8;
    uint64 internal constant SERVE = 15;
    uint64 internal constant GRACE = 300;
    uint128 internal constant PRICE = 0.25 ether;
    uint64 internal constant JOB_SECONDS = 100;
    bytes internal constant MANIFEST = "manifest of job 0";
    bytes32 internal constant FOUND = "another result";
    bytes32 internal immutable RESULT = sha256(MANIFEST);

    JobEscrow internal jobs = JobEscrow(JOBS);
    ResultRollup internal rollup = ResultRollup(ROLLUP);

    uint256 internal constant CLIENT_KEY = 0xC11E;
    address internal client = vm.addr(CLIENT_KEY);
    address internal worker = makeAddr("worker");
    address internal challenger = makeAddr("challenger");

    bytes32[] internal leafHashes;
    ResultLeaf[] internal leaves;

    function setUp() public virtual override {
        super.setUp();
        build(JOBS, type(JobEscrow).creationCode, abi.encode(VAULT, ROLLUP, ORDERS, GRACE));
        build(ROLLUP, type(ResultRollup).creationCode, abi.encode(parameters()));
        power.add(worker);
        power.add(challenger);
        vm.deal(client, 100 ether);
        vm.deal(worker, 100 ether);
        vm.deal(challenger, 100 ether);
        vm.prank(client);
        vault.deposit{value: 10 ether}(client);
        for (uint64 i = 0; i < 5; ++i) {
            JobId job = i == 0 ? jobs.hashOf(spec()) : JobId.wrap(keccak256(abi.encode("job", i)));
            bytes32 result = i == 0 ? RESULT : keccak256(abi.encode("result", i));
            leaves.push(ResultLeaf({job: job, resultRoot: result, steps: 1000 + i}));
            leafHashes.push(keccak256(abi.encodePacked(bytes1(0), job, result, uint256(leaves[i].steps))));
        }
    }

    function parameters() internal pure returns (RollupParameters memory) {
        return RollupParameters({
            vault: VAULT,
            committee: COMMITTEE,
            postBond: POST_BOND,
            challengeBond: CHALLENGE_BOND,
            dataFee: DATA_FEE,
            challengeSeconds: WINDOW,
            serveSeconds: SERVE,
            seats: SEATS
        });
    }

    function spec() internal view returns (JobSpec memory) {
        return JobSpec({
            client: client,
            worker: worker,
            rental: RentalId.wrap(0),
            programHash: keccak256("program"),
            inputHash: keccak256("input"),
            environmentHash: keccak256("environment"),
            kernelProfile: 0,
            seed: 7,
            paramsHash: keccak256("params"),
            tolerance: Tolerance.Exact,
            price: PRICE,
            deadline: START + JOB_SECONDS,
            nonce: 1
        });
    }

    /// @dev The client opens the job of `spec()`.
    function openJob() internal returns (JobId job) {
        JobSpec memory wanted = spec();
        vm.prank(client);
        return jobs.open(wanted, "");
    }

    /// @dev The worker commits to a result, posts it as leaf 0 of a batch, and reveals that place.
    function deliver(JobId job) internal returns (BatchId batch) {
        commitResultAs(worker, job);
        batch = postBatch();
        reveal(job, batch);
    }

    function commitResultAs(address by, JobId job) internal {
        bytes32 sealed_ = commitment(job);
        vm.prank(by);
        jobs.commitResult(job, sealed_);
    }

    function reveal(JobId job, BatchId batch) internal {
        vm.prank(worker);
        jobs.revealResult(job, batch, 0, RESULT, SALT);
    }

    function commitment(JobId job) internal view returns (bytes32) {
        return keccak256(abi.encode(keccak256("UNC/v1/result-commit"), RESULT, SALT, worker, job));
    }

    function postBatch() internal returns (BatchId) {
        return postBatchAs(worker);
    }

    function postBatchAs(address poster) internal returns (BatchId) {
        bytes32 root = SortedTree.orderedRoot(leafHashes);
        vm.prank(poster);
        return rollup.postRoot{value: POST_BOND}(root, uint32(leafHashes.length), "https://worker/results");
    }

    function pathOf(uint256 i) internal view returns (bytes32[] memory) {
        return SortedTree.orderedPath(leafHashes, i);
    }

    function dispute(BatchId batch, uint256 i) internal {
        ResultLeaf memory leaf = leaves[i];
        bytes32[] memory path = pathOf(i);
        uint256 price = rollup.challengePrice();
        vm.prank(challenger);
        rollup.challenge{value: price}(batch, leaf, i, path);
    }

    /// @dev The committee is drawn and all its members find the same; then what it decided is done.
    function rule(BatchId batch, uint256 i, bytes32 verdict) internal {
        bytes32 subject = keyOf(batch, i);
        draw(subject);
        voteAll(subject, verdict);
        if (committee.caseOf(subject).state == CaseState.Ruled) close(subject);
        rollup.resolve(batch, i);
    }

    function request(BatchId batch, uint256 i) internal {
        vm.deal(stranger, DATA_FEE);
        vm.prank(stranger);
        rollup.requestData{value: DATA_FEE}(batch, i);
    }

    /// @dev The poster shows leaf and manifest; only those of leaf 0 are known.
    function serve(BatchId batch, uint256 i) internal {
        bytes32[] memory path = pathOf(i);
        vm.prank(worker);
        rollup.serveData(batch, leaves[i], i, path, MANIFEST);
    }

    /// @dev The verdict of who finds what a leaf says.
    function verdictOn(uint256 i) internal view returns (bytes32) {
        return verdictOf(leaves[i].resultRoot, leaves[i].steps);
    }

    function verdictOf(bytes32 root, uint64 steps) internal pure returns (bytes32) {
        return keccak256(abi.encode(root, steps));
    }

    function keyOf(BatchId batch, uint256 i) internal pure returns (bytes32) {
        return keccak256(abi.encode(batch, i));
    }

    function settle(JobId job) internal {
        jobs.settle(job, leaves[0], pathOf(0));
    }
}
