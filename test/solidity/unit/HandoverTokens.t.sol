// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IHandoverCourt} from "contracts/src/interfaces/IHandoverCourt.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {Complaint, HandoverFault} from "contracts/src/types/Complaints.sol";
import {RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {Opening, RentalRequest, RentalState} from "contracts/src/types/Rentals.sol";

import {IMintable, PlainToken} from "../doubles/Tokens.sol";
import {HandoverFixture} from "../fixtures/HandoverFixture.sol";

/// @title Tests complaints about hand-overs of rentals that are paid in a token.
contract HandoverTokensTest is HandoverFixture {
    address private token;

    function setUp() public override {
        super.setUp();
        token = address(new PlainToken());
        vm.prank(GOVERNOR);
        vault.admit(token);
        address[3] memory accounts = [renter, operator, stranger];
        for (uint256 i = 0; i < 3; ++i) {
            IMintable(token).mint(address(this), FUNDS);
            IMintable(token).approve(VAULT, FUNDS);
            vault.depositToken(token, accounts[i], FUNDS);
        }
    }

    function test_complain_givesTheBondBackWhenTheOperatorLied() public {
        (, Complaint memory complaint) = handedOverInToken(false);
        vm.prank(stranger);
        HandoverFault fault = handoverCourt.complain(complaint);

        assertTrue(fault == HandoverFault.Malformed, "a lie");
        assertEq(vault.freeTokenOf(token, stranger), FUNDS, "who carried it has its bond");
        assertEq(vault.freeTokenOf(token, renter), FUNDS + RENT / 10, "the renter has half of the operator's");
        assertEq(vault.freeTokenOf(token, PURSE), RENT / 10, "the purse has the other half");
        assertNothingLocked(complaint.rental);
    }

    function test_complain_costsItsBondWhenTheHandoverIsGood() public {
        (RentalId id, Complaint memory complaint) = handedOverInToken(true);
        uint256 before = vault.freeTokenOf(token, operator);

        vm.expectEmit(HANDOVER_COURT);
        emit IHandoverCourt.HandoverJudged(id, operator, stranger, HandoverFault.None, BOND);
        vm.prank(stranger);
        handoverCourt.complain(complaint);

        assertEq(vault.freeTokenOf(token, stranger), FUNDS - BOND, "the bond is gone");
        assertEq(vault.freeTokenOf(token, operator), before + BOND, "to the operator");
        assertTrue(escrow.stateOf(id) == RentalState.Active, "time runs");
        assertEq(
            vault.lockedTokenOf(token, HANDOVER_COURT, RentalId.unwrap(id)), 0, "the court keeps nothing"
        );
    }

    function test_complain_revertsWhen_coinComesAlong() public {
        (RentalId id, Complaint memory complaint) = handedOverInToken(false);

        vm.expectRevert(abi.encodeWithSelector(IHandoverCourt.HandoverCourtWrongBond.selector, id, BOND, 0));
        vm.prank(renter);
        handoverCourt.complain{value: BOND}(complaint);
    }

    function test_complain_revertsWhen_theBondIsNotThere() public {
        (, Complaint memory complaint) = handedOverInToken(false);
        address poor = makeAddr("poor");

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientFree.selector, poor, 0, BOND));
        vm.prank(poor);
        handoverCourt.complain(complaint);
    }

    function handedOverInToken(bool isGood) private returns (RentalId id, Complaint memory complaint) {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.token, bid.token) = (token, token);
        RentalRequest memory request = aRequest(bid);
        request.renterKeyHash = keccak256(pointOf(RENTER_SECRET));
        Opening memory opening = signed(ask, bid, request);
        opening.renterKey = pointOf(RENTER_SECRET);
        id = desk.open(opening);
        complaint = complaintAbout(id, isGood ? accessFor(id) : bytes("go away"));
        vm.prank(operator);
        escrow.commitHandover(id, complaint.enc, complaint.ciphertext);
    }
}
