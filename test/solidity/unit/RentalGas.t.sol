// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "contracts/src/poci/Emission.sol";
import {PociViews} from "contracts/src/poci/PociViews.sol";
import {VendorRegistry} from "contracts/src/poci/VendorRegistry.sol";
import {PociParameters} from "contracts/src/types/Chips.sol";
import {RentalId} from "contracts/src/types/Ids.sol";
import {RentalRequest, RentalState} from "contracts/src/types/Rentals.sol";

import {GivenRegistry} from "../doubles/GivenRegistry.sol";
import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Holds the gas of a rental of two chips of the real registry under its aim.
/// @dev As on a node: each call is a transaction of its own, and the burn sink has burned before. A real
/// hand-over is longer by some 7,000 gas of calldata and log.
/// forge-config: default.isolate = true
contract RentalGasTest is RentalFixture {
    address private constant VENDORS = address(0x555411);
    address private constant VIEWS = address(0x555426);
    uint64 private constant FIRST = 20;

    GivenRegistry private _registry = GivenRegistry(REGISTRY);

    function setUp() public override {
        super.setUp();
        vm.deal(VAULT, VAULT.balance + 1);
        vm.prank(VAULT);
        Emission(EMISSION).burn{value: 1}();
        address[] memory vendors = new address[](1);
        uint32[] memory models = new uint32[](1);
        uint64[] memory phis = new uint64[](1);
        (vendors[0], models[0], phis[0]) = (address(this), 1, 1);
        build(VENDORS, type(VendorRegistry).creationCode, abi.encode(GOVERNOR, vendors, models, phis));
        build(VIEWS, type(PociViews).creationCode, abi.encode(_poci()));
        build(REGISTRY, type(GivenRegistry).creationCode, abi.encode(_poci()));
        VendorRegistry(VENDORS).postBatch("root", 1, 2);
        _registry.give(chips[0], operator, 1);
        _registry.give(chips[1], operator, 1);
        _registry.answer(operator, 0, FIRST);
        vm.roll(FIRST * EPOCH);
    }

    function test_gas_ofALifeThatSilenceSettles() public {
        RentalId id = openRental();
        uint256 spent = _gasOf("open");
        handOver(id);
        spent += _gasOf("commitHandover");
        vm.prank(renter);
        escrow.acknowledge(id, "");
        spent += _gasOf("acknowledge");
        _registry.answer(operator, FIRST, FIRST + 3);
        vm.roll((FIRST + 3) * EPOCH);
        skip(DURATION + COMMIT + 1);
        escrow.poke(id);
        spent += _gasOf("settle by poke");

        assertEq(uint8(escrow.stateOf(id)), uint8(RentalState.Settled), "settled");
        vm.snapshotValue("open, commitHandover, acknowledge, settle", spent);
        assertLe(spent, 600_000, "the aim");
    }

    /// @dev Words of the chip and words of its operator are read, as many as there are of a chip's misses.
    function test_gas_ofASettlementThatLooksBackAsFarAsItMay() public {
        chips.pop();
        RentalRequest memory request = aRequest(aBid());
        request.rent = RENT / 2;
        RentalId id = desk.open(signed(anAsk(), aBid(), request));
        handOver(id);
        vm.prank(renter);
        escrow.acknowledge(id, "");
        _registry.suspend(chips[0]);
        vm.roll((FIRST + 600_000) * EPOCH); // 2,343 words
        skip(DURATION + 1);
        commitAs(id, renter, 80, RENTER_SALT);
        commitAs(id, operator, 90, OPERATOR_SALT);
        revealAsRenter(id);
        // A transaction's gas: calls hand on 63 parts in 64 of it, to the registry and to its views.
        escrow.reveal{gas: (1 << 24) - 22_000}(id, operator, 90, OPERATOR_SALT);

        uint256 spent = _gasOf("reveal, settles, one suspended chip, as far back as it looks");
        assertLe(spent, 1 << 24, "a transaction's cap");
        assertEq(uint8(escrow.stateOf(id)), uint8(RentalState.Settled), "settled");
    }

    function _poci() private pure returns (PociParameters memory wanted) {
        (wanted.views, wanted.vendors, wanted.vault, wanted.escrow) = (VIEWS, VENDORS, VAULT, ESCROW);
        (wanted.epochBlocks, wanted.lookbackEpochs) = (EPOCH, 1);
        (wanted.bondPerPhi, wanted.missesToSuspend, wanted.sampleSize) = (1 ether, 3, 16);
    }

    function _gasOf(string memory what) private returns (uint256 spent) {
        // What a receipt shows: refunds are subtracted.
        spent = vm.lastCallGas().gasTotalUsed - uint256(int256(vm.lastCallGas().gasRefunded));
        vm.snapshotValue(what, spent);
    }
}
