// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IChipChallenges} from "contracts/src/interfaces/IChipChallenges.sol";
import {ChipSignature, ChipState} from "contracts/src/types/Chips.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

import {OpeningFixture} from "../lib/OpeningFixture.sol";

/// @title Challenges are used against honest chips, or to shield dishonest ones.
contract ChallengeGriefingAttack is OpeningFixture {
    function setUp() public override {
        super.setUp();
        register(2);
        mineTo(EPOCH + 1);
    }

    /// @dev Each question pays the operator a bond, far more than the answer's gas.
    function test_askingAgainAndAgain_paysTheOperator() public {
        for (uint256 i = 0; i < 5; ++i) {
            ask(stranger);
            mineTo(uint64(vm.getBlockNumber()) + 1);
            challenges.answer(ids[0], answer(0));
        }

        assertEq(vault.freeOf(operator), 5 * CHALLENGE_BOND, "operator");
        assertEq(stranger.balance, 1000 ether - 5 * CHALLENGE_BOND, "challenger");
        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Active), "state");
    }

    /// @dev Who keeps a question of his own open must answer it, too, or pays.
    function test_askingOneself_shieldsNobody() public {
        ask(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IChipChallenges.ChipChallengesOpen.selector, ids[0], uint32(1))
        );
        vm.prank(stranger);
        challenges.challenge{value: CHALLENGE_BOND}(ids[0]);

        mineTo(EPOCH + 1 + ANSWER_BLOCKS + 1);
        vm.prank(stranger);
        challenges.expire(ids[0], entries[0].blsKey);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Suspended), "state");
        assertLt(chipOf(0).bond, PHI * BOND, "bond");
    }

    /// @dev A signature that the chip gave elsewhere, or to an older question, is no answer.
    function test_oldWords_areNoAnswer() public {
        ask(stranger);
        mineTo(EPOCH + 2);
        ChipSignature memory old = answer(0);
        challenges.answer(ids[0], old);
        ask(stranger);
        mineTo(EPOCH + 3);
        (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(0), registry.availabilityMessage(operator, 1));

        refuse(old);
        refuse(signed(0, r, s));
    }

    /// @dev Closing twice pays once.
    function test_aQuestion_isClosedOnce() public {
        ask(stranger);
        mineTo(EPOCH + 1 + ANSWER_BLOCKS + 1);
        challenges.expire(ids[0], entries[0].blsKey);
        vm.expectRevert(abi.encodeWithSelector(IChipChallenges.ChipChallengesNoneOpen.selector, ids[0]));
        challenges.expire(ids[0], entries[0].blsKey);
    }

    function ask(address who) private {
        vm.prank(who);
        challenges.challenge{value: CHALLENGE_BOND}(ids[0]);
    }

    function answer(uint256 i) private view returns (ChipSignature memory) {
        (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(i), challenges.questionOf(ids[i]));
        return signed(i, r, s);
    }

    function refuse(ChipSignature memory signed_) private {
        vm.expectRevert(abi.encodeWithSelector(IChipChallenges.ChipChallengesBadAnswer.selector, ids[0]));
        challenges.answer(ids[0], signed_);
    }
}
