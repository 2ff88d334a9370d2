// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {IRanking} from "contracts/src/interfaces/IRanking.sol";
import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {ChipRegistration, ChipSignature, ChipState} from "contracts/src/types/Chips.sol";
import {ChipId, ChipPlaces} from "contracts/src/types/Ids.sol";
import {Fault} from "contracts/src/types/Ranks.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

import {EvidenceFixture} from "../lib/EvidenceFixture.sol";

/// @title A chip that lied tries to save its bond, or to come back.
contract SlashedChipAttack is EvidenceFixture {
    uint64 private constant LATER = 4_000_000_000;

    function setUp() public override {
        super.setUp();
        register(4);
        mineToEpoch(1);
    }

    function test_slash_takesBondPowerAndKey() public {
        uint256 bond = PHI * BOND;
        uint256 burnedBefore = emission.burned();

        vm.expectEmit(REGISTRY);
        emit IPociRegistry.ChipSlashed(ids[0], operator, stranger, bond - bond / 10, bond / 10);
        slash(0);

        assertEq(emission.burned() - burnedBefore, bond - bond / 10, "burned");
        assertEq(vault.freeOf(stranger), bond / 10, "reporter");
        assertEq(vault.lockedOf(REGISTRY, bytes32(uint256(uint160(operator)))), 3 * bond, "others' bonds");
        assertEq(chipOf(0).bond, 0, "bond");
        assertEq(views.totalPower(), 3 * PHI, "the line");
        assertEq(views.powerOf(operator), 3 * PHI, "power");
        (bytes memory key, uint32 count) = views.snapshotOf(operator, 2);
        assertEq(count, 3, "count");
        bytes memory others = bytes.concat(entries[1].blsKey, entries[2].blsKey, entries[3].blsKey);
        assertEq(key, PociVerify.toBytes(PociVerify.sum(others, "")), "the sum of keys");
        (ChipId first,,) = views.segmentAt(0);
        assertTrue(isSame(first, ids[1]), "it is not drawn");
    }

    function test_doubleSlash_findsNothing() public {
        slash(0);
        vm.expectRevert(wrongState(0, ChipState.Slashed));
        slash(0);
        assertEq(vault.freeOf(stranger), PHI * BOND / 10, "once");
    }

    function test_exit_afterwardsIsRefused() public {
        slash(0);
        vm.expectRevert(wrongState(0, ChipState.Slashed));
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        vm.expectRevert(wrongState(0, ChipState.Slashed));
        registry.finishExit(ids[0]);
    }

    /// @dev Leaving does not save it until the bond is out.
    function test_exit_beforeSavesNothing() public {
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        mineTo(EPOCH + EXIT_SECONDS);

        slash(0);

        assertEq(vault.freeOf(stranger), PHI * BOND / 10, "reporter");
        vm.expectRevert(wrongState(0, ChipState.Slashed));
        registry.finishExit(ids[0]);
    }

    function test_slash_ofAnExitedChipIsRefused() public {
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        mineTo(EPOCH + EXIT_SECONDS);
        registry.finishExit(ids[0]);
        vm.expectRevert(wrongState(0, ChipState.Exited));
        slash(0);
    }

    function test_comingBack_isRefused() public {
        slash(0);
        mineToEpoch(4);
        (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(0), registry.availabilityMessage(operator, 4));
        ChipSignature memory fresh = signed(0, r, s);
        vm.expectRevert(wrongState(0, ChipState.Slashed));
        vm.prank(operator);
        registry.resume(ids[0], fresh, entries[0].blsKey);

        ChipRegistration[] memory again = slice(0, 1);
        bytes memory key = vrfKey();
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryChipTaken.selector, ids[0], ChipState.Slashed)
        );
        vm.prank(newOperator);
        registry.register{value: bondOf(1)}(again, key);
    }

    /// @dev A renter is not bound to it: the escrow may end the rental, and the chip is freed.
    function test_rentedChip_isSlashedAndFreed() public {
        vm.prank(ESCROW);
        registry.reserve(operator, only(0));

        slash(0);

        assertEq(uint8(registry.stateOf(ids[0])), uint8(ChipState.Slashed), "`endFor` ends the rental");
        ChipPlaces[] memory places = onPlace(0);
        vm.prank(ESCROW);
        registry.free(places);
        vm.expectRevert(wrongState(0, ChipState.Slashed));
        vm.prank(ESCROW);
        registry.reserve(operator, only(0));
    }

    function test_slash_countsAsMissedForItsRenter() public {
        slash(0);
        mineToEpoch(5);
        assertEq(views.missesIn(ids[0], 2, 4), 3);
    }

    /// @dev After a penalty what is left is taken, no more.
    function test_slash_afterAPenaltyTakesTheRest() public {
        vm.prank(stranger);
        challenges.challenge{value: CHALLENGE_BOND}(ids[0]);
        mineTo(EPOCH + ANSWER_BLOCKS + 1);
        challenges.expire(ids[0], entries[0].blsKey);

        slash(0);

        assertEq(chipOf(0).bond, 0, "bond");
        assertEq(vault.lockedOf(REGISTRY, bytes32(uint256(uint160(operator)))), 3 * PHI * BOND, "others'");
    }

    function test_slash_ofASuspendedChipTakesNoKeyTwice() public {
        mineToEpoch(4);
        registry.suspendSilent(only(0), entries[0].blsKey);
        slash(0);
        (, uint32 count) = views.snapshotOf(operator, 5);
        assertEq(count, 3, "count");
        assertEq(views.powerOf(operator), 3 * PHI, "power");
    }

    function test_ranking_isToldOnce() public {
        slash(0);
        assertEq(slashedFaults(operator), 1, "told");
        vm.expectRevert(
            abi.encodeWithSelector(IRanking.RankingNoted.selector, Fault.Slashed, ChipId.unwrap(ids[0]))
        );
        ranking.noteSlashed(ids[0]);
    }

    function test_slash_revertsWhen_callerIsNotTheEvidenceContract() public {
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryNotEvidence.selector, stranger));
        vm.prank(stranger);
        registry.slash(ids[0], entries[0].blsKey, stranger);
    }

    function test_slash_ofAChipThatNeverCameIsRefused() public {
        vm.expectRevert(wrongState(9, ChipState.None));
        vm.prank(EVIDENCE);
        registry.slash(ids[9], entries[9].blsKey, stranger);
    }

    /// @dev Else the key would be read as if it ended where a key ends.
    function test_slash_revertsWhen_moreThanAKeyIsBrought() public {
        vm.expectRevert(badLength("blsKey", 49, 48));
        vm.prank(EVIDENCE);
        registry.slash(ids[0], bytes.concat(entries[0].blsKey, hex"00"), stranger);
    }

    function test_slash_revertsWhen_keyIsAnotherChips() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IPociRegistry.PociRegistryOtherKey.selector, ids[0], keccak256(entries[1].blsKey)
            )
        );
        vm.prank(EVIDENCE);
        registry.slash(ids[0], entries[1].blsKey, stranger);
    }

    function slash(uint256 i) private {
        vm.prank(stranger);
        evidences.doubleAttestation(
            accusedOf(i), wordOf(i, newOperator, 1, LATER), wordOf(i, stranger, 1, LATER)
        );
    }

    function wrongState(uint256 i, ChipState state) private view returns (bytes memory) {
        return abi.encodeWithSelector(IPociRegistry.PociRegistryWrongState.selector, ids[i], state);
    }
}
