// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {VmSafe} from "forge-std/Vm.sol";

import {IAvailability} from "contracts/src/interfaces/IAvailability.sol";
import {IEmission} from "contracts/src/interfaces/IEmission.sol";
import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {IPociViews} from "contracts/src/interfaces/IPociViews.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {Committee} from "contracts/src/jobs/Committee.sol";
import {ResultRollup} from "contracts/src/jobs/ResultRollup.sol";
import {Availability} from "contracts/src/poci/Availability.sol";
import {Emission} from "contracts/src/poci/Emission.sol";
import {EnvironmentProof} from "contracts/src/poci/EnvironmentProof.sol";
import {PociRegistry} from "contracts/src/poci/PociRegistry.sol";
import {VendorRegistry} from "contracts/src/poci/VendorRegistry.sol";
import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {SeVerify} from "contracts/src/precompiles/SeVerify.sol";
import {PociFallback} from "contracts/src/precompiles/fallback/PociFallback.sol";
import {SeFallback} from "contracts/src/precompiles/fallback/SeFallback.sol";
import {Vault} from "contracts/src/rental/Vault.sol";
import {ChipState} from "contracts/src/types/Chips.sol";
import {EnvironmentProgram} from "contracts/src/types/Environments.sol";
import {ChipId, RentalId} from "contracts/src/types/Ids.sol";
import {RentalState} from "contracts/src/types/Rentals.sol";
import {Deploy, Protocol} from "scripts/solidity/Deploy.s.sol";
import {Profile, Profiles} from "scripts/solidity/Profiles.sol";
import {TryChip} from "scripts/solidity/TryChip.s.sol";

