// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {Chip, ChipState} from "contracts/src/types/Chips.sol";
import {ChipId, ChipPlaces} from "contracts/src/types/Ids.sol";

import {MarkFixture} from "../lib/MarkFixture.sol";
import {PociFixture} from "../lib/PociFixture.sol";

/// @title Registers, suspends, retires, punishes and slashes real chips at random.
contract PociHandler is PociFixture {
    uint256 public registered;
    /// @dev Chips that were slashed.
    uint256 public slashed;
    /// @dev Wei that came in as bonds.
    uint256 public paidIn;

    constructor() {
        setUp();
    }

    function join(uint8 count) external {
        uint256 more = bound(count, 1, 4);
        if (registered + more > CHIPS) return;
        registerFrom(registered, more);
        registered += more;
        paidIn += bondOf(more);
    }

    function slash(uint256 i) external {
        ChipState state = views.chipOf(ids[i % CHIPS]).state;
        bool isHeld = state == ChipState.Pending || state == ChipState.Suspended || state == ChipState.Exiting;
        if (!isHeld) return;
        vm.prank(EVIDENCE);
        registry.slash(ids[i % CHIPS], entries[i % CHIPS].blsKey, stranger);
        ++slashed;
    }

    function punish(uint256 i) external {
        if (views.chipOf(ids[i % CHIPS]).state == ChipState.None) return;
        vm.prank(CHALLENGES);
        registry.failChallenge(ids[i % CHIPS], entries[i % CHIPS].blsKey, stranger);
    }

    function pass(uint8 blocks) external {
        mineTo(uint64(vm.getBlockNumber()) + uint64(bound(blocks, 1, 60)));
    }

    function suspend(uint256 i) external {
        ChipId id = ids[i % CHIPS];
        bool isOverdue =
            views.chipOf(id).state != ChipState.Suspended && registry.stateOf(id) == ChipState.Suspended;
        if (isOverdue) registry.suspendSilent(only(i % CHIPS), entries[i % CHIPS].blsKey);
    }

    function ask(uint256 i) external {
        Chip memory chip = views.chipOf(ids[i % CHIPS]);
        bool isIn = chip.state == ChipState.Pending || chip.state == ChipState.Suspended;
        if (!isIn || chip.rentals != 0) return;
        vm.prank(operator);
        registry.requestExit(ids[i % CHIPS], entries[i % CHIPS].blsKey);
    }

    function finish(uint256 i) external {
        Chip memory chip = views.chipOf(ids[i % CHIPS]);
        if (chip.state != ChipState.Exiting || block.timestamp < chip.exitAt) return;
        registry.finishExit(ids[i % CHIPS]);
    }

    function rent(uint256 i) external {
        ChipId id = ids[i % CHIPS];
        Chip memory chip = views.chipOf(id);
        ChipPlaces[] memory places = onPlace(i % CHIPS);
        vm.startPrank(ESCROW);
        if (chip.rentals != 0) registry.free(places);
        else if (registry.stateOf(id) == ChipState.Active) registry.reserve(operator, only(i % CHIPS));
        vm.stopPrank();
    }

    function idAt(uint256 i) external view returns (ChipId) {
        return ids[i];
    }

    function keyAt(uint256 i) external view returns (bytes memory) {
        return entries[i].blsKey;
    }
}

