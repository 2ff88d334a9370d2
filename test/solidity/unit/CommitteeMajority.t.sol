// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Case, CaseState, Seat} from "contracts/src/types/Committees.sol";

import {CommitteeFixture} from "../lib/CommitteeFixture.sol";

/// @title Votes of members that weigh differently, in any order, beside a count of all of them.
contract CommitteeMajorityTest is CommitteeFixture {
    function testFuzz_reveal_findsWhatMostOfTheWeightFoundWhateverTheOrder(uint256 seed) public {
        for (uint256 i = 0; i < 8; ++i) {
            power.add(members[(seed >> (8 * i)) % SEATS]);
        }
        convene();
        drawAsItFalls(SUBJECT);
        if (committee.caseOf(SUBJECT).state != CaseState.Committing) return;
        Seat[] memory seats = seatsNow(SUBJECT);
        bytes32[] memory verdicts = new bytes32[](seats.length);
        uint256[3] memory weights;
        uint256[3] memory heads;
        uint256 all = 0;
        for (uint256 i = 0; i < seats.length; ++i) {
            uint256 word = (seed >> (128 + 8 * i)) % 3;
            verdicts[i] = bytes32(word + 1);
            weights[word] += seats[i].weight;
            ++heads[word];
            all += seats[i].weight;
        }

        vote(SUBJECT, verdicts);

        Case memory kept = committee.caseOf(SUBJECT);
        (uint256 verdict, uint256 agreeing) = (0, 0);
        for (uint256 word = 0; word < 3; ++word) {
            if (2 * weights[word] > all && heads[word] > 1) (verdict, agreeing) = (word + 1, weights[word]);
        }
        assertEq(uint256(kept.verdict), verdict, "verdict");
        assertEq(kept.agreeing, agreeing, "agreeing");
        assertTrue(kept.state == (agreeing == 0 ? CaseState.Waiting : CaseState.Ruled), "state");
    }
}
