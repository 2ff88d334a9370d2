// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BatchId, ChipId, RentalId} from "../types/Ids.sol";
import {Candidate, Fault, OperatorRecord, Rank} from "../types/Ranks.sol";

/// @title Tells how good operators surely are: opinion by its lower bound, the chain's own record apart.
/// @dev Moves nothing and permits nothing: who chooses may read it. Every read of one operator is O(1); a
/// list is bounded. Faults are noted by whoever shows where the chain's state proves them; nobody else's word
/// counts. Trusted: that the other contracts say what they keep.
interface IRanking {
    /// @notice The ranking cannot be built with this value of the field.
    error RankingBadParameter(bytes32 field);
    /// @notice The state does not show this fault.
    error RankingNotProven(Fault fault, bytes32 evidence);
    /// @notice This fault was noted before.
    error RankingNoted(Fault fault, bytes32 evidence);
    /// @notice More candidates, or chips of one candidate, than are taken.
    error RankingTooMany(uint256 given, uint256 most);

    /// @notice A fault of an operator was noted.
    /// @param evidence The rental, keccak256(abi.encode(batch, index)), or the chip.
    event FaultNoted(address indexed operator, Fault indexed fault, bytes32 evidence);

    /// @notice Notes that an operator left a rental without a hand-over. Anyone, once for each rental.
    function noteAbandoned(RentalId rental) external;

    /// @notice Notes that a leaf of an operator's batch fell. Anyone, once for each leaf.
    function noteOverturned(BatchId batch, uint256 index) external;

    /// @notice Notes that a chip of an operator was slashed. Anyone, once for each chip.
    function noteSlashed(ChipId chip) external;

    /// @notice Lower bound of an account's rating at 95 %, in hundredths (0 to 10_000), rounded down.
    /// @return bound Near zero for a newcomer, whatever the prior; nears the mean as burned fees speak.
    function boundOf(address account) external view returns (uint16 bound);

    /// @notice Lower bound of any rating: its mean in hundredths and the wei of burned fees behind it.
    function boundOfRating(uint16 rating, uint128 weight) external view returns (uint16 bound);

    /// @notice An operator's noted faults, `freshWad` decayed to now.
    function recordOf(address operator) external view returns (OperatorRecord memory);

    /// @notice Share of the owed epochs of the window that chips of an operator did not miss, in basis
    /// points, rounded down.
    /// @dev A chip that is not this operator's, or not ACTIVE, counts as absent all the time. Chips that owe
    /// nothing yet count as present. The window ends before the current epoch. Reverts: `RankingTooMany`.
    /// @param chips At most eight; none: zero.
    function uptimeOf(address operator, ChipId[] calldata chips) external view returns (uint16 bps);

    /// @notice Ranks candidates, the best value first, equals in the order given.
    /// @dev Reverts: `RankingTooMany`.
    /// @param candidates At most 32.
    function rank(Candidate[] calldata candidates) external view returns (Rank[] memory ranks);
}
