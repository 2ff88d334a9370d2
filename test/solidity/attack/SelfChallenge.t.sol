// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchId} from "contracts/src/types/Ids.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title A poster whose lie is about to be found saves its bond by friends who challenge its other leaves.
contract SelfChallengeTest is JobFixture {
    address private _honest = makeAddr("honest");

    /// @dev Friends had all of the bond back for four leaves of their own, and the honest challenger paid its
    /// committee. Half of the bond burns whoever challenges; friends have less than their costs.
    function test_attack_friendsDoNotSaveTheBond() public {
        BatchId batch = postBatch();
        for (uint256 i = 1; i < 5; ++i) {
            dispute(batch, i);
        }
        uint256 price = rollup.challengePrice();
        vm.deal(_honest, price);
        bytes32[] memory path = pathOf(0);
        vm.prank(_honest);
        rollup.challenge{value: price}(batch, leaves[0], 0, path);

        rule(batch, 1, FOUND);
        rule(batch, 0, FOUND);
        for (uint256 i = 2; i < 5; ++i) {
            rule(batch, i, FOUND);
        }
        uint256 burned = emission.burned();
        skipSeconds(WINDOW + 1);
        rollup.finalise(batch);

        assertEq(emission.burned() - burned, POST_BOND / 2, "half burns");
        uint256 costs = 5 * uint256(PAY) + 600_000 * uint256(BASEFEE);
        assertEq(vault.freeOf(_honest), price - 5 * PAY + costs, "the honest one has its costs back");
        assertEq(vault.freeOf(worker), 0, "nothing for the poster");
        uint256 spent = 4 * price + POST_BOND;
        assertLe(
            vault.freeOf(challenger), spent - POST_BOND / 2 - 25 * PAY, "its side lost half, and all fees"
        );
    }

    /// @dev A friend challenged the lie at once, the five seats were the poster's, and nobody else could do
    /// anything about it: the leaf stood, and was paid. Whoever knows better appeals.
    function test_attack_aFriendThatComesFirstShutsNobodyOut() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        bytes32 subject = keyOf(batch, 0);
        draw(subject);
        voteAll(subject, verdictOn(0));
        uint256 price = 2 * uint256(committee.priceOf(APPEAL_SEATS));
        vm.deal(_honest, price);

        vm.prank(_honest);
        committee.appeal{value: price}(subject);
        draw(subject);
        voteAll(subject, FOUND);
        rollup.resolve(batch, 0);

        assertTrue(rollup.isAtFault(batch, 0), "the lie fell");
        uint256 gas_ = 600_000 * uint256(BASEFEE);
        assertEq(
            vault.freeOf(_honest), price + gas_ + CHALLENGE_BOND / 2, "its costs, and half of what one risked"
        );
        assertEq(vault.freeOf(challenger), rollup.challengePrice() + gas_, "the friend gains nothing");
        assertEq(committee.standingOf(members[0]).outvoted, 1, "who lied for it lost his bond");
        skipSeconds(WINDOW + 1);
        uint256 burned = emission.burned();
        rollup.finalise(batch);
        assertGe(emission.burned() - burned, POST_BOND / 2, "half of the poster's bond burns");
    }

    /// @dev The friends come first, to the last wei of what challengers get: that half is spent, the other
    /// burns, and the honest challenger has its own bond.
    function test_attack_halfBurnsWhenFriendsComeFirst() public {
        BatchId batch = postBatch();
        for (uint256 i = 0; i < 5; ++i) {
            dispute(batch, i);
        }
        for (uint256 i = 1; i < 5; ++i) {
            rule(batch, i, FOUND);
        }
        assertEq(rollup.batchOf(batch).bond, POST_BOND / 2, "the friends had half");
        uint256 before = vault.freeOf(challenger);
        rule(batch, 0, FOUND);
        assertEq(
            vault.freeOf(challenger) - before, rollup.challengePrice() - 5 * PAY, "bond, rest of the price"
        );

        uint256 burned = emission.burned();
        skipSeconds(WINDOW + 1);
        rollup.finalise(batch);
        assertEq(emission.burned() - burned, POST_BOND / 2, "half burns");
    }
}
