// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IOrderBook} from "contracts/src/interfaces/IOrderBook.sol";
import {IRentalDesk} from "contracts/src/interfaces/IRentalDesk.sol";
import {ChipId, OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order, OrderBatch, Side, Specification} from "contracts/src/types/Orders.sol";
import {BatchOpening, RentalRequest, RentalState} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests many orders at one price: two operators' asks, three renters' bids.
/// @dev The first ask wants PRICE, the second PRICE + 9; the bids offer PRICE + 9 or more.
contract OrderBookBatchTest is RentalFixture {
    uint128 private constant CLEARING = PRICE + 9;
    bytes32 private constant SPEC_HASH = "specHash";
    bytes32 private constant DURATION_FIELD = "duration";
    bytes32 private constant COUNTERPARTY_FIELD = "counterparty";
    bytes32 private constant OPERATOR_FIELD = "operator";
    bytes32 private constant SPECIFICATION_FIELD = "specification";
    bytes32 private constant KEY_FIELD = "renterKey";
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

    function test_matchBatch_revertsWhen_aBidDoesNotMeetItsAsk() public {
        OrderBatch memory batch = _batch();
        batch.bids[0].duration = batch.asks[0].duration + 1;
        batch.bidSignatures[0] = signedOrder(batch.bids[0], _renterKeys[0]);
        _expectMismatch(batch, DURATION_FIELD);

        batch = _batch();
        batch.bids[0].counterparty = _operators[1];
        batch.bidSignatures[0] = signedOrder(batch.bids[0], _renterKeys[0]);
        _expectMismatch(batch, COUNTERPARTY_FIELD);
    }

    function test_matchBatch_takesTheMostOfASide() public {
        OrderBatch memory batch = _wide(16);

        vm.prank(DESK);
        (OrderHash[] memory bids,) = orders.matchBatch(batch);

        assertEq(bids.length, 16, "bids");
        assertEq(orders.filledOf(bids[15]), 1, "the last one");
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

    function test_openBatch_revertsWhen_theOperatorIsNotTheAsker() public {
        OrderBatch memory batch = _batch();
        BatchOpening[] memory openings = _openings(batch, CLEARING);
        openings[0].request.operator = _operators[1];
        bytes32 digest = RentalId.unwrap(escrow.hashOf(openings[0].request));
        openings[0].requestSignature = sign(_renterKeys[0], digest);

        _expectRequestMismatch(OPERATOR_FIELD);
        desk.openBatch(batch, aSpecification(), openings);
    }

    function test_openBatch_revertsWhen_aRequestExpired() public {
        OrderBatch memory batch = _batch();
        BatchOpening[] memory openings = _openings(batch, CLEARING);
        openings[1].request.deadline = uint64(block.timestamp - 1);
        bytes32 digest = RentalId.unwrap(escrow.hashOf(openings[1].request));
        openings[1].requestSignature = sign(_renterKeys[1], digest);

        vm.expectRevert(
            abi.encodeWithSelector(
                IRentalDesk.RentalDeskRequestExpired.selector, openings[1].request.deadline
            )
        );
        desk.openBatch(batch, aSpecification(), openings);
    }

    function test_openBatch_revertsWhen_theSpecificationIsNotTheOrders() public {
        OrderBatch memory batch = _batch();
        BatchOpening[] memory openings = _openings(batch, CLEARING);
        Specification memory cheaper = aSpecification();
        cheaper.leastPhi = 0;

        _expectRequestMismatch(SPECIFICATION_FIELD);
        desk.openBatch(batch, cheaper, openings);
    }

    function test_openBatch_revertsWhen_aRentersKeyIsAnother() public {
        OrderBatch memory batch = _batch();
        BatchOpening[] memory openings = _openings(batch, CLEARING);
        openings[1].renterKey = new bytes(65);

        _expectRequestMismatch(KEY_FIELD);
        desk.openBatch(batch, aSpecification(), openings);
    }

    function test_openBatch_revertsWhen_aChipIsOfAnotherModel() public {
        OrderBatch memory batch = _batch();
        BatchOpening[] memory openings = _openings(batch, CLEARING);
        registry.setKind(_chip(2), 2, 1);

        vm.expectRevert(
            abi.encodeWithSelector(IRentalDesk.RentalDeskWrongChip.selector, _chip(2), uint32(2), uint64(1))
        );
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

    function _expectRequestMismatch(bytes32 field) private {
        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskRequestMismatch.selector, field));
    }

    /// @dev Bid 0 and ask 0 do not meet in a field.
    function _expectMismatch(OrderBatch memory batch, bytes32 field) private {
        _expectRevert(
            batch,
            abi.encodeWithSelector(
                IOrderBook.OrderBookMismatch.selector,
                orders.hashOf(batch.asks[0]),
                orders.hashOf(batch.bids[0]),
                field
            )
        );
    }

    /// @dev So many asks of one operator and bids of one renter, each bid served by the ask of its place.
    function _wide(uint256 count) private view returns (OrderBatch memory batch) {
        (batch.asks, batch.bids) = (new Order[](count), new Order[](count));
        (batch.askSignatures, batch.bidSignatures) = (new bytes[](count), new bytes[](count));
        (batch.askOf, batch.units) = (new uint256[](count), new uint32[](count));
        for (uint256 i = 0; i < count; ++i) {
            (batch.asks[i], batch.bids[i]) = (anAsk(), aBid());
            (batch.asks[i].nonce, batch.bids[i].nonce) = (1000 + i, 1000 + i);
            batch.bids[i].minUnits = 1;
            batch.askSignatures[i] = signedOrder(batch.asks[i], operatorKey);
            batch.bidSignatures[i] = signedOrder(batch.bids[i], renterKey);
            (batch.askOf[i], batch.units[i]) = (i, 1);
        }
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
