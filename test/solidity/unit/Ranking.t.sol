// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {IPociViews} from "contracts/src/interfaces/IPociViews.sol";
import {IRanking} from "contracts/src/interfaces/IRanking.sol";
import {IResultRollup} from "contracts/src/interfaces/IResultRollup.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {Wilson} from "contracts/src/libraries/Wilson.sol";
import {Ranking} from "contracts/src/rental/Ranking.sol";
import {RatingBook} from "contracts/src/rental/RatingBook.sol";
import {Chip, ChipState} from "contracts/src/types/Chips.sol";
import {BatchId, ChipId, RentalId} from "contracts/src/types/Ids.sol";
import {Batch} from "contracts/src/types/Jobs.sol";
import {Candidate, Fault, OperatorRecord, Rank, RankingParameters} from "contracts/src/types/Ranks.sol";
import {Rental, RentalState} from "contracts/src/types/Rentals.sol";

/// @title Tests the bound of ratings, the record of faults, the uptime and the order of candidates.
contract RankingTest is Test {
    address private constant REGISTRY = address(0x555412);
    address private constant ESCROW = address(0x555416);
    address private constant ROLLUP = address(0x555419);
    RentalId private constant RENTAL = RentalId.wrap("a rental");
    BatchId private constant BATCH = BatchId.wrap("a batch");
    ChipId private constant CHIP = ChipId.wrap("a chip");
    uint64 private constant HALF_LIFE = 90 days;
    uint64 private constant EPOCH = 1000;

    address private operator = makeAddr("operator");
    address private rival = makeAddr("rival");
    RatingBook private book;
    Ranking private ranking;

    function setUp() public {
        vm.warp(1_800_000_000);
        book = new RatingBook(ESCROW, 60, 0.01 ether, 1 ether, 30 days, HALF_LIFE);
        ranking = new Ranking(_parameters());
        vm.mockCall(REGISTRY, abi.encodeCall(IPociRegistry.currentEpoch, ()), abi.encode(EPOCH));
    }

    function test_constructor_revertsWhen_aValueCannotBe() public {
        RankingParameters memory bad = _parameters();
        bad.unitWeight = 0;
        _expectBadParameter("unitWeight");
        new Ranking(bad);
        bad = _parameters();
        bad.windowEpochs = 0;
        _expectBadParameter("windowEpochs");
        new Ranking(bad);
        bad.windowEpochs = 4096;
        new Ranking(bad);
        bad.windowEpochs = 4097;
        _expectBadParameter("windowEpochs");
        new Ranking(bad);
        bad = _parameters();
        bad.halfLifeSeconds = 0;
        _expectBadParameter("halfLifeSeconds");
        new Ranking(bad);
    }

    // Opinion.

    function test_boundOf_isLowForANewcomer() public view {
        assertEq(ranking.boundOf(operator), 1020, "one observation of 60 says little");
    }

    function test_boundOf_nearsTheMeanAsFeesSpeak() public {
        _praise(operator, 90, 0.09 ether);
        uint16 soon = ranking.boundOf(operator);
        _praise(operator, 90, 0.9 ether);
        uint16 later = ranking.boundOf(operator);

        assertEq(soon, 6171, "ten observations of 87");
        assertEq(later, 8361, "a hundred of 89.7");
        assertLt(later, 9000, "below the mean");
    }

    function test_boundOf_fallsAsTheFeesFade() public {
        _praise(operator, 90, 1 ether);
        uint16 before = ranking.boundOf(operator);
        skip(HALF_LIFE);

        assertLt(ranking.boundOf(operator), before, "half the observations");
    }

    /// @dev Against Wilson's interval, computed apart in floating point.
    function test_lowerBoundWad_knownValues() public pure {
        assertApproxEqAbs(Wilson.lowerBoundWad(0.6e18, 1e18), 0.102059389796e18, 1e6, "0.6 of 1");
        assertApproxEqAbs(Wilson.lowerBoundWad(0.5e18, 100e18), 0.418847796113e18, 1e6, "0.5 of 100");
        assertApproxEqAbs(Wilson.lowerBoundWad(1e18, 10e18), 0.78705802992e18, 1e7, "1 of 10");
        assertEq(Wilson.lowerBoundWad(0, 1e18), 0, "0 of 1");
        assertEq(Wilson.lowerBoundWad(0, 0), 0, "nothing seen");
        assertEq(Wilson.lowerBoundWad(1e18, 0), 0, "nothing seen");
    }

    function testFuzz_lowerBoundWad_isBelowTheMeanAndGrowsWithBoth(uint64 mean, uint64 more, uint96 n)
        public
        pure
    {
        mean = uint64(bound(mean, 0, 1e18));
        more = uint64(bound(more, mean, 1e18));

        uint256 low = Wilson.lowerBoundWad(mean, n);

        assertLe(low, mean, "below the mean");
        assertGe(Wilson.lowerBoundWad(more, n) + 10, low, "better is not worse");
        assertGe(Wilson.lowerBoundWad(mean, 2 * uint256(n)) + 1e6, low, "surer is not worse");
    }

    function test_boundOfRating_takesNoMoreThanTheBest() public view {
        assertEq(
            ranking.boundOfRating(60_000, 1 ether), ranking.boundOfRating(10_000, 1 ether), "the highest"
        );
    }

    // Record.

    function test_noteAbandoned_notesOnce() public {
        _mockRental(RentalState.Cancelled);

        vm.expectEmit(address(ranking));
        emit IRanking.FaultNoted(operator, Fault.Abandoned, RentalId.unwrap(RENTAL));
        ranking.noteAbandoned(RENTAL);

        OperatorRecord memory record = ranking.recordOf(operator);
        assertEq(record.abandoned, 1, "noted");
        assertEq(record.freshWad, 1e18, "fresh");
        vm.expectRevert(
            abi.encodeWithSelector(IRanking.RankingNoted.selector, Fault.Abandoned, RentalId.unwrap(RENTAL))
        );
        ranking.noteAbandoned(RENTAL);
    }

    function test_noteAbandoned_revertsWhen_theRentalEndedOtherwise() public {
        for (uint8 state = 0; state < uint8(RentalState.Cancelled); ++state) {
            _mockRental(RentalState(state));
            _expectNotProven(Fault.Abandoned, RentalId.unwrap(RENTAL));
            ranking.noteAbandoned(RENTAL);
        }
    }

    function test_noteOverturned_isThePosters() public {
        _mockLeaf(true);
        ranking.noteOverturned(BATCH, 3);

        assertEq(ranking.recordOf(operator).overturned, 1, "noted");
    }

    function test_noteOverturned_revertsWhen_theLeafStands() public {
        _mockLeaf(false);
        _expectNotProven(Fault.Overturned, keccak256(abi.encode(BATCH, 3)));
        ranking.noteOverturned(BATCH, 3);
    }

    function test_noteSlashed_isTheOperators() public {
        _mockChip(CHIP, operator, ChipState.Slashed, 0);
        ranking.noteSlashed(CHIP);

        assertEq(ranking.recordOf(operator).slashed, 1, "noted");
    }

    function test_noteSlashed_revertsWhen_theChipIsNotSlashed() public {
        _mockChip(CHIP, operator, ChipState.Exited, 0);
        _expectNotProven(Fault.Slashed, ChipId.unwrap(CHIP));
        ranking.noteSlashed(CHIP);
    }

    function test_recordOf_forgivesInTime() public {
        _mockRental(RentalState.Cancelled);
        ranking.noteAbandoned(RENTAL);
        skip(HALF_LIFE);
        _mockLeaf(true);
        ranking.noteOverturned(BATCH, 3);

        OperatorRecord memory record = ranking.recordOf(operator);
        assertEq(record.freshWad, 1.5e18, "a half and a whole");
        assertEq(record.abandoned + record.overturned, 2, "never forgotten");
    }

    // Uptime.

    function test_uptimeOf_isTheShareOfEpochsNotMissed() public {
        _mockChip(CHIP, operator, ChipState.Active, 0);
        _mockMisses(CHIP, EPOCH - 100, 7);

        assertEq(ranking.uptimeOf(operator, _chips(CHIP)), 9300, "93 of 100");
    }

    function test_uptimeOf_countsWhatAYoungChipOwes() public {
        _mockChip(CHIP, operator, ChipState.Active, EPOCH - 11);
        _mockMisses(CHIP, EPOCH - 10, 5);

        assertEq(ranking.uptimeOf(operator, _chips(CHIP)), 5000, "5 of 10");
    }

    function test_uptimeOf_owesNothingForTheEpochOfRegistration() public {
        _mockChip(CHIP, operator, ChipState.Active, EPOCH - 100);
        _mockMisses(CHIP, EPOCH - 99, 33);

        assertEq(ranking.uptimeOf(operator, _chips(CHIP)), 6666, "66 of 99, though 100 are asked about");
    }

    function test_uptimeOf_countsTheOnlyEpochThatIsOwed() public {
        _mockChip(CHIP, operator, ChipState.Active, EPOCH - 2);
        _mockMisses(CHIP, EPOCH - 1, 1);

        assertEq(ranking.uptimeOf(operator, _chips(CHIP)), 0, "one of one missed");
    }

    function test_uptimeOf_isWholeBeforeAnythingIsOwed() public {
        _mockChip(CHIP, operator, ChipState.Active, EPOCH);
        assertEq(ranking.uptimeOf(operator, _chips(CHIP)), 10_000, "nothing owed");
        vm.mockCall(REGISTRY, abi.encodeCall(IPociRegistry.currentEpoch, ()), abi.encode(0));
        assertEq(ranking.uptimeOf(operator, _chips(CHIP)), 10_000, "the first epoch");
    }

    function test_uptimeOf_countsForeignAndIdleChipsAsAbsent() public {
        _mockChip(CHIP, rival, ChipState.Active, 0);
        assertEq(ranking.uptimeOf(operator, _chips(CHIP)), 0, "foreign");
        _mockChip(CHIP, operator, ChipState.Suspended, 0);
        assertEq(ranking.uptimeOf(operator, _chips(CHIP)), 0, "suspended");
        assertEq(ranking.uptimeOf(operator, new ChipId[](0)), 0, "no chips");
    }

    function test_uptimeOf_takesEightChips() public {
        _mockChip(CHIP, operator, ChipState.Active, 0);
        _mockMisses(CHIP, EPOCH - 100, 50);
        ChipId[] memory chips = new ChipId[](8);
        for (uint256 i = 0; i < 8; ++i) {
            chips[i] = CHIP;
        }

        assertEq(ranking.uptimeOf(operator, chips), 5000, "half of the time of each");
    }

    function test_uptimeOf_revertsWhen_tooManyChips() public {
        vm.expectRevert(abi.encodeWithSelector(IRanking.RankingTooMany.selector, 9, 8));
        ranking.uptimeOf(operator, new ChipId[](9));
    }

    // Order.

    function test_rank_putsTheBestValueFirst() public {
        _praise(operator, 90, 1 ether);
        _praise(rival, 90, 1 ether);
        _mockChip(CHIP, operator, ChipState.Active, 0);
        _mockMisses(CHIP, EPOCH - 100, 0);
        Candidate[] memory candidates = new Candidate[](3);
        candidates[0] = Candidate(rival, _rivalsChips(), 2 ether); // dearer
        candidates[1] = Candidate(operator, _chips(CHIP), 1 ether);
        candidates[2] = Candidate(makeAddr("newcomer"), new ChipId[](0), 1);

        Rank[] memory ranks = ranking.rank(candidates);

        assertEq(ranks[0].operator, operator, "the cheaper of two alike");
        assertEq(ranks[0].position, 1, "where it stood");
        assertEq(ranks[0].merit, ranks[0].bound, "no fault, no miss");
        assertEq(ranks[0].value, ranks[0].merit, "for one UNC");
        assertEq(ranks[1].operator, rival, "the dearer");
        assertEq(ranks[1].value, ranks[0].value / 2, "half the value");
        assertEq(ranks[2].value, 0, "no chips, no value");
    }

    function test_rank_countsFaultsAgainst() public {
        _praise(operator, 90, 1 ether);
        _mockChip(CHIP, operator, ChipState.Active, 0);
        _mockMisses(CHIP, EPOCH - 100, 0);
        _mockRental(RentalState.Cancelled);
        ranking.noteAbandoned(RENTAL);
        Candidate[] memory candidates = new Candidate[](1);
        candidates[0] = Candidate(operator, _chips(CHIP), 0);

        Rank memory one = ranking.rank(candidates)[0];

        assertEq(one.merit, one.bound / 2, "one fresh fault halves");
        assertEq(one.freshWad, 1e18, "fault");
        assertEq(one.value, uint256(one.merit) * 1e18, "a price of zero counts as one wei");
    }

    function test_rank_keepsEqualsInTheOrderGiven() public view {
        Candidate[] memory candidates = new Candidate[](32);
        Rank[] memory ranks = ranking.rank(candidates);
        for (uint256 i = 0; i < 32; ++i) {
            assertEq(ranks[i].position, i, "as given");
        }
    }

    function test_rank_revertsWhen_tooManyCandidates() public {
        vm.expectRevert(abi.encodeWithSelector(IRanking.RankingTooMany.selector, 33, 32));
        ranking.rank(new Candidate[](33));
    }

    function _parameters() private view returns (RankingParameters memory) {
        return RankingParameters(address(book), REGISTRY, ESCROW, ROLLUP, 0.01 ether, 100, HALF_LIFE);
    }

    function _praise(address whom, uint8 score, uint128 fee) private {
        vm.prank(ESCROW);
        book.record(RENTAL, makeAddr("rater"), whom, score, fee);
    }

    function _rivalsChips() private returns (ChipId[] memory) {
        ChipId chip = ChipId.wrap("rival's");
        _mockChip(chip, rival, ChipState.Active, 0);
        _mockMisses(chip, EPOCH - 100, 0);
        return _chips(chip);
    }

    function _chips(ChipId chip) private pure returns (ChipId[] memory chips) {
        chips = new ChipId[](1);
        chips[0] = chip;
    }

    function _mockRental(RentalState state) private {
        Rental memory rental;
        (rental.operator, rental.state) = (operator, state);
        vm.mockCall(ESCROW, abi.encodeCall(IRpoiEscrow.rentalOf, (RENTAL)), abi.encode(rental));
    }

    function _mockLeaf(bool isAtFault) private {
        Batch memory batch;
        batch.poster = operator;
        vm.mockCall(ROLLUP, abi.encodeCall(IResultRollup.batchOf, (BATCH)), abi.encode(batch));
        vm.mockCall(ROLLUP, abi.encodeCall(IResultRollup.isAtFault, (BATCH, 3)), abi.encode(isAtFault));
    }

    function _mockChip(ChipId id, address owner, ChipState state, uint64 registeredEpoch) private {
        Chip memory chip;
        (chip.operator, chip.state, chip.registeredEpoch) = (owner, state, registeredEpoch);
        vm.mockCall(REGISTRY, abi.encodeCall(IPociViews.chipOf, (id)), abi.encode(chip));
        vm.mockCall(REGISTRY, abi.encodeCall(IPociRegistry.stateOf, (id)), abi.encode(state));
    }

    function _mockMisses(ChipId chip, uint64 first, uint64 missed) private {
        vm.mockCall(
            REGISTRY, abi.encodeCall(IPociViews.missesIn, (chip, first, EPOCH - 1)), abi.encode(missed)
        );
    }

    function _expectBadParameter(bytes32 field) private {
        vm.expectRevert(abi.encodeWithSelector(IRanking.RankingBadParameter.selector, field));
    }

    function _expectNotProven(Fault fault, bytes32 evidence) private {
        vm.expectRevert(abi.encodeWithSelector(IRanking.RankingNotProven.selector, fault, evidence));
    }
}
