// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {MerkleTree} from "contracts/src/libraries/MerkleTree.sol";
import {PociMessages} from "contracts/src/libraries/PociMessages.sol";
import {SampleDraw} from "contracts/src/libraries/SampleDraw.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

/// @dev Says what a contract at its address would ask a chip.
contract Asker {
    function questionOf(ChipId chip, uint32 number, bytes32 beacon) external view returns (bytes32) {
        return PociMessages.question(chip, number, beacon);
    }
}

/// @title Leaves, questions, samples and trees are those of `test/vectors/openings.json`, which Rust reads,
/// too.
contract OpeningVectorsTest is Test {
    uint256 private constant SAMPLE = 16;

    string private _json = vm.readFile("test/vectors/openings.json");

    function draw(bytes32 seed, uint32 width, uint32[] calldata absent, uint32[] calldata uncounted)
        external
        pure
        returns (uint32[] memory)
    {
        return SampleDraw.draw(seed, SAMPLE, width, absent, uncounted);
    }

    function rootOfMany(
        bytes32[] memory leaves,
        uint32[] memory places,
        uint256 width,
        bytes32[] calldata nodes
    ) external pure returns (bytes32, bool) {
        return MerkleTree.rootOfMany(leaves, places, width, nodes);
    }

    function test_leaves() public view {
        uint256 count = 0;
        for (; has(".leaves", count); ++count) {
            string memory at_ = item(".leaves", count);
            bytes32 leaf = PociMessages.availabilityLeaf(
                uint32(number(at_, "place")), ChipId.wrap(word(at_, "chip")), word(at_, "r"), word(at_, "s")
            );
            assertEq(leaf, word(at_, "leaf"));
        }
        assertGt(count, 0, "there are some");
    }

    function test_questions() public {
        bytes memory code = address(new Asker()).code;
        uint256 count = 0;
        for (; has(".questions", count); ++count) {
            string memory at_ = item(".questions", count);
            vm.chainId(number(at_, "chainId"));
            address challenges = account(at_, "challenges");
            vm.etch(challenges, code);
            bytes32 question = Asker(challenges)
                .questionOf(
                    ChipId.wrap(word(at_, "chip")), uint32(number(at_, "number")), word(at_, "beacon")
                );
            assertEq(question, word(at_, "question"));
        }
        assertGt(count, 0, "there are some");
    }

    function test_samples() public {
        uint256 drawn = 0;
        for (uint256 i = 0; has(".samples", i); ++i) {
            string memory at_ = item(".samples", i);
            vm.chainId(number(at_, "chainId"));
            bytes32 seed = PociMessages.sampleSeed(
                account(at_, "registry"),
                account(at_, "operator"),
                uint64(number(at_, "epoch")),
                word(at_, "beacon")
            );
            assertEq(seed, word(at_, "seed"), "seed");
            if (number(at_, "present") <= SAMPLE) continue; // all are opened: nothing is drawn
            uint32[] memory sample =
                this.draw(seed, uint32(number(at_, "width")), list(at_, "absent"), list(at_, "uncounted"));
            assertEq(abi.encode(sample), abi.encode(list(at_, "opened")), "places");
            ++drawn;
        }
        assertGt(drawn, 0, "there are some");
    }

    function test_trees() public view {
        uint256 count = 0;
        for (; has(".trees", count); ++count) {
            string memory at_ = item(".trees", count);
            bytes32[] memory all = words(at_, "leaves");
            uint32[] memory places = list(at_, "places");
            bytes32[] memory leaves = new bytes32[](places.length);
            for (uint256 i = 0; i < places.length; ++i) {
                leaves[i] = all[places[i]];
            }
            (bytes32 root, bool isWhole) = this.rootOfMany(leaves, places, all.length, words(at_, "nodes"));
            assertTrue(isWhole, "whole");
            assertEq(root, word(at_, "root"), "root");
        }
        assertGt(count, 0, "there are some");
    }

    function has(string memory part, uint256 i) private view returns (bool) {
        return vm.keyExistsJson(_json, item(part, i));
    }

    function item(string memory part, uint256 i) private pure returns (string memory) {
        return string.concat(part, "[", vm.toString(i), "]");
    }

    function number(string memory at_, string memory field) private view returns (uint256) {
        return vm.parseJsonUint(_json, string.concat(at_, ".", field));
    }

    function word(string memory at_, string memory field) private view returns (bytes32) {
        return vm.parseJsonBytes32(_json, string.concat(at_, ".", field));
    }

    function words(string memory at_, string memory field) private view returns (bytes32[] memory) {
        return vm.parseJsonBytes32Array(_json, string.concat(at_, ".", field));
    }

    function account(string memory at_, string memory field) private view returns (address) {
        return vm.parseJsonAddress(_json, string.concat(at_, ".", field));
    }

    function list(string memory at_, string memory field) private view returns (uint32[] memory places) {
        uint256[] memory wide = vm.parseJsonUintArray(_json, string.concat(at_, ".", field));
        places = new uint32[](wide.length);
        for (uint256 i = 0; i < wide.length; ++i) {
            places[i] = uint32(wide[i]);
        }
    }
}
