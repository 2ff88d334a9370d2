// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBeaconHistory} from "contracts/src/interfaces/IBeaconHistory.sol";
import {IEnvironmentProof} from "contracts/src/interfaces/IEnvironmentProof.sol";

import {EnvironmentFixture} from "../lib/EnvironmentFixture.sol";

/// @title Attacks on rounds of the environment proof: passing without computing, and failing those who do.
contract EnvironmentAttackTest is EnvironmentFixture {
    bytes32 private constant RIGHT = keccak256("right");
    bytes32 private constant WRONG = keccak256("wrong");

    address private mallory = makeAddr("mallory");

    function have(address operator, uint64 phi) private {
        power.addChip(operator, phi);
    }

    /// @dev A word taken from somebody else's transaction opens for its owner only.
    function test_attack_aCopiedCommitmentDoesNotOpen() public {
        have(alice, 3);
        have(mallory, 1);
        commit(alice, RIGHT);
        bytes32 copied = environment.answerOf(alice, 1).word;
        vm.prank(mallory);
        environment.commit(1, copied);
        nextEpoch();
        reveal(alice, RIGHT);

        vm.expectRevert(
            abi.encodeWithSelector(
                IEnvironmentProof.EnvironmentProofBadReveal.selector,
                mallory,
                commitmentOf(mallory, 1, RIGHT),
                copied
            )
        );
        vm.prank(mallory);
        environment.reveal(1, RIGHT, SALT);
        nextEpoch();
        assertFalse(environment.hasPassed(mallory, 1), "it did not compute");
    }

    /// @dev Answers are in the open only when nobody can commit any more.
    function test_attack_anAnswerSeenInTheOpenComesTooLate() public {
        have(alice, 3);
        have(mallory, 1);
        commit(alice, RIGHT);
        nextEpoch();
        reveal(alice, RIGHT);
        bytes32 late = commitmentOf(mallory, 1, RIGHT);
        vm.expectRevert(abi.encodeWithSelector(IEnvironmentProof.EnvironmentProofWrongRound.selector, 1, 2));
        vm.prank(mallory);
        environment.commit(1, late);
    }

    /// @dev Nor does yesterday's answer help, if it is committed under today's number.
    function test_attack_aLateRevealIsNone() public {
        have(mallory, 1);
        commit(mallory, RIGHT);
        nextEpoch();
        nextEpoch();
        vm.expectRevert(abi.encodeWithSelector(IEnvironmentProof.EnvironmentProofWrongRound.selector, 1, 3));
        vm.prank(mallory);
        environment.reveal(1, RIGHT, SALT);
        assertFalse(environment.hasPassed(mallory, 1), "silent");
    }

    function test_attack_silenceIsNoWayToKeepRewards() public {
        have(alice, 1);
        have(mallory, 100);
        for (uint64 round = 1; round <= 2; ++round) {
            play(alice, RIGHT);
        }
        mineToEpoch(6);
        assertTrue(environment.isSuspended(mallory), "no word, no reward");
    }

    /// @dev Who commits and keeps silent stays in the denominator: that is what could stop the verdict.
    function test_attack_aMinorityThatWithholdsStopsNoVerdict() public {
        have(alice, 51);
        have(mallory, 49);
        commit(alice, RIGHT);
        commit(mallory, WRONG);
        nextEpoch();
        reveal(alice, RIGHT);
        nextEpoch();
        assertTrue(environment.tallyOf(1).isDecided, "51 of 100");
        assertFalse(environment.hasPassed(mallory, 1), "silent");
    }

    function test_attack_collusionBelowAMajorityFailsNobodyElse() public {
        have(alice, 26);
        have(bob, 25);
        have(mallory, 49);
        commit(mallory, WRONG);
        commit(alice, RIGHT);
        commit(bob, RIGHT);
        nextEpoch();
        reveal(mallory, WRONG);
        reveal(alice, RIGHT);
        reveal(bob, RIGHT);
        nextEpoch();
        assertTrue(environment.hasPassed(alice, 1) && environment.hasPassed(bob, 1), "honest");
        assertFalse(environment.hasPassed(mallory, 1), "colluding");
    }

    /// @dev Half is no majority: then nobody can be said to be wrong.
    function test_attack_collusionOfHalfVoidsAtMost() public {
        have(alice, 50);
        have(mallory, 50);
        commit(alice, RIGHT);
        commit(mallory, WRONG);
        nextEpoch();
        reveal(mallory, WRONG);
        reveal(alice, RIGHT);
        nextEpoch();
        assertTrue(environment.hasPassed(alice, 1), "honest");
    }

    /// @dev The honest answers straddle a cell's edge; the colluding 40 % pile up next to one half of them.
    function test_attack_floatsAreNotCutOffByAPileBesideThem() public {
        useCatalogue(approximateOnly());
        uint64 round = currentEpoch();
        have(alice, 30);
        have(bob, 30);
        have(mallory, 40);
        (bytes32 low, bytes32 high) = (number(1999), number(2001));
        commit(mallory, number(500));
        commit(alice, low);
        commit(bob, high);
        nextEpoch();
        reveal(mallory, number(500));
        reveal(alice, low);
        reveal(bob, high);
        nextEpoch();
        assertTrue(environment.hasPassed(alice, round), "below the edge");
        assertTrue(environment.hasPassed(bob, round), "above the edge");
    }

    function testFuzz_attack_noMinorityFailsAnHonestFloat(
        uint64 bad,
        int64 truth,
        int64 noise,
        int64 distance
    ) public {
        useCatalogue(approximateOnly());
        uint64 round = currentEpoch();
        bad = uint64(bound(bad, 1, 49));
        have(alice, 50 - bad / 2);
        have(bob, 50 - (bad - bad / 2) + 1);
        have(mallory, bad);
        bytes32 first = number(truth);
        bytes32 second = number(int256(truth) + bound(noise, 0, 1000));
        bytes32 lie = number(int256(truth) + bound(distance, -5000, 5000));
        commit(mallory, lie);
        commit(alice, first);
        commit(bob, second);
        nextEpoch();
        reveal(mallory, lie);
        reveal(alice, first);
        reveal(bob, second);
        nextEpoch();
        assertTrue(environment.hasPassed(alice, round) && environment.hasPassed(bob, round));
    }

    /// @dev Many small accounts weigh what their chips weigh.
    function test_attack_manyAccountsWeighNoMoreThanTheirPower() public {
        have(alice, 11);
        commit(alice, RIGHT);
        for (uint160 i = 1; i <= 10; ++i) {
            address sybil = address(0xBAD0000 + i);
            have(sybil, 1);
            commit(sybil, WRONG);
        }
        nextEpoch();
        for (uint160 i = 1; i <= 10; ++i) {
            reveal(address(0xBAD0000 + i), WRONG);
        }
        reveal(alice, RIGHT);
        nextEpoch();
        assertTrue(environment.hasPassed(alice, 1), "11 of 21");
        assertFalse(environment.hasPassed(address(0xBAD0001), 1), "10 of 21");
    }

    /// @dev Program and input are one for all and follow from the beacon alone: no salt, no account and no
    /// order of transactions moves them, and before the beacon there is nothing to choose from.
    function test_attack_inputCannotBeGround() public {
        vm.expectRevert(abi.encodeWithSelector(IBeaconHistory.BeaconHistoryUnknown.selector, 31, 16));
        environment.questionOf(2);
        mineToEpoch(2);
        (,, bytes32 before) = environment.questionOf(2);

        have(mallory, 7);
        vm.prank(mallory);
        environment.commit(2, keccak256("any word"));
        mineTo(2 * EPOCH + 5);

        (,, bytes32 later) = environment.questionOf(2);
        assertEq(before, later, "the same question");
    }

    /// @dev An answer beside a right one must not be in its neighbourhood, where bytes must be equal.
    function test_attack_anExactAnswerHasNoNeighbours() public {
        have(alice, 2);
        have(mallory, 1);
        bytes32 beside = bytes32(uint256(RIGHT) + 1);
        commit(alice, RIGHT);
        commit(mallory, beside);
        nextEpoch();
        reveal(alice, RIGHT);
        reveal(mallory, beside);
        nextEpoch();
        assertFalse(environment.hasPassed(mallory, 1));
    }

    function test_attack_nobodySpeaksForAnother() public {
        have(alice, 1);
        commit(alice, RIGHT);
        nextEpoch();
        vm.expectRevert(
            abi.encodeWithSelector(IEnvironmentProof.EnvironmentProofNotCommitted.selector, mallory, 1)
        );
        vm.prank(mallory);
        environment.reveal(1, RIGHT, SALT);
    }

    /// @dev With nobody there rounds pass, and nothing waits for anybody.
    function test_attack_anEmptySetHoldsNothingUp() public {
        mineToEpoch(5);
        assertEq(environment.tallyOf(2).commitments, 0, "nobody");
        have(alice, 1);
        commit(alice, RIGHT);
        nextEpoch();
        reveal(alice, RIGHT);
        nextEpoch();
        assertFalse(environment.isSuspended(alice), "the next round counts");
    }

    /// @dev Alone, an operator is its own majority: it proves that it answers, no more.
    function test_attack_aSingleOperatorPassesByAnswering() public {
        have(mallory, 1);
        commit(mallory, WRONG);
        nextEpoch();
        reveal(mallory, WRONG);
        nextEpoch();
        assertTrue(environment.hasPassed(mallory, 1));
    }
}
