// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Exponential} from "contracts/src/libraries/Exponential.sol";
import {HalfLife} from "contracts/src/libraries/HalfLife.sol";
import {TieredIssue} from "contracts/src/libraries/TieredIssue.sol";
import {TieredSchedule} from "contracts/src/types/Issue.sol";

import {Proof} from "./Proof.sol";

/// @title Proves bounds of what is issued and of what decays.
/// @dev The falling tier multiplies unknowns, which no solver of bit vectors ends with: it is left to fuzz
/// and known answers (`unit/TieredIssue.t.sol`).
contract IssueProof is Proof {
    using TieredIssue for TieredSchedule;

    uint256 private constant LN2 = 693_147_180_559_945_309_417_232_121_458_176_568;
    uint128 private constant GWEI_PER_UNC = 1e9;
    /// @dev Height of the falling tier in these proofs, beyond every height that they ask for.
    uint64 private constant FALLING = 2 ** 40;

    function check_issuedGwei_risesByAtMostTheFirstTier(uint64 n1, uint64 n2, uint64 height) external pure {
        TieredSchedule memory schedule = flatTiers(n1, n2);
        vm.assume(height > 0 && height < FALLING);

        uint128 before = schedule.issuedGwei(height - 1);
        uint128 issued = schedule.issuedGwei(height);

        assert(issued >= before);
        assert(issued - before <= 100 * GWEI_PER_UNC);
    }

    function check_negative_isZeroFarOut(uint256 x) external pure {
        vm.assume(x >= 120 * LN2);

        assert(Exponential.negative(x) == 0);
    }

    function check_factorWad_isZeroFarOut(uint64 elapsed, uint64 halfLife) external pure {
        vm.assume(halfLife != 0 && elapsed / halfLife >= 60);

        assert(HalfLife.factorWad(elapsed, halfLife) == 0);
    }

    function flatTiers(uint64 n1, uint64 n2) private pure returns (TieredSchedule memory) {
        vm.assume(n1 <= n2 && n2 < FALLING);
        return TieredSchedule({n1: n1, n2: n2, n3: FALLING, betaWad: 1e15, capGwei: type(uint128).max});
    }
}
