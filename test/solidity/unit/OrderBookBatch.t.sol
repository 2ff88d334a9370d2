// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IOrderBook} from "contracts/src/interfaces/IOrderBook.sol";
import {IRentalDesk} from "contracts/src/interfaces/IRentalDesk.sol";
import {ChipId, OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order, OrderBatch, Side} from "contracts/src/types/Orders.sol";
import {BatchOpening, RentalRequest, RentalState} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests many orders at one price: two operators' asks, three renters' bids.
/// @dev The first ask wants PRICE, the second PRICE + 9; the bids offer PRICE + 9 or more.
contract OrderBookBatchTest is RentalFixture {
    uint128 private constant CLEARING = PRICE + 9;
    bytes32 private constant SPEC_HASH = "specHash";
    bytes32 private constant RENT_FIELD = "rent";
    bytes32 private constant CHIPS_FIELD = "chips";

    address[2] private _operators;
    uint256[2] private _operatorKeys;
    address[3] private _renters;
    uint256[3] private _renterKeys;

    function setUp() public override {
        super.setUp();
        (_operators[0], _operatorKeys[0]) = (operator, operatorKey);
        (_operators[1], _operatorKeys[1]) = makeAddrAndKey("second operator");
        (_renters[0], _renterKeys[0]) = (renter, renterKey);
        (_renters[1], _renterKeys[1]) = makeAddrAndKey("second renter");
        (_renters[2], _renterKeys[2]) = makeAddrAndKey("third renter");
        fund(_operators[1], FUNDS);
        fund(_renters[1], FUNDS);
        fund(_renters[2], FUNDS);
        for (uint256 i = 0; i < 3; ++i) {
            registry.give(_chip(i), _operators[_askOf(i)]);
        }
    }

    // matchBatch

    function test_matchBatch_fillsAllAtTheHighestAsk() public {
        OrderBatch memory batch = _batch();

        vm.prank(DESK);
        (OrderHash[] memory bids, uint128 price) = orders.matchBatch(batch);

        assertEq(price, CLEARING, "the marginal ask's price");
        assertEq(bids.length, 3, "bids");
        assertEq(OrderHash.unwrap(bids[2]), OrderHash.unwrap(orders.hashOf(batch.bids[2])), "in their order");
        assertEq(orders.filledOf(orders.hashOf(batch.asks[0])), 2, "the first ask serves two");
        assertEq(orders.filledOf(orders.hashOf(batch.asks[1])), 1, "the second one");
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(orders.filledOf(bids[i]), 1, "units of a bid");
        }
    }

    function test_matchBatch_revertsWhen_callerIsNotAFiller() public {
        OrderBatch memory batch = _batch();

        vm.expectRevert(abi.encodeWithSelector(IOrderBook.OrderBookNotFiller.selector, stranger));
        vm.prank(stranger);
        orders.matchBatch(batch);
    }

    function test_matchBatch_revertsWhen_aBidOffersLessThanTheOnePrice() public {
        OrderBatch memory batch = _batch();
        batch.bids[0].unitPrice = CLEARING - 1; // above its own ask
        batch.bidSignatures[0] = signedOrder(batch.bids[0], _renterKeys[0]);

        _expectRevert(
            batch, abi.encodeWithSelector(IOrderBook.OrderBookPriceCrossed.selector, CLEARING, CLEARING - 1)
        );
    }

    function test_matchBatch_revertsWhen_anAskServesNobody() public {
        OrderBatch memory batch = _batch();
        batch.askOf[2] = 0;

        _expectRevert(batch, abi.encodeWithSelector(IOrderBook.OrderBookAskNotTaken.selector, 1));
    }

    function test_matchBatch_revertsWhen_aBidTakesAnAskThatIsNotThere() public {
        OrderBatch memory batch = _batch();
        batch.askOf[2] = 2;

        _expectRevert(batch, abi.encodeWithSelector(IOrderBook.OrderBookAskNotTaken.selector, 2));
    }

    function test_matchBatch_revertsWhen_asksAreAboutDifferentGoods() public {
        OrderBatch memory batch = _batch();
        batch.asks[1].specHash = "another";
        batch.bids[2].specHash = "another";
        batch.askSignatures[1] = signedOrder(batch.asks[1], _operatorKeys[1]);
        batch.bidSignatures[2] = signedOrder(batch.bids[2], _renterKeys[2]);

        _expectRevert(
            batch,
            abi.encodeWithSelector(
                IOrderBook.OrderBookMismatch.selector,
                orders.hashOf(batch.asks[1]),
                orders.hashOf(batch.asks[0]),
                SPEC_HASH
            )
        );
    }

    function test_matchBatch_revertsWhen_anAskHasTooFewUnits() public {
        OrderBatch memory batch = _batch();
        batch.asks[0].maxUnits = 1;
        batch.askSignatures[0] = signedOrder(batch.asks[0], _operatorKeys[0]);

        _expectRevert(
            batch,
            abi.encodeWithSelector(
                IOrderBook.OrderBookUnitsOutOfRange.selector, orders.hashOf(batch.asks[0]), 1, 1, 0
            )
        );
    }

    /// @dev The same bid twice in one batch is one bid: its units are counted.
    function test_matchBatch_revertsWhen_aBidComesTwice() public {
        OrderBatch memory batch = _batch();
        batch.bids[1] = batch.bids[0];
        batch.bidSignatures[1] = batch.bidSignatures[0];

        _expectRevert(
            batch,
            abi.encodeWithSelector(
                IOrderBook.OrderBookUnitsOutOfRange.selector, orders.hashOf(batch.bids[0]), 1, 1, 0
            )
        );
    }

    function test_matchBatch_revertsWhen_aBidIsSignedByAnother() public {
        OrderBatch memory batch = _batch();
        batch.bidSignatures[1] = batch.bidSignatures[0];

        _expectRevert(
            batch,
            abi.encodeWithSelector(
                IOrderBook.OrderBookBadSignature.selector, orders.hashOf(batch.bids[1]), _renters[1]
            )
        );
    }

    function test_matchBatch_revertsWhen_anAskIsABid() public {
        OrderBatch memory batch = _batch();
        batch.asks[0].side = Side.Bid;

        _expectRevert(
            batch,
            abi.encodeWithSelector(IOrderBook.OrderBookWrongSide.selector, orders.hashOf(batch.asks[0]))
        );
    }

    function test_matchBatch_revertsWhen_thereAreTooManyOrTooFew() public {
        OrderBatch memory batch = _batch();
        batch.units = new uint32[](2);
        _expectRevert(batch, abi.encodeWithSelector(IOrderBook.OrderBookBadBatch.selector, 2, 3));

        batch = _batch();
        batch.asks = new Order[](0);
        batch.askSignatures = new bytes[](0);
        _expectRevert(batch, abi.encodeWithSelector(IOrderBook.OrderBookBadBatch.selector, 0, 3));

        batch.asks = new Order[](17);
        batch.askSignatures = new bytes[](17);
        _expectRevert(batch, abi.encodeWithSelector(IOrderBook.OrderBookBadBatch.selector, 17, 3));
    }

    // openBatch

    function test_openBatch_opensEveryRentalAtTheOnePrice() public {
        OrderBatch memory batch = _batch();
        BatchOpening[] memory openings = _openings(batch, CLEARING);

        vm.prank(stranger);
        RentalId[] memory rentals = desk.openBatch(batch, aSpecification(), openings);

        for (uint256 i = 0; i < 3; ++i) {
            assertTrue(escrow.stateOf(rentals[i]) == RentalState.Open, "open");
            assertEq(escrow.rentalOf(rentals[i]).rent, CLEARING * DURATION, "rent at the one price");
            assertEq(escrow.rentalOf(rentals[i]).operator, _operators[_askOf(i)], "operator");
            assertTrue(registry.isRented(_chip(i)), "its chip");
        }
    }

    function test_openBatch_revertsWhen_aRenterSignedAnotherPrice() public {
        OrderBatch memory batch = _batch();
        BatchOpening[] memory openings = _openings(batch, PRICE);

        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskRequestMismatch.selector, RENT_FIELD));
        desk.openBatch(batch, aSpecification(), openings);
    }

    function test_openBatch_revertsWhen_chipsAreNotTheUnits() public {
        OrderBatch memory batch = _batch();
        BatchOpening[] memory openings = _openings(batch, CLEARING);
        openings[0].chips = new ChipId[](2);

        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskRequestMismatch.selector, CHIPS_FIELD));
        desk.openBatch(batch, aSpecification(), openings);
    }

    function test_openBatch_revertsWhen_openingsAreNotAsManyAsBids() public {
        OrderBatch memory batch = _batch();

        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskBadBatch.selector, 0, 3));
        desk.openBatch(batch, aSpecification(), new BatchOpening[](0));
    }

    function test_openBatch_revertsWhen_aRenterDidNotSign() public {
        OrderBatch memory batch = _batch();
        BatchOpening[] memory openings = _openings(batch, CLEARING);
        openings[2].requestSignature = openings[1].requestSignature;

        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskBadSignature.selector, _renters[2]));
        desk.openBatch(batch, aSpecification(), openings);
    }

    function _expectRevert(OrderBatch memory batch, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(DESK);
        orders.matchBatch(batch);
    }

    /// @dev Bids 0 and 1 are served by ask 0, bid 2 by ask 1; one unit each.
    function _batch() private view returns (OrderBatch memory batch) {
        batch.asks = new Order[](2);
        batch.askSignatures = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) {
            batch.asks[i] = anAsk();
            batch.asks[i].maker = _operators[i];
            if (i == 1) batch.asks[i].unitPrice = CLEARING;
            batch.askSignatures[i] = signedOrder(batch.asks[i], _operatorKeys[i]);
        }
        batch.bids = new Order[](3);
        batch.bidSignatures = new bytes[](3);
        batch.askOf = new uint256[](3);
        batch.units = new uint32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            batch.bids[i] = aBid();
            batch.bids[i].maker = _renters[i];
            batch.bids[i].maxUnits = 1;
            batch.bids[i].unitPrice = i == 2 ? CLEARING : PRICE * 2;
            batch.bidSignatures[i] = signedOrder(batch.bids[i], _renterKeys[i]);
            (batch.askOf[i], batch.units[i]) = (_askOf(i), 1);
        }
    }

    function _openings(OrderBatch memory batch, uint128 price)
        private
        view
        returns (BatchOpening[] memory openings)
    {
        openings = new BatchOpening[](3);
        for (uint256 i = 0; i < 3; ++i) {
            RentalRequest memory request = aRequest(batch.bids[i]);
            request.renter = _renters[i];
            request.operator = _operators[_askOf(i)];
            request.rent = price * DURATION;
            openings[i].chips = new ChipId[](1);
            openings[i].chips[0] = _chip(i);
            request.chipsHash = keccak256(abi.encodePacked(openings[i].chips));
            openings[i].request = request;
            openings[i].requestSignature = sign(_renterKeys[i], RentalId.unwrap(escrow.hashOf(request)));
            openings[i].renterKey = aPoint();
        }
    }

    function _askOf(uint256 bid) private pure returns (uint256) {
        return bid == 2 ? 1 : 0;
    }

    function _chip(uint256 number) private pure returns (ChipId) {
        return ChipId.wrap(keccak256(abi.encode("batch chip", number)));
    }
}
