// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Test} from "forge-std/Test.sol";

import {IRatingBook} from "contracts/src/interfaces/IRatingBook.sol";
import {HalfLife} from "contracts/src/libraries/HalfLife.sol";
import {RatingBook} from "contracts/src/rental/RatingBook.sol";
import {RentalId} from "contracts/src/types/Ids.sol";

/// @title Tests what a rating weighs, how it fades and what one account may say of another.
contract RatingBookTest is Test {
    RentalId private constant RENTAL = RentalId.wrap("rental 1");
    uint64 private constant PERIOD = 30 days;
    uint64 private constant HALF_LIFE = 90 days;

    address private escrow = makeAddr("escrow");
    address private rater = makeAddr("rater");
    address private ratee = makeAddr("ratee");
    RatingBook private book;

    function setUp() public {
        vm.warp(1_800_000_000);
        book = new RatingBook(escrow, 60, 0.01 ether, 1 ether, PERIOD, HALF_LIFE);
    }

    function test_constructor_revertsWhen_priorScoreOutOfRange() public {
        vm.expectRevert(abi.encodeWithSelector(IRatingBook.RatingBookBadScore.selector, 101));
        new RatingBook(escrow, 101, 1 ether, 1 ether, PERIOD, HALF_LIFE);
    }

    function test_constructor_revertsWhen_priorWeighsNothing() public {
        vm.expectRevert(_badParameter("priorWeight"));
        new RatingBook(escrow, 60, 1 gwei - 1, 1 ether, PERIOD, HALF_LIFE);
    }

    function test_constructor_revertsWhen_halfLifeIsZero() public {
        vm.expectRevert(_badParameter("halfLifeSeconds"));
        new RatingBook(escrow, 60, 1 ether, 1 ether, PERIOD, 0);
    }

    function test_ratingOf_isThePriorForANewcomer() public view {
        (uint16 rating, uint128 weight) = book.ratingOf(ratee);

        assertEq(rating, 6000, "rating");
        assertEq(weight, 0, "weight behind it");
        assertEq(book.countOf(ratee), 0, "ratings received");
    }

    function test_record_movesTheMeanByTheBurnedFee() public {
        vm.expectEmit(address(book));
        emit IRatingBook.Rated(RENTAL, rater, ratee, 100, 0.03 ether);
        _rate(rater, 100, 0.03 ether);

        (uint16 rating, uint128 weight) = book.ratingOf(ratee);
        assertEq(rating, 9000, "(100 * 0.03 + 60 * 0.01) / 0.04");
        assertEq(weight, 0.03 ether, "weight behind it");
        assertEq(book.countOf(ratee), 1, "ratings received");
        assertEq(book.countOf(rater), 0, "the rater's own standing is untouched");
    }

    function test_record_roundsTheMeanDown() public {
        _rate(rater, 1, 0.02 ether);

        (uint16 rating,) = book.ratingOf(ratee);
        assertEq(rating, 2066, "62 / 3, in hundredths");
    }

    function test_record_revertsWhen_callerIsNotTheEscrow() public {
        vm.expectRevert(abi.encodeWithSelector(IRatingBook.RatingBookNotEscrow.selector, rater));
        vm.prank(rater);
        book.record(RENTAL, rater, ratee, 100, 1 ether);
    }

    function test_record_revertsWhen_scoreOutOfRange() public {
        vm.startPrank(escrow);
        vm.expectRevert(abi.encodeWithSelector(IRatingBook.RatingBookBadScore.selector, 0));
        book.record(RENTAL, rater, ratee, 0, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IRatingBook.RatingBookBadScore.selector, 101));
        book.record(RENTAL, rater, ratee, 101, 1 ether);
    }

    function test_record_capsWhatOneAccountSaysOfAnother() public {
        _rate(rater, 100, 0.7 ether);
        vm.expectEmit(address(book));
        emit IRatingBook.Rated(RENTAL, rater, ratee, 100, 0.3 ether);
        _rate(rater, 100, 5 ether);
        vm.expectEmit(address(book));
        emit IRatingBook.Rated(RENTAL, rater, ratee, 1, 0);
        _rate(rater, 1, 5 ether);

        (, uint128 weight) = book.ratingOf(ratee);
        assertEq(weight, 1 ether, "the cap of the pair");
        assertEq(book.countOf(ratee), 2, "a rating without weight does not count");
    }

    function test_record_capsEachPairAndDirectionApart() public {
        _rate(rater, 100, 1 ether);
        _rate(makeAddr("another rater"), 100, 1 ether);
        vm.prank(escrow);
        book.record(RENTAL, ratee, rater, 50, 1 ether);

        (, uint128 weight) = book.ratingOf(ratee);
        (, uint128 back) = book.ratingOf(rater);
        assertEq(weight, 2 ether, "two raters");
        assertEq(back, 1 ether, "the other direction");
    }

    function test_record_renewsThePairsSayAfterThePeriod() public {
        _rate(rater, 100, 1 ether);
        skip(PERIOD - 1);
        _rate(rater, 100, 1 ether);
        assertEq(book.countOf(ratee), 1, "still the same period");

        skip(1);
        _rate(rater, 100, 1 ether);

        assertEq(book.countOf(ratee), 2, "a new period");
    }

    function test_ratingOf_halvesTheWeightInAHalfLife() public {
        _rate(rater, 100, 0.64 ether);

        skip(HALF_LIFE);

        (uint16 rating, uint128 weight) = book.ratingOf(ratee);
        assertEq(weight, 0.32 ether, "weight behind it");
        assertEq(rating, 9878, "(100 * 0.32 + 60 * 0.01) / 0.33");
    }

    function test_ratingOf_returnsToThePriorInTheEnd() public {
        _rate(rater, 100, 1 ether);

        skip(uint256(HALF_LIFE) * 60);

        (uint16 rating, uint128 weight) = book.ratingOf(ratee);
        assertEq(rating, 6000, "rating");
        assertEq(weight, 0, "weight behind it");
    }

    function test_record_outweighsTheFadedPast() public {
        _rate(rater, 1, 1 ether);
        skip(uint256(HALF_LIFE) * 4);
        _rate(rater, 100, 1 ether);

        (uint16 rating,) = book.ratingOf(ratee);
        assertEq(rating, 9385, "(1 * 0.0625 + 100 + 60 * 0.01) / 1.0725");
    }

    function test_record_neverOverflowsTheSum() public {
        RatingBook wide =
            new RatingBook(escrow, 60, 1 gwei, uint128(type(uint64).max) * 1 gwei, PERIOD, HALF_LIFE);
        vm.startPrank(escrow);
        wide.record(RENTAL, rater, ratee, 100, type(uint128).max);
        wide.record(RENTAL, address(1), ratee, 100, type(uint128).max);

        (uint16 rating, uint128 weight) = wide.ratingOf(ratee);
        assertEq(weight, uint128(type(uint64).max) * 1 gwei, "the most a sum holds");
        assertLe(rating, 10_000, "rating");
        assertEq(wide.countOf(ratee), 1, "what has no room has no weight");
    }

    function testFuzz_ratingOf_staysBetweenTheScores(uint8[6] memory scores, uint64[6] memory fees) public {
        for (uint256 i = 0; i < scores.length; ++i) {
            _rate(vm.addr(i + 1), SafeCast.toUint8(bound(scores[i], 40, 90)), fees[i]);
            skip(fees[i] % HALF_LIFE);
        }

        (uint16 rating,) = book.ratingOf(ratee);
        // Rounding of the faded sums can cost one hundredth below the lowest score.
        assertGe(rating, 3999, "not below the lowest score");
        assertLe(rating, 9000, "not above the highest score");
    }

    function testFuzz_factorWad_fallsWithTime(uint32 elapsed, uint32 later, uint32 halfLife) public pure {
        halfLife = uint32(bound(halfLife, 1, type(uint32).max));
        later = uint32(bound(later, elapsed, type(uint32).max));

        uint256 factor = HalfLife.factorWad(elapsed, halfLife);

        assertLe(factor, HalfLife.WAD, "never grows");
        // The series is true to nine digits; two of its values differ by less than that at most.
        assertLe(HalfLife.factorWad(later, halfLife), factor + 1e9, "never grows again");
    }

    function testFuzz_factorWad_multipliesOverTime(uint32 first, uint32 second) public pure {
        uint256 halfLife = HALF_LIFE;

        uint256 inTwo = HalfLife.factorWad(first, halfLife) * HalfLife.factorWad(second, halfLife) / 1e18;

        assertApproxEqAbs(
            inTwo, HalfLife.factorWad(uint256(first) + second, halfLife), 2e9, "the same in two steps"
        );
    }

    function test_factorWad_knownValues() public pure {
        assertEq(HalfLife.factorWad(0, 100), 1e18, "now");
        assertApproxEqAbs(HalfLife.factorWad(50, 100), 0.707106781186547524e18, 1e9, "2^-0.5");
        assertApproxEqAbs(HalfLife.factorWad(99, 100), 0.5034777752602191e18, 1e9, "2^-0.99");
        assertEq(HalfLife.factorWad(100, 100), 0.5e18, "one half-life");
        assertApproxEqAbs(HalfLife.factorWad(350, 100), 0.08838834764831844e18, 1e9, "2^-3.5");
        assertEq(HalfLife.factorWad(6000, 100), 0, "sixty half-lives");
    }

    function _badParameter(bytes32 field) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRatingBook.RatingBookBadParameter.selector, field);
    }

    function _rate(address from, uint8 score, uint128 fee) private {
        vm.prank(escrow);
        book.record(RENTAL, from, ratee, score, fee);
    }
}
