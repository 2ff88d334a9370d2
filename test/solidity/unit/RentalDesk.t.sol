// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IOrderBook} from "contracts/src/interfaces/IOrderBook.sol";
import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {IRentalDesk} from "contracts/src/interfaces/IRentalDesk.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {RentalDesk} from "contracts/src/rental/RentalDesk.sol";
import {RpoiEscrow} from "contracts/src/rental/RpoiEscrow.sol";
import {ChipId, OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order, OrderKind, Specification} from "contracts/src/types/Orders.sol";
import {Opening, RentalRequest, RentalState} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Tests what must agree before a rental opens: request, orders, chips and deposit.
contract RentalDeskTest is RentalFixture {
    uint128 private constant OPERATOR_BOND = RENT / 5;
    uint128 private constant RATING_BOND = RENT / 50;

    bytes32 private constant DEPOSIT_FIELD = "depositBps";
    bytes32 private constant SPEC_HASH = "specHash";

    function test_deskConstructor_revertsWhen_theDepositExceedsTheWhole() public {
        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskBadParameter.selector, DEPOSIT_FIELD));
        new RentalDesk(ESCROW, ORDERS, REGISTRY, 10_001);
        new RentalDesk(ESCROW, ORDERS, REGISTRY, 10_000);
    }

    function test_open_revertsWhen_alreadyOpened() public {
        Order memory bid = aBid();
        bid.maxUnits = 4;
        Opening memory opening = signed(anAsk(), bid, aRequest(bid));
        RentalId id = desk.open(opening);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowRentalExists.selector, id));
        desk.open(opening);
    }

    function test_open_revertsWhen_requestExpired() public {
        Opening memory opening = anOpening();
        vm.warp(opening.request.deadline + 1);

        vm.expectRevert(
            abi.encodeWithSelector(IRentalDesk.RentalDeskRequestExpired.selector, opening.request.deadline)
        );
        desk.open(opening);
    }

    function test_open_revertsWhen_requestIsNotSignedByTheRenter() public {
        Opening memory opening = anOpening();
        opening.requestSignature = sign(operatorKey, RentalId.unwrap(escrow.hashOf(opening.request)));

        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskBadSignature.selector, renter));
        desk.open(opening);
    }

    function test_open_revertsWhen_renterIsNotTheBidder() public {
        Order memory bid = aBid();
        RentalRequest memory request = aRequest(bid);
        bid.maker = stranger;

        _expectMismatch(anAsk(), bid, request, "renter");
    }

    function test_open_revertsWhen_operatorIsNotTheAsker() public {
        RentalRequest memory request = aRequest(aBid());
        request.operator = stranger;

        _expectMismatch(anAsk(), aBid(), request, "operator");
    }

    function test_open_revertsWhen_ordersAreForInference() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.kind, bid.kind) = (OrderKind.Inference, OrderKind.Inference);

        _expectMismatch(ask, bid, aRequest(bid), "kind");
    }

    function test_open_revertsWhen_noChips() public {
        delete chips;

        _expectMismatch(anAsk(), aBid(), aRequest(aBid()), "chips");
    }

    function test_open_revertsWhen_moreThan128Chips() public {
        delete chips;
        for (uint256 i = 0; i < 129; ++i) {
            chips.push(ChipId.wrap(bytes32(i)));
        }

        _expectMismatch(anAsk(), aBid(), aRequest(aBid()), "chips");
    }

    function test_open_takes128Chips() public {
        delete chips;
        for (uint256 i = 0; i < 128; ++i) {
            chips.push(ChipId.wrap(bytes32(i)));
            registry.give(chips[i], operator);
        }
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.maxUnits, bid.maxUnits) = (128, 128);
        RentalRequest memory request = aRequest(bid);
        (request.rent, request.deposit) = (PRICE * 128 * DURATION, PRICE * 128 * DURATION);

        RentalId id = desk.open(signed(ask, bid, request));

        assertEq(escrow.chipsOf(id).length, 128);
    }

    function test_open_takesTenYears() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.duration, ask.unitPrice) = (type(uint64).max, 1);
        bid.duration = 3650 days;
        RentalRequest memory request = aRequest(bid);
        (request.duration, request.rent) = (bid.duration, 2 * 3650 days);

        RentalId id = desk.open(signed(ask, bid, request));

        assertEq(escrow.rentalOf(id).duration, 3650 days);
    }

    function test_open_revertsWhen_chipsAreOthersThanSigned() public {
        Opening memory opening = anOpening();
        (opening.chips[0], opening.chips[1]) = (opening.chips[1], opening.chips[0]);

        _expectMismatch(opening, "chipsHash");
    }

    function test_open_revertsWhen_durationIsNotTheBids() public {
        RentalRequest memory request = aRequest(aBid());
        request.duration = DURATION - 1;

        _expectMismatch(anAsk(), aBid(), request, "duration");
    }

    function test_open_revertsWhen_durationIsZero() public {
        Order memory bid = aBid();
        bid.duration = 0;
        RentalRequest memory request = aRequest(bid);
        (request.duration, request.rent) = (0, 0);

        _expectMismatch(anAsk(), bid, request, "duration");
    }

    function test_open_revertsWhen_durationExceedsTenYears() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.duration, ask.unitPrice) = (type(uint64).max, 0);
        bid.duration = 3650 days + 1;
        RentalRequest memory request = aRequest(bid);
        (request.duration, request.rent) = (bid.duration, 0);

        _expectMismatch(ask, bid, request, "duration");
    }

    function test_open_revertsWhen_renterKeyIsAnotherThanSigned() public {
        RentalRequest memory request = aRequest(aBid());
        request.renterKeyHash = "another";

        _expectMismatch(anAsk(), aBid(), request, "renterKey");
    }

    function test_open_revertsWhen_renterKeyIsNoPoint() public {
        bytes memory off = aPoint();
        off[64] = 0x00;
        RentalRequest memory request = aRequest(aBid());
        request.renterKeyHash = keccak256(off);
        Opening memory opening = signed(anAsk(), aBid(), request);
        opening.renterKey = off;

        _expectMismatch(opening, "renterKey");
    }

    function test_open_revertsWhen_bidIsAnotherThanSigned() public {
        RentalRequest memory request = aRequest(aBid());
        request.bid = OrderHash.wrap("another");

        _expectMismatch(anAsk(), aBid(), request, "bid");
    }

    function test_open_revertsWhen_rentIsNotTheAsksPrice() public {
        RentalRequest memory request = aRequest(aBid());
        request.rent = RENT + 1;

        _expectMismatch(anAsk(), aBid(), request, "rent");
    }

    function test_open_revertsWhen_ordersDoNotMatch() public {
        Order memory ask = anAsk();
        ask.specHash = "another";
        Opening memory opening = signed(ask, aBid(), aRequest(aBid()));

        vm.expectRevert(
            abi.encodeWithSelector(
                IOrderBook.OrderBookMismatch.selector,
                orders.hashOf(ask),
                orders.hashOf(opening.bid),
                SPEC_HASH
            )
        );
        desk.open(opening);
    }

    function test_open_revertsWhen_theSpecificationIsNotTheOrders() public {
        Opening memory opening = anOpening();
        opening.specification.documentHash = "another";

        _expectMismatch(opening, "specification");
    }

    function test_open_revertsWhen_aChipIsOfAnotherModel() public {
        registry.setKind(chips[1], 2, 1);

        _expectWrongChip(anOpening(), 1, 2, 1);
    }

    function test_open_revertsWhen_aChipHasTooLittlePower() public {
        registry.setKind(chips[1], 1, 0);

        _expectWrongChip(anOpening(), 1, 1, 0);
    }

    function test_open_acceptsAnyModelWithThePowerThatIsAskedFor() public {
        Specification memory specification;
        specification.leastPhi = 3;
        registry.setKind(chips[0], 2, 3);
        registry.setKind(chips[1], 7, 4);

        RentalId id = desk.open(_specified(specification));

        assertTrue(escrow.stateOf(id) == RentalState.Open, "both chips have the power");
    }

    function test_open_acceptsExactlyTheChipsThatAnOrderNames() public {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        ask.chipsHash = keccak256(abi.encodePacked(chips));
        bid.chipsHash = ask.chipsHash;

        RentalId id = desk.open(signed(ask, bid, aRequest(bid)));

        assertEq(escrow.rentalOf(id).chips, 2, "the named chips");
    }

    function test_open_revertsWhen_theAskNamesOtherChips() public {
        Order memory ask = anAsk();
        ask.chipsHash = "others";

        _expectMismatch(ask, aBid(), aRequest(aBid()), "chipsHash");
    }

    function test_open_revertsWhen_theBidNamesOtherChips() public {
        Order memory bid = aBid();
        bid.chipsHash = "others";

        _expectMismatch(anAsk(), bid, aRequest(bid), "chipsHash");
    }

    function test_open_revertsWhen_theDepositIsTooSmall() public {
        uint128 least = RENT / 10; // RENT is a multiple of 10
        RentalRequest memory request = aRequest(aBid());
        request.deposit = least - 1;
        Opening memory opening = signed(anAsk(), aBid(), request);

        vm.expectRevert(
            abi.encodeWithSelector(IRentalDesk.RentalDeskDepositTooSmall.selector, least - 1, least)
        );
        desk.open(opening);
    }

    function test_open_acceptsTheLeastDeposit() public {
        RentalRequest memory request = aRequest(aBid());
        request.deposit = RENT / 10;

        RentalId id = desk.open(signed(anAsk(), aBid(), request));

        assertEq(escrow.rentalOf(id).deposit, RENT / 10, "a tenth of the rent");
    }

    function test_open_revertsWhen_renterHasTooLittle() public {
        Opening memory opening = anOpening();
        vm.prank(renter);
        vault.withdraw(payable(stranger), FUNDS);

        vm.expectRevert(
            abi.encodeWithSelector(
                IVault.VaultInsufficientFree.selector, renter, 0, uint256(DEPOSIT) + RENT + RATING_BOND
            )
        );
        desk.open(opening);
    }

    function test_open_revertsWhen_operatorHasTooLittle() public {
        Opening memory opening = anOpening();
        vm.prank(operator);
        vault.withdraw(payable(stranger), FUNDS);

        vm.expectRevert(
            abi.encodeWithSelector(
                IVault.VaultInsufficientFree.selector, operator, 0, OPERATOR_BOND + RATING_BOND
            )
        );
        desk.open(opening);
    }

    function test_open_revertsWhen_chipIsRentedOut() public {
        openRental();
        Order memory bid = aBid();
        bid.nonce = 1;
        Opening memory opening = signed(anAsk(), bid, aRequest(bid));

        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryChipRented.selector, chips[0]));
        desk.open(opening);
    }

    function _expectMismatch(Order memory ask, Order memory bid, RentalRequest memory request, bytes32 field)
        private
    {
        _expectMismatch(signed(ask, bid, request), field);
    }

    function _expectMismatch(Opening memory opening, bytes32 field) private {
        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskRequestMismatch.selector, field));
        desk.open(opening);
    }

    function _specified(Specification memory specification) private view returns (Opening memory opening) {
        (Order memory ask, Order memory bid) = (anAsk(), aBid());
        (ask.specHash, bid.specHash) = (specHashOf(specification), specHashOf(specification));
        opening = signed(ask, bid, aRequest(bid));
        opening.specification = specification;
    }

    function _expectWrongChip(Opening memory opening, uint256 position, uint32 model, uint64 phi) private {
        vm.expectRevert(
            abi.encodeWithSelector(IRentalDesk.RentalDeskWrongChip.selector, chips[position], model, phi)
        );
        desk.open(opening);
    }
}
