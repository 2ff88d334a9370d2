// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchId, JobId} from "contracts/src/types/Ids.sol";
import {ResultLeaf} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Somebody makes up leaves that a root does not hold.
contract MerkleForgeryTest is JobFixture {
    BatchId private _batch;

    function setUp() public override {
        super.setUp();
        _batch = postBatch();
        skipSeconds(WINDOW + 1);
    }

    /// @dev Bitcoin's trees double the last leaf of an odd level: one more leaf proves with the same root.
    function test_attack_theLastLeafIsNotThereTwice() public view {
        bytes32[] memory doubled = new bytes32[](3);
        (doubled[0], doubled[1], doubled[2]) = (leafHashes[4], leafHashes[4], leafHashes[4]);
        assertTrue(rollup.proveResult(_batch, leaves[4], 4, pathOf(4)), "once");
        assertFalse(rollup.proveResult(_batch, leaves[4], 5, pathOf(4)), "beyond the last");
        assertFalse(rollup.proveResult(_batch, leaves[4], 5, doubled), "with a path");
        assertFalse(rollup.proveResult(_batch, leaves[4], 4, doubled), "in its own place");
    }

    /// @dev A leaf of 64 bytes that are two nodes: hashed without a mark of its own it would be their parent.
    function test_attack_aNodeIsNoLeaf() public view {
        ResultLeaf memory forged =
            ResultLeaf({job: JobId.wrap(leafHashes[0]), resultRoot: leafHashes[1], steps: 0});
        bytes32[] memory all = pathOf(0);
        bytes32[] memory upper = new bytes32[](all.length - 1);
        for (uint256 i = 0; i < upper.length; ++i) {
            upper[i] = all[i + 1];
        }
        assertFalse(rollup.proveResult(_batch, forged, 0, upper));
        assertFalse(rollup.proveResult(_batch, forged, 0, all));
    }

    /// @dev A path that is too short or too long, as OpenZeppelin's and others' multiproofs once took it.
    function test_attack_pathsOfAnotherLengthProveNothing() public view {
        bytes32[] memory path = pathOf(0);
        bytes32[] memory longer = new bytes32[](path.length + 1);
        bytes32[] memory shorter = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < path.length; ++i) {
            longer[i] = path[i];
            if (i < shorter.length) shorter[i] = path[i];
        }
        assertFalse(rollup.proveResult(_batch, leaves[0], 0, longer));
        assertFalse(rollup.proveResult(_batch, leaves[0], 0, shorter));
        assertFalse(rollup.proveResult(_batch, leaves[0], 0, new bytes32[](0)));
    }

    /// @dev The index counts: a leaf is not proven in another's place, where no dispute has felled it.
    function test_attack_aFallenLeafIsNotProvenInAnotherPlace() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        rule(batch, 0, FOUND);
        for (uint256 i = 0; i < 64; ++i) {
            assertFalse(rollup.proveResult(batch, leaves[0], i, pathOf(0)));
        }
        assertFalse(rollup.proveResult(batch, leaves[0], 1 << 32, pathOf(0)), "nor beyond 32 bits");
    }
}
