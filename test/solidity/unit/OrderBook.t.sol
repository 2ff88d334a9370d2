// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IOrderBook} from "contracts/src/interfaces/IOrderBook.sol";
import {OrderHash} from "contracts/src/types/Ids.sol";
import {Order, OrderKind, Side} from "contracts/src/types/Orders.sol";

import {GreedyWallet, OddWallet, OwnedWallet} from "../doubles/Wallets.sol";
import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests which orders match, how often they fill and how their makers withdraw them.
contract OrderBookTest is RentalFixture {
    bytes32 private constant KNOWN_HASH = 0x0dbec34626ddac30480ddcfceb9a5f7a6080ff73cd005cb284df79292edaed2f;

    // Hashes

    /// @dev Computed with ethers 6.17 (`TypedDataEncoder.hash`) for chain 31337 and the genesis address.
    function test_hashOf_equalsTheWalletsHash() public view {
        Order memory order = Order({
            maker: address(0x0101010101010101010101010101010101010101),
            side: Side.Bid,
            kind: OrderKind.Inference,
            specHash: bytes32(uint256(0x02) * (type(uint256).max / 0xff)),
            unitPrice: 3,
            minUnits: 4,
            maxUnits: 5,
            duration: 6,
            validFrom: 7,
            expiry: 8,
            payer: address(0x0909090909090909090909090909090909090909),
            token: address(0x0A0A0a0a0a0a0a0A0a0a0A0a0A0A0A0a0a0a0a0a),
            counterparty: address(0x0B0b0b0b0B0B0B0B0b0b0b0b0B0B0B0B0B0b0B0b),
            minRating: 12,
            validationClass: 13,
            nonce: 14,
            makerEpoch: 15
        });

        assertEq(block.chainid, 31_337, "the chain of the known answer");
        assertEq(OrderHash.unwrap(orders.hashOf(order)), KNOWN_HASH, "EIP-712 hash");
    }

    function test_hashOf_changesWithTheChain() public {
        OrderHash before = orders.hashOf(anAsk());

        vm.chainId(7);

        assertNotEq(OrderHash.unwrap(orders.hashOf(anAsk())), OrderHash.unwrap(before), "another domain");
    }

    function test_domain_isThatOfTheGenesisAddress() public view {
        (, string memory name, string memory version, uint256 chainId, address where,,) =
            orders.eip712Domain();

        assertEq(name, "UtilityNet OrderBook", "name");
        assertEq(version, "1", "version");
        assertEq(chainId, block.chainid, "chain id");
        assertEq(where, ORDERS, "contract");
    }

    // post

    function test_post_publishesTheOrder() public {
        Order memory ask = anAsk();
        bytes memory signature = _signed(ask, operatorKey);

        vm.expectEmit(ORDERS);
        emit IOrderBook.OrderPosted(orders.hashOf(ask), operator, ask, signature);
        vm.prank(stranger);
        OrderHash hash = orders.post(ask, signature);

        assertEq(OrderHash.unwrap(hash), OrderHash.unwrap(orders.hashOf(ask)), "its hash");
        assertEq(orders.filledOf(hash), 0, "posting fills nothing");
    }

    function test_post_revertsWhen_signedByAnother() public {
        Order memory ask = anAsk();
        bytes memory signature = _signed(ask, renterKey);

        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookBadSignature.selector, orders.hashOf(ask), operator)
        );
        orders.post(ask, signature);
    }

    function test_post_revertsWhen_expired() public {
        Order memory ask = anAsk();
        bytes memory signature = _signed(ask, operatorKey);
        vm.warp(ask.expiry + 1);

        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookExpired.selector, orders.hashOf(ask), ask.expiry)
        );
        orders.post(ask, signature);
    }

    function test_post_revertsWhen_cancelled() public {
        Order memory ask = anAsk();
        bytes memory signature = _signed(ask, operatorKey);
        vm.prank(operator);
        orders.cancel(ask);

        vm.expectRevert(abi.encodeWithSelector(IOrderBook.OrderBookCancelled.selector, orders.hashOf(ask)));
        orders.post(ask, signature);
    }

    // fill

    function test_fill_countsBothOrdersAtTheAsksPrice() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());

        vm.expectEmit(ORDERS);
        emit IOrderBook.OrderFilled(orders.hashOf(ask), operator, 2, 2);
        vm.expectEmit(ORDERS);
        emit IOrderBook.OrderFilled(orders.hashOf(bid), renter, 2, 2);
        (OrderHash askHash, OrderHash bidHash, uint128 unitPrice) = _fill(ask, bid, 2);

        assertEq(OrderHash.unwrap(askHash), OrderHash.unwrap(orders.hashOf(ask)), "hash of the ask");
        assertEq(OrderHash.unwrap(bidHash), OrderHash.unwrap(orders.hashOf(bid)), "hash of the bid");
        assertEq(unitPrice, ask.unitPrice, "the ask's price, below the bid's");
        assertEq(orders.filledOf(askHash), 2, "units of the ask");
        assertEq(orders.filledOf(bidHash), 2, "units of the bid");
    }

    function test_fill_takesAnOrderInParts() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        bid.maxUnits = 5;

        _fill(ask, bid, 2);
        _fill(ask, bid, 3);

        assertEq(orders.filledOf(orders.hashOf(ask)), 5, "units of the ask");
        assertEq(orders.filledOf(orders.hashOf(bid)), 5, "units of the bid");
    }

    function test_fill_revertsWhen_callerIsNotTheFiller() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());

        vm.expectRevert(abi.encodeWithSelector(IOrderBook.OrderBookNotFiller.selector, stranger));
        vm.prank(stranger);
        orders.fill(ask, "", bid, "", 2);
    }

    function test_fill_revertsWhen_askIsABid() public {
        Order memory ask = anAsk();
        ask.side = Side.Bid;

        _expectFillRevert(
            ask, aBid(), abi.encodeWithSelector(IOrderBook.OrderBookWrongSide.selector, orders.hashOf(ask))
        );
    }

    function test_fill_revertsWhen_bidIsAnAsk() public {
        Order memory bid = aBid();
        bid.side = Side.Ask;

        _expectFillRevert(
            anAsk(), bid, abi.encodeWithSelector(IOrderBook.OrderBookWrongSide.selector, orders.hashOf(bid))
        );
    }

    function test_fill_revertsWhen_kindsDiffer() public {
        Order memory bid = aBid();
        bid.kind = OrderKind.Inference;

        _expectMismatch(anAsk(), bid, "kind");
    }

    function test_fill_revertsWhen_specificationsDiffer() public {
        Order memory bid = aBid();
        bid.specHash = "another";

        _expectMismatch(anAsk(), bid, "specHash");
    }

    function test_fill_revertsWhen_tokensDiffer() public {
        Order memory bid = aBid();
        bid.token = address(1);

        _expectMismatch(anAsk(), bid, "token");
    }

    function test_fill_revertsWhen_validationClassesDiffer() public {
        Order memory bid = aBid();
        bid.validationClass = 1;

        _expectMismatch(anAsk(), bid, "validationClass");
    }

    function test_fill_revertsWhen_bidIsLongerThanTheAsk() public {
        Order memory bid = aBid();
        bid.duration = anAsk().duration + 1;

        _expectMismatch(anAsk(), bid, "duration");
    }

    function test_fill_acceptsABidAsLongAsTheAsk() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        bid.duration = ask.duration;

        (OrderHash askHash,,) = _fill(ask, bid, 1);

        assertEq(orders.filledOf(askHash), 1, "the ask's duration is inclusive");
    }

    function test_fill_revertsWhen_makerTradesWithHimself() public {
        Order memory bid = aBid();
        bid.maker = operator;

        _expectMismatch(anAsk(), bid, "maker");
    }

    function test_fill_revertsWhen_askNamesAnotherCounterparty() public {
        Order memory ask = anAsk();
        ask.counterparty = stranger;

        _expectMismatch(ask, aBid(), "counterparty");
    }

    function test_fill_revertsWhen_bidNamesAnotherCounterparty() public {
        Order memory bid = aBid();
        bid.counterparty = stranger;

        _expectMismatch(anAsk(), bid, "counterparty");
    }

    function test_fill_acceptsOrdersThatNameEachOther() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.counterparty, bid.counterparty) = (renter, operator);

        (OrderHash askHash,,) = _fill(ask, bid, 1);

        assertEq(orders.filledOf(askHash), 1, "units of the ask");
    }

    function test_fill_revertsWhen_askIsDearerThanTheBid() public {
        Order memory bid = aBid();
        bid.unitPrice = PRICE - 1;

        _expectFillRevert(
            anAsk(), bid, abi.encodeWithSelector(IOrderBook.OrderBookPriceCrossed.selector, PRICE, PRICE - 1)
        );
    }

    function test_fill_acceptsTheRequiredRatingExactly() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.minRating, bid.minRating) = (6000, 6000);

        (OrderHash askHash,,) = _fill(ask, bid, 1);

        assertEq(orders.filledOf(askHash), 1, "units of the ask");
    }

    function test_fill_revertsWhen_operatorsRatingIsTooLow() public {
        Order memory bid = aBid();
        bid.minRating = 6001;

        _expectFillRevert(
            anAsk(),
            bid,
            abi.encodeWithSelector(IOrderBook.OrderBookRatingTooLow.selector, operator, 6000, 6001)
        );
    }

    function test_fill_revertsWhen_rentersRatingIsTooLow() public {
        Order memory ask = anAsk();
        ask.minRating = 6001;

        _expectFillRevert(
            ask, aBid(), abi.encodeWithSelector(IOrderBook.OrderBookRatingTooLow.selector, renter, 6000, 6001)
        );
    }

    function test_fill_acceptsTheFirstAndTheLastSecond() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());

        vm.warp(ask.validFrom);
        _fill(ask, bid, 1);
        vm.warp(ask.expiry);
        _fill(ask, bid, 1);

        assertEq(orders.filledOf(orders.hashOf(ask)), 2, "both ends are inclusive");
    }

    function test_fill_revertsWhen_tooEarly() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        vm.warp(ask.validFrom - 1);

        _expectFillRevert(
            ask,
            bid,
            abi.encodeWithSelector(IOrderBook.OrderBookNotYet.selector, orders.hashOf(ask), ask.validFrom)
        );
    }

    function test_fill_revertsWhen_expired() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        ask.expiry = bid.expiry + 1;
        vm.warp(bid.expiry + 1);

        _expectFillRevert(
            ask,
            bid,
            abi.encodeWithSelector(IOrderBook.OrderBookExpired.selector, orders.hashOf(bid), bid.expiry)
        );
    }

    function test_fill_revertsWhen_cancelled() public {
        Order memory bid = aBid();
        vm.prank(renter);
        orders.cancel(bid);

        _expectFillRevert(
            anAsk(), bid, abi.encodeWithSelector(IOrderBook.OrderBookCancelled.selector, orders.hashOf(bid))
        );
    }

    function test_fill_revertsWhen_makerEpochIsOld() public {
        Order memory bid = aBid();
        vm.prank(renter);
        orders.raiseMakerEpoch(3);

        _expectFillRevert(
            anAsk(),
            bid,
            abi.encodeWithSelector(IOrderBook.OrderBookOldEpoch.selector, orders.hashOf(bid), 0, 3)
        );
    }

    function test_fill_revertsWhen_makerEpochIsInTheFuture() public {
        Order memory bid = aBid();
        bid.makerEpoch = 1;

        _expectFillRevert(
            anAsk(),
            bid,
            abi.encodeWithSelector(IOrderBook.OrderBookOldEpoch.selector, orders.hashOf(bid), 1, 0)
        );
    }

    function test_fill_revertsWhen_fewerUnitsThanTheLeast() public {
        Order memory ask = anAsk();
        ask.minUnits = 3;

        _expectFillRevert(ask, aBid(), _outOfRange(ask, 2, 10));
    }

    function test_fill_revertsWhen_noUnits() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        ask.minUnits = 0;
        bytes memory askSignature = _signed(ask, operatorKey);
        bytes memory bidSignature = _signed(bid, renterKey);

        vm.expectRevert(_outOfRange(ask, 0, 10));
        vm.prank(ESCROW);
        orders.fill(ask, askSignature, bid, bidSignature, 0);
    }

    function test_fill_revertsWhen_moreUnitsThanAreLeft() public {
        Order memory bid = aBid();
        _fill(anAsk(), bid, 1);

        _expectFillRevert(anAsk(), bid, _outOfRange(bid, 2, 1));
    }

    function test_fill_revertsWhen_askIsSignedByAnother() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        bytes memory bidSignature = _signed(bid, renterKey);

        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookBadSignature.selector, orders.hashOf(ask), operator)
        );
        vm.prank(ESCROW);
        orders.fill(ask, bidSignature, bid, bidSignature, 2);
    }

    // Makers that are contracts

    function test_fill_acceptsAContractsSignature() public {
        Order memory bid = aBid();
        bid.maker = address(new OwnedWallet(renter));

        (, OrderHash bidHash,) = _fill(anAsk(), bid, 2);

        assertEq(orders.filledOf(bidHash), 2, "units of the wallet's bid");
    }

    function test_fill_acceptsAKeyThatDelegatesToCode() public {
        vm.etch(renter, abi.encodePacked(hex"ef0100", address(new GreedyWallet())));

        (, OrderHash bidHash,) = _fill(anAsk(), aBid(), 2);

        assertEq(orders.filledOf(bidHash), 2, "units of the bid");
    }

    function test_fill_revertsWhen_contractRefusesTheSignature() public {
        Order memory bid = aBid();
        bid.maker = address(new OwnedWallet(stranger));

        _expectBadBid(bid);
    }

    function test_fill_revertsWhen_contractAnswersMoreThanAWord() public {
        Order memory bid = aBid();
        bid.maker = address(new OddWallet());

        _expectBadBid(bid);
    }

    function test_fill_boundsTheGasOfAContractsSignature() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        bid.maker = address(new GreedyWallet());
        bytes memory askSignature = _signed(ask, operatorKey);
        bytes memory bidSignature = _signed(bid, renterKey);
        uint256 before = gasleft();

        vm.prank(ESCROW);
        try orders.fill(ask, askSignature, bid, bidSignature, 2) {
            assertTrue(false, "a greedy wallet signed");
        } catch {
            assertLt(before - gasleft(), 250_000, "the wallet burned no more than its bound");
        }
    }

    // cancel, raiseMakerEpoch

    function test_cancel_withdrawsOneOrder() public {
        Order memory ask = anAsk();

        vm.expectEmit(ORDERS);
        emit IOrderBook.OrderCancelled(orders.hashOf(ask), operator);
        vm.prank(operator);
        orders.cancel(ask);

        assertTrue(orders.isCancelled(orders.hashOf(ask)), "this one");
        ask.nonce = 1;
        assertFalse(orders.isCancelled(orders.hashOf(ask)), "no other one");
    }

    function test_cancel_keepsWhatWasFilled() public {
        Order memory ask = anAsk();
        _fill(ask, aBid(), 2);

        vm.prank(operator);
        orders.cancel(ask);

        assertEq(orders.filledOf(orders.hashOf(ask)), 2, "units filled before");
    }

    function test_cancel_revertsWhen_callerIsNotTheMaker() public {
        Order memory ask = anAsk();

        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookNotMaker.selector, orders.hashOf(ask), stranger)
        );
        vm.prank(stranger);
        orders.cancel(ask);
    }

    function test_cancel_revertsWhen_alreadyCancelled() public {
        Order memory ask = anAsk();
        vm.startPrank(operator);
        orders.cancel(ask);

        vm.expectRevert(abi.encodeWithSelector(IOrderBook.OrderBookCancelled.selector, orders.hashOf(ask)));
        orders.cancel(ask);
    }

    function test_raiseMakerEpoch_movesTheCallersEpochOnly() public {
        vm.expectEmit(ORDERS);
        emit IOrderBook.MakerEpochRaised(operator, 5);
        vm.prank(operator);
        orders.raiseMakerEpoch(5);

        assertEq(orders.makerEpochOf(operator), 5, "epoch of the caller");
        assertEq(orders.makerEpochOf(renter), 0, "epoch of another");
    }

    function test_raiseMakerEpoch_revertsWhen_notHigher() public {
        vm.startPrank(operator);
        orders.raiseMakerEpoch(5);

        vm.expectRevert(abi.encodeWithSelector(IOrderBook.OrderBookEpochNotRaised.selector, 5, 5));
        orders.raiseMakerEpoch(5);
    }

    function testFuzz_fill_neverExceedsTheMost(uint32[8] memory asked) public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        bid.maxUnits = 7;
        bytes memory askSignature = _signed(ask, operatorKey);
        bytes memory bidSignature = _signed(bid, renterKey);

        for (uint256 i = 0; i < asked.length; ++i) {
            vm.prank(ESCROW);
            try orders.fill(ask, askSignature, bid, bidSignature, asked[i] % 9) {} catch {}
        }

        assertLe(orders.filledOf(orders.hashOf(ask)), ask.maxUnits, "units of the ask");
        assertLe(orders.filledOf(orders.hashOf(bid)), bid.maxUnits, "units of the bid");
        assertEq(orders.filledOf(orders.hashOf(ask)), orders.filledOf(orders.hashOf(bid)), "both grow alike");
    }

    function _signed(Order memory order, uint256 key) private view returns (bytes memory) {
        return sign(key, OrderHash.unwrap(orders.hashOf(order)));
    }

    function _fill(Order memory ask, Order memory bid, uint32 units)
        private
        returns (OrderHash, OrderHash, uint128)
    {
        bytes memory askSignature = _signed(ask, operatorKey);
        bytes memory bidSignature = _signed(bid, renterKey);
        vm.prank(ESCROW);
        return orders.fill(ask, askSignature, bid, bidSignature, units);
    }

    function _expectFillRevert(Order memory ask, Order memory bid, bytes memory reason) private {
        bytes memory askSignature = _signed(ask, operatorKey);
        bytes memory bidSignature = _signed(bid, renterKey);
        vm.expectRevert(reason);
        vm.prank(ESCROW);
        orders.fill(ask, askSignature, bid, bidSignature, 2);
    }

    function _expectMismatch(Order memory ask, Order memory bid, bytes32 field) private {
        _expectFillRevert(
            ask,
            bid,
            abi.encodeWithSelector(
                IOrderBook.OrderBookMismatch.selector, orders.hashOf(ask), orders.hashOf(bid), field
            )
        );
    }

    function _expectBadBid(Order memory bid) private {
        _expectFillRevert(
            anAsk(),
            bid,
            abi.encodeWithSelector(IOrderBook.OrderBookBadSignature.selector, orders.hashOf(bid), bid.maker)
        );
    }

    function _outOfRange(Order memory order, uint32 units, uint32 available)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IOrderBook.OrderBookUnitsOutOfRange.selector,
            orders.hashOf(order),
            units,
            order.minUnits,
            available
        );
    }
}
