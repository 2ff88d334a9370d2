// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPociViews} from "../interfaces/IPociViews.sol";
import {Tags} from "./Tags.sol";

/// @title Draws who sits in a committee: operators, weighed by the power of their active chips.
/// @dev Each step names one place of the segment line and accepts its chip with the chance phi / greatest
/// phi. Places are given once and for ever, and their number and the greatest phi are those of the moment the
/// wait began: what registers or grows after the beacon is known can neither shift the step that hits a chip
/// nor come into the draw. A chip counts if it is active now: one that is resumed after the beacon is known
/// is hit on its old place, as if it had stayed; who takes a chip of his own away only gives up his own hit.
library SeatDraw {
    /// @dev Hashes that one draw may try until its seats are filled.
    uint256 internal constant STEPS = 128;

    /// @dev What a draw reads besides the registry.
    struct Ballot {
        bytes32 subject;
        uint8 round;
        bytes32 beacon;
        /// places on the line
        uint32 places;
        /// units of phi, at least that of every chip on those places
        uint64 greatestPhi;
    }

    /// @dev The operator whose chip a step hits; zero if it hits none.
    function hitBy(IPociViews registry, Ballot memory ballot, uint256 step) internal view returns (address) {
        uint256 chance = uint256(
            keccak256(
                abi.encode(
                    Tags.SEAT, block.chainid, address(this), ballot.subject, ballot.round, step, ballot.beacon
                )
            )
        );
        // forge-lint: disable-next-line(unsafe-typecast)
        uint32 place = uint32(uint128(chance) % ballot.places); // fits: below the places
        (, address operator, uint64 phi) = registry.activeAt(place);
        return (chance >> 128) % ballot.greatestPhi < phi ? operator : address(0);
    }
}
