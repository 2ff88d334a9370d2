// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdCheats} from "forge-std/StdCheats.sol";
import {StdUtils} from "forge-std/StdUtils.sol";

import {Emission} from "contracts/src/poci/Emission.sol";
import {ChipId} from "contracts/src/types/Ids.sol";
import {FuelTerms, IssuePlan} from "contracts/src/types/Issue.sol";

import {PresenceDouble} from "../doubles/PresenceDouble.sol";
import {ChainFixture} from "../lib/ChainFixture.sol";
import {Plans} from "../lib/Plans.sol";

/// @title Makes blocks, fills fuel and burns as anybody may, and keeps its own books.
contract SupplyHandler is CommonBase, StdCheats, StdUtils {
    address private constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;
    ChipId private constant CHIP = ChipId.wrap("chip");
    uint64 private constant EPOCH = 16;

    Emission public immutable EMISSION;
    PresenceDouble private immutable PRESENCE;

    address[2] public operators = [makeAddr("operator"), makeAddr("other operator")];
    uint64 public height;
    uint128 public paid;
    uint256 public sent;
    uint256 public mostBurned;
    bool public hasFallen;

    constructor(Emission emission, PresenceDouble presence) {
        EMISSION = emission;
        PRESENCE = presence;
        height = uint64(vm.getBlockNumber());
    }

    /// @dev A block of a present or an absent chip, a few seconds or most of a cycle after the last one.
    function makeBlock(uint64 later, uint8 who, bool isPresent) external {
        height += uint64(bound(later, 1, later % 8 == 0 ? 150 days : 5));
        vm.roll(height);
        PRESENCE.set(CHIP, height / EPOCH - 2, isPresent);
        uint128 before = EMISSION.issuedGwei();
        vm.prank(SYSTEM);
        paid += EMISSION.onBlock(operators[who % 2], CHIP);
        if (EMISSION.issuedGwei() < before) hasFallen = true;
    }

    function fill(uint8 who, uint256 amount) external {
        amount = bound(amount, 1 ether, 1000 ether);
        vm.roll(height);
        vm.deal(address(this), amount);
        EMISSION.fillFuel{value: amount}(operators[who % 2]);
        sent += amount;
    }

    function burnFuel(uint8 who) external {
        vm.roll(height);
        EMISSION.burnFuel(operators[who % 2]);
        if (EMISSION.burned() < mostBurned) hasFallen = true;
        mostBurned = EMISSION.burned();
    }

    function burn(uint256 amount) external {
        amount = bound(amount, 0, 10 ether);
        vm.deal(address(this), amount);
        EMISSION.burn{value: amount}();
        sent += amount;
    }
}

/// @title Supply: what is issued never passes the cap, what came in is fuel, burned or the foundation's.
contract SupplyTest is ChainFixture {
    address private foundation = makeAddr("foundation");
    SupplyHandler private handler;
    uint128 private cap;

    function setUp() public override {
        super.setUp();
        IssuePlan memory plan = Plans.talos(1);
        plan.talos.fuel = FuelTerms({leastWei: 1 ether, foundation: foundation, vault: VAULT});
        // 28.9 UNC a second: reached 20 seconds after the start.
        plan.talos.capGwei = 3472e9;
        cap = plan.talos.capGwei;
        build(EMISSION, type(Emission).creationCode, abi.encode(REGISTRY, address(0), plan));
        build(REGISTRY, type(PresenceDouble).creationCode, abi.encode(EPOCH));
        vm.roll(100);
        handler = new SupplyHandler(emission, PresenceDouble(REGISTRY));
        targetContract(address(handler));
    }

    function invariant_issuedIsWhatBlocksWerePaid() public view {
        assertEq(emission.issuedGwei(), handler.paid());
    }

    function invariant_issuedStaysBelowTheCapAndNothingFalls() public view {
        assertLe(emission.issuedGwei(), cap, "cap");
        assertFalse(handler.hasFallen(), "monotone");
    }

    function invariant_everyWeiIsFuelOrBurnedOrTheFoundations() public view {
        (uint256 fuel,) = emission.fuelOf(handler.operators(0));
        (uint256 other,) = emission.fuelOf(handler.operators(1));
        uint256 share = vault.freeOf(foundation);
        assertEq(EMISSION.balance + share, handler.sent(), "nothing else leaves");
        assertLe(emission.burned() + fuel + other + share, handler.sent(), "nothing counts twice");
    }
}
