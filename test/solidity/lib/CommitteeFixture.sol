// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICommittee} from "contracts/src/interfaces/ICommittee.sol";
import {Committee} from "contracts/src/jobs/Committee.sol";
import {Case, CaseState, CommitteeParameters, Seat, Standing} from "contracts/src/types/Committees.sol";

import {PowerDouble} from "../doubles/PowerDouble.sol";
import {ChainFixture} from "./ChainFixture.sol";

/// @title Seats committees: five enlisted operators of one unit of power each, and a convener.
abstract contract CommitteeFixture is ChainFixture {
    uint128 internal constant SEAT_BOND = 0.1 ether + 1;
    uint128 internal constant SEAT_FEE = 0.02 ether;
    uint64 internal constant COMMIT = 30;
    uint64 internal constant REVEAL = 15;
    uint64 internal constant APPEAL = 10;
    uint64 internal constant DELAY = 1;
    uint8 internal constant ATTEMPTS = 2;
    uint8 internal constant MIN_SEATS = 3;
    uint8 internal constant SEATS = 5;
    uint8 internal constant APPEAL_SEATS = 7;
    uint128 internal constant BASEFEE = 7 gwei;
    /// @dev What a member of the majority earns: the fee, and 250,000 gas.
    uint128 internal constant PAY = SEAT_FEE + 250_000 * BASEFEE;
    uint256 internal constant STAKE = 20 * uint256(SEAT_BOND);
    bytes32 internal constant STAKES = "stakes";
    bytes32 internal constant SALT = "salt";
    bytes32 internal constant SUBJECT = "subject";
    bytes32 internal constant SILENT = "silent";
    bytes32 internal constant CANNOT_RUN = 0;
    bytes32 internal constant NOT_SERVED = bytes32(uint256(1));

    Committee internal committee = Committee(COMMITTEE);
    PowerDouble internal power = PowerDouble(REGISTRY);

    address internal asker = makeAddr("asker");
    address internal plaintiff = makeAddr("plaintiff");
    address internal defendant = makeAddr("defendant");
    address internal stranger = makeAddr("stranger");
    address[] internal members;

    function setUp() public virtual override {
        super.setUp();
        vm.fee(BASEFEE);
        build(REGISTRY, type(PowerDouble).creationCode, "");
        build(COMMITTEE, type(Committee).creationCode, abi.encode(committeeParameters()));
        vm.deal(asker, 100 ether);
        vm.deal(plaintiff, 100 ether);
        vm.deal(defendant, 100 ether);
        mineTo(1);
        for (uint256 i = 0; i < SEATS; ++i) {
            members.push(newMember(string.concat("member ", vm.toString(i))));
        }
    }

    function committeeParameters() internal view returns (CommitteeParameters memory) {
        address[] memory conveners = new address[](2);
        (conveners[0], conveners[1]) = (ROLLUP, asker);
        return CommitteeParameters({
            vault: VAULT,
            registry: REGISTRY,
            beacons: BEACONS,
            conveners: conveners,
            seatBond: SEAT_BOND,
            seatFee: SEAT_FEE,
            commitSeconds: COMMIT,
            revealSeconds: REVEAL,
            appealSeconds: APPEAL,
            drawDelayBlocks: DELAY,
            maxAttempts: ATTEMPTS,
            minSeats: MIN_SEATS,
            appealSeats: APPEAL_SEATS
        });
    }

    /// @dev An operator with one unit of power and a stake.
    function newMember(string memory name) internal returns (address member) {
        member = makeAddr(name);
        power.add(member);
        enlist(member, STAKE);
    }

    function enlist(address member, uint256 stake) internal {
        vm.deal(member, stake);
        vm.prank(member);
        committee.enlist{value: stake}();
    }

    function convene() internal {
        uint256 price = committee.priceOf(SEATS);
        vm.prank(asker);
        committee.convene{value: price}(SUBJECT, plaintiff, defendant, SEATS);
    }

    /// @dev Asks, mines to the beacon and draws.
    function seat() internal {
        convene();
        draw(SUBJECT);
    }

    /// @dev Mines to the beacon and draws: where there is a choice, with one that hits as many operators as
    /// there are seats without hitting one twice, so that all votes weigh the same.
    function draw(bytes32 subject) internal {
        Case memory kept = committee.caseOf(subject);
        if (vm.getBlockNumber() < kept.drawHeight) {
            mineTo(kept.drawHeight - 1);
            vm.roll(kept.drawHeight);
            vm.warp(vm.getBlockTimestamp() + 1);
            vm.prevrandao(evenBeacon(subject, kept));
            vm.prank(SYSTEM);
            beacons.store();
        }
        committee.draw(subject);
    }

    /// @dev The same with the beacon that comes.
    function drawAsItFalls(bytes32 subject) internal {
        mineTo(committee.caseOf(subject).drawHeight);
        committee.draw(subject);
    }

    function evenBeacon(bytes32 subject, Case memory kept) private view returns (bytes32) {
        for (uint256 i = 0; i < 2000; ++i) {
            bytes32 beacon = keccak256(abi.encode(kept.drawHeight, i));
            if (isEven(subject, kept, beacon)) return beacon;
        }
        return beaconOf(kept.drawHeight);
    }

    function isEven(bytes32 subject, Case memory kept, bytes32 beacon) private view returns (bool) {
        address[] memory found = new address[](kept.seats);
        for (uint256 i = 0; i < found.length; ++i) {
            address hit = hitBy(subject, kept, i, beacon);
            Standing memory standing = committee.standingOf(hit);
            bool isReady = uint256(standing.free) + standing.held >= SEAT_BOND;
            if (!isReady || hit == kept.plaintiff || hit == kept.defendant) return false;
            for (uint256 n = 0; n < i; ++n) {
                if (found[n] == hit) return false;
            }
            found[i] = hit;
        }
        return true;
    }

    /// @dev Whom a step hits, worked out from the text of docs/protocol.md; zero: nobody.
    function hitBy(bytes32 subject, Case memory kept, uint256 step, bytes32 beacon)
        internal
        view
        returns (address)
    {
        if (kept.places == 0) return address(0);
        bytes32 tag = keccak256("UNC/v1/seat");
        uint256 chance =
            uint256(keccak256(abi.encode(tag, block.chainid, COMMITTEE, subject, kept.round, step, beacon)));
        uint256 place = (chance & type(uint128).max) % kept.places;
        (, address owner, uint64 phi) = power.activeAt(SafeCast.toUint32(place));
        return (chance >> 128) % kept.greatestPhi < phi ? owner : address(0);
    }

    function commitAs(address member, bytes32 subject, bytes32 verdict) internal {
        bytes32 commitment = commitmentOf(member, subject, verdict);
        vm.prank(member);
        committee.commit(subject, commitment);
    }

    function revealAs(address member, bytes32 subject, bytes32 verdict) internal {
        vm.prank(member);
        committee.reveal(subject, verdict, SALT);
    }

    function commitmentOf(address member, bytes32 subject, bytes32 verdict) internal view returns (bytes32) {
        uint8 round = committee.caseOf(subject).round;
        return keccak256(abi.encode(keccak256("UNC/v1/verdict"), subject, round, member, verdict, SALT));
    }

    /// @dev The members that sit find these verdicts, in the order of their seats; `SILENT` is none.
    function vote(bytes32 subject, bytes32[] memory verdicts) internal {
        Seat[] memory seats = seatsNow(subject);
        for (uint256 i = 0; i < seats.length; ++i) {
            if (verdicts[i] != SILENT) commitAs(seats[i].member, subject, verdicts[i]);
        }
        if (committee.caseOf(subject).state == CaseState.Committing) {
            vm.warp(committee.caseOf(subject).deadline + 1);
            committee.poke(subject);
        }
        if (committee.caseOf(subject).state != CaseState.Revealing) return;
        for (uint256 i = 0; i < seats.length; ++i) {
            if (verdicts[i] != SILENT) revealAs(seats[i].member, subject, verdicts[i]);
        }
    }

    /// @dev All of the members that sit find the same.
    function voteAll(bytes32 subject, bytes32 verdict) internal {
        bytes32[] memory verdicts = new bytes32[](seatsNow(subject).length);
        for (uint256 i = 0; i < verdicts.length; ++i) {
            verdicts[i] = verdict;
        }
        vote(subject, verdicts);
    }

    /// @dev The time for an appeal passes.
    function close(bytes32 subject) internal {
        vm.warp(committee.caseOf(subject).deadline + 1);
        committee.poke(subject);
    }

    function seatsNow(bytes32 subject) internal view returns (Seat[] memory) {
        return committee.seatsOf(subject, committee.caseOf(subject).round);
    }

    function memberAt(uint256 i) internal view returns (address) {
        return seatsNow(SUBJECT)[i].member;
    }

    function wrongState(bytes32 subject, CaseState state) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICommittee.CommitteeWrongState.selector, subject, state);
    }

    /// @dev Five verdicts in a row.
    function five(bytes32 a, bytes32 b, bytes32 c, bytes32 d, bytes32 e)
        internal
        pure
        returns (bytes32[] memory verdicts)
    {
        verdicts = new bytes32[](5);
        (verdicts[0], verdicts[1], verdicts[2], verdicts[3], verdicts[4]) = (a, b, c, d, e);
    }
}
