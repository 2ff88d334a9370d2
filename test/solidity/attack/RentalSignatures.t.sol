// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IOrderBook} from "contracts/src/interfaces/IOrderBook.sol";
import {IRentalDesk} from "contracts/src/interfaces/IRentalDesk.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {Opening, OperatorHalf, RentalRequest, RentalState, RenterHalf} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Attacks on signed messages: replayed, bent, carried to other chains, used for other things.
contract RentalSignaturesAttack is RentalFixture {
    bytes32 private constant COUNTERPARTY = "counterparty";

    /// @dev Order of secp256k1.
    uint256 private constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// @dev A request is its own nullifier: it opens one rental, ever.
    function test_attack_aRequestCannotBeReplayedAfterItsRentalIsOver() public {
        Order memory bid = aBid();
        bid.maxUnits = 4;
        Opening memory opening = signed(anAsk(), bid, aRequest(bid));
        RentalId id = desk.open(opening);
        skip(5);
        vm.warp(START + HANDOVER + 1);
        escrow.poke(id);
        vm.warp(START);

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowRentalExists.selector, id));
        desk.open(opening);
    }

    /// @dev iExec and others: two requests must not fill one bid beyond its units.
    function test_attack_aBidCannotBeFilledTwice() public {
        Order memory bid = aBid();
        desk.open(signed(anAsk(), bid, aRequest(bid)));
        RentalRequest memory second = aRequest(bid);
        second.nonce = 1;
        Opening memory opening = signed(anAsk(), bid, second);

        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookUnitsOutOfRange.selector, second.bid, 2, 1, 0)
        );
        desk.open(opening);
    }

    /// @dev The mirrored signature (s -> N - s) is refused everywhere, so no message has two of them.
    function test_attack_aMalleableSignatureIsRefused() public {
        Opening memory opening = anOpening();
        bytes memory good = opening.requestSignature;
        opening.requestSignature = _mirrored(good);
        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskBadSignature.selector, renter));
        desk.open(opening);

        opening.requestSignature = good;
        opening.askSignature = _mirrored(opening.askSignature);
        vm.expectRevert(
            abi.encodeWithSelector(
                IOrderBook.OrderBookBadSignature.selector, orders.hashOf(opening.ask), operator
            )
        );
        desk.open(opening);
    }

    /// @dev The short form of a signature (ERC-2098) would be a second one for the same message.
    function test_attack_aCompactSignatureIsRefused() public {
        Opening memory opening = anOpening();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(renterKey, RentalId.unwrap(escrow.hashOf(opening.request)));
        opening.requestSignature = abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));

        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskBadSignature.selector, renter));
        desk.open(opening);
    }

    /// @dev ERC-1056, Livepeer: what was signed for one chain must fail on its fork.
    function test_attack_signaturesFailOnAnotherChain() public {
        Order memory bid = aBid();
        uint256 here = block.chainid;
        vm.chainId(7);
        RentalRequest memory request = aRequest(bid);
        vm.chainId(here);
        bytes memory signature = sign(renterKey, RentalId.unwrap(escrow.hashOf(request)));
        vm.chainId(7);
        Opening memory opening = signed(anAsk(), bid, request);
        opening.requestSignature = signature;

        vm.expectRevert(abi.encodeWithSelector(IRentalDesk.RentalDeskBadSignature.selector, renter));
        desk.open(opening);
    }

    function test_attack_ordersFailOnAnotherChain() public {
        Opening memory opening = anOpening();
        vm.chainId(7);
        opening.requestSignature = sign(renterKey, RentalId.unwrap(escrow.hashOf(opening.request)));

        vm.expectRevert(
            abi.encodeWithSelector(
                IOrderBook.OrderBookBadSignature.selector, orders.hashOf(opening.ask), operator
            )
        );
        desk.open(opening);
    }

    /// @dev An acknowledgement is for one rental: another of the same parties must not start by it.
    function test_attack_anAcknowledgementStartsItsOwnRentalOnly() public {
        RentalId id = openedAndHandedOver();
        bytes memory signature = sign(renterKey, acknowledgeDigest(RentalId.wrap("another")));

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadSignature.selector, renter));
        escrow.acknowledge(id, signature);
    }

    /// @dev A signed end cannot be used before the time runs, nor twice.
    function test_attack_aSignedEndWorksOnceAndOnlyWhileTimeRuns() public {
        RentalId id = openedAndHandedOver();
        bytes memory signature = sign(renterKey, endDigest(id));
        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, id, RentalState.HandedOver)
        );
        escrow.end(id, signature);
        vm.prank(renter);
        escrow.acknowledge(id, "");
        escrow.end(id, signature);

        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, id, RentalState.Ended)
        );
        escrow.end(id, signature);
    }

    /// @dev Sniping a stale price: raising the epoch in time kills all older orders at once.
    function test_attack_aStaleOrderDiesWithItsEpoch() public {
        Opening memory opening = anOpening();
        vm.prank(operator);
        orders.raiseMakerEpoch(1);

        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.OrderBookOldEpoch.selector, orders.hashOf(opening.ask), 0, 1)
        );
        desk.open(opening);
    }

    /// @dev iExec: an order without an expiry stays fillable for ever; ours does not.
    function test_attack_anExpiredOrderDoesNotFill() public {
        Order memory bid = aBid();
        RentalRequest memory request = aRequest(bid);
        request.deadline = START + 1000;
        Opening memory opening = signed(anAsk(), bid, request);
        vm.warp(bid.expiry + 1);

        vm.expectRevert(
            abi.encodeWithSelector(
                IOrderBook.OrderBookExpired.selector, orders.hashOf(opening.ask), opening.ask.expiry
            )
        );
        desk.open(opening);
    }

    /// @dev An order meant for one counterparty must not be taken by another.
    function test_attack_aPrivateOrderIsNotForEverybody() public {
        Order memory ask = anAsk();
        ask.counterparty = stranger;
        Order memory bid = aBid();
        Opening memory opening = signed(ask, bid, aRequest(bid));

        vm.expectRevert(
            abi.encodeWithSelector(
                IOrderBook.OrderBookMismatch.selector, orders.hashOf(ask), opening.request.bid, COUNTERPARTY
            )
        );
        desk.open(opening);
    }

    /// @dev Copying the other's commitment must not let anyone open it as his own.
    function test_attack_aCopiedCommitmentCannotBeOpened() public {
        RentalId id = endedRental(40);
        commitAs(id, renter, 80, RENTER_SALT);
        bytes32 copied = escrow.rentalOf(id).renterCommitment;
        vm.prank(operator);
        escrow.commitRating(id, copied);
        revealAsRenter(id);

        vm.expectRevert(badReveal(id, operator, 80, RENTER_SALT));
        escrow.reveal(id, operator, 80, RENTER_SALT);
    }

    /// @dev Retaliation: having seen the other's score, nobody can change his own.
    function test_attack_aRatingCannotAnswerTheOthers() public {
        RentalId id = revealingRental(40);
        revealAsRenter(id);

        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, id, RentalState.Revealing)
        );
        vm.prank(operator);
        escrow.commitRating(id, commitmentOf(id, operator, 1, OPERATOR_SALT));
        vm.expectRevert(badReveal(id, operator, 1, OPERATOR_SALT));
        escrow.reveal(id, operator, 1, OPERATOR_SALT);
    }

    /// @dev The halves of one rental must not rate another.
    function test_attack_halvesAreForOneRental() public {
        RentalId id = endedRental(40);
        RentalId other = RentalId.wrap("another");
        RenterHalf memory half = RenterHalf(other, "commitment");
        OperatorHalf memory none;
        bytes memory signature = sign(renterKey, escrowDigest(renterHalfHash(half)));

        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowHalvesDiffer.selector, id));
        escrow.commitRatings(id, half, signature, none, "");

        half.rental = id;
        vm.expectRevert(abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowBadSignature.selector, renter));
        escrow.commitRatings(id, half, signature, none, "");
    }

    function _mirrored(bytes memory signature) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s, uint8 v) = (_word(signature, 0), _word(signature, 1), uint8(signature[64]));
        return abi.encodePacked(r, bytes32(N - uint256(s)), v == 27 ? uint8(28) : uint8(27));
    }

    function _word(bytes memory data, uint256 index) private pure returns (bytes32 word) {
        for (uint256 i = 0; i < 32; ++i) {
            word |= bytes32(data[32 * index + i]) >> (8 * i);
        }
    }
}
