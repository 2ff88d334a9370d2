// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {ChipState} from "contracts/src/types/Chips.sol";
import {RentalId} from "contracts/src/types/Ids.sol";
import {Rental, RentalState} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests how a running rental becomes longer or shorter than agreed.
contract RpoiEscrowChangesTest is RentalFixture {
    uint64 private constant LONGER = 250;

    // topUp

    function test_topUp_locksRentDepositAndBondsInProportion() public {
        RentalId id = activeRental();
        uint256 lockedBefore = vault.lockedOf(ESCROW, RentalId.unwrap(id));

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalExtended(id, LONGER, _deposit(), RENT / 2 * 5, START + LONGER);
        vm.prank(renter);
        escrow.topUp(id, LONGER, "", "");

        Rental memory rental = escrow.rentalOf(id);
        assertEq(rental.duration, LONGER, "duration");
        assertEq(rental.rent, RENT / 2 * 5, "rent at the same price per second");
        assertEq(rental.deposit, _deposit(), "deposit, rounded up");
        assertEq(rental.deadline, START + LONGER, "end");
        assertEq(rental.operatorBond, (rental.rent + 4) / 5, "operator's bond");
        uint256 stakes = uint256(rental.rent) + rental.deposit + rental.operatorBond + 2 * rental.ratingBond;
        assertEq(vault.lockedOf(ESCROW, RentalId.unwrap(id)), stakes, "all of it is locked");
        assertGt(stakes, lockedBefore, "more than before");
        assertFree(renter, FUNDS - rental.rent - rental.deposit - rental.ratingBond, "the renter's part");
        assertFree(operator, FUNDS - rental.operatorBond - rental.ratingBond, "the operator's part");
    }

    function test_topUp_metersTheWholeTimeAtOnePrice() public {
        RentalId id = activeRental();
        skip(60);
        vm.prank(renter);
        escrow.topUp(id, LONGER, "", "");
        assertEq(escrow.accruedOf(id), RENT * 60 / 100, "what had accrued");
        skip(100);

        assertEq(escrow.accruedOf(id), RENT * 160 / 100, "runs beyond the first duration");
        skip(LONGER - 159);
        assertEq(escrow.accruedOf(id), RENT * 250 / 100, "up to the second");
        assertTrue(escrow.stateOf(id) == RentalState.Ended, "and ends there");
    }

    function test_topUp_isCarriedWithThePayersSignature() public {
        RentalId id = activeRental();
        bytes memory signature = sign(renterKey, topUpDigest(id, LONGER));

        vm.prank(stranger);
        escrow.topUp(id, LONGER, signature, "");

        assertEq(escrow.rentalOf(id).duration, LONGER, "extended");
    }

    function test_topUp_revertsWhen_anotherSigned() public {
        RentalId id = activeRental();
        bytes memory signature = sign(operatorKey, topUpDigest(id, LONGER));

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadSignature.selector, renter));
        escrow.topUp(id, LONGER, signature, "");
    }

    function test_topUp_acceptsTheDurationOfTheAsk() public {
        RentalId id = activeRental();

        vm.prank(renter);
        escrow.topUp(id, DURATION * 10, "", "");

        assertEq(escrow.rentalOf(id).duration, DURATION * 10, "inclusive");
    }

    function test_topUp_beyondTheAskNeedsTheOperatorsSignature() public {
        RentalId id = activeRental();
        uint64 beyond = DURATION * 10 + 1;
        bytes memory another = sign(operatorKey, topUpDigest(id, beyond + 1));
        bytes memory consent = sign(operatorKey, topUpDigest(id, beyond));

        vm.startPrank(renter);
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadSignature.selector, operator));
        escrow.topUp(id, beyond, "", "");
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadSignature.selector, operator));
        escrow.topUp(id, beyond, "", another);
        escrow.topUp(id, beyond, "", consent);

        assertEq(escrow.rentalOf(id).duration, beyond, "with its consent");
    }

    function test_topUp_reachesTenYears() public {
        fund(renter, 10_000_000 ether);
        fund(operator, 10_000_000 ether);
        RentalId id = activeRental();
        bytes memory consent = sign(operatorKey, topUpDigest(id, 3650 days));

        vm.prank(renter);
        escrow.topUp(id, 3650 days, "", consent);

        assertEq(escrow.rentalOf(id).duration, 3650 days, "inclusive");
    }

    function test_topUp_revertsWhen_notLonger() public {
        RentalId id = activeRental();

        vm.startPrank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotLonger.selector, id, DURATION, DURATION)
        );
        escrow.topUp(id, DURATION, "", "");
        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotLonger.selector, id, 3650 days + 1, DURATION)
        );
        escrow.topUp(id, 3650 days + 1, "", "");
    }

    function test_topUp_revertsWhen_notActive() public {
        RentalId id = openedAndHandedOver();

        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, id, RentalState.HandedOver)
        );
        vm.prank(renter);
        escrow.topUp(id, LONGER, "", "");
    }

    function test_topUp_revertsWhen_thePayerHasTooLittle() public {
        RentalId id = activeRental();
        uint256 free = vault.freeOf(renter);
        vm.startPrank(renter);
        vault.withdraw(payable(stranger), free);

        vm.expectRevert();
        escrow.topUp(id, LONGER, "", "");
    }

    function testFuzz_topUp_locksWhatTheStakesGrowBy(uint64 first, uint64 second) public {
        RentalId id = activeRental();
        first = uint64(bound(first, DURATION + 1, 10 * DURATION - 1));
        second = uint64(bound(second, first + 1, 10 * DURATION));
        vm.startPrank(renter);
        escrow.topUp(id, first, "", "");
        escrow.topUp(id, second, "", "");

        Rental memory rental = escrow.rentalOf(id);
        uint256 stakes = uint256(rental.rent) + rental.deposit + rental.operatorBond + 2 * rental.ratingBond;
        assertEq(vault.lockedOf(ESCROW, RentalId.unwrap(id)), stakes, "locked = stakes");
        assertEq(rental.rent, uint256(PRICE) * 2 * second, "price per second");
        assertGe(rental.deposit * uint256(DURATION), uint256(DEPOSIT) * second, "security grows alike");
    }

    // reclaimNotice

    function test_reclaimNotice_endsTheRentalAfterTheNotice() public {
        RentalId id = activeRental();
        skip(10);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalReclaimed(id, START + 10 + NOTICE, 0);
        vm.prank(operator);
        escrow.reclaimNotice(id, NOTICE);

        skip(NOTICE);
        assertTrue(escrow.stateOf(id) == RentalState.Active, "the last second is the renter's");
        skip(1);
        assertTrue(escrow.stateOf(id) == RentalState.Ended, "then it is over");
        assertEq(escrow.accruedOf(id), RENT * 70 / 100, "metered to the end of the notice");
        assertFree(operator, FUNDS - RENT / 5 - RENT / 50, "the agreed notice costs nothing");
    }

    function test_reclaimNotice_paysForWhatTheNoticeLacks() public {
        RentalId id = activeRental();
        uint256 before = vault.freeOf(renter);

        vm.prank(operator);
        escrow.reclaimNotice(id, NOTICE / 4);

        uint256 compensation = (uint256(RENT / 5) * 3 + 3) / 4;
        assertFree(renter, before + compensation, "three quarters of the bond, rounded up");
        assertFree(operator, FUNDS - RENT / 5 - RENT / 50 - compensation, "from the operator's free balance");
        assertEq(escrow.rentalOf(id).operatorBond, RENT / 5, "the bond itself stays");
    }

    function test_reclaimNotice_withoutNoticeEndsAtOnceForTheWholeBond() public {
        RentalId id = activeRental();
        skip(10);
        uint256 before = vault.freeOf(renter);

        vm.prank(operator);
        escrow.reclaimNotice(id, 0);
        skip(1);
        escrow.poke(id);

        assertFree(renter, before + RENT / 5, "the whole bond");
        assertEq(escrow.rentalOf(id).endedAt, START + 10, "ended in the second of the notice");
        assertChipsFree();
    }

    function test_reclaimNotice_revertsWhen_callerIsNotTheOperator() public {
        RentalId id = activeRental();

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotParty.selector, id, renter));
        vm.prank(renter);
        escrow.reclaimNotice(id, NOTICE);
    }

    function test_reclaimNotice_revertsWhen_theRentalEndsBefore() public {
        RentalId id = activeRental();

        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotSooner.selector, id, START + DURATION)
        );
        vm.prank(operator);
        escrow.reclaimNotice(id, DURATION);
    }

    function test_reclaimNotice_revertsWhen_theOperatorCannotPay() public {
        RentalId id = activeRental();
        uint256 free = vault.freeOf(operator);
        vm.startPrank(operator);
        vault.withdraw(payable(stranger), free);

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientFree.selector, operator, 0, RENT / 5));
        escrow.reclaimNotice(id, 0);
    }

    function test_topUp_revertsWhen_theChipsAreReclaimed() public {
        RentalId id = activeRental();
        vm.prank(operator);
        escrow.reclaimNotice(id, NOTICE);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowReclaimed.selector, id, START + NOTICE));
        vm.prank(renter);
        escrow.topUp(id, LONGER, "", "");
    }

    // endFor

    function test_endFor_endsWhenAChipIsSlashed() public {
        _endsFor(ChipState.Slashed);
    }

    function test_endFor_endsWhenAChipIsQuarantined() public {
        _endsFor(ChipState.Quarantined);
    }

    function test_endFor_revertsWhen_theChipIsInService() public {
        RentalId id = activeRental();
        registry.setState(chips[1], ChipState.Suspended);

        vm.expectRevert(
            abi.encodeWithSelector(
                IRpoiEscrow.RpoiEscrowChipInService.selector, chips[1], ChipState.Suspended
            )
        );
        escrow.endFor(id, 1);
    }

    function test_endFor_revertsWhen_thereIsNoSuchChip() public {
        RentalId id = activeRental();

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNoChip.selector, id, 2));
        escrow.endFor(id, 2);
    }

    function _endsFor(ChipState state) private {
        RentalId id = activeRental();
        skip(30);
        registry.setState(chips[1], state);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.ChipLost(id, chips[1], state);
        vm.prank(stranger);
        escrow.endFor(id, 1);

        assertTrue(escrow.stateOf(id) == RentalState.Ended, "ended");
        assertEq(escrow.accruedOf(id), RENT * 30 / 100, "used time is metered");
        assertChipsFree();
    }

    /// @dev Of the extended rental, rounded up.
    function _deposit() private pure returns (uint128) {
        return (DEPOSIT * LONGER + DURATION - 1) / DURATION;
    }
}
