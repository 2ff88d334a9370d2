// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BuybackRound, BuybackTerms} from "../types/Aic.sol";

/// @title Buys AIC with the protocol's revenue in UNC and burns it.
/// @dev Revenue is what stands in the vault for this contract: anyone deposits it there, nobody takes it out
/// but by selling AIC. A round offers a price that rises from half to twice of what was paid last, within the
/// governors' bounds; who sells first sells cheapest. No market and no oracle is asked. Prices are wei for
/// one AIC, amounts 1e-18 AIC.
interface IBuybackBurn {
    /// @notice Only the timelock changes terms.
    error BuybackBurnNotGovernor(address caller);
    /// @notice The value of this term is out of its bounds.
    error BuybackBurnBadTerm(bytes32 term);
    /// @notice The round that runs, or the rest after it, lasts until this second.
    error BuybackBurnTooEarly(uint256 startsAt);
    /// @notice There is less revenue than a hundredth of the budget, in wei.
    error BuybackBurnTooLittleRevenue(uint256 revenue, uint256 least);
    /// @notice No round runs, or all of its budget is spent.
    error BuybackBurnClosed();
    /// @notice The price now is below what the seller asks.
    error BuybackBurnPriceTooLow(uint256 price, uint256 least);
    /// @notice So little AIC is worth nothing, or nothing was offered.
    error BuybackBurnNothingSold(uint256 offered);

    /// @notice A round began.
    event RoundStarted(
        uint256 indexed round, uint96 budget, uint96 lowestPrice, uint96 highestPrice, uint48 endsAt
    );
    /// @notice AIC was bought and burned; `paid` wei left the revenue.
    event BoughtAndBurned(
        uint256 indexed round, address indexed seller, uint256 amount, uint256 paid, uint256 price
    );
    /// @notice The terms of later rounds changed.
    event TermsSet(BuybackTerms oldTerms, BuybackTerms terms);

    /// @notice Starts a round with the revenue at hand, at least a hundredth of the budget and at most all of
    /// it. Anyone, once the last round and the rest after it are over.
    /// @dev The last second of a round and of the rest is inclusive. Reverts: `BuybackBurnTooEarly`,
    /// `BuybackBurnTooLittleRevenue`.
    function start() external;

    /// @notice Burns the caller's AIC, which it has approved, and pays for it at the price of now.
    /// @dev Takes less than `most` if the budget pays for less. What was paid last, as far as later rounds
    /// ask, is the mean price of the last sales that together were a hundredth of the budget. Reverts:
    /// `BuybackBurnClosed`, `BuybackBurnPriceTooLow`, `BuybackBurnNothingSold`, and those of token and vault.
    /// @param most AIC that the caller sells at most.
    /// @param leastPrice Wei for one AIC, below which it does not sell.
    /// @param to Whom the vault pays.
    /// @return amount AIC burned.
    /// @return paid Wei, rounded down.
    function sell(uint256 most, uint256 leastPrice, address payable to)
        external
        returns (uint256 amount, uint256 paid);

    /// @notice Changes the terms of later rounds. The timelock only.
    /// @dev Reverts `BuybackBurnBadTerm`: a budget of zero; a round of less than a minute or more than a
    /// week; a rest of more than thirty days; a floor of zero or above the ceiling; a ceiling above 2^95.
    function setTerms(BuybackTerms calldata terms) external;

    /// @notice Wei that the protocol pays for one AIC now; zero: it does not buy.
    function priceNow() external view returns (uint256);
    /// @notice The last round, and its number from 1.
    function lastRound() external view returns (BuybackRound memory round, uint256 number);
    /// @notice Terms of later rounds.
    function currentTerms() external view returns (BuybackTerms memory);
}
