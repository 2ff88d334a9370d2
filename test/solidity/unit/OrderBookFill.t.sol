// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";

import {IOrderBook} from "contracts/src/interfaces/IOrderBook.sol";
import {OrderHash} from "contracts/src/types/Ids.sol";
import {Order, OrderKind, Side} from "contracts/src/types/Orders.sol";

import {GreedyVerifier, GreedyWallet, OddWallet, OwnedWallet} from "../doubles/Wallets.sol";
import {KeyWithoutAccount} from "../fixtures/KeyWithoutAccount.sol";
import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests which orders match and how often they fill.
contract OrderBookFillTest is RentalFixture, KeyWithoutAccount {
    bytes32 private constant MAKER = "maker";

    // fill

    function test_fill_countsBothOrdersAtTheAsksPrice() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());

        vm.expectEmit(ORDERS);
        emit IOrderBook.OrderFilled(orders.hashOf(ask), operator, 2, 2);
        vm.expectEmit(ORDERS);
        emit IOrderBook.OrderFilled(orders.hashOf(bid), renter, 2, 2);
        (OrderHash askHash, OrderHash bidHash, uint128 unitPrice) = fillOrders(ask, bid, 2);

        assertEq(OrderHash.unwrap(askHash), OrderHash.unwrap(orders.hashOf(ask)), "hash of the ask");
        assertEq(OrderHash.unwrap(bidHash), OrderHash.unwrap(orders.hashOf(bid)), "hash of the bid");
        assertEq(unitPrice, ask.unitPrice, "the ask's price, below the bid's");
        assertEq(orders.filledOf(askHash), 2, "units of the ask");
        assertEq(orders.filledOf(bidHash), 2, "units of the bid");
    }

    function test_fill_takesAnOrderInParts() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        bid.maxUnits = 5;

        fillOrders(ask, bid, 2);
        fillOrders(ask, bid, 3);

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

        (OrderHash askHash,,) = fillOrders(ask, bid, 1);

        assertEq(orders.filledOf(askHash), 1, "the ask's duration is inclusive");
    }

    /// @dev An answer takes time: the ask says how much at least.
    function test_fill_ofInferenceRevertsWhen_theBidIsShorterThanTheAsk() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.kind, bid.kind) = (OrderKind.Inference, OrderKind.Inference);
        bid.duration = ask.duration - 1;

        _expectMismatch(ask, bid, "duration");
    }

    function test_fill_ofInferenceAcceptsABidAsLongAsTheAskOrLonger() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.kind, bid.kind) = (OrderKind.Inference, OrderKind.Inference);
        bid.duration = ask.duration;
        fillOrders(ask, bid, 1);
        (bid.duration, bid.nonce) = (ask.duration + 1, 9);

        (OrderHash askHash,,) = fillOrders(ask, bid, 1);

        assertEq(orders.filledOf(askHash), 2, "who gives more time is welcome");
    }

    function test_fill_revertsWhen_makerTradesWithHimself() public {
        Order memory ask = anAsk();
        Order memory bid = aBid();
        bid.maker = operator;
        bytes memory askSignature = signedOrder(ask, operatorKey);
        bytes memory bidSignature = signedOrder(bid, operatorKey);
        (OrderHash askHash, OrderHash bidHash) = (orders.hashOf(ask), orders.hashOf(bid));

        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookMismatch.selector, askHash, bidHash, MAKER)
        );
        vm.prank(DESK);
        orders.fill(ask, askSignature, bid, bidSignature, 2);
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

        (OrderHash askHash,,) = fillOrders(ask, bid, 1);

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

        (OrderHash askHash,,) = fillOrders(ask, bid, 1);

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
        fillOrders(ask, bid, 1);
        vm.warp(ask.expiry);
        fillOrders(ask, bid, 1);

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
        bytes memory askSignature = signedOrder(ask, operatorKey);
        bytes memory bidSignature = signedOrder(bid, renterKey);

        vm.expectRevert(_outOfRange(ask, 0, 10));
        vm.prank(DESK);
        orders.fill(ask, askSignature, bid, bidSignature, 0);
    }

    function test_fill_revertsWhen_moreUnitsThanAreLeft() public {
        Order memory bid = aBid();
        fillOrders(anAsk(), bid, 1);

        _expectFillRevert(anAsk(), bid, _outOfRange(bid, 2, 1));
    }

    function test_fill_revertsWhen_askIsSignedByAnother() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        bytes memory bidSignature = signedOrder(bid, renterKey);

        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookBadSignature.selector, orders.hashOf(ask), operator)
        );
        vm.prank(DESK);
        orders.fill(ask, bidSignature, bid, bidSignature, 2);
    }

    // Makers that are contracts

    function test_fill_acceptsAContractsSignature() public {
        Order memory bid = aBid();
        bid.maker = address(new OwnedWallet(renter));

        (, OrderHash bidHash,) = fillOrders(anAsk(), bid, 2);

        assertEq(orders.filledOf(bidHash), 2, "units of the wallet's bid");
    }

    function test_fill_acceptsAKeyThatDelegatesToCode() public {
        vm.etch(renter, abi.encodePacked(hex"ef0100", address(new GreedyWallet())));

        (, OrderHash bidHash,) = fillOrders(anAsk(), aBid(), 2);

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
        bytes memory askSignature = signedOrder(ask, operatorKey);
        bytes memory bidSignature = signedOrder(bid, renterKey);
        uint256 before = gasleft();

        vm.prank(DESK);
        try orders.fill(ask, askSignature, bid, bidSignature, 2) {
            assertTrue(false, "a greedy wallet signed");
        } catch {
            assertLt(before - gasleft(), 250_000, "the wallet burned no more than its bound");
        }
    }

    // Makers that are keys without accounts

    function test_fill_acceptsAP256KeyWithoutAnAccount() public {
        Order memory bid = aBid();
        bid.maker = keyParty();

        OrderHash hash = _fillByKey(bid, signedByKey(OrderHash.unwrap(orders.hashOf(bid))));

        assertEq(orders.filledOf(hash), 2, "units of the key's bid");
    }

    function test_fill_revertsWhen_theKeySignedSomethingElse() public {
        Order memory bid = aBid();
        bid.maker = keyParty();

        _expectBadKey(bid, signedByKey("something else"));
    }

    function test_fill_revertsWhen_anotherKeySigned() public {
        Order memory bid = aBid();
        bid.maker = keyParty();
        bytes memory inner = p256Sign(OTHER_P256_KEY, OrderHash.unwrap(orders.hashOf(bid)));

        _expectBadKey(bid, withSigner(p256Signer(OTHER_P256_KEY), inner));
        _expectBadKey(bid, withSigner(p256Signer(P256_KEY), inner));
    }

    /// @dev Cut anywhere, or with a length that points anywhere, the signature is false and nothing worse.
    function testFuzz_fill_revertsWhen_theKeysSignatureIsCut(uint256 length, uint16 keyLength) public {
        Order memory bid = aBid();
        bid.maker = keyParty();
        bytes memory signature = signedByKey(OrderHash.unwrap(orders.hashOf(bid)));
        length = bound(length, 0, signature.length - 1);
        bytes memory cut = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            cut[i] = signature[i];
        }

        _expectBadKey(bid, cut);
        vm.assume(keyLength != 84);
        (signature[0], signature[1]) = (abi.encodePacked(keyLength)[0], abi.encodePacked(keyLength)[1]);
        _expectBadKey(bid, signature);
    }

    function test_fill_leavesAnEmptySignatureToTheVerifier() public {
        Order memory bid = aBid();
        bytes memory signer = abi.encodePacked(willingVerifier(), "key");
        bid.maker = address(uint160(uint256(keccak256(signer))));

        OrderHash hash = _fillByKey(bid, withSigner(signer, ""));

        assertEq(orders.filledOf(hash), 2, "units of the key's bid");
    }

    /// @dev ERC-7913: what has no key is an account, and signs as one.
    function test_fill_revertsWhen_theKeyIsEmpty() public {
        Order memory bid = aBid();
        bytes memory signer = abi.encodePacked(willingVerifier());
        bid.maker = address(uint160(uint256(keccak256(signer))));

        _expectBadKey(bid, withSigner(signer, "x"));
    }

    /// @dev Agrees to everything.
    function willingVerifier() private returns (address verifier) {
        verifier = makeAddr("verifier");
        bytes4 selector = IERC7913SignatureVerifier.verify.selector;
        vm.mockCall(verifier, abi.encodeWithSelector(selector), abi.encode(selector));
    }

    function test_fill_boundsTheGasOfAVerifier() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        bytes memory signer = abi.encodePacked(address(new GreedyVerifier()), "key");
        bid.maker = address(uint160(uint256(keccak256(signer))));
        bytes memory askSignature = signedOrder(ask, operatorKey);
        uint256 before = gasleft();

        vm.prank(DESK);
        try orders.fill(ask, askSignature, bid, withSigner(signer, "x"), 2) {
            assertTrue(false, "a greedy verifier agreed");
        } catch {
            assertLt(before - gasleft(), 250_000, "the verifier burned no more than its bound");
        }
    }

    function testFuzz_fill_neverExceedsTheMost(uint32[8] memory asked) public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        bid.maxUnits = 7;
        bytes memory askSignature = signedOrder(ask, operatorKey);
        bytes memory bidSignature = signedOrder(bid, renterKey);

        for (uint256 i = 0; i < asked.length; ++i) {
            vm.prank(DESK);
            try orders.fill(ask, askSignature, bid, bidSignature, asked[i] % 9) {} catch {}
        }

        assertLe(orders.filledOf(orders.hashOf(ask)), ask.maxUnits, "units of the ask");
        assertLe(orders.filledOf(orders.hashOf(bid)), bid.maxUnits, "units of the bid");
        assertEq(orders.filledOf(orders.hashOf(ask)), orders.filledOf(orders.hashOf(bid)), "both grow alike");
    }

    function _fillByKey(Order memory bid, bytes memory bidSignature) private returns (OrderHash hash) {
        bytes memory askSignature = signedOrder(anAsk(), operatorKey);
        vm.prank(DESK);
        (, hash,) = orders.fill(anAsk(), askSignature, bid, bidSignature, 2);
    }

    function _expectBadKey(Order memory bid, bytes memory bidSignature) private {
        bytes memory askSignature = signedOrder(anAsk(), operatorKey);
        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookBadSignature.selector, orders.hashOf(bid), bid.maker)
        );
        vm.prank(DESK);
        orders.fill(anAsk(), askSignature, bid, bidSignature, 2);
    }

    function _expectFillRevert(Order memory ask, Order memory bid, bytes memory reason) private {
        bytes memory askSignature = signedOrder(ask, operatorKey);
        bytes memory bidSignature = signedOrder(bid, renterKey);
        vm.expectRevert(reason);
        vm.prank(DESK);
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
