// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IBuybackBurn} from "contracts/src/interfaces/IBuybackBurn.sol";
import {BuybackBurn} from "contracts/src/token/BuybackBurn.sol";
import {BuybackRound, BuybackTerms} from "contracts/src/types/Aic.sol";

import {AicFixture} from "../fixtures/AicFixture.sol";

/// @title Tests the auction that buys AIC back: what it offers, what it pays, and that all it buys is burned.
contract BuybackBurnTest is AicFixture {
    // Of the script: half and twice of the first price.
    uint96 private constant LOWEST = 0.005 ether;
    uint96 private constant HIGHEST = 0.02 ether;
    uint48 private constant ROUND = 1 days;
    uint48 private constant REST = 6 days;

    function setUp() public override {
        super.setUp();
        give(alice, 1_000_000 ether);
    }

    function test_constructor_revertsWhen_theFirstPriceCannotBe() public {
        BuybackTerms memory terms = _terms();
        vm.expectRevert(_badTerm("firstPrice"));
        new BuybackBurn(address(token), address(vault), address(timelock), terms, 0);
        vm.expectRevert(_badTerm("firstPrice"));
        new BuybackBurn(address(token), address(vault), address(timelock), terms, 2 ** 95);
    }

    function test_constructor_takesTheHighestFirstPrice() public {
        BuybackTerms memory terms = _terms();
        terms.ceilingPrice = 2 ** 95 - 1;
        BuybackBurn dear =
            new BuybackBurn(address(token), address(vault), address(timelock), terms, 2 ** 95 - 1);

        assertEq(abi.encode(dear.currentTerms()), abi.encode(terms), "terms");
    }

    function test_start_offersFromHalfToTwiceOfTheFirstPrice() public {
        earn(500 ether);
        uint48 endsAt = uint48(block.timestamp) + ROUND;

        vm.expectEmit(address(buyback));
        emit IBuybackBurn.RoundStarted(1, 500 ether, LOWEST, HIGHEST, endsAt);
        vm.prank(stranger);
        buyback.start();

        assertEq(buyback.priceNow(), LOWEST, "at the start");
        skip(ROUND / 2);
        assertEq(buyback.priceNow(), (LOWEST + HIGHEST) / 2, "in the middle");
        skip(ROUND / 2);
        assertEq(buyback.priceNow(), HIGHEST, "in the last second");
        skip(1);
        assertEq(buyback.priceNow(), 0, "after it");
    }

    function test_start_spendsTheBudgetAtMost() public {
        earn(30_000 ether);
        buyback.start();

        (BuybackRound memory round, uint256 number) = buyback.lastRound();
        assertEq(round.left, 10_000 ether, "the budget");
        assertEq(number, 1, "first round");
    }

    function test_start_revertsWhen_thereIsLessThanAHundredthOfTheBudget() public {
        earn(100 ether - 1);

        vm.expectRevert(
            abi.encodeWithSelector(
                IBuybackBurn.BuybackBurnTooLittleRevenue.selector, 100 ether - 1, 100 ether
            )
        );
        buyback.start();
    }

    function test_start_revertsWhen_theLastRoundOrTheRestIsNotOver() public {
        earn(100 ether);
        buyback.start();
        uint256 startsAt = block.timestamp + ROUND + REST + 1;
        skip(ROUND + REST);

        vm.expectRevert(abi.encodeWithSelector(IBuybackBurn.BuybackBurnTooEarly.selector, startsAt));
        buyback.start();
        skip(1);
        buyback.start();
    }

    function test_start_standsAroundWhatWasPaidLast() public {
        earn(1000 ether);
        buyback.start();
        skip(ROUND / 2);
        sellAs(alice, 8000 ether); // 100 UNC
        skip(ROUND + REST);

        buyback.start();

        (BuybackRound memory round,) = buyback.lastRound();
        assertEq(round.lowestPrice, 0.006_25 ether, "half of 0.0125");
        assertEq(round.highestPrice, 0.025 ether, "twice of it");
    }

    /// @dev Small sales count together: whoever cuts his sale in pieces can neither hide nor lift its price.
    function test_start_standsAroundTheMeanPriceOfSmallSales() public {
        earn(1000 ether);
        buyback.start();
        sellAs(alice, 19_000 ether); // 95 UNC
        skip(ROUND / 2);
        sellAs(alice, 400 ether); // 5 UNC more
        (BuybackRound memory round,) = buyback.lastRound();
        assertEq(round.soldPrice, 5_154_639_175_257_732, "100 UNC for 19,400 AIC, rounded up");
        assertEq(round.uncounted, 0, "from the beginning");
        assertEq(round.uncountedAmount, 0, "both");
        skip(ROUND / 2);
        sellAs(alice, 1 ether);
        skip(REST + 1);

        buyback.start();

        (round,) = buyback.lastRound();
        assertEq(round.lowestPrice, 5_154_639_175_257_732 / 2, "half of it");
    }

    function test_start_offersMoreWhenNobodySold() public {
        earn(1000 ether);
        buyback.start();
        skip(ROUND + REST + 1);

        buyback.start();

        (BuybackRound memory round,) = buyback.lastRound();
        assertEq(round.lowestPrice, HIGHEST / 2, "half of what was too little");
        assertEq(round.highestPrice, HIGHEST * 2, "twice of it");
    }

    function test_start_staysWithinFloorAndCeiling() public {
        BuybackTerms memory terms = _terms();
        (terms.floorPrice, terms.ceilingPrice) = (0.008 ether, 0.009 ether);
        vm.prank(address(timelock));
        buyback.setTerms(terms);
        earn(1000 ether);
        buyback.start();

        (BuybackRound memory round,) = buyback.lastRound();
        assertEq(round.lowestPrice, 0.008 ether, "floor");
        assertEq(round.highestPrice, 0.009 ether, "ceiling");
    }

    function test_sell_burnsAndPays() public {
        earn(1000 ether);
        buyback.start();
        vm.startPrank(alice);
        token.approve(address(buyback), 100 ether);

        vm.expectEmit(address(buyback));
        emit IBuybackBurn.BoughtAndBurned(1, alice, 100 ether, 0.5 ether, LOWEST);
        (uint256 amount, uint256 paid) = buyback.sell(100 ether, LOWEST, payable(stranger));

        assertEq(amount, 100 ether, "AIC");
        assertEq(paid, 0.5 ether, "wei");
        assertEq(stranger.balance, 0.5 ether, "whom the seller names");
        assertEq(token.totalSupply(), SUPPLY - 100 ether, "burned");
        assertEq(token.balanceOf(address(buyback)), 0, "nothing is kept");
        assertEq(vault.freeOf(address(buyback)), 999.5 ether, "revenue left");
        (BuybackRound memory round,) = buyback.lastRound();
        assertEq(round.left, 999.5 ether, "of the round's budget");
    }

    function test_sell_takesWhatTheBudgetPaysFor() public {
        earn(100 ether);
        buyback.start();

        (uint256 amount, uint256 paid) = sellAs(alice, 100_000 ether);

        assertEq(amount, 20_000 ether, "100 UNC at 0.005");
        assertEq(paid, 100 ether, "all of it");
        assertEq(token.balanceOf(alice), 1_000_000 ether - 20_000 ether, "the rest stays hers");
        assertEq(buyback.priceNow(), 0, "closed");
        vm.expectRevert(IBuybackBurn.BuybackBurnClosed.selector);
        buyback.sell(1 ether, 0, payable(alice));
    }

    function test_sell_revertsWhen_noRoundRuns() public {
        vm.expectRevert(IBuybackBurn.BuybackBurnClosed.selector);
        buyback.sell(1 ether, 0, payable(alice));
    }

    function test_sell_revertsWhen_thePriceIsTooLow() public {
        earn(100 ether);
        buyback.start();

        vm.expectRevert(
            abi.encodeWithSelector(IBuybackBurn.BuybackBurnPriceTooLow.selector, LOWEST, LOWEST + 1)
        );
        buyback.sell(1 ether, LOWEST + 1, payable(alice));
    }

    function test_sell_revertsWhen_itIsWorthNothing() public {
        earn(100 ether);
        buyback.start();

        vm.expectRevert(abi.encodeWithSelector(IBuybackBurn.BuybackBurnNothingSold.selector, 199));
        buyback.sell(199, 0, payable(alice)); // 0.995 wei
    }

    function test_sell_revertsWhen_notApproved() public {
        earn(100 ether);
        buyback.start();

        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(buyback), 0, 1 ether
            )
        );
        vm.prank(alice);
        buyback.sell(1 ether, 0, payable(alice));
    }

    function test_setTerms_changesThemByVote() public {
        BuybackTerms memory terms = _terms();
        terms.budget = 7 ether;

        vm.expectEmit(address(buyback));
        emit IBuybackBurn.TermsSet(_terms(), terms);
        vm.prank(address(timelock));
        buyback.setTerms(terms);

        assertEq(abi.encode(buyback.currentTerms()), abi.encode(terms), "terms");
    }

    function test_setTerms_revertsWhen_callerIsNotTheTimelock() public {
        BuybackTerms memory terms = _terms();
        vm.expectRevert(abi.encodeWithSelector(IBuybackBurn.BuybackBurnNotGovernor.selector, stranger));
        vm.prank(stranger);
        buyback.setTerms(terms);
    }

    function test_setTerms_revertsWhen_aTermCannotBe() public {
        BuybackTerms memory terms = _terms();
        terms.budget = 0;
        _refused(terms, "budget");
        terms = _terms();
        terms.roundSeconds = 59;
        _refused(terms, "roundSeconds");
        terms.roundSeconds = 7 days + 1;
        _refused(terms, "roundSeconds");
        terms = _terms();
        terms.restSeconds = 30 days + 1;
        _refused(terms, "restSeconds");
        terms = _terms();
        terms.floorPrice = 0;
        _refused(terms, "floorPrice");
        terms.floorPrice = terms.ceilingPrice + 1;
        _refused(terms, "floorPrice");
        terms = _terms();
        terms.ceilingPrice = 2 ** 95;
        _refused(terms, "ceilingPrice");
    }

    function test_setTerms_takesTheBoundsThemselves() public {
        BuybackTerms memory terms = _terms();
        terms.roundSeconds = 1 minutes;
        _taken(terms, "the shortest round");
        terms.roundSeconds = 7 days;
        _taken(terms, "the longest round");
        terms.restSeconds = 30 days;
        _taken(terms, "the longest rest");
        terms.ceilingPrice = 2 ** 95 - 1;
        _taken(terms, "the highest ceiling");
        terms.floorPrice = terms.ceilingPrice;
        _taken(terms, "one price only");
    }

    function test_setTerms_leaveTheRunningRoundAlone() public {
        earn(1000 ether);
        buyback.start();
        (BuybackRound memory before,) = buyback.lastRound();
        BuybackTerms memory terms = _terms();
        (terms.floorPrice, terms.ceilingPrice) = (1, 2);
        vm.prank(address(timelock));
        buyback.setTerms(terms);

        (BuybackRound memory round,) = buyback.lastRound();
        assertEq(abi.encode(round), abi.encode(before), "as it was announced");
        assertEq(buyback.priceNow(), LOWEST, "price");
    }

    function testFuzz_sell_neverPaysMoreThanThePrice(uint96 most, uint32 when, uint96 revenue) public {
        earn(bound(revenue, 100 ether, 10_000 ether));
        buyback.start();
        skip(bound(when, 0, ROUND));
        uint256 offered = bound(most, 1000, 1_000_000 ether);
        uint256 price = buyback.priceNow();

        (uint256 amount, uint256 paid) = sellAs(alice, offered);

        assertLe(paid * 1e18, amount * price, "rounded against the seller");
        assertLe(amount, offered, "no more than offered");
    }

    function _terms() private pure returns (BuybackTerms memory) {
        return BuybackTerms(10_000 ether, ROUND, REST, 0.0001 ether, 1 ether);
    }

    function _taken(BuybackTerms memory terms, string memory label) private {
        vm.prank(address(timelock));
        buyback.setTerms(terms);
        assertEq(abi.encode(buyback.currentTerms()), abi.encode(terms), label);
    }

    function _refused(BuybackTerms memory terms, bytes32 term) private {
        vm.expectRevert(_badTerm(term));
        vm.prank(address(timelock));
        buyback.setTerms(terms);
    }

    function _badTerm(bytes32 term) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBuybackBurn.BuybackBurnBadTerm.selector, term);
    }
}
