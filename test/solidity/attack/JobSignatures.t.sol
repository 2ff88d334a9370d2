// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJobEscrow} from "contracts/src/interfaces/IJobEscrow.sol";
import {JobEscrow} from "contracts/src/jobs/JobEscrow.sol";
import {JobId} from "contracts/src/types/Ids.sol";
import {JobSpec} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Attacks on what a client signs: replayed, bent, carried to another chain or contract.
contract JobSignaturesAttack is JobFixture {
    /// @dev Order of secp256k1.
    uint256 private constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// @dev ERC-1056, Livepeer: a signature without a chain id serves on every fork.
    function test_attack_aJobOfAnotherChainIsNotOpened() public {
        JobSpec memory wanted = spec();
        bytes memory signature = sign(JobId.unwrap(jobs.hashOf(wanted)));
        vm.chainId(7);

        refuse(wanted, signature);
    }

    /// @dev A contract at another address, an older version of ours, must not lend its signatures.
    function test_attack_aJobOfAnotherContractIsNotOpened() public {
        address other = address(0x999999);
        build(other, type(JobEscrow).creationCode, abi.encode(VAULT, ROLLUP, ORDERS, GRACE));
        JobSpec memory wanted = spec();

        refuse(wanted, sign(JobId.unwrap(IJobEscrow(other).hashOf(wanted))));
    }

    /// @dev Both forms of one signature: the mirrored one is refused, and the id is the message's anyway.
    function test_attack_aMirroredSignatureOpensNoSecondJob() public {
        JobSpec memory wanted = spec();
        bytes32 digest = JobId.unwrap(jobs.hashOf(wanted));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CLIENT_KEY, digest);
        bytes memory mirrored = abi.encodePacked(r, bytes32(N - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        refuse(wanted, mirrored);

        vm.prank(stranger);
        jobs.open(wanted, abi.encodePacked(r, s, v));
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowExists.selector, jobs.hashOf(wanted)));
        vm.prank(stranger);
        jobs.open(wanted, mirrored);
    }

    /// @dev A signed job is paid once: neither while it runs nor after its end does it open again.
    function test_attack_aSignedJobIsPaidOnce() public {
        JobSpec memory wanted = spec();
        bytes memory signature = sign(JobId.unwrap(jobs.hashOf(wanted)));
        JobId job = openJob();
        skipSeconds(JOB_SECONDS + 1);
        jobs.refund(job);
        vm.warp(START);

        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowExists.selector, job));
        vm.prank(stranger);
        jobs.open(wanted, signature);
    }

    function sign(bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CLIENT_KEY, digest);
        return abi.encodePacked(r, s, v);
    }

    function refuse(JobSpec memory wanted, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowBadSignature.selector, client));
        vm.prank(stranger);
        jobs.open(wanted, signature);
    }
}
