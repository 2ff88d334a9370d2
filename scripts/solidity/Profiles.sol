// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PociParameters} from "contracts/src/types/Chips.sol";
import {CommitteeParameters} from "contracts/src/types/Committees.sol";
import {DatasetParameters} from "contracts/src/types/Datasets.sol";
import {IntervalCourtParameters} from "contracts/src/types/Disputes.sol";
import {ChallengeParameters} from "contracts/src/types/Evidence.sol";
import {TieredSchedule} from "contracts/src/types/Issue.sol";
import {RollupParameters} from "contracts/src/types/Jobs.sol";
import {AvailabilityParameters} from "contracts/src/types/Openings.sol";
import {RankingParameters} from "contracts/src/types/Ranks.sol";
import {RatingRules} from "contracts/src/types/Ratings.sol";
import {EscrowParameters} from "contracts/src/types/Rentals.sol";

/// @dev What a deployment is made with, addresses apart, which are zero here. Epochs are `poci.epochBlocks`
/// long for all.
struct Profile {
    PociParameters poci;
    AvailabilityParameters openings;
    ChallengeParameters challenges;
    EscrowParameters escrow;
    RatingRules ratings;
    DatasetParameters datasets;
    RankingParameters ranking;
    IntervalCourtParameters intervals;
    RollupParameters rollup;
    CommitteeParameters committee;
    TieredSchedule tiered;
    uint64 jobGraceSeconds;
    uint16 depositBps;
}

/// @title The parameters of docs/protocol.md, section 1: of the dev chain, and of a chain where money is at
/// stake.
/// @dev `dev` names what `chain/src/execution/install.rs` puts into genesis; `test/python` holds them against
/// each other.
library Profiles {
    /// @dev The chain id of dev chains: `utnet node`, anvil, forge.
    uint256 internal constant DEV_CHAIN = 31_337;

    /// @dev Deadlines of seconds are for chains that nobody keeps others out of.
    error ProfilesDevElsewhere(uint256 chainId);
    /// @dev Profiles are `main` and `dev`.
    error ProfilesUnknown(string name);

    /// @dev The profile of a name; of none, what the chain calls for.
    function named(string memory name, uint256 chainId) internal pure returns (Profile memory) {
        bytes32 wanted = keccak256(bytes(name));
        if (bytes(name).length == 0) return chainId == DEV_CHAIN ? dev() : main();
        if (wanted == keccak256("main")) return main();
        if (wanted != keccak256("dev")) revert ProfilesUnknown(name);
        if (chainId != DEV_CHAIN) revert ProfilesDevElsewhere(chainId);
        return dev();
    }

    function main() internal pure returns (Profile memory all) {
        all = dev();
        all.poci.epochBlocks = 300;
        all.poci.lookbackEpochs = 2;
        all.poci.bondPerPhi = 100 ether;
        all.poci.exitSeconds = 7 days;
        (all.challenges.bond, all.challenges.answerBlocks) = (10 ether, 150);
        (all.escrow.handoverSeconds, all.escrow.acknowledgeSeconds) = (900, 600);
        all.escrow.noticeSeconds = 1 days;
        (all.escrow.commitSeconds, all.escrow.revealSeconds) = (1 days, 12 hours);
        (all.datasets.deliverSeconds, all.datasets.acknowledgeSeconds) = (1 days, 1 days);
        all.datasets.ratingSeconds = 30 days;
        (all.intervals.answerSeconds, all.intervals.committeeSeconds) = (1 days, 7 days);
        all.intervals.seats = 5;
        (all.rollup.postBond, all.rollup.challengeBond, all.rollup.dataFee) = (100 ether, 50 ether, 1 ether);
        (all.rollup.challengeSeconds, all.rollup.serveSeconds) = (2 hours, 1 hours);
        (all.committee.seatBond, all.committee.seatFee) = (20 ether, 2 ether);
        (all.committee.commitSeconds, all.committee.revealSeconds) = (1 hours, 30 minutes);
        all.committee.appealSeconds = 2 hours;
        all.committee.drawDelayBlocks = 8;
        (all.committee.minSeats, all.committee.appealSeats) = (3, 15);
        (all.tiered.n1, all.tiered.n2, all.tiered.n3) = (5_000_000, 10_000_000, 15_000_000);
        all.tiered.betaWad = 0.000334e18;
        all.jobGraceSeconds = 36 hours;
    }

    /// @dev One value a line, as `test/python` reads them.
    function dev() internal pure returns (Profile memory all) {
        _chips(all);
        _rentals(all);
        _results(all);
        all.datasets.deliverSeconds = 60;
        all.datasets.acknowledgeSeconds = 60;
        all.datasets.ratingSeconds = 600;
        all.datasets.marketFeeBps = 100;
        all.ratings.priorScore = 60;
        all.ratings.priorWeight = 0.01 ether;
        all.ratings.pairCap = 1 ether;
        all.ratings.pairPeriodSeconds = 2_592_000;
        all.ratings.halfLifeSeconds = 7_776_000;
    }

    function _chips(Profile memory all) private pure {
        all.poci.epochBlocks = 16;
        all.poci.lookbackEpochs = 1;
        all.poci.bondPerPhi = 1 ether;
        all.poci.exitSeconds = 150;
        all.poci.missesToSuspend = 3;
        all.poci.sampleSize = 16;
        all.openings.sampleDelay = 8;
        all.openings.sampleSize = 16;
        all.challenges.bond = 0.1 ether;
        all.challenges.answerBlocks = 16;
        all.tiered = TieredSchedule({n1: 1000, n2: 2000, n3: 3000, betaWad: 0.0005e18, capGwei: 1e19});
    }

    function _rentals(Profile memory all) private pure {
        all.depositBps = 1000;
        all.escrow.handoverSeconds = 30;
        all.escrow.acknowledgeSeconds = 30;
        all.escrow.noticeSeconds = 60;
        all.escrow.commitSeconds = 15;
        all.escrow.revealSeconds = 15;
        all.escrow.operatorBondBps = 2000;
        all.escrow.ratingBondBps = 200;
        all.escrow.marketFeeBps = 100;
        all.intervals.answerSeconds = 30;
        all.intervals.committeeSeconds = 240;
        all.intervals.seats = 3;
        all.ranking.unitWeight = 0.01 ether;
        all.ranking.windowEpochs = 256;
        all.ranking.halfLifeSeconds = 7_776_000;
    }

    function _results(Profile memory all) private pure {
        all.jobGraceSeconds = 360;
        all.rollup.postBond = 1 ether;
        all.rollup.challengeBond = 0.5 ether;
        all.rollup.dataFee = 0.1 ether;
        all.rollup.challengeSeconds = 20;
        all.rollup.serveSeconds = 15;
        all.rollup.seats = 5;
        all.committee.seatBond = 0.1 ether;
        all.committee.seatFee = 0.02 ether;
        all.committee.commitSeconds = 30;
        all.committee.revealSeconds = 15;
        all.committee.appealSeconds = 5;
        all.committee.drawDelayBlocks = 1;
        all.committee.maxAttempts = 2;
        all.committee.minSeats = 1;
        all.committee.appealSeats = 7;
    }
}
