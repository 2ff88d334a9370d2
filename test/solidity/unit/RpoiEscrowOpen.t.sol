// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IOrderBook} from "contracts/src/interfaces/IOrderBook.sol";
import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {IRentalDesk} from "contracts/src/interfaces/IRentalDesk.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {RentalDesk} from "contracts/src/rental/RentalDesk.sol";
import {RpoiEscrow} from "contracts/src/rental/RpoiEscrow.sol";
import {OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {
    EscrowParameters,
    Opening,
    Rental,
    RentalRequest,
    RentalState,
    RentalTerms
} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests how a rental opens: what is kept and locked, and who pays.
contract RpoiEscrowOpenTest is RentalFixture {
    bytes32 private constant KNOWN_HASH = 0xc8e487ee72834d6d51e285f52e7cf0df479a78fa6df15607fe89dd0239fba122;
    uint128 private constant OPERATOR_BOND = RENT / 5;
    uint128 private constant RATING_BOND = RENT / 50;

    address private payer = makeAddr("sponsor");

    // Construction

    function test_constructor_revertsWhen_aParameterIsOutOfRange() public {
        EscrowParameters memory wrong = parameters();
        wrong.operatorBondBps = 10_001;
        _expectBadParameter(wrong, "operatorBondBps");

        wrong = parameters();
        wrong.ratingBondBps = 10_001;
        _expectBadParameter(wrong, "ratingBondBps");

        wrong = parameters();
        wrong.epochBlocks = 0;
        _expectBadParameter(wrong, "epochBlocks");

        wrong = parameters();
        wrong.marketFeeBps = 10_001;
        _expectBadParameter(wrong, "marketFeeBps");
    }

    function test_constructor_acceptsSharesOfTheWhole() public {
        EscrowParameters memory wanted = parameters();
        (wanted.operatorBondBps, wanted.ratingBondBps, wanted.marketFeeBps) = (10_000, 10_000, 10_000);
        RentalRequest memory request;
        request.rent = 101;

        (uint128 operatorBond, uint128 ratingBond) = new RpoiEscrow(wanted).bondsFor(request);

        assertEq(operatorBond, 101, "operator's");
        assertEq(ratingBond, 101, "rating's");
    }

    /// @dev Computed with ethers 6.17 (`TypedDataEncoder.hash`) for chain 31337 and the genesis address.
    function test_hashOf_equalsTheWalletsHash() public view {
        RentalRequest memory request = RentalRequest({
            renter: address(0x0101010101010101010101010101010101010101),
            operator: address(0x0202020202020202020202020202020202020202),
            bid: OrderHash.wrap(_bytes32Of(3)),
            chipsHash: _bytes32Of(4),
            duration: 5,
            deposit: 6,
            rent: 7,
            documentHash: _bytes32Of(8),
            renterKeyHash: _bytes32Of(9),
            nonce: 10,
            deadline: 11
        });

        assertEq(RentalId.unwrap(escrow.hashOf(request)), KNOWN_HASH, "EIP-712 hash");
    }

    function test_bondsFor_roundsUp() public view {
        RentalRequest memory request;
        request.rent = 101;

        (uint128 operatorBond, uint128 ratingBond) = escrow.bondsFor(request);

        assertEq(operatorBond, 21, "20 % of 101");
        assertEq(ratingBond, 3, "2 % of 101");
    }

    function test_begin_revertsWhen_callerIsNotTheDesk() public {
        RentalRequest memory request = aRequest(aBid());

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowNotDesk.selector, renter));
        vm.prank(renter);
        escrow.begin(request, RentalTerms(renter, address(0), DURATION), chips, aPoint());
    }

    // What open does

    function test_open_keepsTheRental() public {
        Opening memory opening = anOpening();

        vm.prank(stranger);
        RentalId id = desk.open(opening);

        Rental memory rental = escrow.rentalOf(id);
        assertEq(RentalId.unwrap(id), RentalId.unwrap(escrow.hashOf(opening.request)), "id");
        assertTrue(rental.state == RentalState.Open, "state");
        assertEq(rental.renter, renter, "renter");
        assertEq(rental.operator, operator, "operator");
        assertEq(rental.payer, renter, "payer");
        assertEq(rental.chips, 2, "chips");
        assertEq(rental.deposit, DEPOSIT, "deposit");
        assertEq(rental.rent, RENT, "rent");
        assertEq(rental.operatorBond, OPERATOR_BOND, "operator's bond");
        assertEq(rental.ratingBond, RATING_BOND, "rating bond");
        assertEq(rental.duration, DURATION, "duration");
        assertEq(rental.mostDuration, DURATION * 10, "duration of the ask");
        assertEq(rental.startedAt, 0, "time has not started");
        assertEq(rental.deadline, START + HANDOVER, "deadline of the hand-over");
        assertEq(rental.handoverHash, opening.request.renterKeyHash, "renter's key");
        assertEq(rental.token, address(0), "paid in coin");
        assertEq(escrow.accruedOf(id), 0, "no rent yet");
    }

    function test_open_announcesTheRental() public {
        Opening memory opening = anOpening();

        vm.expectEmit(ESCROW);
        emit IRpoiEscrow.RentalOpened(
            escrow.hashOf(opening.request),
            renter,
            operator,
            chips,
            DURATION,
            DEPOSIT,
            RENT,
            address(0),
            aPoint(),
            START + HANDOVER
        );
        desk.open(opening);
    }

    function test_open_locksTheStakesOfBothSides() public {
        RentalId id = openRental();

        assertFree(renter, FUNDS - DEPOSIT - RENT - RATING_BOND, "renter: deposit, rent, rating bond");
        assertFree(operator, FUNDS - OPERATOR_BOND - RATING_BOND, "operator: bond, rating bond");
        assertEq(
            vault.lockedOf(ESCROW, RentalId.unwrap(id)),
            uint256(DEPOSIT) + RENT + OPERATOR_BOND + 2 * uint256(RATING_BOND),
            "all of it is locked for this rental"
        );
    }

    function test_open_reservesTheChipsAndFillsTheOrders() public {
        RentalId id = openRental();

        assertTrue(registry.isRented(chips[0]), "first chip");
        assertTrue(registry.isRented(chips[1]), "second chip");
        assertEq(abi.encode(escrow.chipsOf(id)), abi.encode(chips), "chips in the order of the request");
        assertEq(orders.filledOf(orders.hashOf(anAsk())), 2, "units of the ask");
        assertEq(orders.filledOf(orders.hashOf(aBid())), 2, "units of the bid");
    }

    function test_open_acceptsTheLastSecondOfTheRequest() public {
        Opening memory opening = anOpening();
        vm.warp(opening.request.deadline);

        RentalId id = desk.open(opening);

        assertTrue(escrow.stateOf(id) == RentalState.Open, "inclusive");
    }

    // Somebody else pays

    function test_sponsor_keepsTheLimit() public {
        OrderHash bid = orders.hashOf(aBid());

        vm.expectEmit(DESK);
        emit IRentalDesk.OrderSponsored(bid, payer, 5 ether);
        vm.prank(payer);
        desk.sponsor(bid, 5 ether);

        assertEq(desk.sponsoredOf(payer, bid), 5 ether, "of this bid");
        assertEq(desk.sponsoredOf(renter, bid), 0, "of nobody else");
    }

    function test_open_drawsOnTheSponsor() public {
        Opening memory opening = _sponsoredOpening(5 ether);

        RentalId id = desk.open(opening);

        uint256 drawn = uint256(DEPOSIT) + RENT + RATING_BOND;
        assertEq(escrow.rentalOf(id).payer, payer, "payer");
        assertFree(payer, FUNDS - drawn, "the sponsor pays");
        assertFree(renter, FUNDS, "the renter does not");
        assertEq(desk.sponsoredOf(payer, opening.request.bid), 5 ether - drawn, "what is left of the limit");
    }

    function test_open_acceptsARenterWhoNamesHimselfAsPayer() public {
        Order memory bid = aBid();
        bid.payer = renter;

        RentalId id = desk.open(signed(anAsk(), bid, aRequest(bid)));

        assertEq(escrow.rentalOf(id).payer, renter, "no consent needed");
    }

    function test_open_revertsWhen_sponsorAllowedTooLittle() public {
        uint256 needed = uint256(DEPOSIT) + RENT + RATING_BOND;
        Opening memory opening = _sponsoredOpening(needed - 1);

        vm.expectRevert(
            abi.encodeWithSelector(
                IRentalDesk.RentalDeskNotSponsored.selector, payer, opening.request.bid, needed - 1, needed
            )
        );
        desk.open(opening);
    }

    function _sponsoredOpening(uint256 limit) private returns (Opening memory) {
        fund(payer, FUNDS);
        Order memory bid = aBid();
        bid.payer = payer;
        OrderHash hash = orders.hashOf(bid);
        vm.prank(payer);
        desk.sponsor(hash, limit);
        return signed(anAsk(), bid, aRequest(bid));
    }

    function _expectBadParameter(EscrowParameters memory wrong, bytes32 field) private {
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadParameter.selector, field));
        new RpoiEscrow(wrong);
    }

    function _bytes32Of(uint8 byteValue) private pure returns (bytes32) {
        return bytes32(uint256(byteValue) * (type(uint256).max / 0xff));
    }
}
