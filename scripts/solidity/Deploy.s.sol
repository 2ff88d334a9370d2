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
import {DatasetParameters} from "contracts/src/types/Datasets.sol";
import {IntervalCourtParameters} from "contracts/src/types/Disputes.sol";
import {EnvironmentParameters, EnvironmentProgram} from "contracts/src/types/Environments.sol";
import {ChallengeParameters, EvidenceParameters} from "contracts/src/types/Evidence.sol";
import {IssueKind, IssuePlan, TieredSchedule} from "contracts/src/types/Issue.sol";
import {RollupParameters, Tolerance} from "contracts/src/types/Jobs.sol";
import {AvailabilityParameters} from "contracts/src/types/Openings.sol";
import {RankingParameters} from "contracts/src/types/Ranks.sol";
import {RatingRules} from "contracts/src/types/Ratings.sol";
import {EscrowParameters} from "contracts/src/types/Rentals.sol";

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
/// Parameters are those of the dev chain (docs/protocol.md, section 1).
contract Deploy is Script {
    /// @dev Leaves that are opened of each proof.
    uint8 private constant SAMPLE_SIZE = 16;

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
        all = deploy(sender, sender);
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
    function deploy(address creator, address governor) public returns (Protocol memory all) {
        all = addressesFrom(creator, vm.getNonce(creator));
        _place(all.beacons, address(new BlockhashBeacons()));
        _place(all.vendors, address(_vendors(governor)));
        _place(all.views, address(new PociViews(_poci(all))));
        _place(all.registry, address(new PociRegistry(_poci(all))));
        _place(all.emission, address(new Emission(all.registry, all.environment, _plan())));
        _place(all.vault, address(_vault(all, governor)));
        _place(all.orders, address(_orders(all)));
        _place(all.escrow, address(new RpoiEscrow(_escrow(all))));
        _place(all.ratings, address(new RatingBook(all.escrow, 60, 0.01 ether, 1 ether, 30 days, 90 days)));
        _place(all.jobs, address(new JobEscrow(all.vault, all.rollup, all.orders, 360)));
        _place(all.rollup, address(new ResultRollup(_rollup(all))));
        _place(all.datasets, address(new DatasetMarket(_datasets(all), _ratingRules())));
        _place(all.ranking, address(new Ranking(_ranking(all))));
        _place(all.desk, address(new RentalDesk(all.escrow, all.orders, all.registry, 1000)));
        _place(all.intervals, address(new IntervalCourt(_intervals(all))));
        _place(all.committee, address(new Committee(_committee(all))));
        _place(all.availability, address(new Availability(_openings(all))));
        _place(all.admission, address(new ChipAdmission(all.vendors)));
        _place(all.handovers, address(new HandoverCourt(all.escrow, all.vault)));
        _place(all.challenges, address(new ChipChallenges(_challenges(all))));
        _place(all.evidence, address(new ChipEvidence(_evidence(all))));
        _place(all.environment, address(new EnvironmentProof(_environment(all))));
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

    function _plan() private pure returns (IssuePlan memory plan) {
        plan.kind = IssueKind.Tiered;
        plan.tiered = TieredSchedule({n1: 1000, n2: 2000, n3: 3000, betaWad: 0.0005e18, capGwei: 1e19});
    }

    function _poci(Protocol memory all) private pure returns (PociParameters memory) {
        return PociParameters({
            views: all.views,
            beacons: all.beacons,
            admission: all.admission,
            vendors: all.vendors,
            vault: all.vault,
            escrow: all.escrow,
            availability: all.availability,
            challenges: all.challenges,
            evidence: all.evidence,
            epochBlocks: 16,
            lookbackEpochs: 1,
            bondPerPhi: 1 ether,
            exitSeconds: 150,
            missesToSuspend: 3,
            sampleSize: SAMPLE_SIZE
        });
    }

    function _openings(Protocol memory all) private pure returns (AvailabilityParameters memory) {
        return AvailabilityParameters({
            registry: all.registry,
            beacons: all.beacons,
            epochBlocks: 16,
            sampleDelay: 8,
            sampleSize: SAMPLE_SIZE
        });
    }

    function _challenges(Protocol memory all) private pure returns (ChallengeParameters memory) {
        return ChallengeParameters({
            registry: all.registry, beacons: all.beacons, vault: all.vault, bond: 0.1 ether, answerBlocks: 16
        });
    }

    function _evidence(Protocol memory all) private pure returns (EvidenceParameters memory) {
        return EvidenceParameters({
            registry: all.registry, availability: all.availability, ranking: all.ranking, epochBlocks: 16
        });
    }

    /// @dev The programs are those of `offchain-worker/environment`.
    function _environment(Protocol memory all) private pure returns (EnvironmentParameters memory) {
        EnvironmentProgram[] memory programs = new EnvironmentProgram[](3);
        programs[0] = EnvironmentProgram({programHash: MIXING, tolerance: Tolerance.Exact, width: 0});
        programs[1] =
            EnvironmentProgram({programHash: ATTENTION, tolerance: Tolerance.Approximate, width: 1000});
        programs[2] =
            EnvironmentProgram({programHash: CONVOLUTION, tolerance: Tolerance.Approximate, width: 1000});
        return EnvironmentParameters({
            registry: all.registry, beacons: all.beacons, epochBlocks: 16, programs: programs
        });
    }

    function _escrow(Protocol memory all) private pure returns (EscrowParameters memory) {
        return EscrowParameters({
            vault: all.vault,
            desk: all.desk,
            registry: all.registry,
            ratings: all.ratings,
            intervalCourt: all.intervals,
            handoverCourt: all.handovers,
            epochBlocks: 16,
            handoverSeconds: 30,
            acknowledgeSeconds: 30,
            noticeSeconds: 60,
            commitSeconds: 15,
            revealSeconds: 15,
            operatorBondBps: 2000,
            ratingBondBps: 200,
            marketFeeBps: 100
        });
    }

    function _datasets(Protocol memory all) private pure returns (DatasetParameters memory) {
        return DatasetParameters({
            vault: all.vault,
            deliverSeconds: 30,
            acknowledgeSeconds: 30,
            ratingSeconds: 30 days,
            marketFeeBps: 100
        });
    }

    function _ratingRules() private pure returns (RatingRules memory) {
        return RatingRules({
            priorScore: 60,
            priorWeight: 0.01 ether,
            pairCap: 1 ether,
            pairPeriodSeconds: 30 days,
            halfLifeSeconds: 90 days
        });
    }

    function _ranking(Protocol memory all) private pure returns (RankingParameters memory) {
        return RankingParameters({
            ratings: all.ratings,
            registry: all.registry,
            escrow: all.escrow,
            rollup: all.rollup,
            unitWeight: 0.01 ether,
            windowEpochs: 256,
            halfLifeSeconds: 90 days
        });
    }

    function _intervals(Protocol memory all) private pure returns (IntervalCourtParameters memory) {
        return IntervalCourtParameters({
            escrow: all.escrow,
            vault: all.vault,
            registry: all.registry,
            committee: all.committee,
            answerSeconds: 30,
            committeeSeconds: 240,
            seats: 3
        });
    }

    function _rollup(Protocol memory all) private pure returns (RollupParameters memory) {
        return RollupParameters({
            vault: all.vault,
            committee: all.committee,
            postBond: 1 ether,
            challengeBond: 0.5 ether,
            dataFee: 0.1 ether,
            challengeSeconds: 20,
            serveSeconds: 15,
            seats: 5
        });
    }

    function _committee(Protocol memory all) private pure returns (CommitteeParameters memory) {
        address[] memory conveners = new address[](2);
        (conveners[0], conveners[1]) = (all.rollup, all.intervals);
        return CommitteeParameters({
            vault: all.vault,
            registry: all.registry,
            beacons: all.beacons,
            conveners: conveners,
            seatBond: 0.1 ether,
            seatFee: 0.02 ether,
            commitSeconds: 30,
            revealSeconds: 15,
            appealSeconds: 5,
            drawDelayBlocks: 1,
            maxAttempts: 2,
            minSeats: 1,
            appealSeats: 7
        });
    }
}