/// @title The protocol on a chain that is not ours: forge's own EVM, with the fallbacks at their CREATE2
/// addresses.
contract DeployTest is Test {
    address private constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    Deploy private script = new Deploy();
    TryChip private trial = new TryChip();
    Protocol private all;

    function setUp() public {
        vm.etch(
            DEPLOYER,
            hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
        );
        vm.roll(100);
        // Coverage compiles otherwise: the code's hash is another.
        if (vm.isContext(VmSafe.ForgeContext.Coverage)) etchFallbacks();
        else script.deployFallbacks();
        all = script.deploy(address(script), address(trial), "");
        vm.deal(address(trial), 10 ether);
    }

    function etchFallbacks() private {
        vm.etch(SeVerify.FALLBACK, type(SeFallback).runtimeCode);
        vm.etch(PociVerify.FALLBACK, type(PociFallback).runtimeCode);
    }

    function test_deploy_wiresTheContracts() public view {
        Vault vault = Vault(all.vault);
        assertTrue(vault.isKeeper(all.registry) && vault.isKeeper(all.escrow), "registry and escrow keep");
        assertTrue(vault.isKeeper(all.jobs) && vault.isKeeper(all.rollup), "jobs and rollup keep");
        assertTrue(vault.isKeeper(all.datasets), "datasets keep");
        assertTrue(vault.isKeeper(all.committee), "the committee keeps");
        assertTrue(vault.isKeeper(all.challenges), "challenges keep");
        assertEq(VendorRegistry(all.vendors).governor(), address(trial), "governor");
    }

    /// @dev Deadlines of seconds are for dev chains; 31337 is forge's own.
    function test_deploy_takesTheDevChainsParametersOnADevChain() public view {
        assertEq(Committee(all.committee).seatBond(), 0.1 ether, "seat bond");
        assertEq(ResultRollup(all.rollup).challengeSeconds(), 20, "window");
        assertEq(PociRegistry(all.registry).currentEpoch(), 6, "epochs of 16 blocks");
    }

    function test_deploy_takesTheMainParametersOnAnyOtherChain() public {
        vm.chainId(1);
        requireMain(script.deploy(address(script), address(trial), ""));
    }

    function test_deploy_takesTheMainParametersWhereTheyAreAskedFor() public {
        requireMain(script.deploy(address(script), address(trial), "main"));
    }

    function test_deploy_revertsWhen_devIsAskedForOnAnotherChain() public {
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(Profiles.ProfilesDevElsewhere.selector, 1));
        script.deploy(address(script), address(trial), "dev");
    }

    function test_deploy_revertsWhen_theProfileIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(Profiles.ProfilesUnknown.selector, "Main"));
        script.deploy(address(script), address(trial), "Main");
    }

    /// @dev docs/protocol.md, section 1; the grace outlasts windows, data and both instances of the
    /// committee, of whose blocks each takes less than half a minute, and each of whose draws finds too many
    /// busy.
    function test_profiles_giveMainHoursWhereItTakesParties() public pure {
        Profile memory given = Profiles.main();
        assertEq(given.committee.appealSeconds, 7200, "appeal");
        assertEq(given.committee.minSeats, 3, "least seats");
        assertEq(given.intervals.answerSeconds, 86_400, "answer");
        assertEq(given.poci.exitSeconds, 604_800, "exit");
        uint256 instance = given.committee.commitSeconds + given.committee.revealSeconds + 30
            * uint256(given.committee.drawDelayBlocks);
        uint256 busy = 2 * (given.committee.maxAttempts - 1) * given.committee.appealSeconds;
        uint256 dispute = 2 * given.committee.maxAttempts * instance + given.committee.appealSeconds + busy;
        uint256 batch = 2 * given.rollup.challengeSeconds + given.rollup.serveSeconds;
        assertGt(given.jobGraceSeconds, batch + dispute, "grace");
        assertGt(given.intervals.committeeSeconds, dispute, "the court waits for its committee");
    }

    /// @dev The court is heard: the escrow answers that there is no such rental, not that it may not ask.
    function test_deploy_letsTheCourtJudge() public {
        vm.prank(all.handovers);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRpoiEscrow.RpoiEscrowWrongState.selector, RentalId.wrap(0), RentalState.None
            )
        );
        IRpoiEscrow(all.escrow).punishHandover(RentalId.wrap(0), true);
    }

    function test_deploy_putsFallbacksWhereNoPrecompileStands() public view {
        assertEq(SeVerify.AT.code.length + PociVerify.AT.code.length, 0, "none of ours");
        assertGt(SeVerify.FALLBACK.code.length, 0, "SeFallback");
        assertGt(PociVerify.FALLBACK.code.length, 0, "PociFallback");
    }

    /// @dev What workers have, and the dev chain's genesis draws from.
    function test_deploy_drawsFromTheCatalogueOfTheDevChain() public view {
        string memory file = vm.readFile("test/vectors/environment.json");
        EnvironmentProgram[] memory programs = EnvironmentProof(all.environment).programs();
        for (uint256 i = 0; i < programs.length; ++i) {
            string memory key = string.concat(".programs[", vm.toString(i), "]");
            bytes32 hash = vm.parseJsonBytes32(file, string.concat(key, ".hash"));
            assertEq(programs[i].programHash, hash, "hash");
            uint256 tolerance = vm.parseJsonUint(file, string.concat(key, ".tolerance"));
            assertEq(uint8(programs[i].tolerance), tolerance, "tolerance");
            assertEq(programs[i].width, vm.parseJsonUint(file, string.concat(key, ".width")), "width");
        }
        string memory next = string.concat(".programs[", vm.toString(programs.length), "]");
        assertFalse(vm.keyExistsJson(file, next), "all of them");
    }

    function test_deployFallbacks_doesNothingTheSecondTime() public {
        vm.skip(vm.isContext(VmSafe.ForgeContext.Coverage));
        vm.etch(DEPLOYER, "");
        script.deployFallbacks();
    }

    function test_deployFallbacks_revertsWhen_theChainHasNoDeployer() public {
        vm.etch(DEPLOYER, "");
        vm.etch(SeVerify.FALLBACK, "");
        vm.expectRevert(Deploy.DeployNoDeployer.selector);
        script.deployFallbacks();
    }

    /// @dev The flow of a chip, proofs and all, with nothing of UT chain below.
    function test_aChipIsRegisteredAndProvedAvailable() public {
        PociRegistry registry = PociRegistry(all.registry);
        trial.registerFor(address(trial), VendorRegistry(all.vendors), registry);
        assertEq(uint8(registry.stateOf(trial.chip())), uint8(ChipState.Pending), "registered");

        vm.roll(112);
        uint64 epoch = registry.currentEpoch();
        vm.expectEmit(true, true, false, false, all.availability);
        emit IAvailability.AvailabilityProven(address(trial), epoch, 1, new uint32[](0), 0, 1);
        trial.proveFor(address(trial), registry, Availability(all.availability));

        assertTrue(registry.wasPresent(trial.chip(), epoch), "present");
        assertEq(IPociViews(all.registry).powerOf(address(trial)), 1, "power");
    }

    /// @dev Of the main profile it is the second epoch after that of the registration: L is 2.
    function test_aChipOfTheMainProfileIsProvedTwoEpochsLater() public {
        Protocol memory main = script.deploy(address(script), address(trial), "main");
        PociRegistry registry = PociRegistry(main.registry);
        vm.deal(address(trial), 100 ether);
        trial.registerFor(address(trial), VendorRegistry(main.vendors), registry);

        vm.roll(300);
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryNoChips.selector, address(trial), 1));
        trial.proveFor(address(trial), registry, Availability(main.availability));
        vm.roll(600);
        trial.proveFor(address(trial), registry, Availability(main.availability));

        assertTrue(registry.wasPresent(trial.chip(), 2), "present");
    }

    function requireMain(Protocol memory main) private view {
        assertEq(Committee(main.committee).seatBond(), 20 ether, "seat bond");
        assertEq(Committee(main.committee).appealSeats(), 15, "seats of an appeal");
        assertEq(ResultRollup(main.rollup).challengeSeconds(), 7200, "window");
        assertEq(ResultRollup(main.rollup).postBond(), 100 ether, "post bond");
        assertEq(PociRegistry(main.registry).currentEpoch(), 0, "epochs of 300 blocks");
    }

    function test_nothingIsIssuedThere() public {
        ChipId chip = trial.chip();
        vm.expectRevert(abi.encodeWithSelector(IEmission.EmissionNotSystem.selector, address(this)));
        Emission(all.emission).onBlock(address(trial), chip);
        assertEq(Emission(all.emission).issuedGwei(), 0);
    }
}
