// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Divides what a rental locked: pure arithmetic, every wei has an owner.
/// @dev Sum of the payout = sum of the stakes. Fees and bonds round up, metered rent and compensation round
/// down.
library Settlement {
    /// @dev All of something, in basis points.
    uint16 internal constant WHOLE_BPS = 10_000;

    /// @dev Part of its bond that an operator loses who never hands over, in basis points.
    uint16 internal constant NO_HANDOVER_BPS = 2500;

    /// @dev Parts into which an epoch of a chip is divided where disputes count what they paid for.
    uint256 internal constant EPOCH_PARTS = 1 << 16;

    /// @dev What a rental locked, in the smallest units of its money, and how much of its rent was used.
    struct Stakes {
        uint128 rent;
        uint128 deposit;
        uint128 operatorBond;
        /// of each side
        uint128 ratingBond;
        uint128 metered;
    }

    /// @dev Who gets what, in the same units.
    struct Payout {
        /// rent, net of the market fee
        uint128 paidToOperator;
        uint128 rentToRenter;
        uint128 depositToRenter;
        uint128 depositToOperator;
        /// bonds and what the other side forfeited
        uint128 bondsToRenter;
        uint128 bondsToOperator;
        /// all that is burned, or goes to the vault's purse where nobody can burn it; the market fee included
        uint128 burned;
        /// market fee
        uint128 fee;
    }

    /// @dev Rent for the seconds used out of the duration, rounded down: the operator earns full units only.
    function meteredDown(uint128 rent, uint64 used, uint64 duration) internal pure returns (uint128) {
        // Fits: used <= duration. The product needs 192 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128((uint256(rent) * used) / duration);
    }

    /// @dev A share of an amount, rounded up: who owes it pays the dust.
    function shareUp(uint128 amount, uint16 bps) internal pure returns (uint128) {
        // Fits: bps <= WHOLE_BPS, so the share is at most the amount.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128(Math.ceilDiv(uint256(amount) * bps, WHOLE_BPS));
    }

    /// @dev The part of the metered rent that missed proofs cost, rounded up: who was absent bears the dust.
    /// @param missed Epochs that chips missed, one for each chip and epoch.
    /// @param owed Epochs that they owed; the refund is all of the rent at most.
    function refundUp(uint128 metered, uint256 missed, uint256 owed) internal pure returns (uint128) {
        if (missed >= owed) return metered;
        // Fits: the quotient is below one.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128(Math.ceilDiv(metered * missed, owed));
    }

    /// @dev What of a refund for missed proofs is due beside what disputes gave back of the metered rent.
    /// @param counted Of the refund, for those in the disputed intervals.
    function refundBeside(uint128 refund, uint128 counted, uint128 forgiven, uint128 metered)
        internal
        pure
        returns (uint128)
    {
        uint128 paid = counted < forgiven ? counted : forgiven;
        uint128 due = refund > paid ? refund - paid : 0;
        uint128 rest = metered - forgiven;
        return due < rest ? due : rest;
    }

    /// @dev What a notice of fewer seconds than agreed costs of a bond, rounded up.
    function shortNoticeUp(uint128 bond, uint64 given, uint64 agreed) internal pure returns (uint128) {
        if (given >= agreed) return 0;
        // Fits: the share is at most the bond.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128(Math.ceilDiv(uint256(bond) * (agreed - given), agreed));
    }

    /// @dev Splits what a silent side forfeits: half is burned, rounded up, the rest compensates the other
    /// side.
    function forfeit(uint128 amount) internal pure returns (uint128 burned, uint128 compensation) {
        compensation = amount / 2;
        burned = amount - compensation;
    }

    /// @dev Divides the stakes of an ended rental, as the table of silences says.
    /// @param feeBps Share of the metered rent that is burned.
    /// @param renterSpoke Whether the renter did all it owed in phase II.
    /// @param operatorSpoke Whether the operator did.
    function divide(Stakes memory stakes, uint16 feeBps, bool renterSpoke, bool operatorSpoke)
        internal
        pure
        returns (Payout memory payout)
    {
        _divideRent(payout, stakes, feeBps, operatorSpoke || !renterSpoke);
        _divideDeposit(payout, stakes.deposit, renterSpoke || !operatorSpoke);
        _divideBonds(payout, stakes, renterSpoke, operatorSpoke);
    }

    /// @dev Divides the stakes when the operator never handed over: all back to the renter, part of the
    /// bond is forfeit.
    /// @return payout The division.
    /// @return forfeited What the operator lost of its bond.
    function cancel(Stakes memory stakes) internal pure returns (Payout memory payout, uint128 forfeited) {
        forfeited = shareUp(stakes.operatorBond, NO_HANDOVER_BPS);
        (uint128 burned, uint128 compensation) = forfeit(forfeited);
        payout.rentToRenter = stakes.rent;
        payout.depositToRenter = stakes.deposit;
        payout.bondsToRenter = stakes.ratingBond + compensation;
        payout.bondsToOperator = stakes.operatorBond - forfeited + stakes.ratingBond;
        payout.burned = burned;
    }

    /// @dev Divides the stakes when the operator handed over badly: all back to the renter, the whole bond is
    /// forfeit.
    function punish(Stakes memory stakes) internal pure returns (Payout memory payout) {
        uint128 compensation;
        (payout.burned, compensation) = forfeit(stakes.operatorBond);
        payout.rentToRenter = stakes.rent;
        payout.depositToRenter = stakes.deposit;
        payout.bondsToRenter = stakes.ratingBond + compensation;
        payout.bondsToOperator = stakes.ratingBond;
    }

    /// @dev xi, eq. 21: metered rent to the operator unless it alone was silent.
    function _divideRent(Payout memory payout, Stakes memory stakes, uint16 feeBps, bool isDue) private pure {
        uint128 metered = isDue ? stakes.metered : 0;
        payout.fee = shareUp(metered, feeBps);
        payout.burned += payout.fee;
        payout.paidToOperator = metered - payout.fee;
        payout.rentToRenter = stakes.rent - metered;
    }

    /// @dev zeta, eq. 20: the deposit to the renter unless it alone was silent.
    function _divideDeposit(Payout memory payout, uint128 deposit, bool isDue) private pure {
        if (isDue) {
            payout.depositToRenter = deposit;
            return;
        }
        uint128 burned;
        (burned, payout.depositToOperator) = forfeit(deposit);
        payout.burned += burned;
    }

    /// @dev The operator's bond always returns; a rating bond returns to who spoke. One silent side forfeits
    /// its own to the other, two silent sides see both burned.
    function _divideBonds(Payout memory payout, Stakes memory stakes, bool renterSpoke, bool operatorSpoke)
        private
        pure
    {
        payout.bondsToOperator = stakes.operatorBond;
        if (renterSpoke) payout.bondsToRenter += stakes.ratingBond;
        if (operatorSpoke) payout.bondsToOperator += stakes.ratingBond;
        if (renterSpoke && operatorSpoke) return;
        if (!renterSpoke && !operatorSpoke) {
            payout.burned += 2 * stakes.ratingBond;
            return;
        }
        (uint128 burned, uint128 compensation) = forfeit(stakes.ratingBond);
        payout.burned += burned;
        if (renterSpoke) payout.bondsToRenter += compensation;
        else payout.bondsToOperator += compensation;
    }
}
