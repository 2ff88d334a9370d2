// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBeaconHistory} from "contracts/src/interfaces/IBeaconHistory.sol";
import {IChipChallenges} from "contracts/src/interfaces/IChipChallenges.sol";
import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {ChipChallenges} from "contracts/src/poci/ChipChallenges.sol";
import {ChipSignature, ChipState} from "contracts/src/types/Chips.sol";
import {ChallengeParameters} from "contracts/src/types/Evidence.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

import {OpeningFixture} from "../lib/OpeningFixture.sol";

contract PociChallengesTest is OpeningFixture {
    uint64 private constant ASKED = EPOCH + 2;

    function setUp() public override {
        super.setUp();
        register(3);
        mineTo(ASKED);
    }

    function test_challenge_locksTheBondAndAsks() public {
        vm.expectEmit(CHALLENGES);
        emit IChipChallenges.Challenged(ids[0], stranger, 1, ASKED + ANSWER_BLOCKS);
        ask(0);

        assertEq(vault.lockedOf(CHALLENGES, bytes32(ask0())), CHALLENGE_BOND, "bond");
        assertEq(challenges.challengeOf(ids[0]).challenger, stranger, "challenger");
        assertEq(challenges.challengeOf(ids[0]).number, 1, "number");
        assertEq(challenges.deadlineOf(ids[0]), ASKED + ANSWER_BLOCKS, "deadline");
        assertEq(challenges.deadlineOf(ids[1]), 0, "another chip's");
    }

    function test_questionOf_readsTheBeaconOfTheNextBlock() public {
        ask(0);
        vm.expectRevert(
            abi.encodeWithSelector(IBeaconHistory.BeaconHistoryUnknown.selector, ASKED + 1, ASKED)
        );
        challenges.questionOf(ids[0]);

        mineTo(ASKED + 1);

        bytes32 tag = keccak256("UNC/v1/challenge");
        assertEq(
            challenges.questionOf(ids[0]),
            keccak256(abi.encode(tag, block.chainid, CHALLENGES, ids[0], uint32(1), beaconOf(ASKED + 1)))
        );
    }

    function test_answer_earnsTheBondForTheOperator() public {
        ask(0);
        mineTo(ASKED + ANSWER_BLOCKS); // the last block
        ChipSignature memory signed_ = answerOf(0);

        vm.expectEmit(CHALLENGES);
        emit IChipChallenges.Answered(ids[0], operator, 1);
        vm.prank(newOperator);
        challenges.answer(ids[0], signed_);

        assertEq(vault.freeOf(operator), CHALLENGE_BOND, "operator");
        assertEq(vault.lockedOf(CHALLENGES, bytes32(ask0())), 0, "nothing is locked");
        assertEq(challenges.challengeOf(ids[0]).challenger, address(0), "closed");
        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Active), "state");
    }

    function test_challenge_numbersGoOn() public {
        ask(0);
        mineTo(ASKED + 1);
        ChipSignature memory old = answerOf(0);
        challenges.answer(ids[0], old);
        ask(0);
        mineTo(ASKED + 2);

        assertEq(challenges.challengeOf(ids[0]).number, 2, "number");
        refuseAnswer(old, abi.encodeWithSelector(IChipChallenges.ChipChallengesBadAnswer.selector, ids[0]));
    }

    function test_expire_punishesTheChip() public {
        ask(0);
        mineTo(ASKED + ANSWER_BLOCKS + 1);
        uint256 penalty = PHI * BOND / 10;
        uint256 burnedBefore = emission.burned();

        vm.expectEmit(CHALLENGES);
        emit IChipChallenges.Expired(ids[0], stranger, 1);
        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipSuspended(ids[0], 2);
        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipPenalised(ids[0], stranger, penalty - penalty / 10, penalty / 10);
        challenges.expire(ids[0], entries[0].blsKey);

        assertEq(vault.freeOf(stranger), CHALLENGE_BOND + penalty / 10, "challenger");
        assertEq(emission.burned() - burnedBefore, penalty - penalty / 10, "burned");
        assertEq(chipOf(0).bond, PHI * BOND - penalty, "bond");
        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Suspended), "state");
        assertEq(views.totalPower(), 2 * PHI, "power");
        (, uint32 count) = views.snapshotOf(operator, 3);
        assertEq(count, 2, "keys");
    }

    /// @dev Asking to leave does not save the bond.
    function test_expire_punishesAChipThatAskedToLeave() public {
        ask(0);
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        mineTo(ASKED + ANSWER_BLOCKS + 1);

        challenges.expire(ids[0], entries[0].blsKey);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Exiting), "goes on leaving");
        assertEq(chipOf(0).bond, PHI * BOND * 9 / 10, "bond");
    }

    function test_expire_ofAnExitedChipGivesTheBondBackOnly() public {
        ask(0);
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        mineTo(ASKED + EXIT_SECONDS + EPOCH);
        registry.finishExit(ids[0]);

        challenges.expire(ids[0], entries[0].blsKey);

        assertEq(vault.freeOf(stranger), CHALLENGE_BOND, "bond");
        assertEq(vault.lockedOf(REGISTRY, bytes32(uint256(uint160(operator)))), 2 * PHI * BOND, "others'");
    }

    function test_expire_thenTheChipComesBack() public {
        ask(0);
        mineTo(ASKED + ANSWER_BLOCKS + 1);
        challenges.expire(ids[0], entries[0].blsKey);

        mineToEpoch(4);
        bytes32 message = registry.availabilityMessage(operator, 4);
        (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(0), message);
        ChipSignature memory fresh = signed(0, r, s);
        vm.prank(operator);
        registry.resume(ids[0], fresh, entries[0].blsKey);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Active));
    }

    function test_challenge_revertsWhen_bondIsAnother() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IChipChallenges.ChipChallengesBondMismatch.selector, CHALLENGE_BOND - 1, CHALLENGE_BOND
            )
        );
        challenges.challenge{value: CHALLENGE_BOND - 1}(ids[0]);
    }

    function test_challenge_revertsWhen_chipIsNotActive() public {
        registerFrom(3, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IChipChallenges.ChipChallengesNotActive.selector, ids[3], ChipState.Pending
            )
        );
        challenges.challenge{value: CHALLENGE_BOND}(ids[3]);
    }

    function test_challenge_revertsWhen_aQuestionIsOpen() public {
        ask(0);
        vm.expectRevert(
            abi.encodeWithSelector(IChipChallenges.ChipChallengesOpen.selector, ids[0], uint32(1))
        );
        challenges.challenge{value: CHALLENGE_BOND}(ids[0]);
    }

    function test_answer_revertsWhen_noQuestionIsOpen() public {
        ChipSignature memory any;
        refuseAnswer(any, abi.encodeWithSelector(IChipChallenges.ChipChallengesNoneOpen.selector, ids[0]));
    }

    function test_answer_revertsWhen_deadlineIsOver() public {
        ask(0);
        mineTo(ASKED + ANSWER_BLOCKS + 1);
        refuseAnswer(
            answerOf(0),
            abi.encodeWithSelector(
                IChipChallenges.ChipChallengesTooLate.selector, ids[0], ASKED + ANSWER_BLOCKS
            )
        );
    }

    function test_answer_revertsWhen_itIsNotTheChips() public {
        ask(0);
        mineTo(ASKED + 1);
        bytes memory reason = abi.encodeWithSelector(IChipChallenges.ChipChallengesBadAnswer.selector, ids[0]);
        (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(1), challenges.questionOf(ids[0]));

        refuseAnswer(signed(1, r, s), reason);
        refuseAnswer(signed(0, r, s), reason);
    }

    function test_expire_revertsWhen_deadlineIsNotOver() public {
        ask(0);
        mineTo(ASKED + ANSWER_BLOCKS);
        vm.expectRevert(
            abi.encodeWithSelector(
                IChipChallenges.ChipChallengesTooEarly.selector, ids[0], ASKED + ANSWER_BLOCKS
            )
        );
        challenges.expire(ids[0], entries[0].blsKey);
    }

    function test_expire_revertsWhen_noQuestionIsOpen() public {
        vm.expectRevert(abi.encodeWithSelector(IChipChallenges.ChipChallengesNoneOpen.selector, ids[0]));
        challenges.expire(ids[0], entries[0].blsKey);
    }

    function test_expire_revertsWhen_keyIsAnotherChips() public {
        ask(0);
        mineTo(ASKED + ANSWER_BLOCKS + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPociRegistry.PociRegistryOtherKey.selector, ids[0], keccak256(entries[1].blsKey)
            )
        );
        challenges.expire(ids[0], entries[1].blsKey);
    }

    function test_failChallenge_revertsWhen_callerIsNotTheChallengesContract() public {
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryNotChallenges.selector, stranger));
        vm.prank(stranger);
        registry.failChallenge(ids[0], entries[0].blsKey, stranger);
    }

    function test_constructor_revertsWhen_aParameterIsOutOfRange() public {
        ChallengeParameters memory wanted = challengeParameters();
        wanted.answerBlocks = 1;
        refuse(wanted, "answerBlocks");
        wanted.answerBlocks = 8191;
        refuse(wanted, "answerBlocks");
        wanted = challengeParameters();
        wanted.bond = 0;
        refuse(wanted, "bond");
    }

    function ask(uint256 i) private {
        vm.prank(stranger);
        challenges.challenge{value: CHALLENGE_BOND}(ids[i]);
    }

    function answerOf(uint256 i) private view returns (ChipSignature memory) {
        (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(i), challenges.questionOf(ids[i]));
        return signed(i, r, s);
    }

    /// @dev The purpose of the first chip's bond.
    function ask0() private view returns (bytes32 purpose) {
        purpose = keccak256(abi.encode(entries[0].x, entries[0].y));
    }

    function refuseAnswer(ChipSignature memory answer, bytes memory reason) private {
        vm.expectRevert(reason);
        challenges.answer(ids[0], answer);
    }

    function refuse(ChallengeParameters memory wanted, bytes32 field) private {
        vm.expectRevert(abi.encodeWithSelector(IChipChallenges.ChipChallengesBadParameter.selector, field));
        new ChipChallenges(wanted);
    }
}
