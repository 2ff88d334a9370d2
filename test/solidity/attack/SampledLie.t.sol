// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAvailability} from "contracts/src/interfaces/IAvailability.sol";
import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {SampleDraw} from "contracts/src/libraries/SampleDraw.sol";
import {ChipSignature} from "contracts/src/types/Chips.sol";
import {AvailabilityOpening, BookedLeaves} from "contracts/src/types/Openings.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

import {OpeningFixture} from "../lib/OpeningFixture.sol";

/// @title An operator whose chips are gone goes on claiming them.
/// @dev It kept copies of their BLS keys, which sign the aggregate, but not the keys that the security engine
/// holds. What it puts in the place of their leaves is found when a later beacon draws one of them.
contract SampledLieAttack is OpeningFixture {
    uint32 private constant WIDTH = 32;

    function drawn(bytes32 seed, uint32 width) external pure returns (uint32[] memory) {
        uint32[] calldata none;
        assembly {
            none.offset := 0
            none.length := 0
        }
        return SampleDraw.draw(seed, SAMPLE, width, none, none);
    }

    /// @dev Six of 30 chips are gone: whatever the operator brings, the epoch is lost for all of them.
    function test_aFifthOfTheChipsGone_losesTheEpochForAll() public {
        register(30);
        BookedLeaves memory booked = lieAbout(30, 6);
        mineToWindow(1);
        uint32[] memory sample = this.sampleOf(booked, nobody);
        assertLt(sample[0], 6, "this beacon draws one that is gone");

        refuse(
            withFirstBy(booked, 29),
            abi.encodeWithSelector(IAvailability.AvailabilityWrongPlace.selector, 0, uint32(29), sample[0])
        );
        refuse(
            withFirstSignedBy(booked, 29),
            abi.encodeWithSelector(IAvailability.AvailabilityBadLeaf.selector, sample[0])
        );
        BookedLeaves memory other = booked;
        other.absent = one(sample[0]);
        refuse(
            openingOn(other, sample),
            abi.encodeWithSelector(IAvailability.AvailabilityNotBooked.selector, operator, uint64(1))
        );

        mineToEpoch(3);
        for (uint256 i = 0; i < 30; ++i) {
            assertFalse(registry.wasPresent(ids[i], 1), "all of them");
        }
        vm.prank(SYSTEM);
        assertEq(emission.onBlock(operator, ids[29]), 0, "no reward for the honest ones either");
    }

    /// @dev How often a lie about so many of 512 chips is found, of 1,000 beacons; the law is 1 - (1 - f)^16
    /// and a little more, since none is drawn twice.
    function test_lies_areFoundAsOftenAsTheLawSays() public view {
        assertGe(found(103), 950, "20 %: 97.2 % by the law");
        assertApproxEqAbs(found(26), 566, 70, "5 %: 56.6 % by the law");
        assertApproxEqAbs(found(1), 31, 25, "one chip: 16 of 512");
    }

    /// @dev What a lie earns on average, in epochs' rewards of one chip, is below zero for every share f of
    /// chips that are gone: f - (1 - (1 - f)^16) of all chips (docs/protocol.md).
    function test_lies_loseOnAverage() public pure {
        for (uint256 gone = 1; gone <= 100; ++gone) {
            uint256 unseen = 1e18;
            for (uint256 i = 0; i < SAMPLE; ++i) {
                unseen = unseen * (100 - gone) / 100;
            }
            assertLe(gone * 1e16, 1e18 - unseen, "what is gained is less than what is lost");
        }
    }

    function found(uint32 gone) private view returns (uint256 times) {
        for (uint256 i = 0; i < 1000; ++i) {
            if (this.drawn(keccak256(abi.encode("beacon", i)), 512)[0] < gone) ++times;
        }
    }

    /// @dev Proves epoch 1 with all chips present, of which the first have no true leaf.
    function lieAbout(uint32 width, uint32 gone) private returns (BookedLeaves memory) {
        mineToEpoch(1);
        plant(1, width, nobody);
        for (uint32 i = 0; i < gone; ++i) {
            tree[i] = 0;
        }
        return proveTree(1, width, nobody);
    }

    /// @dev An opening whose first leaf is another chip's.
    function withFirstBy(BookedLeaves memory booked, uint256 i)
        private
        view
        returns (AvailabilityOpening memory opening)
    {
        opening = openingOf(booked);
        bytes32 message = registry.availabilityMessage(operator, 1);
        (bytes32 r, bytes32 s) = SoftChip.sign(secretOf(i), message);
        opening.leaves[0] = signed(i, r, s);
    }

    /// @dev An opening whose first leaf names the chip that is gone with another one's signature.
    function withFirstSignedBy(BookedLeaves memory booked, uint256 i)
        private
        view
        returns (AvailabilityOpening memory opening)
    {
        opening = openingOf(booked);
        ChipSignature memory honest = withFirstBy(booked, i).leaves[0];
        (opening.leaves[0].r, opening.leaves[0].s) = (honest.r, honest.s);
    }

    function refuse(AvailabilityOpening memory opening, bytes memory reason) private {
        vm.expectRevert(reason);
        availability.open(opening);
    }
}
