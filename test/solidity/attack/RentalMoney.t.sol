// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {IRentalDesk} from "contracts/src/interfaces/IRentalDesk.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {Vault} from "contracts/src/rental/Vault.sol";
import {OrderHash, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {Opening, OperatorHalf, RentalRequest, RentalState, RenterHalf} from "contracts/src/types/Rentals.sol";

import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Takes its payment and asks again while it is being paid.
contract Reentrant {
    Vault private immutable VAULT;
    uint256 public attempts;
    bytes public refusal;

    constructor(Vault vault) {
        VAULT = vault;
    }

    function withdraw(uint256 amount) external {
        VAULT.withdraw(payable(address(this)), amount);
    }

    receive() external payable {
        if (attempts != 0) return;
        ++attempts;
        try VAULT.withdraw(payable(address(this)), msg.value) {}
        catch (bytes memory reason) {
            refusal = reason;
        }
    }
}

/// @title Attacks on the money of a rental: faults found in peers, and a few of our own invention.
contract RentalMoneyAttack is RentalFixture {
    /// @dev Re-entering a pull payment must not pay twice.
    function test_attack_reenteringAWithdrawalPaysOnce() public {
        Reentrant thief = new Reentrant(vault);
        fund(address(thief), 3 ether);

        thief.withdraw(1 ether);

        assertEq(thief.attempts(), 1, "it did try");
        assertEq(
            bytes4(thief.refusal()),
            bytes4(keccak256("ReentrancyGuardReentrantCall()")),
            "refused by the guard"
        );
        assertEq(address(thief).balance, 1 ether, "paid once");
        assertFree(address(thief), 2 ether, "the rest is still its own");
    }

    /// @dev Forced coin must not unbalance books that are not kept by the balance.
    function test_attack_forcedCoinBelongsToNobody() public {
        (uint256 free, uint256 locked) = (vault.totalFree(), vault.totalLocked());

        vm.deal(VAULT, VAULT.balance + 5 ether); // as a self-destruct or an EIP-4895 withdrawal does

        assertEq(VAULT.balance, free + locked + 5 ether, "the coin is there");
        assertEq(vault.totalFree() + vault.totalLocked(), free + locked, "and counts for nothing");
    }

    /// @dev iExec, `sponsorMatchOrders`: whoever fills an order must not choose whom it debits.
    function test_attack_aBidCannotNameAVictimAsPayer() public {
        fund(stranger, FUNDS);
        Order memory bid = aBid();
        bid.payer = stranger;
        Opening memory opening = signed(anAsk(), bid, aRequest(bid));

        vm.expectRevert(
            abi.encodeWithSelector(
                IRentalDesk.RentalDeskNotSponsored.selector,
                stranger,
                opening.request.bid,
                0,
                uint256(DEPOSIT) + RENT + RENT / 50
            )
        );
        desk.open(opening);
        assertFree(stranger, FUNDS, "the victim");
    }

    /// @dev iExec, `pushResultBoost`: a sponsored deal must settle from the sponsor, never from the
    /// requester.
    function test_attack_aSponsoredRentalSettlesFromTheSponsorOnly() public {
        fund(stranger, FUNDS);
        Order memory bid = aBid();
        bid.payer = stranger;
        OrderHash hash = orders.hashOf(bid);
        vm.prank(stranger);
        desk.sponsor(hash, FUNDS);
        RentalId id = desk.open(signed(anAsk(), bid, aRequest(bid)));
        handOver(id);
        skip(1000);

        escrow.poke(id);

        assertFree(renter, FUNDS, "the renter neither paid nor gained");
        assertFree(
            stranger, FUNDS - RENT - RENT / 50, "the sponsor paid rent and rating bond, got the deposit"
        );
        assertNothingLocked(id);
    }

    /// @dev A consent is for one bid and one sum: a second rental under the same bid must not draw again.
    function test_attack_aSponsorsLimitIsSpentOnce() public {
        fund(stranger, FUNDS);
        Order memory bid = aBid();
        (bid.payer, bid.maxUnits) = (stranger, 4);
        OrderHash hash = orders.hashOf(bid);
        uint256 needed = uint256(DEPOSIT) + RENT + RENT / 50;
        vm.prank(stranger);
        desk.sponsor(hash, needed);
        desk.open(signed(anAsk(), bid, aRequest(bid)));
        RentalRequest memory second = aRequest(bid);
        second.nonce = 1;
        Opening memory opening = signed(anAsk(), bid, second);

        vm.expectRevert(
            abi.encodeWithSelector(IRentalDesk.RentalDeskNotSponsored.selector, stranger, hash, 0, needed)
        );
        desk.open(opening);
    }

    /// @dev One chip named twice must not be paid for twice.
    function test_attack_oneChipCannotBeSoldTwiceInOneRental() public {
        chips[1] = chips[0];
        Opening memory opening = anOpening();

        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryChipRented.selector, chips[0]));
        desk.open(opening);
    }

    /// @dev A chip of somebody else must not be rented out.
    function test_attack_anOperatorCannotRentOutAnothersChip() public {
        registry.give(chips[1], stranger);
        Opening memory opening = anOpening();

        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryNotOperator.selector, chips[1], operator)
        );
        desk.open(opening);
    }

    /// @dev Akash #1635: a lease that nobody settles must not run on unpaid, nor overdraw.
    function test_attack_theMeterStopsAtTheFundedSecond() public {
        RentalId id = activeRental();

        skip(365 days);

        assertEq(escrow.accruedOf(id), RENT, "never more than was locked");
        assertTrue(escrow.stateOf(id) == RentalState.Settled, "over without a transaction");
        escrow.poke(id);
        assertFree(operator, FUNDS + RENT - (RENT + 99) / 100 - RENT / 50, "the rent waits for its owner");
        assertNothingLocked(id);
    }

    /// @dev Golem yagna #3126, iExec `claim`: whoever worked is paid although the other side has vanished.
    function test_attack_aVanishedRenterStillPays() public {
        RentalId id = openedAndHandedOver();
        skip(ACKNOWLEDGE + DURATION + 1);
        commitAs(id, operator, 90, OPERATOR_SALT);
        skip(COMMIT + 1);

        vm.prank(stranger);
        escrow.poke(id);

        assertFree(
            operator, FUNDS + RENT - (RENT + 99) / 100 + DEPOSIT / 2 + RENT / 100, "rent and compensation"
        );
    }

    /// @dev Infernet `finalizeProofVerification`: silence of the one who owes something must not pay him.
    function test_attack_aSilentOperatorIsNotPaid() public {
        RentalId id = revealingRental(DURATION);
        revealAsRenter(id);
        skip(REVEAL + 1);

        vm.prank(operator);
        escrow.poke(id);

        assertFree(operator, FUNDS - RENT / 50, "it loses its rating bond and the rent");
    }

    /// @dev The renter commits alone just before m_final is carried, so that the operator's half would fall
    /// with it and the operator be silent.
    function test_attack_spoilingTheFinalMessageDoesNotSilenceTheOther() public {
        RentalId id = endedRental(40);
        RenterHalf memory half = RenterHalf(id, commitmentOf(id, renter, 80, RENTER_SALT));
        OperatorHalf memory nested =
            OperatorHalf(id, commitmentOf(id, operator, 90, OPERATOR_SALT), renterHalfHash(half));
        bytes memory halfSignature = sign(renterKey, escrowDigest(renterHalfHash(half)));
        bytes memory nestedSignature = sign(operatorKey, escrowDigest(operatorHalfHash(nested)));
        skip(COMMIT);
        commitAs(id, renter, 1, "another salt");

        escrow.commitRatings(id, half, halfSignature, nested, nestedSignature);

        assertEq(escrow.rentalOf(id).operatorCommitment, nested.commitment, "the operator has spoken");
    }

    /// @dev A renter must not use the machine and leave at no cost by ending in the second it began, again
    /// and again, with the operator losing anything.
    function test_attack_anEmptyRentalCostsTheOperatorNothing() public {
        RentalId id = revealingRental(0);
        revealAsRenter(id);
        revealAsOperator(id);

        assertFree(operator, FUNDS, "all bonds are back");
        assertChipsFree();
    }

    /// @dev Money of one rental must not pay for another.
    function test_attack_aLockServesItsOwnRentalOnly() public {
        RentalId id = openRental();
        uint256 locked = vault.lockedOf(ESCROW, RentalId.unwrap(id));
        bytes32 another = "another";

        vm.expectRevert(abi.encodeWithSelector(IVault.VaultInsufficientLocked.selector, another, 0, locked));
        vm.prank(ESCROW);
        vault.release(another, operator, locked);
    }
}
