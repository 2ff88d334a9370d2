// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IPociViews} from "../interfaces/IPociViews.sol";
import {IRanking} from "../interfaces/IRanking.sol";
import {IRatingBook} from "../interfaces/IRatingBook.sol";
import {IResultRollup} from "../interfaces/IResultRollup.sol";
import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {HalfLife} from "../libraries/HalfLife.sol";
import {Wilson} from "../libraries/Wilson.sol";
import {Chip, ChipState} from "../types/Chips.sol";
import {BatchId, ChipId, RentalId} from "../types/Ids.sol";
import {Candidate, Fault, OperatorRecord, Rank, RankingParameters} from "../types/Ranks.sol";
import {Rental, RentalState} from "../types/Rentals.sol";

/// @title Tells how good operators surely are: opinion by its lower bound, the chain's own record apart.
contract Ranking is IRanking {
    using SafeCast for uint256;

    uint256 private constant MOST_CANDIDATES = 32;
    uint256 private constant MOST_CHIPS = 8;
    uint64 private constant MOST_WINDOW = 4096;
    /// @dev The highest rating, in hundredths, and all of the time, in basis points.
    uint256 private constant WHOLE = 10_000;
    uint256 private constant WAD = 1e18;
    uint96 private constant ONE_FAULT = 1e18;

    IRatingBook private immutable RATINGS;
    IPociRegistry private immutable REGISTRY;
    IRpoiEscrow private immutable ESCROW;
    IResultRollup private immutable ROLLUP;
    uint128 private immutable UNIT_WEIGHT;
    uint64 private immutable WINDOW_EPOCHS;
    uint64 private immutable HALF_LIFE_SECONDS;

    mapping(address operator => OperatorRecord) private _records;
    mapping(Fault fault => mapping(bytes32 evidence => bool)) private _isNoted;

    constructor(RankingParameters memory parameters) {
        if (parameters.unitWeight == 0) revert RankingBadParameter("unitWeight");
        if (parameters.windowEpochs == 0 || parameters.windowEpochs > MOST_WINDOW) {
            revert RankingBadParameter("windowEpochs");
        }
        if (parameters.halfLifeSeconds == 0) revert RankingBadParameter("halfLifeSeconds");
        RATINGS = IRatingBook(parameters.ratings);
        REGISTRY = IPociRegistry(parameters.registry);
        ESCROW = IRpoiEscrow(parameters.escrow);
        ROLLUP = IResultRollup(parameters.rollup);
        UNIT_WEIGHT = parameters.unitWeight;
        WINDOW_EPOCHS = parameters.windowEpochs;
        HALF_LIFE_SECONDS = parameters.halfLifeSeconds;
    }

    /// @inheritdoc IRanking
    function noteAbandoned(RentalId rental) external {
        Rental memory kept = ESCROW.rentalOf(rental);
        bytes32 evidence = RentalId.unwrap(rental);
        _note(kept.operator, Fault.Abandoned, evidence, kept.state == RentalState.Cancelled);
    }

    /// @inheritdoc IRanking
    function noteOverturned(BatchId batch, uint256 index) external {
        bytes32 evidence = keccak256(abi.encode(batch, index));
        bool isProven = ROLLUP.isAtFault(batch, index);
        _note(ROLLUP.batchOf(batch).poster, Fault.Overturned, evidence, isProven);
    }

    /// @inheritdoc IRanking
    function noteSlashed(ChipId chip) external {
        Chip memory kept = IPociViews(address(REGISTRY)).chipOf(chip);
        _note(kept.operator, Fault.Slashed, ChipId.unwrap(chip), kept.state == ChipState.Slashed);
    }

    /// @inheritdoc IRanking
    function rank(Candidate[] calldata candidates) external view returns (Rank[] memory ranks) {
        uint256 count = candidates.length;
        if (count > MOST_CANDIDATES) revert RankingTooMany(count, MOST_CANDIDATES);
        ranks = new Rank[](count);
        for (uint256 i = 0; i < count; ++i) {
            Rank memory one = _rankOf(candidates[i]);
            one.position = i.toUint8();
            // Insertion keeps equals in the order given.
            uint256 place = i;
            for (; place > 0 && ranks[place - 1].value < one.value; --place) {
                ranks[place] = ranks[place - 1];
            }
            ranks[place] = one;
        }
    }

    /// @inheritdoc IRanking
    function boundOf(address account) public view returns (uint16 bound) {
        (uint16 rating, uint128 weight) = RATINGS.ratingOf(account);
        return boundOfRating(rating, weight);
    }

    /// @inheritdoc IRanking
    function boundOfRating(uint16 rating, uint128 weight) public view returns (uint16 bound) {
        uint256 mean = Math.min(rating, WHOLE) * WAD / WHOLE;
        // The prior, which is in every rating, is the first observation.
        uint256 observations = WAD + uint256(weight) * WAD / UNIT_WEIGHT;
        return (Wilson.lowerBoundWad(mean, observations) * WHOLE / WAD).toUint16();
    }

    /// @inheritdoc IRanking
    function recordOf(address operator) public view returns (OperatorRecord memory record) {
        record = _records[operator];
        uint64 second = Time.timestamp();
        uint256 factor = HalfLife.factorWad(second - record.updatedAt, HALF_LIFE_SECONDS);
        record.freshWad = (record.freshWad * factor / HalfLife.WAD).toUint96();
        record.updatedAt = second;
    }

    /// @inheritdoc IRanking
    function uptimeOf(address operator, ChipId[] calldata chips) public view returns (uint16 bps) {
        uint256 count = chips.length;
        if (count > MOST_CHIPS) revert RankingTooMany(count, MOST_CHIPS);
        if (count == 0) return 0;
        uint64 current = REGISTRY.currentEpoch();
        if (current == 0) return WHOLE.toUint16();
        uint64 first = current > WINDOW_EPOCHS ? current - WINDOW_EPOCHS : 0;
        (uint256 missed, uint256 owed) = (0, 0);
        for (uint256 i = 0; i < count; ++i) {
            (uint256 missedOne, uint256 owedOne) = _missesOf(operator, chips[i], first, current - 1);
            missed += missedOne;
            owed += owedOne;
        }
        if (owed == 0) return WHOLE.toUint16();
        return ((owed - Math.min(missed, owed)) * WHOLE / owed).toUint16();
    }

    /// @dev Adds a fault to an operator's record, once.
    function _note(address operator, Fault fault, bytes32 evidence, bool isProven) private {
        if (!isProven) revert RankingNotProven(fault, evidence);
        if (_isNoted[fault][evidence]) revert RankingNoted(fault, evidence);

        _isNoted[fault][evidence] = true;
        OperatorRecord memory record = recordOf(operator);
        if (fault == Fault.Abandoned) ++record.abandoned;
        else if (fault == Fault.Overturned) ++record.overturned;
        else ++record.slashed;
        record.freshWad += ONE_FAULT;
        _records[operator] = record;

        emit FaultNoted(operator, fault, evidence);
    }

    function _rankOf(Candidate calldata candidate) private view returns (Rank memory one) {
        one.operator = candidate.operator;
        one.bound = boundOf(candidate.operator);
        one.uptimeBps = uptimeOf(candidate.operator, candidate.chips);
        one.freshWad = recordOf(candidate.operator).freshWad;
        uint256 merit = uint256(one.bound) * one.uptimeBps * WAD / WHOLE / (WAD + one.freshWad);
        one.merit = merit.toUint16();
        one.value = merit * WAD / Math.max(candidate.price, 1);
    }

    /// @dev Epochs that a chip missed, and owed; those between registration and the first that it owes count
    /// as owed, at most the look-back.
    function _missesOf(address operator, ChipId chip, uint64 first, uint64 last)
        private
        view
        returns (uint256 missed, uint256 owed)
    {
        Chip memory kept = IPociViews(address(REGISTRY)).chipOf(chip);
        if (kept.operator != operator || REGISTRY.stateOf(chip) != ChipState.Active) {
            owed = last - first + 1;
            return (owed, owed);
        }
        if (kept.registeredEpoch >= first) first = kept.registeredEpoch + 1;
        if (first > last) return (0, 0);
        return (IPociViews(address(REGISTRY)).missesIn(chip, first, last), last - first + 1);
    }
}
