// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Settlement} from "contracts/src/libraries/Settlement.sol";

/// @title Tests the arithmetic of a settlement: every wei has an owner, and rounding never favours the mover.
contract RpoiEscrowSettlementTest is Test {
    function testFuzz_meteredDown_neverExceedsTheRent(uint128 rent, uint64 used, uint64 duration)
        public
        pure
    {
        duration = uint64(bound(duration, 1, 3650 days));
        used = uint64(bound(used, 0, duration));

        uint128 metered = Settlement.meteredDown(rent, used, duration);

        assertLe(metered, rent, "never more than the rent");
        assertLe(uint256(metered) * duration, uint256(rent) * used, "rounded down");
        if (used == duration) assertEq(metered, rent, "all of it for all the time");
    }

    function testFuzz_meteredDown_grows(uint128 rent, uint64 used, uint64 duration) public pure {
        duration = uint64(bound(duration, 1, 3650 days));
        used = uint64(bound(used, 0, duration - 1));

        assertLe(
            Settlement.meteredDown(rent, used, duration),
            Settlement.meteredDown(rent, used + 1, duration),
            "a second more never costs less"
        );
    }

    function testFuzz_shareUp_roundsUp(uint128 amount, uint16 bps) public pure {
        bps = uint16(bound(bps, 0, 10_000));

        uint128 share = Settlement.shareUp(amount, bps);

        assertGe(uint256(share) * 10_000, uint256(amount) * bps, "not less than the share");
        assertLt(uint256(share) * 10_000, uint256(amount) * bps + 10_000, "less than a wei more");
        assertLe(share, amount, "never more than the amount");
    }

    function testFuzz_divide_givesOutExactlyTheStakes(
        Settlement.Stakes memory stakes,
        uint16 feeBps,
        bool renterSpoke,
        bool operatorSpoke
    ) public pure {
        _tame(stakes);

        Settlement.Payout memory payout =
            Settlement.divide(stakes, uint16(bound(feeBps, 0, 10_000)), renterSpoke, operatorSpoke);

        assertEq(_sum(payout), _sum(stakes), "sum of payouts = sum of locks");
        assertLe(uint256(payout.paidToOperator) + payout.fee, stakes.metered, "never pays more than metered");
        assertGe(payout.bondsToOperator, stakes.operatorBond, "the operator's bond always returns");
    }

    function testFuzz_cancel_givesOutExactlyTheStakes(Settlement.Stakes memory stakes) public pure {
        _tame(stakes);

        (Settlement.Payout memory payout, uint128 forfeited) = Settlement.cancel(stakes);

        assertEq(_sum(payout), _sum(stakes), "sum of payouts = sum of locks");
        assertEq(payout.paidToOperator, 0, "no rent without a machine");
        assertLe(forfeited, stakes.operatorBond, "never more than the bond");
        assertGe(
            uint256(payout.rentToRenter) + payout.depositToRenter + payout.bondsToRenter,
            uint256(stakes.rent) + stakes.deposit + stakes.ratingBond,
            "all back to the renter"
        );
    }

    function testFuzz_divide_neverPaysTheSilentMore(
        Settlement.Stakes memory stakes,
        uint16 feeBps,
        bool otherSpoke
    ) public pure {
        _tame(stakes);
        feeBps = uint16(bound(feeBps, 0, 10_000));

        Settlement.Payout memory spoke = Settlement.divide(stakes, feeBps, true, otherSpoke);
        Settlement.Payout memory silent = Settlement.divide(stakes, feeBps, false, otherSpoke);
        assertGe(_toRenter(spoke), _toRenter(silent), "the renter gains nothing by silence");

        spoke = Settlement.divide(stakes, feeBps, otherSpoke, true);
        silent = Settlement.divide(stakes, feeBps, otherSpoke, false);
        assertGe(_toOperator(spoke), _toOperator(silent), "the operator gains nothing by silence");
    }

    function test_forfeit_burnsTheOddWei() public pure {
        (uint128 burned, uint128 compensation) = Settlement.forfeit(7);

        assertEq(burned, 4, "burned, rounded up");
        assertEq(compensation, 3, "compensation, rounded down");
    }

    /// @dev Stakes as the escrow can have them: no supply of coin comes near 2^120.
    function _tame(Settlement.Stakes memory stakes) private pure {
        stakes.rent = uint128(bound(stakes.rent, 0, 2 ** 120));
        stakes.deposit = uint128(bound(stakes.deposit, 0, 2 ** 120));
        stakes.operatorBond = uint128(bound(stakes.operatorBond, 0, stakes.rent));
        stakes.ratingBond = uint128(bound(stakes.ratingBond, 0, stakes.rent));
        stakes.metered = uint128(bound(stakes.metered, 0, stakes.rent));
    }

    function _sum(Settlement.Stakes memory stakes) private pure returns (uint256) {
        return uint256(stakes.rent) + stakes.deposit + stakes.operatorBond + 2 * uint256(stakes.ratingBond);
    }

    function _sum(Settlement.Payout memory payout) private pure returns (uint256) {
        return _toRenter(payout) + _toOperator(payout) + payout.burned;
    }

    function _toRenter(Settlement.Payout memory payout) private pure returns (uint256) {
        return uint256(payout.rentToRenter) + payout.depositToRenter + payout.bondsToRenter;
    }

    function _toOperator(Settlement.Payout memory payout) private pure returns (uint256) {
        return uint256(payout.paidToOperator) + payout.depositToOperator + payout.bondsToOperator;
    }
}
