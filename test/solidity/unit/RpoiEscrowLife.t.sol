// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRatingBook} from "contracts/src/interfaces/IRatingBook.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {RentalId} from "contracts/src/types/Ids.sol";
import {Rental, RentalState} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests the life of a rental up to the end of use, in which everybody does his part.
contract RpoiEscrowLifeTest is RentalFixture {
    // commitHandover

    function test_commitHandover_publishesTheSealedMessage() public {
        RentalId id = openRental();
        skip(HANDOVER);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.HandoverCommitted(id, aPoint(), "sealed", START + HANDOVER + ACKNOWLEDGE);
        handOver(id);

        Rental memory rental = escrow.rentalOf(id);
        assertTrue(rental.state == RentalState.HandedOver, "state");
        assertEq(rental.deadline, START + HANDOVER + ACKNOWLEDGE, "deadline of the acknowledgement");
        bytes32 message = keccak256(bytes.concat(aPoint(), "sealed"));
        assertEq(rental.handoverHash, keccak256(abi.encode(keccak256(aPoint()), message)), "key and message");
    }

    function test_commitHandover_revertsWhen_callerIsNotTheOperator() public {
        RentalId id = openRental();

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotParty.selector, id, renter));
        vm.prank(renter);
        escrow.commitHandover(id, aPoint(), "sealed");
    }

    function test_commitHandover_revertsWhen_late() public {
        RentalId id = openRental();
        skip(HANDOVER + 1);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowTooLate.selector, id, START + HANDOVER));
        handOver(id);
    }

    function test_commitHandover_revertsWhen_doneBefore() public {
        RentalId id = openedAndHandedOver();

        _expectWrongState(id, RentalState.HandedOver);
        handOver(id);
    }

    function test_commitHandover_revertsWhen_rentalIsUnknown() public {
        _expectWrongState(RentalId.wrap("none"), RentalState.None);
        handOver(RentalId.wrap("none"));
    }

    function test_commitHandover_revertsWhen_pointIsNotOnTheCurve() public {
        bytes memory off = aPoint();
        off[64] = 0x00;

        _expectBadHandover(off, "sealed");
    }

    function test_commitHandover_revertsWhen_pointIsCompressed() public {
        bytes memory other = aPoint();
        other[0] = 0x03;

        _expectBadHandover(other, "sealed");
    }

    function test_commitHandover_revertsWhen_pointIsShort() public {
        _expectBadHandover(hex"04", "sealed");
    }

    function test_commitHandover_revertsWhen_ciphertextIsEmpty() public {
        _expectBadHandover(aPoint(), "");
    }

    function test_commitHandover_revertsWhen_ciphertextIsTooLong() public {
        _expectBadHandover(aPoint(), new bytes(1025));
    }

    function test_commitHandover_acceptsTheLongestCiphertext() public {
        RentalId id = openRental();

        vm.prank(operator);
        escrow.commitHandover(id, aPoint(), new bytes(1024));

        assertTrue(escrow.stateOf(id) == RentalState.HandedOver, "1,024 bytes are inclusive");
    }

    // acknowledge

    function test_acknowledge_startsTheTime() public {
        RentalId id = openedAndHandedOver();
        skip(ACKNOWLEDGE);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalStarted(id, START + ACKNOWLEDGE, true);
        vm.prank(renter);
        escrow.acknowledge(id, "");

        Rental memory rental = escrow.rentalOf(id);
        assertTrue(rental.state == RentalState.Active, "state");
        assertEq(rental.startedAt, START + ACKNOWLEDGE, "start");
        assertEq(rental.deadline, START + ACKNOWLEDGE + DURATION, "end of the time paid");
    }

    function test_acknowledge_isCarriedByAnyoneWithTheSignature() public {
        RentalId id = openedAndHandedOver();

        vm.prank(stranger);
        escrow.acknowledge(id, sign(renterKey, acknowledgeDigest(id)));

        assertTrue(escrow.stateOf(id) == RentalState.Active, "state");
    }

    function test_acknowledge_revertsWhen_signedByAnother() public {
        RentalId id = openedAndHandedOver();
        bytes memory signature = sign(operatorKey, acknowledgeDigest(id));

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadSignature.selector, renter));
        vm.prank(operator);
        escrow.acknowledge(id, signature);
    }

    function test_acknowledge_revertsWhen_signatureIsForTheEnd() public {
        RentalId id = openedAndHandedOver();
        bytes memory signature = sign(renterKey, endDigest(id));

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadSignature.selector, renter));
        escrow.acknowledge(id, signature);
    }

    function test_acknowledge_revertsWhen_silenceHasStartedTheTime() public {
        RentalId id = openedAndHandedOver();
        skip(ACKNOWLEDGE + 1);

        _expectWrongState(id, RentalState.Active);
        vm.prank(renter);
        escrow.acknowledge(id, "");
    }

    function test_acknowledge_revertsWhen_nothingWasHandedOver() public {
        RentalId id = openRental();

        _expectWrongState(id, RentalState.Open);
        vm.prank(renter);
        escrow.acknowledge(id, "");
    }

    // end

    function test_end_stopsTheMeter() public {
        RentalId id = activeRental();
        skip(40);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalEnded(id, START + 40, START + 40 + COMMIT);
        vm.prank(renter);
        escrow.end(id, "");
        skip(5);

        Rental memory rental = escrow.rentalOf(id);
        assertTrue(rental.state == RentalState.Ended, "state");
        assertEq(rental.endedAt, START + 40, "end of use");
        assertEq(rental.deadline, START + 40 + COMMIT, "deadline of the commitments");
        assertEq(escrow.accruedOf(id), RENT * 40 / 100, "rent for 40 of 100 seconds");
    }

    function test_end_putsTheChipsBackOnTheMarket() public {
        RentalId id = endedRental(40);

        assertChipsFree();
        assertEq(escrow.chipsOf(id).length, 2, "which they were stays readable");
    }

    function test_end_isCarriedByAnyoneWithTheSignature() public {
        RentalId id = activeRental();

        vm.prank(stranger);
        escrow.end(id, sign(renterKey, endDigest(id)));

        assertTrue(escrow.stateOf(id) == RentalState.Ended, "state");
    }

    function test_end_worksAfterSilenceHasStartedTheTime() public {
        RentalId id = openedAndHandedOver();
        skip(ACKNOWLEDGE + 10);

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalStarted(id, START + ACKNOWLEDGE, false);
        vm.prank(renter);
        escrow.end(id, "");

        assertEq(escrow.accruedOf(id), RENT / 10, "metered from the deadline of the acknowledgement");
    }

    function test_end_revertsWhen_callerIsNotTheRenter() public {
        RentalId id = activeRental();

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadSignature.selector, renter));
        vm.prank(operator);
        escrow.end(id, "");
    }

    function test_end_revertsWhen_timeIsOver() public {
        RentalId id = activeRental();
        skip(DURATION + 1);

        _expectWrongState(id, RentalState.Ended);
        vm.prank(renter);
        escrow.end(id, "");
    }

    function test_accruedOf_growsByTheSecondUpToTheRent() public {
        RentalId id = activeRental();
        assertEq(escrow.accruedOf(id), 0, "at the start");
        skip(1);
        assertEq(escrow.accruedOf(id), RENT / 100, "after a second");
        skip(DURATION - 1);
        assertEq(escrow.accruedOf(id), RENT, "after all the time");
        skip(DURATION);
        assertEq(escrow.accruedOf(id), RENT, "never more");
    }

    function _expectBadHandover(bytes memory enc, bytes memory ciphertext) private {
        RentalId id = openRental();
        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadHandover.selector, enc.length, ciphertext.length)
        );
        vm.prank(operator);
        escrow.commitHandover(id, enc, ciphertext);
    }

    function _expectWrongState(RentalId id, RentalState state) private {
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, id, state));
    }
}
