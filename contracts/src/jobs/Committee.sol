// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBeaconHistory} from "../interfaces/IBeaconHistory.sol";
import {ICommittee} from "../interfaces/ICommittee.sol";
import {IPociViews} from "../interfaces/IPociViews.sol";
import {SeatDraw} from "../libraries/SeatDraw.sol";
import {Tags} from "../libraries/Tags.sol";
import {Case, CaseState, CommitteeParameters, Seat, SeatState} from "../types/Committees.sol";
import {CommitteeCases} from "./CommitteeCases.sol";
import {CommitteeStakes} from "./CommitteeStakes.sol";

/// @title Answers questions by committees: drawn operators find a verdict each for himself, the majority
/// counts.
/// @dev Safety: more than half of the drawn power is honest, the busy counted; BeaconHistory, PociRegistry,
/// Vault and the conveners are trusted. Liveness: every wait has a last second and `poke`; a case takes at
/// most two instances of `maxAttempts` committees each, the time for the appeal, and that time again for each
/// draw but an instance's last that finds too many busy.
contract Committee is CommitteeCases {
    /// @dev Most members of a committee: what bounds every loop over them.
    uint8 private constant MOST_SEATS = 15;
    /// @dev Blocks for which BeaconHistory keeps a beacon.
    uint64 private constant BEACONS_KEPT = 8192;

    IPociViews private immutable REGISTRY;
    IBeaconHistory private immutable BEACONS;
    uint64 private immutable COMMIT_SECONDS;
    uint64 private immutable REVEAL_SECONDS;
    uint64 private immutable APPEAL_SECONDS;
    uint64 private immutable DRAW_DELAY;
    uint8 private immutable MAX_ATTEMPTS;
    uint8 private immutable MIN_SEATS;

    /// @inheritdoc ICommittee
    uint8 public immutable appealSeats; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @dev Set by the constructor only.
    mapping(address account => bool) private _isConvener;

    constructor(CommitteeParameters memory parameters)
        CommitteeStakes(parameters.vault, parameters.seatBond)
        CommitteeCases(parameters.seatFee)
    {
        if (parameters.maxAttempts == 0) {
            revert CommitteeBadParameter("maxAttempts");
        }
        if (parameters.drawDelayBlocks == 0) revert CommitteeBadParameter("drawDelayBlocks");
        if (parameters.minSeats == 0) revert CommitteeBadParameter("minSeats");
        bool isAppealSeated =
            parameters.appealSeats >= parameters.minSeats && parameters.appealSeats <= MOST_SEATS;
        if (!isAppealSeated) revert CommitteeBadParameter("appealSeats");
        REGISTRY = IPociViews(parameters.registry);
        BEACONS = IBeaconHistory(parameters.beacons);
        COMMIT_SECONDS = parameters.commitSeconds;
        REVEAL_SECONDS = parameters.revealSeconds;
        APPEAL_SECONDS = parameters.appealSeconds;
        DRAW_DELAY = parameters.drawDelayBlocks;
        MAX_ATTEMPTS = parameters.maxAttempts;
        MIN_SEATS = parameters.minSeats;
        appealSeats = parameters.appealSeats;
        for (uint256 i = 0; i < parameters.conveners.length; ++i) {
            _isConvener[parameters.conveners[i]] = true;
        }
    }

    // ---------------------------------------------------------------- asking

    /// @inheritdoc ICommittee
    function convene(bytes32 subject, address plaintiff, address defendant, uint8 seats) external payable {
        if (!_isConvener[msg.sender]) revert CommitteeNotConvener(msg.sender);
        if (seats < MIN_SEATS || seats > MOST_SEATS) revert CommitteeBadSeats(seats, MIN_SEATS, MOST_SEATS);
        uint128 price = priceOf(seats);
        if (msg.value != price) revert CommitteePriceMismatch(msg.value, price);
        Case storage kept = _inState(subject, CaseState.None);

        kept.convener = msg.sender;
        kept.plaintiff = plaintiff;
        kept.defendant = defendant;
        kept.seats = seats;
        kept.pot = price;

        emit CaseOpened(subject, msg.sender, plaintiff, defendant, seats);

        _await(subject, kept);
        VAULT.lockSent{value: msg.value}(plaintiff, subject);
    }

    /// @inheritdoc ICommittee
    function appeal(bytes32 subject) external payable {
        Case storage kept = _inState(subject, CaseState.Ruled);
        if (block.timestamp > kept.deadline) revert CommitteeTooLate(subject, kept.deadline);
        uint128 price = priceOf(appealSeats);
        if (msg.value != 2 * uint256(price)) revert CommitteePriceMismatch(msg.value, 2 * uint256(price));

        kept.isAppealed = true;
        kept.attempts = 0;
        kept.round += 1;
        kept.seats = appealSeats;
        kept.appellant = msg.sender;
        kept.appealPot = price;
        kept.appealBond = price;

        emit CaseAppealed(subject, msg.sender);

        _await(subject, kept);
        VAULT.lockSent{value: msg.value}(msg.sender, subject);
    }

    // ---------------------------------------------------------------- judging

    /// @inheritdoc ICommittee
    function draw(bytes32 subject) external {
        Case storage kept = _inState(subject, CaseState.Waiting);
        if (block.number < kept.drawHeight) {
            revert CommitteeNotDrawable(kept.drawHeight, uint64(block.number));
        }

        Seat[] memory drawn = _drawn(subject, kept);
        (address[] memory members, bool isMost) = _membersOf(drawn);
        // The members alone must be able to be a majority.
        if (members.length < MIN_SEATS || !isMost) {
            bool isLast = kept.attempts + 1 == MAX_ATTEMPTS;
            if (isLast || members.length == drawn.length) _fail(subject, kept);
            else _awaitStakes(subject, kept);
            return;
        }
        Seat[] storage seats = _seats[subject][kept.round];
        for (uint256 i = 0; i < drawn.length; ++i) {
            if (drawn[i].state != SeatState.Drawn) continue;
            seats.push(drawn[i]);
            _hold(drawn[i].member);
        }
        for (uint256 i = 0; i < drawn.length; ++i) {
            if (drawn[i].state == SeatState.Busy) seats.push(drawn[i]);
        }
        kept.state = CaseState.Committing;
        // forge-lint: disable-next-line(unsafe-typecast)
        kept.owing = uint8(members.length); // fits: at most MOST_SEATS
        kept.deadline = uint64(block.timestamp) + COMMIT_SECONDS;

        emit CommitteeDrawn(subject, kept.round, members, kept.deadline);
    }

    /// @inheritdoc ICommittee
    function commit(bytes32 subject, bytes32 commitment) external {
        (Case storage kept, Seat storage seat) = _owed(subject, CaseState.Committing, SeatState.Drawn);

        seat.state = SeatState.Committed;
        seat.word = commitment;
        kept.owing -= 1;

        emit VerdictCommitted(subject, kept.round, msg.sender);

        if (kept.owing == 0) _beginReveal(subject, kept, _committed(subject, kept.round));
    }

    /// @inheritdoc ICommittee
    function reveal(bytes32 subject, bytes32 verdict, bytes32 salt) external {
        (Case storage kept, Seat storage seat) = _owed(subject, CaseState.Revealing, SeatState.Committed);
        bytes32 opened = keccak256(abi.encode(Tags.VERDICT, subject, kept.round, msg.sender, verdict, salt));
        if (opened != seat.word) revert CommitteeBadReveal(subject, opened, seat.word);

        seat.state = SeatState.Revealed;
        seat.word = verdict;
        kept.owing -= 1;

        emit VerdictRevealed(subject, kept.round, msg.sender, verdict);

        if (kept.owing == 0) _count(subject, kept);
    }

    /// @inheritdoc ICommittee
    function poke(bytes32 subject) external {
        Case storage kept = _cases[subject];
        CaseState state = kept.state;
        if (state == CaseState.Waiting) {
            // Nobody drew while the beacon was kept.
            bool isForgotten = block.number >= uint256(kept.drawHeight) + BEACONS_KEPT;
            if (!isForgotten) revert CommitteeNotDue(subject, 0);
            _await(subject, kept);
            return;
        }
        bool isTimed =
            state == CaseState.Committing || state == CaseState.Revealing || state == CaseState.Ruled;
        if (!isTimed) revert CommitteeWrongState(subject, state);
        if (block.timestamp <= kept.deadline) revert CommitteeNotDue(subject, kept.deadline);

        if (state == CaseState.Ruled) {
            _close(subject, false);
        } else if (state == CaseState.Revealing) {
            _count(subject, kept);
        } else {
            uint256 committed = _committed(subject, kept.round);
            if (committed == 0) _fail(subject, kept);
            else _beginReveal(subject, kept, committed);
        }
    }

    // ------------------------------------------------------------------ steps

    /// @dev Waits for a beacon that nobody knows; what comes onto the line from here on is not drawn.
    function _await(bytes32 subject, Case storage kept) private {
        kept.state = CaseState.Waiting;
        kept.deadline = 0;
        kept.drawHeight = uint64(block.number) + DRAW_DELAY;
        (kept.places, kept.greatestPhi) = REGISTRY.line();

        emit DrawAwaited(subject, kept.round, kept.drawHeight);
    }

    /// @dev Nobody sits while the committees that hold the stakes of the busy are at work and may be
    /// appealed.
    function _awaitStakes(bytes32 subject, Case storage kept) private {
        kept.state = CaseState.Committing;
        kept.owing = 0;
        kept.deadline = uint64(block.timestamp) + COMMIT_SECONDS + REVEAL_SECONDS + APPEAL_SECONDS;

        emit CommitteeDrawn(subject, kept.round, new address[](0), kept.deadline);
    }

    function _beginReveal(bytes32 subject, Case storage kept, uint256 committed) private {
        kept.state = CaseState.Revealing;
        // forge-lint: disable-next-line(unsafe-typecast)
        kept.owing = uint8(committed); // fits: at most MOST_SEATS
        kept.deadline = uint64(block.timestamp) + REVEAL_SECONDS;

        emit RevealBegan(subject, kept.round, kept.deadline);
    }

    /// @dev A majority is more than half of all weight, that of the silent and of the busy ones counted, and
    /// of two members at least where a committee has more than one.
    function _count(bytes32 subject, Case storage kept) private {
        (bytes32 verdict, uint8 agreeing, uint256 alike, uint8 weight) =
            _mostFound(_seats[subject][kept.round]);
        if (2 * uint256(agreeing) <= weight || (alike == 1 && MIN_SEATS != 1)) {
            _fail(subject, kept);
            return;
        }
        if (kept.isAppealed) kept.isChanged = kept.verdict != verdict;
        kept.verdict = verdict;
        kept.agreeing = agreeing;
        kept.weight = weight;
        if (!kept.isAppealed) {
            kept.state = CaseState.Ruled;
            kept.firstRound = kept.round;
            kept.deadline = uint64(block.timestamp) + APPEAL_SECONDS;
        }

        emit CaseRuled(subject, kept.round, verdict, agreeing, weight, kept.isAppealed ? 0 : kept.deadline);

        if (kept.isAppealed) _close(subject, true);
    }

    /// @dev Another committee, or the end of an instance that found none to agree.
    function _fail(bytes32 subject, Case storage kept) private {
        emit CommitteeFailed(subject, kept.round);

        _settle(subject, kept.round, false);
        kept.attempts += 1;
        if (kept.attempts == MAX_ATTEMPTS) {
            _close(subject, false);
            return;
        }
        kept.round += 1;
        _await(subject, kept);
    }

    // ------------------------------------------------------------------ reads

    /// @dev Operators that the steps hit, in their order, each once with as much weight as steps, without the
    /// parties, who appealed, and those without a stake. Who has one that other seats hold takes a seat as
    /// well, as busy: who keeps others busy must not thereby come into their seats.
    function _drawn(bytes32 subject, Case storage kept) private view returns (Seat[] memory drawn) {
        drawn = new Seat[](kept.seats);
        uint256 count = 0;
        if (kept.places != 0) {
            SeatDraw.Ballot memory ballot = _ballotOf(subject, kept);
            uint64 waitsSince = kept.drawHeight - DRAW_DELAY;
            for (uint256 step = 0; step < SeatDraw.STEPS && count < drawn.length; ++step) {
                address hit = SeatDraw.hitBy(REGISTRY, ballot, step);
                if (hit == address(0) || _isParty(kept, hit) || hit == kept.appellant) continue;
                uint256 place = _placeOf(drawn, count, hit);
                if (place == count) {
                    (bool isEnlisted, bool isBusy) = _readinessOf(hit, waitsSince);
                    if (!isEnlisted) continue;
                    drawn[count++] = Seat(hit, isBusy ? SeatState.Busy : SeatState.Drawn, 0, 0);
                }
                drawn[place].weight += 1;
            }
        }
        assembly ("memory-safe") {
            mstore(drawn, count) // shorter only: what it leaves is never read
        }
    }

    function _ballotOf(bytes32 subject, Case storage kept) private view returns (SeatDraw.Ballot memory) {
        return SeatDraw.Ballot({
            subject: subject,
            round: kept.round,
            beacon: BEACONS.beaconAt(kept.drawHeight),
            places: kept.places,
            greatestPhi: kept.greatestPhi
        });
    }

    /// @dev Which of the first seats is somebody's; `count` if none is.
    function _placeOf(Seat[] memory drawn, uint256 count, address member) private pure returns (uint256 i) {
        while (i < count && drawn[i].member != member) ++i;
    }

    /// @dev Who of the drawn is not busy, and whether they have more than half of the weight.
    function _membersOf(Seat[] memory drawn) private pure returns (address[] memory members, bool isMost) {
        members = new address[](drawn.length);
        (uint256 count, uint256 weight, uint256 busy) = (0, 0, 0);
        for (uint256 i = 0; i < drawn.length; ++i) {
            if (drawn[i].state == SeatState.Busy) {
                busy += drawn[i].weight;
            } else {
                members[count++] = drawn[i].member;
                weight += drawn[i].weight;
            }
        }
        isMost = weight > busy;
        assembly ("memory-safe") {
            mstore(members, count) // shorter only: what it leaves is never read
        }
    }
}
