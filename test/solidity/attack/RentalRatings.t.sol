// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {RentalRequest} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Attacks on ratings: bought cheaply, repeated, or made with oneself.
contract RentalRatingsAttack is RentalFixture {
    uint256 private _nonce;

    /// @dev Feedback at tiny cost ("destroy a reputation with just $1"): what burned next to nothing says
    /// nothing.
    function test_attack_dustRentalsDoNotRate() public {
        for (uint256 i = 0; i < 5; ++i) {
            _rateOnce(1, 1);
        }

        (uint16 rating, uint128 weight) = ratings.ratingOf(operator);
        assertEq(rating, 6000, "the prior");
        assertEq(weight, 0, "nothing behind it");
        assertEq(ratings.countOf(operator), 0, "not one counts");
    }

    /// @dev A rating ring of one pair: what it burns beyond the cap buys nothing.
    function test_attack_onePairCannotBuyMoreThanItsCap() public {
        fund(renter, 10_000 ether);
        uint128 price = 1 ether;
        for (uint256 i = 0; i < 5; ++i) {
            _rateOnce(price, 100);
        }

        (, uint128 weight) = ratings.ratingOf(operator);
        // A few minutes have passed: the weight has faded by as much.
        assertApproxEqRel(weight, PAIR_CAP, 0.001e18, "five rentals of 100 UNC, one cap");
        assertLe(weight, PAIR_CAP, "never above it");
    }

    /// @dev The price of a point of rating is real money: the weight is the fee that was burned, no more.
    function testFuzz_attack_ratingCostsWhatItWeighs(uint128 price) public {
        price = uint128(bound(price, 1, 0.5 ether));
        uint256 before = EMISSION.balance;

        _rateOnce(price, 100);

        (, uint128 weight) = ratings.ratingOf(operator);
        assertLe(weight, EMISSION.balance - before, "burned at least the weight");
    }

    /// @dev A whole rental of one chip between the two parties, rated with 100 by the renter.
    function _rateOnce(uint128 price, uint64 duration) private {
        ++_nonce;
        while (chips.length > 1) chips.pop();
        Order memory ask = anAsk();
        Order memory bid = aBid();
        (ask.nonce, bid.nonce) = (_nonce, _nonce);
        (ask.unitPrice, bid.unitPrice) = (price, price);
        (ask.expiry, bid.expiry) = (uint64(block.timestamp), uint64(block.timestamp));
        bid.duration = duration;
        RentalRequest memory request = aRequest(bid);
        (request.duration, request.rent, request.deposit) = (duration, price * duration, price * duration);
        request.deadline = uint64(block.timestamp);
        RentalId id = desk.open(signed(ask, bid, request));
        handOver(id);
        vm.prank(renter);
        escrow.acknowledge(id, "");
        skip(duration + 1);
        commitAs(id, renter, 100, RENTER_SALT);
        commitAs(id, operator, 90, OPERATOR_SALT);
        escrow.reveal(id, renter, 100, RENTER_SALT);
        revealAsOperator(id);
    }
}
