// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IResultRollup} from "contracts/src/interfaces/IResultRollup.sol";
import {BatchId} from "contracts/src/types/Ids.sol";
import {Challenge, ChallengeState} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Tests whom the draw of a referee names.
contract ResultRollupDrawTest is JobFixture {
    function test_drawReferee_namesAThirdPartyByTheBeacon() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        mineTo(uint64(vm.getBlockNumber()) + DELAY);

        vm.expectEmit(ROLLUP);
        emit IResultRollup.RefereeDrawn(batch, 0, referee, time() + ANSWER);
        address drawn = rollup.drawReferee(batch, 0);

        assertEq(drawn, referee, "referee");
        Challenge memory kept = rollup.challengeOf(batch, 0);
        assertEq(uint8(kept.state), uint8(ChallengeState.Drawn), "state");
        assertEq(kept.attempts, 1, "attempts");
        assertEq(kept.deadline, time() + ANSWER, "deadline");
    }

    function test_drawReferee_takesTheFirstStepThatHitsNeitherParty() public {
        power.addChip(referee, 3); // chips of one unit are hit by every third of their steps
        power.addChip(stranger, 0); // not active: never hit
        BatchId batch = postBatch();
        dispute(batch, 3);
        uint64 height = uint64(vm.getBlockNumber()) + DELAY;
        address expected = drawnBy(batch, 3, height, 5, 3);

        mineTo(height);

        assertEq(rollup.drawReferee(batch, 3), expected);
    }

    /// @dev The draw once read the power of the moment: whoever saw the beacon could register chips until it
    /// named him. Chips that come after the challenge must not move it.
    function test_drawReferee_isNotMovedByPowerThatComesAfterTheChallenge() public {
        power.add(stranger);
        BatchId batch = postBatch();
        dispute(batch, 0);
        uint64 height = uint64(vm.getBlockNumber()) + DELAY;
        address expected = drawnBy(batch, 0, height, 4, 1);
        mineTo(height);

        for (uint256 i = 0; i < 29; ++i) {
            power.addChip(makeAddr("late"), 7);
        }

        assertEq(rollup.drawReferee(batch, 0), expected);
        assertEq(rollup.challengeOf(batch, 0).places, 4, "places of the challenge");
        assertEq(rollup.challengeOf(batch, 0).greatestPhi, 1, "greatest phi of the challenge");
    }

    function test_drawReferee_followsPower() public {
        power.clear();
        power.addChip(worker, 1);
        power.addChip(referee, 3);
        power.addChip(stranger, 1);
        uint256 hits = 0;
        for (uint256 i = 0; i < 100; ++i) {
            BatchId batch = postBatch();
            dispute(batch, 0);
            mineTo(uint64(vm.getBlockNumber()) + DELAY);
            if (rollup.drawReferee(batch, 0) == referee) ++hits;
        }
        assertApproxEqAbs(hits, 75, 13, "three of four, three standard deviations");
    }

    function test_drawReferee_revertsWhen_beaconIsNotThere() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        uint64 head = uint64(vm.getBlockNumber());
        vm.expectRevert(
            abi.encodeWithSelector(IResultRollup.ResultRollupNotDrawable.selector, head + DELAY, head)
        );
        rollup.drawReferee(batch, 0);
    }

    function test_drawReferee_revertsWhen_drawn() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        drawFor(batch, 0);
        vm.expectRevert(challengeIn(batch, 0, ChallengeState.Drawn));
        rollup.drawReferee(batch, 0);
    }

    function test_drawReferee_withoutAnybodyElseExpiresAfterTheLastAttempt() public {
        power.clear();
        power.add(worker);
        BatchId batch = postBatch();
        dispute(batch, 0);

        for (uint256 i = 1; i < ATTEMPTS; ++i) {
            drawFor(batch, 0);
            assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Waiting), "another try");
        }
        mineTo(uint64(vm.getBlockNumber()) + DELAY);
        vm.expectEmit(ROLLUP);
        emit IResultRollup.ChallengeExpired(batch, 0);
        assertEq(rollup.drawReferee(batch, 0), address(0), "nobody");

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Expired), "state");
        assertEq(vault.freeOf(challenger), CHALLENGE_BOND, "bond back");
        assertEq(rollup.batchOf(batch).openChallenges, 0, "open");
    }

    /// @dev Whom a first draw names, worked out from the text of docs/protocol.md.
    function drawnBy(BatchId batch, uint256 index, uint64 height, uint256 places, uint256 greatestPhi)
        private
        view
        returns (address)
    {
        for (uint256 step = 0; step < 64; ++step) {
            uint256 chance = uint256(
                keccak256(
                    abi.encode(
                        keccak256("UNC/v1/referee"),
                        block.chainid,
                        ROLLUP,
                        batch,
                        index,
                        step,
                        beaconOf(height)
                    )
                )
            );
            uint256 place = (chance & type(uint128).max) % places;
            (, address owner, uint64 phi) = power.activeAt(SafeCast.toUint32(place));
            if (owner != worker && owner != challenger && (chance >> 128) % greatestPhi < phi) return owner;
        }
        return address(0);
    }
}
