// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev What an account holds from the beginning.
struct Grant {
    address holder;
    /// 1e-18 AIC
    uint256 amount;
}

/// @dev A part of the supply and how it is let go (AICompute paper, 6.2 and 6.3).
struct Allotment {
    /// what it is for
    bytes32 purpose;
    /// basis points of the supply
    uint16 shareBps;
    /// seconds before which nothing is vested
    uint64 cliffSeconds;
    /// seconds after which all is vested; zero: free from the beginning
    uint64 vestingSeconds;
}

/// @dev What an account has staked; one slot.
struct Stake {
    /// 1e-18 AIC
    uint96 amount;
    /// part of the amount that counts for access, as of `updatedAt`
    uint96 ripe;
    /// second
    uint48 updatedAt;
}

/// @dev What an account takes out of its stake.
struct StakeExit {
    /// 1e-18 AIC
    uint96 amount;
    /// first second in which it can be withdrawn
    uint48 freeAt;
}

/// @dev How the protocol buys AIC. Prices are wei for one AIC.
struct BuybackTerms {
    /// most wei spent in one round
    uint96 budget;
    /// from the lowest to the highest price of a round
    uint48 roundSeconds;
    /// from the end of a round to the earliest start of the next
    uint48 restSeconds;
    /// below which no offer begins, not zero
    uint96 floorPrice;
    /// above which none rises
    uint96 ceilingPrice;
}

/// @dev One round of buying: the offered price rises until somebody sells.
struct BuybackRound {
    uint48 startedAt;
    uint48 endsAt;
    /// wei not spent yet
    uint96 left;
    /// wei for one AIC at the start
    uint96 lowestPrice;
    /// wei for one AIC at the end
    uint96 highestPrice;
    /// wei for one AIC in the last sales that count; zero if there were none
    uint96 soldPrice;
    /// wei paid since then
    uint96 uncounted;
    /// 1e-18 AIC bought for it
    uint96 uncountedAmount;
    /// wei that must be paid before sales count
    uint96 countsFrom;
}
