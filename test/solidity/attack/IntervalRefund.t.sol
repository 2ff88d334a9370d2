// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IIntervalCourt} from "contracts/src/interfaces/IIntervalCourt.sol";

import {IntervalFixture} from "../fixtures/IntervalFixture.sol";

/// @title Attacks on rent that goes back: a renter that wants more for missed epochs than their rent.
/// @dev The use touches seven epochs of 16 seconds; each missed one costs a seventh of the rent.
contract IntervalRefundAttack is IntervalFixture {
    uint128 private constant EPOCHS = 7;
    /// @dev Rent of 16 seconds of 100: more than a seventh.
    uint128 private constant INTERVAL = RENT * 16 / 100;

    /// @dev A wide interval around one missed epoch paid for three of them and took the operator's bond.
    function test_attack_aWideIntervalAroundAMissedEpochIsNotOnRecord() public {
        pass(40);
        missAll(12, 12);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 16, START + 63, "");
        vm.prank(operator);
        court.contest{value: BOND}(id, "");

        vm.expectRevert(abi.encodeWithSelector(IIntervalCourt.IntervalCourtNotOnRecord.selector, id));
        court.closeOnRecord(id);
    }

    /// @dev What the record gives the settlement refunded again. The interval may have touched all three.
    function test_attack_epochsOnRecordAreRefundedOnce() public {
        pass(40);
        missAll(11, 13);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 16, START + 48, "");
        court.closeOnRecord(id);

        pass(20);
        settle();

        assertPaid(RENT - refundFor(3), 0, "by the court, and the rest by the proofs");
    }

    /// @dev With blocks at half the speed the line to now led to epochs that nobody missed, earlier ones the
    /// longer one waited, and the settlement refunded the missed one again.
    function test_attack_anEpochMissedWhileBlocksAreSlowIsRefundedOnce() public {
        extend();
        pass(460);
        passSlowly(56);
        missAll(42, 42); // seconds 524 to 556
        disputeSeconds(524, 556);
        passSlowly(34);
        vm.startPrank(operator);
        vm.expectRevert(tooEarly(45));
        court.concede(id);
        passSlowly(30);
        court.concede(id);
        vm.stopPrank();

        finish();

        assertPaid(RENT * (620 - 32) / 100, 0, "the interval's rent, which is more than the epoch's");
    }

    /// @dev So it did for epochs whose absence the operator admits.
    function test_attack_concededEpochsAreRefundedOnce() public {
        pass(40);
        missAll(12, 12);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 32, START + 48, "");
        vm.prank(operator);
        court.concede(id);

        pass(20);
        settle();

        assertPaid(RENT - INTERVAL, 0, "the interval's rent, which is more than the epoch's");
    }

    /// @dev Conceded at once, the epoch that runs was not missed yet, and the settlement charged it again.
    function test_attack_concedingAtOnceIsRefundedOnce() public {
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 32, START + 40, "");
        vm.startPrank(operator);
        vm.expectRevert(tooEarly(14));
        court.concede(id);
        missAll(12, 12);
        pass(40);
        court.concede(id);
        vm.stopPrank();

        pass(20);
        settle();

        assertPaid(RENT - refundFor(1), 0, "the epoch's rent, of which the interval is half");
    }

    /// @dev What an interval gives back for seconds in which no proof is missing pays for no epoch of
    /// another.
    function test_attack_aSecondOfAMissedEpochDoesNotUseUpAnEarlierInterval() public {
        pass(56);
        missAll(13, 13);
        concedeInterval(START, START + 32);
        concedeInterval(START + 48, START + 49);

        pass(4);
        settle();

        uint128 rent = RENT - 2 * INTERVAL - refundFor(1);
        uint256 earned = vault.freeOf(operator) - FUNDS;
        assertApproxEqAbs(
            earned, rent - rent / 100, RENT / 1000, "two epochs by the court, one by the proofs"
        );
    }

    /// @dev What the operator admits at another time pays for no missed epoch.
    function test_attack_concedingASmallIntervalDoesNotPayForMissedEpochs() public {
        pass(40);
        missAll(13, 14);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START, START + 10, "");
        vm.prank(operator);
        court.concede(id);

        pass(20);
        settle();

        assertPaid(RENT - RENT / 10 - refundFor(2), 0, "both");
    }

    /// @dev Nor does a second of a missed epoch pay for the rest of it.
    function test_attack_concedingASecondDoesNotPayForItsEpoch() public {
        pass(40);
        missAll(12, 12);
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 32, START + 33, "");
        vm.prank(operator);
        court.concede(id);

        pass(20);
        settle();

        assertPaid(RENT - refundFor(1), 0, "the epoch's rent, of which the second is a part");
    }

    /// @dev Waiting with the verdict until all is settled pays no more.
    function test_attack_aVerdictAfterTheSettlementRefundsOnce() public {
        pass(40);
        missAll(12, 12);
        askAboutEpochTwelve();
        pass(20);
        settle();
        committee.rule(court.subjectOf(id), court.UNAVAILABLE(), 2);
        court.poke(id);

        assertPaid(RENT - INTERVAL, 0, "as if the verdict had come before");
    }

    /// @dev Rent that waits for a court that finds for the operator is rent of missed epochs, too.
    function test_attack_contestingDoesNotSaveTheOperatorTheRefund() public {
        pass(40);
        missAll(12, 12);
        askAboutEpochTwelve();
        pass(20);
        settle();
        committee.rule(court.subjectOf(id), "available", 2);
        court.poke(id);

        assertPaid(RENT - refundFor(1), 2 * BOND, "the epoch's rent");
    }

    function askAboutEpochTwelve() private {
        vm.prank(renter);
        court.dispute{value: BOND}(id, START + 32, START + 48, "");
        vm.prank(operator);
        court.contest{value: BOND}(id, "");
        appoint();
    }

    function concedeInterval(uint64 fromSecond, uint64 toSecond) private {
        vm.prank(renter);
        court.dispute{value: BOND}(id, fromSecond, toSecond, "");
        vm.prank(operator);
        court.concede(id);
    }

    function missAll(uint64 first, uint64 last) private {
        for (uint64 epoch = first; epoch <= last; ++epoch) {
            registry.miss(chips[0], epoch);
            registry.miss(chips[1], epoch);
        }
    }

    /// @dev The operator got this rent, less the market fee of one in a hundred (rounded up, perhaps twice).
    function assertPaid(uint128 rent, uint128 won, string memory lost) private view {
        assertApproxEqAbs(vault.freeOf(operator), FUNDS + rent - (rent + 99) / 100 + won, 1, lost);
        assertNothingLocked(id);
    }

    function refundFor(uint128 missed) private pure returns (uint128) {
        return (RENT * missed + EPOCHS - 1) / EPOCHS;
    }
}
