// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IBuybackBurn} from "../interfaces/IBuybackBurn.sol";
import {IVault} from "../interfaces/IVault.sol";
import {BuybackRound, BuybackTerms} from "../types/Aic.sol";

/// @title Buys AIC with the protocol's revenue in UNC and burns it.
contract BuybackBurn is IBuybackBurn {
    using SafeCast for uint256;

    /// @dev One AIC.
    uint256 private constant WHOLE = 1e18;
    /// @dev The least round, and the least sale that moves the price, is this part of the budget, rounded up:
    /// dust steers nothing.
    uint256 private constant LEAST_PART = 100;
    uint48 private constant LEAST_ROUND = 1 minutes;
    uint48 private constant MOST_ROUND = 7 days;
    uint48 private constant MOST_REST = 30 days;
    /// @dev Twice of it still fits.
    uint96 private constant MOST_PRICE = 2 ** 95 - 1;

    /// @dev AIC: neither takes a fee nor calls anybody.
    ERC20Burnable private immutable TOKEN;
    IVault private immutable VAULT;
    /// @dev The timelock.
    address private immutable GOVERNOR;
    /// @dev Wei for one AIC that the first round's prices stand around.
    uint96 private immutable FIRST_PRICE;

    BuybackTerms private _terms;
    BuybackRound private _round;
    /// @dev Rounds started so far.
    uint256 private _number;

    /// @param firstPrice Wei for one AIC that the first round's prices stand around.
    constructor(
        address token,
        address vault,
        address governor,
        BuybackTerms memory terms,
        uint96 firstPrice
    ) {
        TOKEN = ERC20Burnable(token);
        VAULT = IVault(vault);
        GOVERNOR = governor;
        _setTerms(terms);
        if (firstPrice == 0 || firstPrice > MOST_PRICE) revert BuybackBurnBadTerm("firstPrice");
        FIRST_PRICE = firstPrice;
    }

    /// @inheritdoc IBuybackBurn
    function start() external {
        BuybackTerms memory terms = _terms;
        BuybackRound memory last = _round;
        uint256 startsAt = last.startedAt == 0 ? 0 : uint256(last.endsAt) + terms.restSeconds + 1;
        if (Time.timestamp() < startsAt) revert BuybackBurnTooEarly(startsAt);
        uint96 budget = Math.min(VAULT.freeOf(address(this)), terms.budget).toUint96();
        uint96 least = Math.ceilDiv(terms.budget, LEAST_PART).toUint96();
        if (budget < least) revert BuybackBurnTooLittleRevenue(budget, least);

        uint96 middle = _middleAfter(last);
        BuybackRound memory round;
        round.startedAt = Time.timestamp();
        round.endsAt = round.startedAt + terms.roundSeconds;
        round.left = budget;
        round.lowestPrice = _within(middle / 2, terms);
        round.highestPrice = _within(middle * 2, terms);
        round.countsFrom = least;
        _round = round;
        ++_number;

        emit RoundStarted(_number, budget, round.lowestPrice, round.highestPrice, round.endsAt);
    }

    /// @inheritdoc IBuybackBurn
    function sell(uint256 most, uint256 leastPrice, address payable to)
        external
        returns (uint256 amount, uint256 paid)
    {
        uint256 price = priceNow();
        if (price == 0) revert BuybackBurnClosed();
        if (price < leastPrice) revert BuybackBurnPriceTooLow(price, leastPrice);
        uint96 left = _round.left;
        amount = Math.min(most, uint256(left) * WHOLE / price);
        paid = amount * price / WHOLE;
        if (paid == 0) revert BuybackBurnNothingSold(most);

        _round.left = left - paid.toUint96();
        _countSale(amount, paid);

        emit BoughtAndBurned(_number, msg.sender, amount, paid, price);

        TOKEN.burnFrom(msg.sender, amount);
        VAULT.withdraw(to, paid);
    }

    /// @inheritdoc IBuybackBurn
    function setTerms(BuybackTerms calldata terms) external {
        if (msg.sender != GOVERNOR) revert BuybackBurnNotGovernor(msg.sender);
        _setTerms(terms);
    }

    /// @inheritdoc IBuybackBurn
    function lastRound() external view returns (BuybackRound memory round, uint256 number) {
        return (_round, _number);
    }

    /// @inheritdoc IBuybackBurn
    function currentTerms() external view returns (BuybackTerms memory) {
        return _terms;
    }

    /// @inheritdoc IBuybackBurn
    function priceNow() public view returns (uint256) {
        BuybackRound storage round = _round;
        if (round.left == 0 || Time.timestamp() > round.endsAt) return 0;
        uint256 passed = Time.timestamp() - round.startedAt;
        uint256 whole = round.endsAt - round.startedAt;
        // Rounded down: the seller bears the dust.
        return round.lowestPrice + (round.highestPrice - round.lowestPrice) * passed / whole;
    }

    /// @dev The next round stands around the mean price of the last sales that were enough together.
    function _countSale(uint256 amount, uint256 paid) private {
        paid += _round.uncounted;
        amount += _round.uncountedAmount;
        if (paid >= _round.countsFrom) {
            // Rounded up, since each payment was rounded down: no more than the highest price among them.
            _round.soldPrice = Math.ceilDiv(paid * WHOLE, amount).toUint96();
            (paid, amount) = (0, 0);
        }
        (_round.uncounted, _round.uncountedAmount) = (paid.toUint96(), amount.toUint96());
    }

    function _setTerms(BuybackTerms memory terms) private {
        if (terms.budget == 0) revert BuybackBurnBadTerm("budget");
        if (terms.roundSeconds < LEAST_ROUND || terms.roundSeconds > MOST_ROUND) {
            revert BuybackBurnBadTerm("roundSeconds");
        }
        if (terms.restSeconds > MOST_REST) revert BuybackBurnBadTerm("restSeconds");
        if (terms.floorPrice == 0 || terms.floorPrice > terms.ceilingPrice) {
            revert BuybackBurnBadTerm("floorPrice");
        }
        if (terms.ceilingPrice > MOST_PRICE) revert BuybackBurnBadTerm("ceilingPrice");

        BuybackTerms memory oldTerms = _terms;
        _terms = terms;

        emit TermsSet(oldTerms, terms);
    }

    /// @dev What was paid last; if nobody sold enough, all that was offered was too little.
    function _middleAfter(BuybackRound memory last) private view returns (uint96) {
        if (last.startedAt == 0) return FIRST_PRICE;
        return last.soldPrice == 0 ? last.highestPrice : last.soldPrice;
    }

    function _within(uint96 price, BuybackTerms memory terms) private pure returns (uint96) {
        return Math.min(Math.max(price, terms.floorPrice), terms.ceilingPrice).toUint96();
    }
}
