// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {BatchId} from "../types/Ids.sol";
import {Tags} from "./Tags.sol";

/// @title Draws who judges a disputed result: an operator, weighed by the power of its active chips.
/// @dev Each step names one place of the segment line and accepts its chip with the chance phi / greatest
/// phi. Places are given once and for ever, and their number and the greatest phi are those of the challenge:
/// what
/// registers, returns or grows after the beacon is known can neither shift the step that hits a chip nor come
/// into the draw. Who takes a chip of his own away only gives up his own hit.
library RefereeDraw {
    /// @dev Hashes that one draw may try until it hits an active chip of a third party.
    uint256 internal constant STEPS = 64;

    /// @dev What a draw reads besides the registry.
    struct Ballot {
        BatchId batch;
        uint256 index;
        bytes32 beacon;
        /// number of the first step
        uint256 first;
        /// places on the line
        uint32 places;
        /// units of phi, at least that of every chip on those places
        uint64 greatestPhi;
        address poster;
        address challenger;
    }

    /// @dev The operator that the first hit names; zero if no step hit.
    function draw(IPociRegistry registry, Ballot memory ballot) internal view returns (address) {
        if (ballot.places == 0) return address(0);
        for (uint256 step = ballot.first; step < ballot.first + STEPS; ++step) {
            uint256 chance = uint256(
                keccak256(
                    abi.encode(
                        Tags.REFEREE,
                        block.chainid,
                        address(this),
                        ballot.batch,
                        ballot.index,
                        step,
                        ballot.beacon
                    )
                )
            );
            // forge-lint: disable-next-line(unsafe-typecast)
            uint32 place = uint32(uint128(chance) % ballot.places); // fits: below the places
            (, address operator, uint64 phi) = registry.activeAt(place);
            bool isThird = operator != ballot.poster && operator != ballot.challenger;
            if (isThird && (chance >> 128) % ballot.greatestPhi < phi) return operator;
        }
        return address(0);
    }
}
