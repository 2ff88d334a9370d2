// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchId} from "contracts/src/types/Ids.sol";
import {ChallengeState} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Tests who pays whom when somebody else than the parties has a verdict over a leaf changed.
contract ResultRollupAppealTest is JobFixture {
    uint256 private constant GAS = 600_000 * uint256(BASEFEE);

    uint256 private _price;
    address private _intervener = makeAddr("intervener");

    function setUp() public override {
        super.setUp();
        _price = 2 * uint256(committee.priceOf(APPEAL_SEATS));
        vm.deal(_intervener, _price);
    }

    /// @dev Both have their costs, the reward is the intervener's, and every wei of the poster's bond has an
    /// owner.
    function test_resolve_paysAnIntervenerAsAChallenger() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        ruled(batch, 0, five(verdictOn(0), verdictOn(0), verdictOn(0), FOUND, FOUND));
        intervene(batch, 0, FOUND);

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Overturned), "state");
        assertEq(vault.freeOf(_intervener), _price + GAS + CHALLENGE_BOND / 2, "costs and reward");
        assertEq(vault.freeOf(challenger), rollup.challengePrice() + GAS, "bond and costs");
        assertEq(vault.freeOf(worker), 0, "poster");
        uint256 spent = 7 * uint256(PAY) + 2 * GAS + CHALLENGE_BOND / 2;
        assertEq(rollup.batchOf(batch).bond, POST_BOND - spent, "the rest of the bond");
        assertTrue(rollup.batchOf(batch).isRewarded, "once a batch");
        assertEq(vault.lockedOf(ROLLUP, BatchId.unwrap(batch)), POST_BOND - spent, "lock");
    }

    /// @dev What is left of half of the bond is the intervener's before the challenger's.
    function test_resolve_paysAnIntervenerBeforeTheChallenger() public {
        BatchId batch = postBatch();
        for (uint256 i = 0; i < 3; ++i) {
            dispute(batch, i);
        }
        rule(batch, 1, FOUND);
        rule(batch, 2, FOUND);
        uint256 left = rollup.batchOf(batch).bond - POST_BOND / 2;
        assertLt(left, 5 * PAY + GAS, "less than an appeal costs");
        ruled(batch, 0, five(verdictOn(0), verdictOn(0), verdictOn(0), FOUND, FOUND));
        uint256 before = vault.freeOf(challenger);
        intervene(batch, 0, FOUND);

        assertEq(vault.freeOf(_intervener), _price - 5 * PAY + left, "all that is left");
        uint256 rest = rollup.challengePrice() - 2 * uint256(PAY);
        assertEq(vault.freeOf(challenger) - before, rest, "bond, and rest of the price");
        assertEq(rollup.batchOf(batch).bond, POST_BOND / 2, "half burns");
    }

    /// @dev Who helps a poster is paid by the challenger's bond; the poster has the rest.
    function test_resolve_paysAnIntervenerForThePoster() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        ruled(batch, 0, five(FOUND, FOUND, FOUND, verdictOn(0), verdictOn(0)));
        intervene(batch, 0, verdictOn(0));

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Upheld), "state");
        assertEq(vault.freeOf(_intervener), _price + GAS, "costs");
        assertEq(vault.freeOf(worker), CHALLENGE_BOND - 5 * uint256(PAY) - GAS, "the rest of the bond");
        assertEq(vault.freeOf(challenger), committee.priceOf(SEATS) - 2 * uint256(PAY), "rest of the price");
        assertEq(rollup.challengeOf(batch, 0).bond, 0, "bond");
        assertEq(vault.lockedOf(ROLLUP, keyOf(batch, 0)), 0, "lock");
        assertEq(rollup.batchOf(batch).bond, POST_BOND, "poster's bond");
    }

    function test_resolve_paysNoIntervenerThatWasWrong() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        ruled(batch, 0, five(FOUND, FOUND, FOUND, FOUND, FOUND));
        intervene(batch, 0, FOUND);

        assertEq(vault.freeOf(_intervener), _price / 2 - 5 * PAY, "its bond is lost");
        uint256 reward = CHALLENGE_BOND / 2;
        assertEq(vault.freeOf(challenger), rollup.challengePrice() + GAS + reward, "costs and reward");
    }

    /// @dev What the first instance finds.
    function ruled(BatchId batch, uint256 i, bytes32[] memory verdicts) private {
        draw(keyOf(batch, i));
        vote(keyOf(batch, i), verdicts);
    }

    function intervene(BatchId batch, uint256 i, bytes32 verdict) private {
        bytes32 subject = keyOf(batch, i);
        vm.prank(_intervener);
        committee.appeal{value: _price}(subject);
        rule(batch, i, verdict);
    }
}
