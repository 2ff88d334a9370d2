// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IIntervalCourt} from "contracts/src/interfaces/IIntervalCourt.sol";
import {Dispute, DisputeState} from "contracts/src/types/Disputes.sol";
import {ChipId, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {Rental, RentalRequest, RentalState} from "contracts/src/types/Rentals.sol";

import {IMintable, PlainToken} from "../doubles/Tokens.sol";
import {RentalFixture} from "../fixtures/RentalFixture.sol";

/// @title Walks rentals, in coin and in a token, through their lives in any order: the parties act, are
/// silent, and time passes.
/// @dev Picks only what the rental's state allows, so that no call reverts.
contract RentalHandler is RentalFixture {
    RentalId[] public rentals;
    ChipId[] public firstChips;
    /// @dev Wei that came into the vault as bonds of disputes.
    uint256 public bonds;
    address private immutable TOKEN;
    uint256 private _nonce;

    /// @dev The test has built the market and opens the first rental.
    constructor(address token) {
        TOKEN = token;
        vm.warp(START);
        (renter, renterKey) = makeAddrAndKey("renter");
        (operator, operatorKey) = makeAddrAndKey("operator");
    }

    function setUp() public override {}

    function count() external view returns (uint256) {
        return rentals.length;
    }

    function open(uint16 units, uint64 duration, uint96 deposit, bool isInToken) external {
        delete chips;
        uint256 wanted = bound(units, 1, 3);
        for (uint256 i = 0; i < wanted; ++i) {
            chips.push(_chip(++_nonce));
            registry.give(chips[i], operator);
        }
        Order memory ask = anAsk();
        Order memory bid = aBid();
        (ask.nonce, bid.nonce) = (_nonce, _nonce);
        if (isInToken) (ask.token, bid.token) = (TOKEN, TOKEN);
        bid.duration = uint64(bound(duration, 1, ask.duration));
        bid.maxUnits = 3;
        (ask.expiry, bid.expiry) = (uint64(block.timestamp), uint64(block.timestamp));
        RentalRequest memory request = aRequest(bid);
        request.duration = bid.duration;
        request.rent = SafeCast.toUint128(PRICE * wanted * bid.duration);
        request.deposit = uint128(bound(deposit, (request.rent + 9) / 10, 6 ether));
        request.deadline = uint64(block.timestamp);
        firstChips.push(chips[0]);
        rentals.push(desk.open(signed(ask, bid, request)));
    }

    function handOver(uint256 seed) external {
        (RentalId id, bool isReady) = _pick(seed, RentalState.Open);
        if (isReady) handOver(id);
    }

    function acknowledge(uint256 seed) external {
        (RentalId id, bool isReady) = _pick(seed, RentalState.HandedOver);
        if (!isReady) return;
        vm.prank(renter);
        escrow.acknowledge(id, "");
    }

    function judge(uint256 seed, bool operatorLied) external {
        (RentalId id, bool isReady) = _pick(seed, RentalState.HandedOver);
        if (!isReady) return;
        vm.prank(HANDOVER_COURT);
        escrow.punishHandover(id, operatorLied);
    }

    function end(uint256 seed) external {
        (RentalId id, bool isReady) = _pick(seed, RentalState.Active);
        if (!isReady) return;
        vm.prank(renter);
        escrow.end(id, "");
    }

    function topUp(uint256 seed, uint64 more) external {
        (RentalId id, bool isReady) = _pick(seed, RentalState.Active);
        Rental memory rental = escrow.rentalOf(id);
        bool isReclaimed = rental.deadline != rental.startedAt + rental.duration;
        if (!isReady || isReclaimed || rental.duration >= rental.mostDuration || rental.startedAt == 0) {
            return;
        }
        vm.prank(renter);
        escrow.topUp(id, uint64(bound(more, rental.duration + 1, rental.mostDuration)), "", "");
    }

    function reclaim(uint256 seed, uint64 notice) external {
        (RentalId id, bool isReady) = _pick(seed, RentalState.Active);
        uint64 deadline = escrow.rentalOf(id).deadline;
        bool isRunning = isReady && escrow.rentalOf(id).state == RentalState.Active;
        if (!isRunning || deadline <= block.timestamp) return;
        vm.prank(operator);
        escrow.reclaimNotice(id, uint64(bound(notice, 0, deadline - block.timestamp - 1)));
    }

    /// @dev The renter disputes all that no earlier dispute reached.
    function dispute(uint256 seed) external {
        (RentalId id, bool isReady) = _pick(seed, RentalState.Active);
        if (!isReady || court.disputeOf(id).state != DisputeState.None) return;
        Rental memory rental = escrow.rentalOf(id);
        uint64 from = court.disputeOf(id).toSecond;
        if (rental.startedAt == 0 || from < rental.startedAt) from = rental.startedAt;
        if (from == 0 || from >= block.timestamp) return;
        uint256 sent = _bond(id, renter, rental.ratingBond);
        court.dispute{value: sent}(id, from, uint64(block.timestamp), "");
    }

    function answer(uint256 seed, bool isConceded) external {
        if (rentals.length == 0) return;
        RentalId id = rentals[seed % rentals.length];
        Dispute memory kept = court.disputeOf(id);
        if (kept.state != DisputeState.Open) return;
        if (isConceded) {
            vm.prank(operator);
            try court.concede(id) {}
            catch (bytes memory reason) {
                _requireTooEarly(reason);
            }
            return;
        }
        if (block.timestamp > kept.deadline) return;
        uint256 sent = _bond(id, operator, kept.bond);
        court.contest{value: sent}(id, "");
    }

    function closeDispute(uint256 seed) external {
        if (rentals.length == 0) return;
        RentalId id = rentals[seed % rentals.length];
        Dispute memory kept = court.disputeOf(id);
        if (kept.state == DisputeState.None || block.timestamp <= kept.deadline) return;
        try court.poke(id) {}
        catch (bytes memory reason) {
            _requireTooEarly(reason);
        }
    }

    /// @dev A chip misses the proof of the epoch that runs.
    function miss(uint256 seed) external {
        if (firstChips.length == 0) return;
        registry.miss(firstChips[seed % firstChips.length], uint64(block.number / EPOCH));
    }

    function commit(uint256 seed, bool isRenter) external {
        (RentalId id, bool isReady) = _pick(seed, RentalState.Ended);
        Rental memory rental = escrow.rentalOf(id);
        bool isDone = (isRenter ? rental.renterCommitment : rental.operatorCommitment) != 0;
        if (!isReady || isDone) return;
        if (isRenter) commitAs(id, renter, 80, RENTER_SALT);
        else commitAs(id, operator, 90, OPERATOR_SALT);
    }

    function reveal(uint256 seed, bool isRenter) external {
        (RentalId id, bool isReady) = _pick(seed, RentalState.Revealing);
        Rental memory rental = escrow.rentalOf(id);
        bool isDone = (isRenter ? rental.renterScore : rental.operatorScore) != 0;
        if (!isReady || isDone) return;
        if (isRenter) revealAsRenter(id);
        else revealAsOperator(id);
    }

    function poke(uint256 seed) external {
        if (rentals.length == 0) return;
        RentalId id = rentals[seed % rentals.length];
        if (escrow.stateOf(id) != escrow.rentalOf(id).state) escrow.poke(id);
    }

    function pass(uint16 time) external {
        uint256 passed = bound(time, 1, 20);
        skip(passed);
        vm.roll(block.number + passed);
    }

    /// @dev The next call is this account's, with as much coin of its own as the rental's bond takes.
    function _bond(RentalId id, address account, uint256 amount) private returns (uint256 sent) {
        sent = escrow.rentalOf(id).token == address(0) ? amount : 0;
        bonds += sent;
        vm.deal(account, sent);
        vm.prank(account);
    }

    /// @dev An end for the renter may have to wait for the registry; nothing else stops it.
    function _requireTooEarly(bytes memory reason) private pure {
        // forge-lint: disable-next-line(unsafe-typecast)
        bytes4 selector = bytes4(reason); // the first four bytes are meant
        require(selector == IIntervalCourt.IntervalCourtTooEarly.selector, "only time stops a dispute's end");
    }

    /// @dev The first rental from a random place on that is in a state; its deadline has not passed.
    function _pick(uint256 seed, RentalState wanted) private view returns (RentalId id, bool isReady) {
        for (uint256 i = 0; i < rentals.length; ++i) {
            id = rentals[(seed % rentals.length + i) % rentals.length];
            if (escrow.stateOf(id) == wanted) return (id, true);
        }
    }

    function _chip(uint256 number) private pure returns (ChipId) {
        return ChipId.wrap(keccak256(abi.encode("chip", number)));
    }
}

/// @title Whatever the parties do or leave, the vault is solvent and every rental has a way out.
contract VaultRentalsTest is RentalFixture {
    /// @dev Wei of each party: enough for every rental of a run.
    uint256 private constant WEALTH = 1_000_000 ether;
    /// @dev Seconds after which no state waits for anybody.
    uint256 private constant LONG = 3650 days;

    RentalHandler private handler;
    address private token;

    function setUp() public override {
        super.setUp();
        token = address(new PlainToken());
        vm.prank(GOVERNOR);
        vault.admit(token);
        _fundInToken(renter);
        _fundInToken(operator);
        fund(renter, WEALTH - FUNDS);
        fund(operator, WEALTH - FUNDS);
        handler = new RentalHandler(token);
        bytes4[] memory selectors = new bytes4[](15);
        selectors[0] = RentalHandler.open.selector;
        selectors[1] = bytes4(keccak256("handOver(uint256)"));
        selectors[2] = RentalHandler.acknowledge.selector;
        selectors[3] = RentalHandler.end.selector;
        selectors[4] = RentalHandler.commit.selector;
        selectors[5] = RentalHandler.reveal.selector;
        selectors[6] = RentalHandler.poke.selector;
        selectors[7] = RentalHandler.pass.selector;
        selectors[8] = RentalHandler.topUp.selector;
        selectors[9] = RentalHandler.reclaim.selector;
        selectors[10] = RentalHandler.miss.selector;
        selectors[11] = RentalHandler.dispute.selector;
        selectors[12] = RentalHandler.answer.selector;
        selectors[13] = RentalHandler.closeDispute.selector;
        selectors[14] = RentalHandler.judge.selector;
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
        targetContract(address(handler));
    }

    function invariant_vaultIsSolventToTheWei() public view {
        uint256 locked;
        for (uint256 i = 0; i < handler.count(); ++i) {
            locked += vault.lockedOf(ESCROW, RentalId.unwrap(handler.rentals(i)));
            locked += vault.lockedOf(INTERVAL_COURT, RentalId.unwrap(handler.rentals(i)));
        }
        assertEq(vault.totalLocked(), locked, "all that is locked is locked for a rental");
        assertEq(
            vault.totalFree(), vault.freeOf(renter) + vault.freeOf(operator), "all that is free has an owner"
        );
        assertEq(VAULT.balance, vault.totalFree() + vault.totalLocked(), "balance of the vault");
        assertEq(VAULT.balance + EMISSION.balance, 2 * WEALTH + handler.bonds(), "nothing is made or lost");
    }

    function invariant_vaultIsSolventToTheLastUnitOfTheToken() public view {
        uint256 locks;
        for (uint256 i = 0; i < handler.count(); ++i) {
            locks += vault.lockedTokenOf(token, ESCROW, RentalId.unwrap(handler.rentals(i)));
            locks += vault.lockedTokenOf(token, INTERVAL_COURT, RentalId.unwrap(handler.rentals(i)));
        }
        (uint256 free, uint256 locked) = vault.totalsOf(token);
        uint256 owned = vault.freeTokenOf(token, renter) + vault.freeTokenOf(token, operator);
        assertEq(locked, locks, "all that is locked is locked for a rental");
        assertEq(free, owned + vault.freeTokenOf(token, PURSE), "all that is free has an owner");
        assertEq(free + locked, 2 * WEALTH, "nothing is made, lost or burned");
        assertEq(IMintable(token).balanceOf(VAULT), 2 * WEALTH, "balance of the vault");
    }

    function invariant_aRentalLocksItsStakesUntilItIsOver() public view {
        for (uint256 i = 0; i < handler.count(); ++i) {
            RentalId id = handler.rentals(i);
            Rental memory rental = escrow.rentalOf(id);
            uint256 stakes = uint256(rental.rent) + rental.deposit + rental.operatorBond;
            stakes += 2 * uint256(rental.ratingBond);
            bool isInCoin = rental.token == address(0);
            uint256 coin = vault.lockedOf(ESCROW, RentalId.unwrap(id));
            uint256 units = vault.lockedTokenOf(token, ESCROW, RentalId.unwrap(id));
            assertEq(isInCoin ? units : coin, 0, "nothing of the other money");
            assertEq(
                isInCoin ? coin : units, _isOver(rental.state) ? rental.frozen : stakes, "stakes of a rental"
            );
        }
    }

    function invariant_chipsAreReservedWhileTheyMayBeUsed() public view {
        for (uint256 i = 0; i < handler.count(); ++i) {
            RentalId id = handler.rentals(i);
            RentalState state = escrow.rentalOf(id).state;
            bool isHeld =
                state == RentalState.Open || state == RentalState.HandedOver || state == RentalState.Active;
            assertEq(registry.isRented(handler.firstChips(i)), isHeld, "first chip of a rental");
        }
    }

    /// @dev At the end of each run everybody falls silent: one poke closes every rental.
    function afterInvariant() public {
        vm.warp(block.timestamp + LONG);
        for (uint256 i = 0; i < handler.count(); ++i) {
            RentalId id = handler.rentals(i);
            if (!_isOver(escrow.rentalOf(id).state)) escrow.poke(id);
            assertTrue(_isOver(escrow.rentalOf(id).state), "every rental has a way out");
            if (court.disputeOf(id).state != DisputeState.None) court.poke(id);
            assertNothingLocked(id);
        }
        (, uint256 locked) = vault.totalsOf(token);
        assertEq(vault.totalLocked() + locked, 0, "nothing stays locked");
    }

    function _fundInToken(address account) private {
        IMintable(token).mint(address(this), WEALTH);
        IMintable(token).approve(VAULT, WEALTH);
        vault.depositToken(token, account, WEALTH);
    }

    function _isOver(RentalState state) private pure returns (bool) {
        return state == RentalState.Settled || state == RentalState.Cancelled;
    }
}
