// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Settlement} from "contracts/src/libraries/Settlement.sol";

import {Proof} from "./Proof.sol";

/// @title Proves that a rental's money is divided to the wei, for all stakes and both parties' silence.
contract SettlementProof is Proof {
    uint16 private constant WHOLE_BPS = 10_000;

    function check_divide_givesEveryWeiAnOwner(
        Settlement.Stakes memory stakes,
        uint16 feeBps,
        bool renterSpoke,
        bool operatorSpoke
    ) external view {
        assumeStakes(stakes);
        vm.assume(feeBps <= WHOLE_BPS);

        try this.divide(stakes, feeBps, renterSpoke, operatorSpoke) returns (
            Settlement.Payout memory payout
        ) {
            assert(sumOf(payout) == sumOf(stakes));
            assert(payout.fee <= payout.burned);
        } catch {
            assert(false);
        }
    }

    function check_cancel_givesEveryWeiAnOwner(Settlement.Stakes memory stakes) external view {
        assumeStakes(stakes);

        try this.cancel(stakes) returns (Settlement.Payout memory payout, uint128 forfeited) {
            assert(sumOf(payout) == sumOf(stakes));
            assert(forfeited <= stakes.operatorBond);
            assert(payout.rentToRenter == stakes.rent && payout.depositToRenter == stakes.deposit);
        } catch {
            assert(false);
        }
    }

    /// @dev Nobody's silence pays himself: who spoke gets at least what he gets when both spoke.
    function check_divide_paysNoSilence(Settlement.Stakes memory stakes, uint16 feeBps) external pure {
        assumeStakes(stakes);
        vm.assume(feeBps <= WHOLE_BPS);

        uint256 both = operatorsOf(Settlement.divide(stakes, feeBps, true, true));
        uint256 alone = operatorsOf(Settlement.divide(stakes, feeBps, false, true));
        uint256 silent = operatorsOf(Settlement.divide(stakes, feeBps, true, false));
        uint256 neither = operatorsOf(Settlement.divide(stakes, feeBps, false, false));

        assert(alone >= both && both >= silent && both >= neither);
    }

    function check_shareUp_roundsUpByLessThanOne(uint96 amount, uint16 bps) external pure {
        vm.assume(bps <= WHOLE_BPS);

        uint256 share = Settlement.shareUp(amount, bps);

        assert(share <= amount);
        assert(share * WHOLE_BPS >= uint256(amount) * bps);
        assert(share * WHOLE_BPS < uint256(amount) * bps + WHOLE_BPS);
    }

    function check_forfeit_burnsTheOddWei(uint128 amount) external pure {
        (uint128 burned, uint128 compensation) = Settlement.forfeit(amount);

        assert(uint256(burned) + compensation == amount);
        assert(burned == compensation || burned == compensation + 1);
    }

    function divide(Settlement.Stakes memory stakes, uint16 feeBps, bool renterSpoke, bool operatorSpoke)
        external
        pure
        returns (Settlement.Payout memory)
    {
        return Settlement.divide(stakes, feeBps, renterSpoke, operatorSpoke);
    }

    function cancel(Settlement.Stakes memory stakes)
        external
        pure
        returns (Settlement.Payout memory payout, uint128 forfeited)
    {
        return Settlement.cancel(stakes);
    }

    /// @dev As the escrow stores them: 96 bits each, and nothing metered beyond the rent.
    function assumeStakes(Settlement.Stakes memory stakes) private pure {
        vm.assume(stakes.rent <= type(uint96).max && stakes.deposit <= type(uint96).max);
        vm.assume(stakes.operatorBond <= type(uint96).max && stakes.ratingBond <= type(uint96).max);
        vm.assume(stakes.metered <= stakes.rent);
    }

    function sumOf(Settlement.Stakes memory stakes) private pure returns (uint256) {
        return uint256(stakes.rent) + stakes.deposit + stakes.operatorBond + 2 * uint256(stakes.ratingBond);
    }

    function sumOf(Settlement.Payout memory payout) private pure returns (uint256) {
        uint256 toRenter = uint256(payout.rentToRenter) + payout.depositToRenter + payout.bondsToRenter;
        return toRenter + operatorsOf(payout) + payout.burned;
    }

    function operatorsOf(Settlement.Payout memory payout) private pure returns (uint256) {
        return uint256(payout.paidToOperator) + payout.depositToOperator + payout.bondsToOperator;
    }
}