/// forge-config: default.invariant.runs = 8
/// forge-config: default.invariant.depth = 24
/// forge-config: long.invariant.runs = 100
/// forge-config: long.invariant.depth = 64
contract PociBooksInvariantTest is MarkFixture {
    PociHandler private _handler;

    function setUp() public override {
        _handler = new PociHandler();
        operator = vm.addr(OPERATOR_KEY);
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = PociHandler.join.selector;
        selectors[1] = PociHandler.pass.selector;
        selectors[2] = PociHandler.suspend.selector;
        selectors[3] = PociHandler.ask.selector;
        selectors[4] = PociHandler.finish.selector;
        selectors[5] = PociHandler.rent.selector;
        selectors[6] = PociHandler.slash.selector;
        selectors[7] = PociHandler.punish.selector;
        targetSelector(FuzzSelector({addr: address(_handler), selectors: selectors}));
        targetContract(address(_handler));
    }

    /// forge-config: default.invariant.runs = 8
    /// forge-config: default.invariant.depth = 24
    /// forge-config: long.invariant.runs = 100
    /// forge-config: long.invariant.depth = 64
    function invariant_powerKeysAndBondsAreTheSumsOverChips() public view {
        uint256 power = 0;
        uint256 bonds = 0;
        uint32 counting = 0;
        bytes memory keys = "";
        for (uint256 i = 0; i < CHIPS; ++i) {
            Chip memory chip = views.chipOf(_handler.idAt(i));
            bonds += chip.bond;
            if (chip.state != ChipState.Pending && chip.state != ChipState.Active) continue;
            power += chip.phi;
            ++counting;
            keys = bytes.concat(keys, _handler.keyAt(i));
        }
        (bytes memory aggregate, uint32 count) = views.snapshotOf(operator, registry.currentEpoch() + 1);

        assertEq(views.totalPower(), power, "total power");
        assertEq(views.powerOf(operator), power, "operator's power");
        assertEq(vault.lockedOf(REGISTRY, bytes32(uint256(uint160(operator)))), bonds, "bonds");
        assertEq(count, counting, "count");
        if (_handler.registered() == 0) return;
        assertEq(aggregate, PociVerify.toBytes(PociVerify.sum(keys, "")), "aggregate key");
    }

    /// @dev The line is the chips that count, one after the other; who is slashed stays so, without a bond.
    /// forge-config: default.invariant.runs = 8
    /// forge-config: default.invariant.depth = 24
    /// forge-config: long.invariant.runs = 100
    /// forge-config: long.invariant.depth = 64
    function invariant_segmentsAreThePowersOfChipsThatCount() public view {
        uint256 slashed = 0;
        uint128 kappa = 0;
        for (uint256 i = 0; i < CHIPS; ++i) {
            Chip memory chip = views.chipOf(_handler.idAt(i));
            if (chip.state == ChipState.Slashed) ++slashed;
            if (chip.state == ChipState.Slashed) assertEq(chip.bond, 0, "bond of a slashed chip");
            if (chip.state != ChipState.Pending && chip.state != ChipState.Active) continue;
            (ChipId first,, uint64 phi) = views.segmentAt(kappa);
            (ChipId last,,) = views.segmentAt(kappa + phi - 1);
            assertEq(ChipId.unwrap(first), ChipId.unwrap(_handler.idAt(i)), "begins");
            assertEq(ChipId.unwrap(last), ChipId.unwrap(first), "ends");
            kappa += phi;
        }
        assertEq(views.totalPower(), kappa, "no segment is anybody else's");
        assertEq(slashed, _handler.slashed(), "slashed for ever");
    }

    /// @dev What a chip's record does not mark is zero.
    /// forge-config: default.invariant.runs = 8
    /// forge-config: default.invariant.depth = 24
    /// forge-config: long.invariant.runs = 100
    /// forge-config: long.invariant.depth = 64
    function invariant_whatIsNotMarkedIsZero() public view {
        for (uint256 i = 0; i < CHIPS; ++i) {
            assertMarks(_handler.idAt(i));
        }
    }

    /// @dev Bonds that came in are locked, given back, given to reporters or burned: to the wei.
    /// forge-config: default.invariant.runs = 8
    /// forge-config: default.invariant.depth = 24
    /// forge-config: long.invariant.runs = 100
    /// forge-config: long.invariant.depth = 64
    function invariant_vaultIsSolventAfterSlashes() public view {
        assertEq(VAULT.balance, vault.totalFree() + vault.totalLocked(), "balance");
        uint256 free = vault.freeOf(operator) + vault.freeOf(stranger);
        assertEq(vault.totalFree(), free, "only operator and reporter have been given any");
        assertEq(_handler.paidIn(), vault.totalLocked() + free + emission.burned(), "nothing is lost");
    }
}
