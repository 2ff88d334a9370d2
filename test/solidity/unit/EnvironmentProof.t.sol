// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBeaconHistory} from "contracts/src/interfaces/IBeaconHistory.sol";
import {IEnvironmentProof} from "contracts/src/interfaces/IEnvironmentProof.sol";
import {EnvironmentProof} from "contracts/src/poci/EnvironmentProof.sol";
import {
    AnswerState,
    EnvironmentAnswer,
    EnvironmentParameters,
    EnvironmentProgram,
    EnvironmentTally
} from "contracts/src/types/Environments.sol";
import {Tolerance} from "contracts/src/types/Jobs.sol";

import {EnvironmentFixture} from "../lib/EnvironmentFixture.sol";

contract EnvironmentProofTest is EnvironmentFixture {
    bytes32 private constant RIGHT = keccak256("right");
    bytes32 private constant WRONG = keccak256("wrong");

    function setUp() public override {
        super.setUp();
        power.addChip(alice, 3);
        power.addChip(bob, 2);
    }

    // ----------------------------------------------------------- construction

    function expectBad(bytes32 field, EnvironmentParameters memory parameters) private {
        vm.expectRevert(
            abi.encodeWithSelector(IEnvironmentProof.EnvironmentProofBadParameter.selector, field)
        );
        new EnvironmentProof(parameters);
    }

    function test_constructor_keepsTheCatalogueForEver() public view {
        assertEq(abi.encode(environment.programs()), abi.encode(exactOnly()), "programs");
        assertEq(environment.firstRound(), 1, "the epoch after construction");
    }

    function test_constructor_revertsWhen_epochHasNoBlocksOrOutlastsTheBeacons() public {
        EnvironmentParameters memory parameters = parametersOf(exactOnly());
        parameters.epochBlocks = 0;
        expectBad("epochBlocks", parameters);
        parameters.epochBlocks = 4096;
        expectBad("epochBlocks", parameters);
        parameters.epochBlocks = 4095;
        new EnvironmentProof(parameters);
    }

    function test_constructor_revertsWhen_catalogueIsEmptyOrTooLong() public {
        expectBad("programs", parametersOf(new EnvironmentProgram[](0)));
        expectBad("programs", parametersOf(new EnvironmentProgram[](256)));
        new EnvironmentProof(parametersOf(new EnvironmentProgram[](255)));
    }

    function test_constructor_revertsWhen_widthDoesNotFitTheTolerance() public {
        EnvironmentParameters memory parameters = parametersOf(exactOnly());
        parameters.programs[0].width = 1;
        expectBad("width", parameters);
        parameters.programs[0].tolerance = Tolerance.Reproducible;
        expectBad("width", parameters);
        parameters.programs[0].tolerance = Tolerance.Approximate;
        new EnvironmentProof(parameters);
        parameters.programs[0].width = 0;
        expectBad("width", parameters);
    }

    // ------------------------------------------------------------------- draw

    function test_questionOf_isKnownFromTheEpochsFirstBlockOn() public {
        vm.expectRevert(abi.encodeWithSelector(IBeaconHistory.BeaconHistoryUnknown.selector, 31, 16));
        environment.questionOf(2);

        mineToEpoch(2);
        (uint256 index, EnvironmentProgram memory program, bytes32 seed) = environment.questionOf(2);

        bytes32 tag = keccak256("UNC/v1/environment");
        bytes32 expected = keccak256(abi.encode(tag, block.chainid, ENVIRONMENT, 2, beaconOf(31)));
        assertEq(seed, expected, "seed");
        assertEq(index, 0, "index");
        assertEq(program.programHash, "wasm", "program");
    }

    function test_questionOf_drawsEveryProgram() public {
        useCatalogue(new EnvironmentProgram[](3));
        uint256[3] memory drawn;
        for (uint64 round = 2; round <= 31; ++round) {
            mineToEpoch(round);
            (uint256 index,,) = environment.questionOf(round);
            drawn[index] += 1;
        }
        for (uint256 i = 0; i < 3; ++i) {
            assertGt(drawn[i], 3, "of 30");
        }
    }

    // ----------------------------------------------------------------- commit

    function test_commit_keepsTheWordAndWhatItWeighs() public {
        bytes32 commitment = commitmentOf(alice, 1, RIGHT);

        vm.expectEmit(ENVIRONMENT);
        emit IEnvironmentProof.AnswerCommitted(alice, 1, commitment, 3);
        vm.prank(alice);
        environment.commit(1, commitment);

        EnvironmentAnswer memory kept = environment.answerOf(alice, 1);
        assertEq(uint8(kept.state), uint8(AnswerState.Committed), "state");
        assertEq(kept.power, 3, "power");
        assertEq(kept.word, commitment, "word");
        EnvironmentTally memory tally = environment.tallyOf(1);
        assertEq(tally.committed, 3, "committed");
        assertEq(tally.commitments, 1, "commitments");
        assertEq(tally.revealed + tally.reveals, 0, "nothing revealed");
    }

    function test_commit_isTakenUpToTheLastBlockOfTheEpoch() public {
        mineTo(2 * EPOCH - 1);
        commit(alice, RIGHT);
        assertEq(environment.tallyOf(1).committed, 3);
    }

    function expectWrongRound(uint64 round, uint64 current) private {
        vm.expectRevert(
            abi.encodeWithSelector(IEnvironmentProof.EnvironmentProofWrongRound.selector, round, current)
        );
    }

    function test_commit_revertsWhen_roundIsNotTheCurrentEpoch() public {
        mineToEpoch(2);
        vm.startPrank(alice);
        expectWrongRound(1, 2);
        environment.commit(1, RIGHT);
        expectWrongRound(3, 2);
        environment.commit(3, RIGHT);
    }

    function test_commit_revertsWhen_theFirstRoundHasNotBegun() public {
        environment = new EnvironmentProof(parametersOf(exactOnly()));
        assertEq(environment.firstRound(), 2, "built in epoch 1");
        expectWrongRound(1, 1);
        vm.prank(alice);
        environment.commit(1, RIGHT);
    }

    function test_commit_revertsWhen_operatorHasNoPower() public {
        vm.expectRevert(abi.encodeWithSelector(IEnvironmentProof.EnvironmentProofNoPower.selector, carol));
        vm.prank(carol);
        environment.commit(1, RIGHT);
    }

    function test_commit_revertsWhen_doneBefore() public {
        commit(alice, RIGHT);
        vm.expectRevert(
            abi.encodeWithSelector(IEnvironmentProof.EnvironmentProofAlreadyCommitted.selector, alice, 1)
        );
        vm.prank(alice);
        environment.commit(1, RIGHT);
    }

    // ----------------------------------------------------------------- reveal

    function test_reveal_countsTheAnswerAndDecidesOnce() public {
        commit(alice, RIGHT);
        commit(bob, RIGHT);
        nextEpoch();

        vm.expectEmit(ENVIRONMENT);
        emit IEnvironmentProof.AnswerRevealed(alice, 1, RIGHT, 3);
        vm.expectEmit(ENVIRONMENT);
        emit IEnvironmentProof.RoundDecided(1, 5);
        reveal(alice, RIGHT);
        vm.recordLogs();
        reveal(bob, RIGHT);
        assertEq(vm.getRecordedLogs().length, 1, "decided once");

        EnvironmentTally memory tally = environment.tallyOf(1);
        assertEq(tally.committed, 5, "committed");
        assertEq(tally.revealed, 5, "revealed");
        assertEq(tally.commitments, 2, "commitments");
        assertEq(tally.reveals, 2, "reveals");
        assertTrue(tally.isDecided, "decided");
        EnvironmentAnswer memory kept = environment.answerOf(alice, 1);
        assertEq(uint8(kept.state), uint8(AnswerState.Revealed), "state");
        assertEq(kept.word, keccak256(abi.encode(RIGHT)), "cell");
    }

    function test_reveal_weighsWhatWasCommitted() public {
        commit(alice, RIGHT);
        power.addChip(alice, 100);
        nextEpoch();
        reveal(alice, RIGHT);
        assertEq(environment.tallyOf(1).revealed, 3);
    }

    function test_reveal_isTakenUpToTheLastBlockOfTheNextEpoch() public {
        commit(alice, RIGHT);
        mineTo(3 * EPOCH - 1);
        reveal(alice, RIGHT);
        assertEq(environment.tallyOf(1).revealed, 3);
    }

    function test_reveal_revertsWhen_commitmentsStillCome() public {
        commit(alice, RIGHT);
        expectWrongRound(1, 1);
        vm.prank(alice);
        environment.reveal(1, RIGHT, SALT);
    }

    function test_reveal_revertsWhen_roundIsBeyondAllNumbers() public {
        expectWrongRound(type(uint64).max, 1);
        environment.reveal(type(uint64).max, RIGHT, SALT);
    }

    function test_reveal_revertsWhen_nothingWasCommitted() public {
        nextEpoch();
        vm.expectRevert(
            abi.encodeWithSelector(IEnvironmentProof.EnvironmentProofNotCommitted.selector, alice, 1)
        );
        vm.prank(alice);
        environment.reveal(1, RIGHT, SALT);
    }

    function test_reveal_revertsWhen_theCommitmentIsOfAnotherRound() public {
        commit(alice, RIGHT);
        mineToEpoch(6);
        vm.expectRevert(
            abi.encodeWithSelector(IEnvironmentProof.EnvironmentProofNotCommitted.selector, alice, 5)
        );
        vm.prank(alice);
        environment.reveal(5, RIGHT, SALT);
    }

    /// @dev Round 0 is never played: an empty place must not be read as a commitment in it.
    function test_reveal_revertsWhen_roundIsTheZeroth() public {
        vm.expectRevert(
            abi.encodeWithSelector(IEnvironmentProof.EnvironmentProofNotCommitted.selector, alice, 0)
        );
        vm.prank(alice);
        environment.reveal(0, RIGHT, SALT);
    }

    function test_reveal_revertsWhen_doneBefore() public {
        commit(alice, RIGHT);
        nextEpoch();
        reveal(alice, RIGHT);
        vm.expectRevert(
            abi.encodeWithSelector(IEnvironmentProof.EnvironmentProofAlreadyRevealed.selector, alice, 1)
        );
        vm.prank(alice);
        environment.reveal(1, RIGHT, SALT);
    }

    function test_reveal_revertsWhen_answerIsNotTheCommittedOne() public {
        commit(alice, RIGHT);
        nextEpoch();
        vm.expectRevert(
            abi.encodeWithSelector(
                IEnvironmentProof.EnvironmentProofBadReveal.selector,
                alice,
                commitmentOf(alice, 1, WRONG),
                commitmentOf(alice, 1, RIGHT)
            )
        );
        vm.prank(alice);
        environment.reveal(1, WRONG, SALT);
    }

    // --------------------------------------------------------------- judgement

    function test_hasPassed_waitsUntilTheRoundIsOver() public {
        commit(alice, RIGHT);
        nextEpoch();
        reveal(alice, RIGHT);
        assertFalse(environment.hasPassed(alice, 1), "others still reveal");
        nextEpoch();
        assertTrue(environment.hasPassed(alice, 1), "judged");
    }

    function test_hasPassed_failsWhoeverDisagreesWithTheMajority() public {
        commit(alice, RIGHT);
        commit(bob, WRONG);
        nextEpoch();
        reveal(alice, RIGHT);
        reveal(bob, WRONG);
        nextEpoch();
        assertTrue(environment.hasPassed(alice, 1), "majority");
        assertFalse(environment.hasPassed(bob, 1), "minority");
    }

    function test_hasPassed_passesAllWhoRevealedInAnUndecidedRound() public {
        power.addChip(bob, 1);
        commit(alice, RIGHT);
        commit(bob, WRONG);
        nextEpoch();
        reveal(alice, RIGHT);
        reveal(bob, WRONG);
        nextEpoch();
        assertFalse(environment.tallyOf(1).isDecided, "half against half");
        assertTrue(environment.hasPassed(alice, 1), "one side");
        assertTrue(environment.hasPassed(bob, 1), "the other");
    }

    function test_hasPassed_failsWhoDidNotReveal() public {
        commit(alice, RIGHT);
        commit(bob, RIGHT);
        nextEpoch();
        reveal(alice, RIGHT);
        nextEpoch();
        assertFalse(environment.hasPassed(bob, 1));
    }

    function test_hasPassed_forgetsARoundWhosePlaceWasTaken() public {
        play(alice, RIGHT);
        assertTrue(environment.hasPassed(alice, 1), "kept");
        mineToEpoch(5);
        commit(alice, RIGHT);
        assertFalse(environment.hasPassed(alice, 1), "gone");
        assertEq(environment.answerOf(alice, 1).power, 0, "zeros");
    }

    function test_isSuspended_beginsWhenTwoRoundsWereJudged() public {
        mineTo(4 * EPOCH - 1);
        assertFalse(environment.isSuspended(alice), "one round judged");
        mineToEpoch(4);
        assertTrue(environment.isSuspended(alice), "two rounds of silence");
    }

    function test_isSuspended_forgivesOneFailure() public {
        play(alice, RIGHT); // round 1, judged in epoch 3
        nextEpoch();
        assertFalse(environment.hasPassed(alice, 2), "silent in round 2");
        assertFalse(environment.isSuspended(alice), "one failure");
        nextEpoch();
        assertTrue(environment.isSuspended(alice), "rounds 2 and 3");
    }

    function test_isSuspended_endsWithARoundThatIsPassed() public {
        mineToEpoch(4);
        assertTrue(environment.isSuspended(alice), "silent in rounds 1 and 2");
        commit(alice, RIGHT);
        nextEpoch();
        reveal(alice, RIGHT);
        assertTrue(environment.isSuspended(alice), "not judged yet");
        nextEpoch();
        assertFalse(environment.isSuspended(alice), "passed round 4");
    }

    function test_isSuspended_countsWrongAnswersAsSilence() public {
        for (uint64 round = 1; round <= 2; ++round) {
            commit(alice, RIGHT);
            commit(bob, WRONG);
            if (round > 1) {
                reveal(alice, RIGHT);
                reveal(bob, WRONG);
            }
            nextEpoch();
        }
        reveal(alice, RIGHT);
        reveal(bob, WRONG);
        nextEpoch();
        assertTrue(environment.isSuspended(bob), "wrong twice");
        assertFalse(environment.isSuspended(alice), "right twice");
    }
}
