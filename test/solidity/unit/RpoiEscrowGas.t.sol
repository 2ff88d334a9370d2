// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "contracts/src/poci/Emission.sol";
import {ChipId, OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {OperatorHalf, RentalRequest, RenterHalf} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Holds the gas of a rental of two chips under its aims.
/// @dev Each call is a transaction of its own: cold storage, fresh slots, 21,000 and calldata included. The
/// burn sink has burned before; the registry is the double, cheaper than the real one by its checks.
/// forge-config: default.isolate = true
contract RpoiEscrowGasTest is RentalFixture {
    function setUp() public override {
        super.setUp();
        vm.deal(VAULT, VAULT.balance + 1);
        vm.prank(VAULT);
        Emission(EMISSION).burn{value: 1}();
    }

    function test_gas_ofALifeThatSilenceSettles() public {
        RentalId id = openRental();
        uint256 spent = _gasOf("open");
        handOver(id);
        spent += _gasOf("commitHandover");
        vm.prank(renter);
        escrow.acknowledge(id, "");
        spent += _gasOf("acknowledge");
        skip(DURATION + COMMIT + 1);
        escrow.poke(id);
        spent += _gasOf("settle by poke");

        vm.snapshotValue("open, commitHandover, acknowledge, settle", spent);
        assertLe(spent, 600_000, "the aim");
    }

    function test_gas_ofRatings() public {
        RentalId id = endedRental(40);
        RenterHalf memory renterHalf = RenterHalf(id, commitmentOf(id, renter, 80, RENTER_SALT));
        OperatorHalf memory operatorHalf =
            OperatorHalf(id, commitmentOf(id, operator, 90, OPERATOR_SALT), renterHalfHash(renterHalf));
        escrow.commitRatings(
            id,
            renterHalf,
            sign(renterKey, escrowDigest(renterHalfHash(renterHalf))),
            operatorHalf,
            sign(operatorKey, escrowDigest(operatorHalfHash(operatorHalf)))
        );
        uint256 spent = _gasOf("commitRatings");
        revealAsRenter(id);
        spent += _gasOf("reveal");
        revealAsOperator(id);
        spent += _gasOf("reveal and settle with ratings");

        assertLe(spent, 400_000, "commit, reveal, reveal and settle");
    }

    function test_gas_ofAFill() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        bytes memory askSignature = sign(operatorKey, OrderHash.unwrap(orders.hashOf(ask)));
        bytes memory bidSignature = sign(renterKey, OrderHash.unwrap(orders.hashOf(bid)));
        vm.prank(DESK);
        orders.fill(ask, askSignature, bid, bidSignature, 2);

        assertLe(_gasOf("fill"), 220_000, "the aim");
    }

    /// @dev Osaka caps a transaction at 2^24 gas: the greatest rental must open, and close, below it.
    function test_gas_ofTheGreatestRental() public {
        delete chips;
        for (uint256 i = 0; i < 128; ++i) {
            chips.push(ChipId.wrap(keccak256(abi.encode("one of many", i))));
            registry.give(chips[i], operator);
        }
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.maxUnits, bid.maxUnits) = (128, 128);
        RentalRequest memory request = aRequest(bid);
        request.rent = RENT * 64;
        request.deposit = RENT * 64;
        RentalId id = desk.open(signed(ask, bid, request));
        assertLe(_gasOf("open with 128 chips"), 2 ** 24, "open");
        handOver(id);
        skip(ACKNOWLEDGE + DURATION + COMMIT + 1);
        escrow.poke(id);
        assertLe(_gasOf("settle by poke with 128 chips"), 2 ** 24, "one poke does all");
    }

    function _gasOf(string memory what) private returns (uint256 spent) {
        // What a receipt shows: refunds are subtracted.
        spent = vm.lastCallGas().gasTotalUsed - uint256(int256(vm.lastCallGas().gasRefunded));
        vm.snapshotValue(what, spent);
    }
}
