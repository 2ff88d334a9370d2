// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "forge-std/Script.sol";
import {console} from "forge-std/console.sol";

import {DatasetMarket} from "contracts/src/data/DatasetMarket.sol";
import {Committee} from "contracts/src/jobs/Committee.sol";
import {JobEscrow} from "contracts/src/jobs/JobEscrow.sol";
import {ResultRollup} from "contracts/src/jobs/ResultRollup.sol";
import {Availability} from "contracts/src/poci/Availability.sol";
import {BlockhashBeacons} from "contracts/src/poci/BlockhashBeacons.sol";
import {ChipAdmission} from "contracts/src/poci/ChipAdmission.sol";
import {ChipChallenges} from "contracts/src/poci/ChipChallenges.sol";
import {ChipEvidence} from "contracts/src/poci/ChipEvidence.sol";
import {Emission} from "contracts/src/poci/Emission.sol";
import {EnvironmentProof} from "contracts/src/poci/EnvironmentProof.sol";
import {PociRegistry} from "contracts/src/poci/PociRegistry.sol";
import {PociViews} from "contracts/src/poci/PociViews.sol";
import {VendorRegistry} from "contracts/src/poci/VendorRegistry.sol";
import {DleqVerify} from "contracts/src/precompiles/DleqVerify.sol";
import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {SeVerify} from "contracts/src/precompiles/SeVerify.sol";
import {VrfVerify} from "contracts/src/precompiles/VrfVerify.sol";
import {DleqFallback} from "contracts/src/precompiles/fallback/DleqFallback.sol";
import {PociFallback} from "contracts/src/precompiles/fallback/PociFallback.sol";
import {SeFallback} from "contracts/src/precompiles/fallback/SeFallback.sol";
import {VrfFallback} from "contracts/src/precompiles/fallback/VrfFallback.sol";
import {HandoverCourt} from "contracts/src/rental/HandoverCourt.sol";
import {IntervalCourt} from "contracts/src/rental/IntervalCourt.sol";
import {OrderBook} from "contracts/src/rental/OrderBook.sol";
import {Ranking} from "contracts/src/rental/Ranking.sol";
import {RatingBook} from "contracts/src/rental/RatingBook.sol";
import {RentalDesk} from "contracts/src/rental/RentalDesk.sol";
import {RpoiEscrow} from "contracts/src/rental/RpoiEscrow.sol";
import {Vault} from "contracts/src/rental/Vault.sol";
import {PociParameters} from "contracts/src/types/Chips.sol";
import {CommitteeParameters} from "contracts/src/types/Committees.sol";
import {IntervalCourtParameters} from "contracts/src/types/Disputes.sol";
import {EnvironmentParameters, EnvironmentProgram} from "contracts/src/types/Environments.sol";
import {ChallengeParameters, EvidenceParameters} from "contracts/src/types/Evidence.sol";
import {IssueKind, IssuePlan} from "contracts/src/types/Issue.sol";
import {RollupParameters, Tolerance} from "contracts/src/types/Jobs.sol";
import {AvailabilityParameters} from "contracts/src/types/Openings.sol";
import {RankingParameters} from "contracts/src/types/Ranks.sol";
import {RatingRules} from "contracts/src/types/Ratings.sol";
import {EscrowParameters} from "contracts/src/types/Rentals.sol";

import {Profile, Profiles} from "./Profiles.sol";

/// @dev Where the contracts of one deployment stand, in the order of their creation.
struct Protocol {
    address beacons;
    address vendors;
    address views;
    address registry;
    address emission;
    address vault;
    address orders;
    address escrow;
    address ratings;
    address jobs;
    address rollup;
    address datasets;
    address ranking;
    address desk;
    address intervals;
    address committee;
    address availability;
    address admission;
    address handovers;
    address challenges;
    address evidence;
    address environment;
}

