// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Emission} from "contracts/src/poci/Emission.sol";
import {DatasetOffer, Publication} from "contracts/src/types/Datasets.sol";
import {DatasetId, SaleId} from "contracts/src/types/Ids.sol";

import {DatasetFixture} from "../fixtures/DatasetFixture.sol";

/// @title Measures the gas of a dataset's life.
/// @dev Each call is a transaction of its own: cold storage, fresh slots, 21,000 and calldata included. The
/// burn sink has burned before, the seller has sold before.
/// forge-config: default.isolate = true
contract DatasetGasTest is DatasetFixture {
    function setUp() public override {
        super.setUp();
        vm.deal(VAULT, VAULT.balance + 1);
        vm.prank(VAULT);
        Emission(EMISSION).burn{value: 1}();
        fund(seller, 1);
    }

    function test_gas_ofADatasetsLife() public {
        Publication memory publication = aPublication("data");
        market.reserve(reservationOf(seller, publication));
        _gasOf("reserve");
        skip(1);
        vm.prank(seller);
        DatasetId dataset = market.publish(publication, SALT);
        _gasOf("publish");
        SaleId sale = buyAs(buyer, dataset);
        uint256 spent = _gasOf("buy");
        vm.prank(seller);
        market.deliver(sale, aPoint(), new bytes(256));
        spent += _gasOf("deliver");
        vm.prank(buyer);
        market.acknowledge(sale);
        spent += _gasOf("acknowledge");
        vm.prank(buyer);
        market.rate(sale, 90);
        _gasOf("rate");

        vm.snapshotValue("buy, deliver, acknowledge", spent);
        assertLe(spent, 350_000, "a sale costs less than a rental's opening");
    }

    function test_gas_ofAnAcceptedOffer() public {
        DatasetOffer memory offer = buyersOffer(publish(aPublication("data")));
        acceptAsSeller(offer);
        assertLe(_gasOf("accept"), 220_000, "as a fill");
    }

    function _gasOf(string memory what) private returns (uint256 spent) {
        spent = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue(what, spent);
    }
}
