// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Ranking} from "contracts/src/rental/Ranking.sol";
import {RatingBook} from "contracts/src/rental/RatingBook.sol";
import {RentalId} from "contracts/src/types/Ids.sol";
import {RankingParameters} from "contracts/src/types/Ranks.sol";

/// @title A ring of a thousand accounts praises one operator and slanders its rivals.
/// @dev Three of four reviewers of ERC-8004 were found to be Sybils: where an opinion is free, a thousand
/// accounts are a thousand opinions. Here they are as many as the fees that they burned. Ten honest operators
/// stand at 50, 55, .. 95, each with 1 UNC of honest fees behind it; the ring's own has 1 UNC at 45.
contract SybilRingAttack is Test {
    uint128 private constant MEMBERS = 1000;
    RentalId private constant RENTAL = RentalId.wrap("a rental");

    address private escrow = makeAddr("escrow");
    address private ours = makeAddr("the ring's operator");
    address[10] private honest;
    RatingBook private book;
    Ranking private ranking;

    function setUp() public {
        vm.warp(1_800_000_000);
        book = new RatingBook(escrow, 60, 0.01 ether, 1 ether, 30 days, 90 days);
        ranking = new Ranking(
            RankingParameters(address(book), address(0), address(0), address(0), 0.01 ether, 100, 90 days)
        );
        _rate(makeAddr("honest renter"), ours, 45, 1 ether);
        for (uint8 i = 0; i < 10; ++i) {
            honest[i] = makeAddr(string.concat("honest", vm.toString(i)));
            _rate(makeAddr("honest renter"), honest[i], 50 + 5 * i, 1 ether);
        }
    }

    /// @dev A thousand accounts that burned nothing have no voice, however many they are.
    function test_attack_aThousandVoicesForNothingSayNothing() public {
        uint16 before = ranking.boundOf(ours);
        _praise(1 gwei - 1);

        assertEq(ranking.boundOf(ours), before, "not a hundredth");
        assertEq(_place(), 10, "last, as it was");
    }

    /// @dev What counts is the sum that was burned, not the number of accounts.
    function test_attack_aThousandVoicesWeighAsOneThatBurnedAsMuch() public {
        uint256 before = vm.snapshotState();
        _rate(makeAddr("one"), ours, 100, 0.5 ether);
        uint16 byOne = ranking.boundOf(ours);
        vm.revertToState(before);
        _praise(0.0005 ether);

        assertEq(ranking.boundOf(ours), byOne, "the same half UNC");
    }

    /// @dev The price of places: what all members burn together, in UNC, and the places it buys.
    function test_attack_everyPlaceIsPaidFor() public {
        uint128[7] memory burned =
            [uint128(0.1 ether), 0.2 ether, 0.5 ether, 1 ether, 2 ether, 5 ether, 10 ether];
        uint8[7] memory places = [uint8(9), 9, 7, 5, 3, 1, 0];
        for (uint256 i = 0; i < burned.length; ++i) {
            uint256 before = vm.snapshotState();
            _praise(burned[i] / MEMBERS);
            assertEq(_place(), places[i], "place bought");
            vm.revertToState(before);
        }
    }

    /// @dev Slander has the same price: a tenth of a rival's honest fees moves it by less than a tenth.
    function test_attack_slanderCostsAsMuchAsPraise() public {
        uint16 before = ranking.boundOf(honest[9]);
        for (uint256 i = 0; i < MEMBERS; ++i) {
            _rate(vm.addr(i + 1), honest[9], 1, 0.0001 ether);
        }

        assertGt(ranking.boundOf(honest[9]), before - 1000, "less than ten points for 0.1 UNC");
        assertEq(_place(), 10, "and nobody is passed by it");
    }

    /// @dev One account that burns without end is heard to its cap in each period only.
    function test_attack_oneVoiceIsCapped() public {
        _rate(makeAddr("one"), ours, 100, 1000 ether);

        (, uint128 weight) = book.ratingOf(ours);
        assertEq(weight, 2 ether, "one cap beside the honest one");
    }

    /// @dev The bought place fades as fast as it was bought.
    function test_attack_whatWasBoughtFades() public {
        _praise(0.002 ether);
        (, uint128 bought) = book.ratingOf(ours);
        skip(90 days);

        (, uint128 left) = book.ratingOf(ours);
        assertEq(left, bought / 2, "half in a half-life");
    }

    /// @dev Every member rates once, 100, each burning this fee.
    function _praise(uint128 fee) private {
        for (uint256 i = 0; i < MEMBERS; ++i) {
            _rate(vm.addr(i + 1), ours, 100, fee);
        }
    }

    function _rate(address rater, address ratee, uint8 score, uint128 fee) private {
        vm.prank(escrow);
        book.record(RENTAL, rater, ratee, score, fee);
    }

    /// @dev How many honest operators stand above the ring's.
    function _place() private view returns (uint256 above) {
        uint16 bound = ranking.boundOf(ours);
        for (uint256 i = 0; i < 10; ++i) {
            if (ranking.boundOf(honest[i]) > bound) ++above;
        }
    }
}