/// @title Deploys the protocol to any chain of Osaka's rules, with the fallbacks of our precompiles.
/// @dev forge script scripts/solidity/Deploy.s.sol --rpc-url URL --broadcast --private-key KEY. The sender
/// governs and is the first vendor. Nothing is issued there: nobody makes Emission's system call; it burns.
/// Parameters are those of PROFILE, `main` or `dev` (docs/protocol.md, section 1): of a dev chain `dev`, of
/// any other `main`, which alone is allowed there.
contract Deploy is Script {
    /// @dev Of CREATE2 contracts; stands on every chain at this address.
    address internal constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    /// @dev sha256 of `mixing.wasm`, `attention.pt` and `convolution.pt` in `offchain-worker/environment`.
    bytes32 internal constant MIXING = 0xf8b129da8a67d2c98071e1443c86f973aaedf3cbb4621f50d64bc007e0384f28;
    bytes32 internal constant ATTENTION = 0xca40df54af75b0bb8fc1fb6c0f1f6a813603d4c02f56aad482d55397c10c0c23;
    bytes32 internal constant CONVOLUTION =
        0xf156bbe48f4d2a98913c0596fca579ec321f110636cca312d57e3694907b3249;

    /// @dev The chain has no CREATE2 deployer at its usual address.
    error DeployNoDeployer();
    /// @dev A contract does not stand where it was computed to.
    error DeployMisplaced(address expected, address actual);

    function run() external returns (Protocol memory all) {
        vm.startBroadcast();
        (, address sender,) = vm.readCallers();
        deployFallbacks();
        all = deploy(sender, sender, vm.envOr("PROFILE", string("")));
        vm.stopBroadcast();
        write(all);
    }

    /// @dev Puts the fallbacks where the wrappers look for them, unless somebody did before.
    function deployFallbacks() public {
        _deployFallback(SeVerify.AT, SeVerify.FALLBACK, type(SeFallback).creationCode);
        _deployFallback(PociVerify.AT, PociVerify.FALLBACK, type(PociFallback).creationCode);
        _deployFallback(DleqVerify.AT, DleqVerify.FALLBACK, type(DleqFallback).creationCode);
        _deployFallback(VrfVerify.AT, VrfVerify.FALLBACK, type(VrfFallback).creationCode);
    }

    function _deployFallback(address native, address twin, bytes memory creationCode) private {
        if (native.code.length != 0 || twin.code.length != 0) return;
        if (DEPLOYER.code.length == 0) revert DeployNoDeployer();
        (bool isDone,) = DEPLOYER.call(bytes.concat(bytes32(0), creationCode));
        if (!isDone || twin.code.length == 0) revert DeployMisplaced(twin, address(0));
    }

    /// @dev Contracts know each other by their addresses, which follow from the creator's nonce.
    /// @param creator Whose transactions or calls these are.
    /// @param name Of the profile; empty: what the chain calls for.
    function deploy(address creator, address governor, string memory name)
        public
        returns (Protocol memory all)
    {
        Profile memory given = Profiles.named(name, block.chainid);
        all = addressesFrom(creator, vm.getNonce(creator));
        _place(all.beacons, address(new BlockhashBeacons()));
        _place(all.vendors, address(_vendors(governor)));
        _placeChips(all, given);
        _placeMarket(all, given, governor);
        _placeCourts(all, given);
    }

    function addressesFrom(address creator, uint256 nonce) internal pure returns (Protocol memory all) {
        all.beacons = vm.computeCreateAddress(creator, nonce);
        all.vendors = vm.computeCreateAddress(creator, nonce + 1);
        all.views = vm.computeCreateAddress(creator, nonce + 2);
        all.registry = vm.computeCreateAddress(creator, nonce + 3);
        all.emission = vm.computeCreateAddress(creator, nonce + 4);
        all.vault = vm.computeCreateAddress(creator, nonce + 5);
        all.orders = vm.computeCreateAddress(creator, nonce + 6);
        all.escrow = vm.computeCreateAddress(creator, nonce + 7);
        all.ratings = vm.computeCreateAddress(creator, nonce + 8);
        all.jobs = vm.computeCreateAddress(creator, nonce + 9);
        all.rollup = vm.computeCreateAddress(creator, nonce + 10);
        all.datasets = vm.computeCreateAddress(creator, nonce + 11);
        all.ranking = vm.computeCreateAddress(creator, nonce + 12);
        all.desk = vm.computeCreateAddress(creator, nonce + 13);
        all.intervals = vm.computeCreateAddress(creator, nonce + 14);
        all.committee = vm.computeCreateAddress(creator, nonce + 15);
        all.availability = vm.computeCreateAddress(creator, nonce + 16);
        all.admission = vm.computeCreateAddress(creator, nonce + 17);
        all.handovers = vm.computeCreateAddress(creator, nonce + 18);
        all.challenges = vm.computeCreateAddress(creator, nonce + 19);
        all.evidence = vm.computeCreateAddress(creator, nonce + 20);
        all.environment = vm.computeCreateAddress(creator, nonce + 21);
    }

    /// @dev Tells programs where the contracts stand: `utnet --contracts FILE`, `utnet-worker run --contracts
    /// FILE`. The file is that of UTNET_CONTRACTS, below target/forge.
    function write(Protocol memory all) internal {
        string memory file = vm.envOr("UTNET_CONTRACTS", string("target/forge/contracts.json"));
        vm.serializeUint("deployment", "chainId", block.chainid);
        vm.writeJson(vm.serializeString("deployment", "contracts", namesOf(all)), file);
        console.log("contracts:", file);
    }

    /// @dev Each address under its contract's name, as JSON. BlockhashBeacons is this chain's BeaconHistory.
    function namesOf(Protocol memory all) internal returns (string memory json) {
        string memory key = "contracts";
        vm.serializeAddress(key, "BeaconHistory", all.beacons);
        vm.serializeAddress(key, "VendorRegistry", all.vendors);
        vm.serializeAddress(key, "PociRegistry", all.registry);
        vm.serializeAddress(key, "Emission", all.emission);
        vm.serializeAddress(key, "Vault", all.vault);
        vm.serializeAddress(key, "OrderBook", all.orders);
        vm.serializeAddress(key, "RpoiEscrow", all.escrow);
        vm.serializeAddress(key, "RatingBook", all.ratings);
        vm.serializeAddress(key, "JobEscrow", all.jobs);
        vm.serializeAddress(key, "ResultRollup", all.rollup);
        vm.serializeAddress(key, "DatasetMarket", all.datasets);
        vm.serializeAddress(key, "Ranking", all.ranking);
        vm.serializeAddress(key, "RentalDesk", all.desk);
        vm.serializeAddress(key, "IntervalCourt", all.intervals);
        vm.serializeAddress(key, "Committee", all.committee);
        vm.serializeAddress(key, "Availability", all.availability);
        vm.serializeAddress(key, "ChipAdmission", all.admission);
        vm.serializeAddress(key, "HandoverCourt", all.handovers);
        vm.serializeAddress(key, "ChipChallenges", all.challenges);
        vm.serializeAddress(key, "ChipEvidence", all.evidence);
        vm.serializeAddress(key, "PociViews", all.views);
        json = vm.serializeAddress(key, "EnvironmentProof", all.environment);
    }

    function _placeChips(Protocol memory all, Profile memory given) private {
        _place(all.views, address(new PociViews(_poci(all, given))));
        _place(all.registry, address(new PociRegistry(_poci(all, given))));
        _place(all.emission, address(new Emission(all.registry, all.environment, _plan(given))));
    }

    function _placeMarket(Protocol memory all, Profile memory given, address governor) private {
        _place(all.vault, address(_vault(all, governor)));
        _place(all.orders, address(_orders(all)));
        _place(all.escrow, address(new RpoiEscrow(_escrow(all, given))));
        _place(all.ratings, address(_ratings(all, given.ratings)));
        _place(all.jobs, address(_jobs(all, given)));
        _place(all.rollup, address(new ResultRollup(_rollup(all, given))));
        given.datasets.vault = all.vault;
        _place(all.datasets, address(new DatasetMarket(given.datasets, given.ratings)));
        _place(all.ranking, address(new Ranking(_ranking(all, given))));
        _place(all.desk, address(_desk(all, given)));
    }

    function _placeCourts(Protocol memory all, Profile memory given) private {
        _place(all.intervals, address(new IntervalCourt(_intervals(all, given))));
        _place(all.committee, address(new Committee(_committee(all, given))));
        _place(all.availability, address(new Availability(_openings(all, given))));
        _place(all.admission, address(new ChipAdmission(all.vendors)));
        _place(all.handovers, address(new HandoverCourt(all.escrow, all.vault)));
        _place(all.challenges, address(new ChipChallenges(_challenges(all, given))));
        _place(all.evidence, address(new ChipEvidence(_evidence(all, given))));
        _place(all.environment, address(new EnvironmentProof(_environment(all, given))));
    }

    function _place(address expected, address actual) private pure {
        if (expected != actual) revert DeployMisplaced(expected, actual);
    }

    function _vendors(address governor) private returns (VendorRegistry) {
        address[] memory vendors = new address[](1);
        vendors[0] = governor;
        uint32[] memory models = new uint32[](3);
        uint64[] memory phis = new uint64[](3);
        (models[0], models[1], models[2]) = (1, 2, 3);
        (phis[0], phis[1], phis[2]) = (1, 2, 4);
        return new VendorRegistry(governor, vendors, models, phis);
    }

    function _orders(Protocol memory all) private returns (OrderBook) {
        address[] memory fillers = new address[](2);
        (fillers[0], fillers[1]) = (all.desk, all.jobs);
        return new OrderBook(all.ratings, fillers);
    }

    function _vault(Protocol memory all, address governor) private returns (Vault) {
        address[] memory keepers = new address[](9);
        (keepers[0], keepers[1], keepers[2]) = (all.registry, all.escrow, all.jobs);
        (keepers[3], keepers[4]) = (all.rollup, all.datasets);
        keepers[5] = all.intervals;
        (keepers[6], keepers[7], keepers[8]) = (all.committee, all.challenges, all.handovers);
        return new Vault(all.emission, governor, governor, keepers);
    }

    function _ratings(Protocol memory all, RatingRules memory rules) private returns (RatingBook) {
        return new RatingBook(
            all.escrow,
            rules.priorScore,
            rules.priorWeight,
            rules.pairCap,
            rules.pairPeriodSeconds,
            rules.halfLifeSeconds
        );
    }

    function _jobs(Protocol memory all, Profile memory given) private returns (JobEscrow) {
        return new JobEscrow(all.vault, all.rollup, all.orders, given.jobGraceSeconds);
    }

    function _desk(Protocol memory all, Profile memory given) private returns (RentalDesk) {
        return new RentalDesk(all.escrow, all.orders, all.registry, given.depositBps);
    }

    function _plan(Profile memory given) private pure returns (IssuePlan memory plan) {
        plan.kind = IssueKind.Tiered;
        plan.tiered = given.tiered;
    }

    function _poci(Protocol memory all, Profile memory given)
        private
        pure
        returns (PociParameters memory poci)
    {
        poci = given.poci;
        (poci.views, poci.beacons, poci.admission) = (all.views, all.beacons, all.admission);
        (poci.vendors, poci.vault, poci.escrow) = (all.vendors, all.vault, all.escrow);
        (poci.availability, poci.challenges, poci.evidence) = (all.availability, all.challenges, all.evidence);
    }

    function _openings(Protocol memory all, Profile memory given)
        private
        pure
        returns (AvailabilityParameters memory openings)
    {
        openings = given.openings;
        (openings.registry, openings.beacons) = (all.registry, all.beacons);
        openings.epochBlocks = given.poci.epochBlocks;
    }

    function _challenges(Protocol memory all, Profile memory given)
        private
        pure
        returns (ChallengeParameters memory challenges)
    {
        challenges = given.challenges;
        (challenges.registry, challenges.beacons, challenges.vault) = (all.registry, all.beacons, all.vault);
    }

    function _evidence(Protocol memory all, Profile memory given)
        private
        pure
        returns (EvidenceParameters memory)
    {
        return EvidenceParameters({
            registry: all.registry,
            availability: all.availability,
            ranking: all.ranking,
            epochBlocks: given.poci.epochBlocks
        });
    }

    /// @dev The programs are those of `offchain-worker/environment`.
    function _environment(Protocol memory all, Profile memory given)
        private
        pure
        returns (EnvironmentParameters memory)
    {
        EnvironmentProgram[] memory programs = new EnvironmentProgram[](3);
        programs[0] = EnvironmentProgram({programHash: MIXING, tolerance: Tolerance.Exact, width: 0});
        programs[1] =
            EnvironmentProgram({programHash: ATTENTION, tolerance: Tolerance.Approximate, width: 1000});
        programs[2] =
            EnvironmentProgram({programHash: CONVOLUTION, tolerance: Tolerance.Approximate, width: 1000});
        return EnvironmentParameters({
            registry: all.registry,
            beacons: all.beacons,
            epochBlocks: given.poci.epochBlocks,
            programs: programs
        });
    }

    function _escrow(Protocol memory all, Profile memory given)
        private
        pure
        returns (EscrowParameters memory escrow)
    {
        escrow = given.escrow;
        (escrow.vault, escrow.desk, escrow.registry) = (all.vault, all.desk, all.registry);
        (escrow.ratings, escrow.intervalCourt, escrow.handoverCourt) =
        (all.ratings, all.intervals, all.handovers);
        escrow.epochBlocks = given.poci.epochBlocks;
    }

    function _ranking(Protocol memory all, Profile memory given)
        private
        pure
        returns (RankingParameters memory ranking)
    {
        ranking = given.ranking;
        (ranking.ratings, ranking.registry) = (all.ratings, all.registry);
        (ranking.escrow, ranking.rollup) = (all.escrow, all.rollup);
    }

    function _intervals(Protocol memory all, Profile memory given)
        private
        pure
        returns (IntervalCourtParameters memory intervals)
    {
        intervals = given.intervals;
        (intervals.escrow, intervals.vault) = (all.escrow, all.vault);
        (intervals.registry, intervals.committee) = (all.registry, all.committee);
    }

    function _rollup(Protocol memory all, Profile memory given)
        private
        pure
        returns (RollupParameters memory rollup)
    {
        rollup = given.rollup;
        (rollup.vault, rollup.committee) = (all.vault, all.committee);
    }

    function _committee(Protocol memory all, Profile memory given)
        private
        pure
        returns (CommitteeParameters memory committee)
    {
        committee = given.committee;
        (committee.vault, committee.registry, committee.beacons) = (all.vault, all.registry, all.beacons);
        committee.conveners = new address[](2);
        (committee.conveners[0], committee.conveners[1]) = (all.rollup, all.intervals);
    }
}
