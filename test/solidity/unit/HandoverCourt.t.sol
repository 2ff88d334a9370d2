// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IHandoverCourt} from "contracts/src/interfaces/IHandoverCourt.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {Settlement} from "contracts/src/libraries/Settlement.sol";
import {Complaint, HandoverFault} from "contracts/src/types/Complaints.sol";
import {OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {RentalState} from "contracts/src/types/Rentals.sol";

import {HandoverFixture} from "../fixtures/HandoverFixture.sol";

contract HandoverCourtTest is HandoverFixture {
    uint128 private constant OPERATOR_BOND = RENT / 5;

    function stateOf(RentalId id) private view returns (uint256) {
        return uint256(escrow.stateOf(id));
    }

    // A bad hand-over.

    function test_complain_punishesAnOperatorThatSignedNothing() public {
        bytes memory unsigned = abi.encode(URL, FINGERPRINT, SECRET, new bytes(65));
        (RentalId id, Complaint memory complaint) = handedOver(unsigned);

        vm.expectEmit(HANDOVER_COURT);
        emit IHandoverCourt.HandoverJudged(id, operator, renter, HandoverFault.NotSigned, BOND);
        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.HandoverPunished(id, OPERATOR_BOND);
        complainAs(renter, complaint);

        assertEq(stateOf(id), uint256(RentalState.Cancelled), "over");
        assertEq(escrow.rentalOf(id).deadline, 0, "waits for nothing");
        assertFree(renter, FUNDS + OPERATOR_BOND / 2 + BOND, "all stakes, half of the bond, its own bond");
        assertFree(operator, FUNDS - OPERATOR_BOND, "the rating bond only");
        assertEq(EMISSION.balance, OPERATOR_BOND - OPERATOR_BOND / 2, "the other half, rounded up, is burned");
        assertChipsFree();
        assertNothingLocked(id);
    }

    function test_complain_punishesAnOperatorWhoseTextHasNoForm() public {
        (RentalId id, Complaint memory complaint) = handedOver("go away");

        vm.expectEmit(HANDOVER_COURT);
        emit IHandoverCourt.HandoverJudged(id, operator, renter, HandoverFault.Malformed, BOND);
        complainAs(renter, complaint);

        assertEq(stateOf(id), uint256(RentalState.Cancelled), "over");
        assertFree(operator, FUNDS - OPERATOR_BOND, "punished");
    }

    function test_complain_punishesASignatureOverAnotherAccess() public {
        RentalId id = openSealedRental();
        bytes memory signature = sign(operatorKey, handoverDigest(id, "https://elsewhere"));
        Complaint memory complaint = complaintAbout(id, abi.encode(URL, FINGERPRINT, SECRET, signature));
        vm.prank(operator);
        escrow.commitHandover(id, complaint.enc, complaint.ciphertext);

        assertEq(
            uint256(handoverCourt.faultOf(complaint)), uint256(HandoverFault.NotSigned), "what it would find"
        );
        complainAs(renter, complaint);

        assertFree(operator, FUNDS - OPERATOR_BOND, "punished");
    }

    function test_complain_punishesASignatureBySomebodyElse() public {
        RentalId id = openSealedRental();
        bytes memory signature = sign(renterKey, handoverDigest(id, URL));
        Complaint memory complaint = complaintAbout(id, abi.encode(URL, FINGERPRINT, SECRET, signature));
        vm.prank(operator);
        escrow.commitHandover(id, complaint.enc, complaint.ciphertext);

        complainAs(renter, complaint);

        assertFree(operator, FUNDS - OPERATOR_BOND, "punished");
    }

    function test_complain_paysTheCarrierItsBondBack() public {
        (, Complaint memory complaint) = handedOver("go away");

        complainAs(stranger, complaint);

        assertFree(stranger, BOND, "who brought the bond");
        assertFree(renter, FUNDS + OPERATOR_BOND / 2, "who was wronged");
    }

    function test_complain_isHeardInTheLastSecond() public {
        (RentalId id, Complaint memory complaint) = handedOver("go away");
        skip(ACKNOWLEDGE);

        complainAs(renter, complaint);

        assertEq(stateOf(id), uint256(RentalState.Cancelled));
    }

    function test_complain_paysBackWhoSponsoredTheRenter() public {
        fund(stranger, FUNDS);
        Order memory bid = aBid();
        bid.payer = stranger;
        OrderHash hash = orders.hashOf(bid);
        vm.prank(stranger);
        desk.sponsor(hash, FUNDS);
        RentalId id = desk.open(sealedOpening(bid, 0));
        Complaint memory complaint = complaintAbout(id, "go away");
        vm.prank(operator);
        escrow.commitHandover(id, complaint.enc, complaint.ciphertext);

        complainAs(renter, complaint);

        assertFree(stranger, FUNDS + OPERATOR_BOND / 2, "the sponsor is whole, and compensated");
        assertFree(renter, FUNDS + BOND, "the renter has its bond");
    }

    // A good one.

    function test_complain_startsTheTimeWhenTheHandoverIsGood() public {
        (RentalId id, Complaint memory complaint) = wellHandedOver();
        skip(7);

        vm.expectEmit(HANDOVER_COURT);
        emit IHandoverCourt.HandoverJudged(id, operator, renter, HandoverFault.None, BOND);
        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalStarted(id, START + 7, false);
        complainAs(renter, complaint);

        assertEq(stateOf(id), uint256(RentalState.Active), "runs");
        assertEq(escrow.rentalOf(id).startedAt, START + 7, "since the complaint");
        assertEq(escrow.rentalOf(id).deadline, START + 7 + DURATION, "for its whole time");
        assertFree(operator, FUNDS - OPERATOR_BOND - BOND + BOND, "the complaint's bond beside its stakes");
        assertEq(renter.balance, 1 ether - BOND, "who lied paid for it");
    }

    function test_complain_ofALie_leavesTheRestOfTheRentalAsItWas() public {
        (RentalId id, Complaint memory complaint) = wellHandedOver();
        complainAs(renter, complaint);

        skip(DURATION);
        vm.prank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, id, RentalState.Active)
        );
        escrow.acknowledge(id, "");
        skip(COMMIT + 1);
        escrow.poke(id);

        assertNothingLocked(id);
        assertChipsFree();
    }

    // What is refused.

    function test_complain_revertsWhen_bondIsAnother() public {
        (RentalId id, Complaint memory complaint) = handedOver("go away");

        vm.prank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(IHandoverCourt.HandoverCourtWrongBond.selector, id, BOND - 1, BOND)
        );
        handoverCourt.complain{value: BOND - 1}(complaint);
        vm.prank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(IHandoverCourt.HandoverCourtWrongBond.selector, id, BOND + 1, BOND)
        );
        handoverCourt.complain{value: BOND + 1}(complaint);
    }

    function test_complain_revertsWhen_ciphertextIsAnother() public {
        (RentalId id, Complaint memory complaint) = handedOver("go away");
        bytes32 committed = escrow.rentalOf(id).handoverHash;
        complaint.ciphertext[0] ^= 0x01;
        bytes32 given = hashOf(complaint);

        vm.prank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(IHandoverCourt.HandoverCourtOtherHandover.selector, id, given, committed)
        );
        handoverCourt.complain{value: BOND}(complaint);
    }

    function test_complain_revertsWhen_keyIsAnother() public {
        (RentalId id, Complaint memory complaint) = handedOver("go away");
        bytes32 committed = escrow.rentalOf(id).handoverHash;
        complaint.renterKey = pointOf(RENTER_SECRET + 1);

        vm.prank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(
                IHandoverCourt.HandoverCourtOtherHandover.selector, id, hashOf(complaint), committed
            )
        );
        handoverCourt.complain{value: BOND}(complaint);
    }

    function test_complain_revertsWhen_proofDoesNotHold() public {
        (RentalId id, Complaint memory complaint) = handedOver("go away");
        complaint.proof.response = bytes32(uint256(complaint.proof.response) ^ 1);

        vm.prank(renter);
        vm.expectRevert(abi.encodeWithSelector(IHandoverCourt.HandoverCourtNotProven.selector, id));
        handoverCourt.complain{value: BOND}(complaint);
    }

    function test_complain_revertsWhen_timeHasStarted() public {
        (RentalId id, Complaint memory complaint) = handedOver("go away");
        vm.prank(renter);
        escrow.acknowledge(id, "");

        vm.prank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, id, RentalState.Active)
        );
        handoverCourt.complain{value: BOND}(complaint);
    }

    function test_complain_revertsWhen_deadlineIsOver() public {
        (RentalId id, Complaint memory complaint) = handedOver("go away");
        skip(ACKNOWLEDGE + 1);

        vm.prank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, id, RentalState.Active)
        );
        handoverCourt.complain{value: BOND}(complaint);
    }

    function test_complain_revertsWhen_rentalIsUnknown() public {
        (, Complaint memory complaint) = handedOver("go away");
        RentalId unknown = RentalId.wrap(keccak256("unknown"));
        complaint.rental = unknown;
        bytes32 given = hashOf(complaint);

        vm.expectRevert(
            abi.encodeWithSelector(
                IHandoverCourt.HandoverCourtOtherHandover.selector, unknown, given, bytes32(0)
            )
        );
        handoverCourt.complain(complaint);
    }

    function test_complain_revertsWhen_nothingWasHandedOver() public {
        RentalId id = openSealedRental();
        Complaint memory complaint = complaintAbout(id, "go away");
        bytes32 given = hashOf(complaint);
        bytes32 committed = escrow.rentalOf(id).handoverHash;

        vm.prank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(IHandoverCourt.HandoverCourtOtherHandover.selector, id, given, committed)
        );
        handoverCourt.complain{value: BOND}(complaint);
    }

    function test_punishHandover_revertsWhen_notTheCourt() public {
        (RentalId id,) = wellHandedOver();

        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotHandoverCourt.selector, operator));
        escrow.punishHandover(id, true);
    }

    // What can be asked.

    function test_bondOf_isARatingBond() public {
        RentalId id = openSealedRental();
        assertEq(handoverCourt.bondOf(id), escrow.rentalOf(id).ratingBond);
    }

    function test_contextOf_bindsChainEscrowAndRental() public {
        RentalId id = RentalId.wrap(keccak256("rental"));
        bytes32 context = handoverCourt.contextOf(id);

        assertEq(context, keccak256(abi.encode(keccak256("UNC/v1/complaint"), block.chainid, ESCROW, id)));
        vm.chainId(1);
        assertNotEq(handoverCourt.contextOf(id), context, "another chain");
    }

    function test_faultOf_changesNothing() public {
        (RentalId id, Complaint memory complaint) = wellHandedOver();

        assertEq(uint256(handoverCourt.faultOf(complaint)), uint256(HandoverFault.None), "good");

        assertEq(stateOf(id), uint256(RentalState.HandedOver), "still waits");
    }

    function testFuzz_punish_dividesEveryWei(
        uint96 rent,
        uint96 deposit,
        uint96 operatorBond,
        uint96 ratingBond
    ) public pure {
        Settlement.Stakes memory stakes = Settlement.Stakes(rent, deposit, operatorBond, ratingBond, 0);
        Settlement.Payout memory payout = Settlement.punish(stakes);

        uint256 toRenter = uint256(payout.rentToRenter) + payout.depositToRenter + payout.bondsToRenter;
        uint256 all = toRenter + payout.bondsToOperator + payout.burned;
        assertEq(all, uint256(rent) + deposit + operatorBond + 2 * uint256(ratingBond), "no wei is lost");
        assertEq(payout.bondsToOperator, ratingBond, "the bond is gone");
        assertEq(payout.burned, (uint256(operatorBond) + 1) / 2, "half of it, rounded up");
        assertEq(uint256(payout.paidToOperator) + payout.depositToOperator + payout.fee, 0, "nothing earned");
    }
}
