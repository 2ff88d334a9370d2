// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IOrderBook} from "contracts/src/interfaces/IOrderBook.sol";
import {IRentalDesk} from "contracts/src/interfaces/IRentalDesk.sol";
import {ChipId, OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {Opening, RentalRequest, RentalState, RenterHalf} from "contracts/src/types/Rentals.sol";

import {KeyWithoutAccount} from "../fixtures/KeyWithoutAccount.sol";
import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Attacks on orders: filled with other goods than they are about, or after they were withdrawn.
contract RentalOrdersAttack is RentalFixture, KeyWithoutAccount {
    bytes32 private constant SPECIFICATION = "specification";

    /// @dev The renter names the chips that fill an ask. An ask for small chips must not give it the big
    /// ones.
    function test_attack_anAskForSmallChipsIsNotFilledWithBigOnes() public {
        ChipId big = ChipId.wrap("big");
        registry.give(big, operator);
        registry.setKind(big, 3, 4);
        chips[1] = big;
        Opening memory opening = anOpening();

        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskWrongChip.selector, big, 3, 4));
        desk.open(opening);
    }

    /// @dev The other way round: a document says four units of power, the chips have one.
    function test_attack_theSpecificationCannotBeSwappedForAWeakerOne() public {
        Opening memory opening = anOpening();
        opening.specification.leastPhi = 0;
        opening.specification.model = 0;

        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskRequestMismatch.selector, SPECIFICATION));
        desk.open(opening);
    }

    /// @dev Sniping a stale price while its maker withdraws 256 orders at once: the cancelled nonce wins,
    /// whoever carries the fill, before the order was ever seen on chain.
    function test_attack_anOrderCancelledUnseenDoesNotFill() public {
        Opening memory opening = anOpening();
        vm.prank(operator);
        orders.cancelNonces(0, type(uint256).max);

        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookCancelled.selector, orders.hashOf(opening.ask))
        );
        desk.open(opening);
    }

    /// @dev A renter that leaves one wei as security would lose nothing by vanishing.
    function test_attack_aRentalWithoutSecurityDoesNotOpen() public {
        RentalRequest memory request = aRequest(aBid());
        request.deposit = 1;
        Opening memory opening = signed(anAsk(), aBid(), request);

        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskDepositTooSmall.selector, 1, RENT / 10));
        desk.open(opening);
    }

    /// @dev A key without an account is a party like any other, and nobody else signs for it.
    function test_attack_nobodySignsForAKeyWithoutAccount() public {
        Opening memory opening = _openingOfAKey();
        opening.requestSignature = sign(renterKey, RentalId.unwrap(escrow.hashOf(opening.request)));
        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskBadSignature.selector, keyParty()));
        desk.open(opening);

        opening.requestSignature = signedByKey(RentalId.unwrap(escrow.hashOf(opening.request)));
        RentalId id = desk.open(opening);
        assertTrue(escrow.stateOf(id) == RentalState.Open, "its own signature opens");
    }

    /// @dev The whole life of a rental whose renter is a P-256 key: everything it does is carried by others.
    function test_aKeyWithoutAnAccountRentsAndRates() public {
        RentalId id = desk.open(_openingOfAKey());
        handOver(id);
        escrow.acknowledge(id, signedByKey(acknowledgeDigest(id)));
        skip(10);
        escrow.end(id, signedByKey(endDigest(id)));
        RenterHalf memory half = RenterHalf(id, commitmentOf(id, keyParty(), 80, RENTER_SALT));
        bytes memory halfSignature = signedByKey(escrowDigest(renterHalfHash(half)));
        escrow.commitRatings(id, half, halfSignature, noHalf(), "");
        commitAs(id, operator, 90, OPERATOR_SALT);
        escrow.reveal(id, keyParty(), 80, RENTER_SALT);
        revealAsOperator(id);

        assertTrue(escrow.stateOf(id) == RentalState.Settled, "settled");
        assertEq(ratings.countOf(operator), 1, "the key's rating counts");
    }

    function _openingOfAKey() private returns (Opening memory opening) {
        fund(keyParty(), FUNDS);
        Order memory bid = aBid();
        bid.maker = keyParty();
        RentalRequest memory request = aRequest(bid);
        request.renter = keyParty();
        opening = signed(anAsk(), bid, request);
        opening.bidSignature = signedByKey(OrderHash.unwrap(orders.hashOf(bid)));
        opening.requestSignature = signedByKey(RentalId.unwrap(escrow.hashOf(request)));
    }
}
