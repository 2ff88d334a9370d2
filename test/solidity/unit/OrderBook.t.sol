// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IOrderBook} from "contracts/src/interfaces/IOrderBook.sol";
import {OrderHash} from "contracts/src/types/Ids.sol";
import {Order, OrderKind, Side} from "contracts/src/types/Orders.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests what an order is, how it is published and how its maker withdraws it.
contract OrderBookTest is RentalFixture {
    bytes32 private constant KNOWN_HASH = 0xad14a4145f893b395d5d4c43bd39bbabe83dbcfc650945b366d5f30a3cba464e;

    // Hashes

    /// @dev Computed with ethers 6.17 (`TypedDataEncoder.hash`) for chain 31337 and the genesis address.
    function test_hashOf_equalsTheWalletsHash() public view {
        Order memory order = Order({
            maker: address(0x0101010101010101010101010101010101010101),
            side: Side.Bid,
            kind: OrderKind.Inference,
            specHash: bytes32(uint256(0x02) * (type(uint256).max / 0xff)),
            chipsHash: bytes32(uint256(0x10) * (type(uint256).max / 0xff)),
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
        bytes memory signature = signedOrder(ask, operatorKey);

        vm.expectEmit(ORDERS);
        emit IOrderBook.OrderPosted(orders.hashOf(ask), operator, ask, signature);
        vm.prank(stranger);
        OrderHash hash = orders.post(ask, signature);

        assertEq(OrderHash.unwrap(hash), OrderHash.unwrap(orders.hashOf(ask)), "its hash");
        assertEq(orders.filledOf(hash), 0, "posting fills nothing");
    }

    function test_post_revertsWhen_signedByAnother() public {
        Order memory ask = anAsk();
        bytes memory signature = signedOrder(ask, renterKey);

        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookBadSignature.selector, orders.hashOf(ask), operator)
        );
        orders.post(ask, signature);
    }

    function test_post_worksInTheLastSecond() public {
        Order memory ask = anAsk();
        bytes memory signature = signedOrder(ask, operatorKey);
        vm.warp(ask.expiry);

        assertEq(OrderHash.unwrap(orders.post(ask, signature)), OrderHash.unwrap(orders.hashOf(ask)));
    }

    function test_post_revertsWhen_expired() public {
        Order memory ask = anAsk();
        bytes memory signature = signedOrder(ask, operatorKey);
        vm.warp(ask.expiry + 1);

        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookExpired.selector, orders.hashOf(ask), ask.expiry)
        );
        orders.post(ask, signature);
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
        fillOrders(ask, aBid(), 2);

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

    // cancelNonces

    function test_cancelNonces_withdrawsTheNamedOnes() public {
        Order memory ask = anAsk();
        ask.nonce = 0x1fe;

        vm.expectEmit(ORDERS);
        emit IOrderBook.NoncesCancelled(operator, 1, 3 << 0xfe);
        vm.prank(operator);
        orders.cancelNonces(1, 3 << 0xfe);

        _expectCancelledFill(ask);
        ask.nonce = 0x1ff;
        _expectCancelledFill(ask);
        ask.nonce = 0x1fd;
        fillOrders(ask, aBid(), 2);
        assertFalse(orders.isNonceCancelled(renter, 0x1fe), "the nonces of another maker are his own");
    }

    function test_cancelNonces_addsToWhatWasCancelled() public {
        vm.startPrank(operator);
        orders.cancelNonces(0, 1);
        orders.cancelNonces(0, 2);

        assertTrue(orders.isNonceCancelled(operator, 0), "the first");
        assertTrue(orders.isNonceCancelled(operator, 1), "the second");
        assertFalse(orders.isNonceCancelled(operator, 2), "no third");
    }

    function test_cancelNonces_stopsFurtherFills() public {
        Order memory bid = aBid();
        bid.maxUnits = 5;
        fillOrders(anAsk(), bid, 2);
        vm.prank(renter);
        orders.cancelNonces(0, 1);
        bytes memory askSignature = signedOrder(anAsk(), operatorKey);
        bytes memory bidSignature = signedOrder(bid, renterKey);

        vm.expectRevert(abi.encodeWithSelector(IOrderBook.OrderBookCancelled.selector, orders.hashOf(bid)));
        vm.prank(DESK);
        orders.fill(anAsk(), askSignature, bid, bidSignature, 2);
    }

    function test_cancelNonces_revertsWhen_maskIsEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.OrderBookEmptyMask.selector, 7));
        orders.cancelNonces(7, 0);
    }

    /// @dev The bit of a nonce is its own: no other nonce, of no other maker, is touched.
    function testFuzz_cancelNonces_touchesOneNonce(uint256 nonce, uint256 other) public {
        vm.assume(nonce != other);

        vm.prank(operator);
        orders.cancelNonces(nonce >> 8, 2 ** (nonce & 0xff));

        assertTrue(orders.isNonceCancelled(operator, nonce), "cancelled");
        assertFalse(orders.isNonceCancelled(operator, other), "not another");
    }

    function test_constructor_admitsTheNamedFillersOnly() public view {
        assertTrue(orders.isFiller(DESK), "the desk");
        assertFalse(orders.isFiller(stranger), "nobody else");
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

    function _expectCancelledFill(Order memory order) private {
        Order memory bid = aBid();
        bytes memory askSignature = signedOrder(order, operatorKey);
        bytes memory bidSignature = signedOrder(bid, renterKey);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.OrderBookCancelled.selector, orders.hashOf(order)));
        vm.prank(DESK);
        orders.fill(order, askSignature, bid, bidSignature, 2);
    }
}
