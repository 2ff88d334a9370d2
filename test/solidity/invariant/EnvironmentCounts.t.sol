// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {AnswerState, EnvironmentTally} from "contracts/src/types/Environments.sol";

import {EnvironmentFixture} from "../lib/EnvironmentFixture.sol";

/// @dev Lets operators commit, lie, reveal and sleep, in any order; two of three in power are honest.
contract EnvironmentHandler is Test {
    EnvironmentCountsTest private immutable TEST;

    address[] public operators;
    /// @dev What the books should say.
    mapping(uint64 round => uint256) public committed;
    mapping(uint64 round => uint256) public revealed;
    mapping(uint64 round => uint256) public commitments;
    mapping(uint64 round => uint256) public reveals;
    uint64 public latest;

    constructor(EnvironmentCountsTest test) {
        TEST = test;
        for (uint256 i = 0; i < 6; ++i) {
            operators.push(makeAddr(string.concat("operator ", vm.toString(i))));
        }
    }

    /// @dev The first four are honest and always reveal what all of them found.
    function isHonest(uint256 who) public pure returns (bool) {
        return who < 4;
    }

    function powerOf(uint256 who) public pure returns (uint64) {
        return isHonest(who) ? 2 : 3;
    }

    function answerOf(uint256 who) public pure returns (bytes32) {
        return isHonest(who) ? keccak256("right") : keccak256("wrong");
    }

    /// @dev Honest operators commit together: each round has all of them or none.
    function commitHonest() external {
        for (uint256 i = 0; i < 4; ++i) {
            commitOne(i);
        }
    }

    function commitLiar(uint256 who) external {
        commitOne(4 + who % 2);
    }

    function revealLiar(uint256 who) external {
        revealOne(4 + who % 2);
    }

    function pass(uint8 blocks) external {
        uint64 target = uint64(vm.getBlockNumber()) + blocks % 20 + 1;
        while (vm.getBlockNumber() < target) {
            uint64 last = (TEST.epochNow() + 1) * 16 - 1;
            TEST.mine(target < last ? target : last);
            // The honest do not miss the end of a window.
            for (uint256 i = 0; i < 4; ++i) {
                revealOne(i);
            }
            if (target > last) TEST.mine(last + 1);
        }
    }

    function commitOne(uint256 who) private {
        uint64 round = TEST.epochNow();
        if (TEST.stateOf(operators[who], round) != AnswerState.None) return;
        TEST.commitFor(operators[who], answerOf(who));
        committed[round] += powerOf(who);
        commitments[round] += 1;
        latest = round;
    }

    function revealOne(uint256 who) private {
        uint64 round = TEST.epochNow() - 1;
        if (TEST.stateOf(operators[who], round) != AnswerState.Committed) return;
        TEST.revealFor(operators[who], answerOf(who));
        revealed[round] += powerOf(who);
        reveals[round] += 1;
    }
}

contract EnvironmentCountsTest is EnvironmentFixture {
    EnvironmentHandler private handler;

    function setUp() public override {
        super.setUp();
        handler = new EnvironmentHandler(this);
        for (uint256 i = 0; i < 6; ++i) {
            power.addChip(handler.operators(i), handler.powerOf(i));
        }
        targetContract(address(handler));
        bytes4[] memory selectors = new bytes4[](4);
        selectors[0] = EnvironmentHandler.commitHonest.selector;
        selectors[1] = EnvironmentHandler.commitLiar.selector;
        selectors[2] = EnvironmentHandler.revealLiar.selector;
        selectors[3] = EnvironmentHandler.pass.selector;
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    function epochNow() external view returns (uint64) {
        return currentEpoch();
    }

    /// @dev Blocks between are skipped: only an epoch's last beacon is ever asked for.
    function mine(uint64 height) external {
        vm.roll(height);
        vm.prevrandao(beaconOf(height));
        vm.prank(SYSTEM);
        beacons.store();
    }

    function stateOf(address operator, uint64 round) external view returns (AnswerState) {
        return environment.answerOf(operator, round).state;
    }

    function commitFor(address operator, bytes32 answer) external {
        commit(operator, answer);
    }

    function revealFor(address operator, bytes32 answer) external {
        reveal(operator, answer);
    }

    /// @dev Every book is the sum of what was sent; only those of two rounds can change at a time.
    function invariant_talliesAreTheSumsOfAnswers() public view {
        uint64 latest = handler.latest();
        for (uint64 round = latest > 2 ? latest - 2 : 1; round <= latest; ++round) {
            EnvironmentTally memory tally = environment.tallyOf(round);
            assertEq(tally.committed, handler.committed(round), "committed");
            assertEq(tally.revealed, handler.revealed(round), "revealed");
            assertEq(tally.commitments, handler.commitments(round), "commitments");
            assertEq(tally.reveals, handler.reveals(round), "reveals");
            assertLe(tally.revealed, tally.committed, "nobody reveals more than was committed");
        }
    }

    /// @dev Eight of fourteen in power are honest: whenever they play a round, they pass and liars fail.
    function invariant_theHonestPassAndLiarsFail() public view {
        uint64 current = currentEpoch();
        for (uint64 round = current > 4 ? current - 3 : 1; round + 2 <= current; ++round) {
            bool isPlayed = environment.answerOf(handler.operators(0), round).state != AnswerState.None;
            if (!isPlayed) continue;
            for (uint256 i = 0; i < 6; ++i) {
                bool hasPassed = environment.hasPassed(handler.operators(i), round);
                assertEq(hasPassed, handler.isHonest(i), "judged by the majority");
            }
        }
    }
}
