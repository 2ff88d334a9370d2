// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test, stdError} from "forge-std/Test.sol";

import {PociMessages} from "contracts/src/libraries/PociMessages.sol";
import {SeVerify} from "contracts/src/precompiles/SeVerify.sol";
import {ChipRegistration, ChipSignature} from "contracts/src/types/Chips.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

/// @dev What is hashed or packed for many signatures at once, against one after the other.
contract PociMessagesTest is Test {
    function chipIds(ChipSignature[] calldata signed) external pure returns (ChipId[] memory) {
        return PociMessages.chipIds(signed);
    }

    function availabilityLeaves(
        uint32[] memory places,
        ChipId[] memory chips,
        ChipSignature[] calldata signed
    ) external pure returns (bytes32[] memory leaves, bytes memory before) {
        before = abi.encode(places);
        leaves = PociMessages.availabilityLeaves(places, chips, signed);
    }

    function batchOf(bytes32 digest, ChipSignature[] calldata signed) external pure returns (bytes memory) {
        return SeVerify.batchOf(digest, signed);
    }

    function testFuzz_chipIds_areThoseOfTheKeys(ChipSignature[] memory signed) public view {
        ChipId[] memory chips = this.chipIds(signed);

        assertEq(chips.length, signed.length, "as many");
        for (uint256 i = 0; i < signed.length; ++i) {
            bytes32 id = keccak256(abi.encode(signed[i].x, signed[i].y));
            assertEq(ChipId.unwrap(chips[i]), id, "id");
            assertEq(ChipId.unwrap(PociMessages.chipId(signed[i].x, signed[i].y)), id, "alone");
        }
    }

    function testFuzz_availabilityLeaves_areThoseOfTheSignatures(ChipSignature[] memory signed, bytes32 seed)
        public
        view
    {
        uint32[] memory places = new uint32[](signed.length);
        ChipId[] memory chips = new ChipId[](signed.length);
        for (uint256 i = 0; i < signed.length; ++i) {
            chips[i] = ChipId.wrap(keccak256(abi.encode(seed, i)));
            places[i] = uint32(uint256(ChipId.unwrap(chips[i])));
        }

        (bytes32[] memory leaves, bytes memory before) = this.availabilityLeaves(places, chips, signed);

        assertEq(leaves.length, signed.length, "as many");
        assertEq(before, abi.encode(places), "memory in use stays");
        for (uint256 i = 0; i < signed.length; ++i) {
            (uint32 place, ChipId chip, bytes32 r, bytes32 s) =
                (places[i], chips[i], signed[i].r, signed[i].s);
            bytes32 leaf = keccak256(abi.encodePacked(bytes1(0x00), uint256(place), chip, r, s));
            assertEq(leaves[i], leaf, "leaf");
            assertEq(PociMessages.availabilityLeaf(place, chip, r, s), leaf, "alone");
        }
    }

    function putRegistration(bytes32 digest, ChipRegistration calldata entry)
        external
        pure
        returns (bytes memory items)
    {
        items = SeVerify.batch(3);
        SeVerify.putRegistration(items, 1, digest, entry);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_putRegistration_packsItsSignature(ChipRegistration memory entry, bytes32 digest)
        public
        view
    {
        bytes memory expected = SeVerify.batch(3);
        SeVerify.put(expected, 1, digest, [entry.r, entry.s], [entry.x, entry.y]);
        assertEq(this.putRegistration(digest, entry), expected);
    }

    function testFuzz_vendorLeaf_packsTheChip(bytes32 x, bytes32 y, uint32 model, bytes32 serialHash)
        public
        pure
    {
        bytes32 leaf = keccak256(abi.encodePacked(bytes1(0x00), x, y, uint256(model), serialHash));
        assertEq(PociMessages.vendorLeaf(x, y, model, serialHash), leaf);
    }

    function test_availabilityLeaves_revertsWhen_aListIsLonger() public {
        ChipSignature[] memory signed = new ChipSignature[](2);
        vm.expectRevert(stdError.assertionError);
        this.availabilityLeaves(new uint32[](3), new ChipId[](2), signed);
        vm.expectRevert(stdError.assertionError);
        this.availabilityLeaves(new uint32[](2), new ChipId[](1), signed);
    }

    function testFuzz_batchOf_packsEverySignature(ChipSignature[] memory signed, bytes32 digest) public view {
        bytes memory expected = SeVerify.batch(signed.length);
        for (uint256 i = 0; i < signed.length; ++i) {
            ChipSignature memory one = signed[i];
            SeVerify.put(expected, i, digest, [one.r, one.s], [one.x, one.y]);
        }
        assertEq(this.batchOf(digest, signed), expected);
    }
}
