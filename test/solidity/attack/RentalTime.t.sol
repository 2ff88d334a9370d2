// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {ChipState} from "contracts/src/types/Chips.sol";
import {OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {Opening, RentalRequest, RentalState, RentalTerms} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Attacks on the time of a rental: paid though absent, run on though lost, stretched or cut at
/// others' cost.
contract RentalTimeAttack is RentalFixture {
    /// @dev Akash node#1635: a lease ran on for months after its money was gone. Ours ends at the funded
    /// second, with no transaction, however late somebody looks.
    function test_attack_aLeaseCannotBeOverdrawn() public {
        RentalId id = activeRental();
        skip(180 days);

        assertEq(escrow.accruedOf(id), RENT, "never more than was paid for");
        vm.prank(stranger);
        escrow.poke(id);
        assertEq(escrow.rentalOf(id).endedAt, START + DURATION, "it ended when the money did");
        assertNothingLocked(id);
    }

    /// @dev Infernet: paid though nothing was delivered. Chips that prove nothing while they are rented earn
    /// nothing.
    function test_attack_absentChipsEarnNothing() public {
        vm.roll(10 * EPOCH);
        RentalId id = activeRental();
        for (uint64 epoch = 10; epoch < 20; ++epoch) {
            registry.miss(chips[0], epoch);
            registry.miss(chips[1], epoch);
        }
        skip(DURATION + 1);
        vm.roll(block.number + DURATION + 1);
        escrow.poke(id);
        commitAs(id, operator, 90, OPERATOR_SALT);
        skip(COMMIT + 1);
        escrow.poke(id);

        assertFree(renter, FUNDS - DEPOSIT - RENT / 50, "the renter was silent, but pays no rent");
    }

    /// @dev Waiting with the settlement until the misses are old does not wash them away: the last epochs are
    /// looked at whatever has passed since, and time after the end counts for nothing.
    function test_attack_waitingDoesNotWashMissesAway() public {
        vm.roll(10 * EPOCH);
        RentalId id = activeRental();
        for (uint64 epoch = 10; epoch < 17; ++epoch) {
            registry.miss(chips[0], epoch);
            registry.miss(chips[1], epoch);
        }
        skip(30 days);
        vm.roll(block.number + 30 days);

        vm.prank(operator);
        escrow.poke(id);

        assertFree(operator, FUNDS - RENT / 50, "nothing was earned");
    }

    /// @dev A chip that was slashed must not go on earning for want of somebody who ends the rental: anyone
    /// can.
    function test_attack_aSlashedChipDoesNotGoOnEarning() public {
        RentalId id = activeRental();
        skip(5);
        registry.setState(chips[0], ChipState.Slashed);
        vm.prank(stranger);
        escrow.endFor(id, 0);
        skip(10);

        assertEq(escrow.accruedOf(id), RENT * 5 / 100, "no more rent");
    }

    /// @dev A rental opened for a second with a second's security and then stretched to years would leave its
    /// renter nothing to lose by vanishing: security and bonds grow with it.
    function test_attack_stretchingDoesNotDiluteTheSecurity() public {
        RentalId id = activeRental();
        vm.prank(renter);
        escrow.topUp(id, DURATION * 10, "", "");

        assertEq(escrow.rentalOf(id).deposit, DEPOSIT * 10, "ten times the time, ten times the security");
    }

    /// @dev iExec `sponsorMatchOrders`: somebody else must not be debited. A sponsor paid for so much time;
    /// the renter cannot stretch it at the sponsor's cost.
    function test_attack_theRenterCannotStretchASponsoredRental() public {
        fund(stranger, FUNDS);
        Order memory bid = aBid();
        bid.payer = stranger;
        OrderHash hash = orders.hashOf(bid);
        vm.prank(stranger);
        desk.sponsor(hash, FUNDS);
        RentalId id = desk.open(signed(anAsk(), bid, aRequest(bid)));
        handOver(id);
        vm.prank(renter);
        escrow.acknowledge(id, "");

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadSignature.selector, stranger));
        vm.prank(renter);
        escrow.topUp(id, DURATION * 2, "", "");

        vm.prank(stranger);
        escrow.topUp(id, DURATION * 2, "", "");
        assertEq(escrow.rentalOf(id).duration, DURATION * 2, "who pays may");
    }

    /// @dev A signed extension carried twice must not be paid twice.
    function test_attack_anExtensionCannotBeReplayed() public {
        RentalId id = activeRental();
        bytes memory signature = sign(renterKey, topUpDigest(id, DURATION * 2));
        escrow.topUp(id, DURATION * 2, signature, "");

        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotLonger.selector, id, DURATION * 2, DURATION * 2)
        );
        escrow.topUp(id, DURATION * 2, signature, "");
    }

    /// @dev An operator that finds a better customer takes the machine away. It may, but the renter is paid
    /// for a notice that it did not get, at once, and pays only for what it used.
    function test_attack_takingTheMachineAwayAtOnceCostsTheBond() public {
        RentalId id = activeRental();
        uint256 before = vault.freeOf(renter);
        vm.prank(operator);
        escrow.reclaimNotice(id, 0);

        assertFree(renter, before + RENT / 5, "paid at once");
        skip(1);
        assertTrue(escrow.stateOf(id) == RentalState.Ended, "no more rent");
        assertEq(escrow.accruedOf(id), 0, "nothing was used");
    }

    /// @dev Whoever skips the desk, and with it every check of orders and consent, opens nothing.
    function test_attack_nobodyOpensPastTheDesk() public {
        Opening memory opening = anOpening();
        RentalRequest memory request = opening.request;

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotDesk.selector, operator));
        vm.prank(operator);
        escrow.begin(request, RentalTerms(renter, address(0), DURATION), chips, opening.renterKey);
    }
}
