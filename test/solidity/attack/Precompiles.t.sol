// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {DleqVerify, EqualLogs, EqualLogsProof} from "contracts/src/precompiles/DleqVerify.sol";
import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {SeVerify} from "contracts/src/precompiles/SeVerify.sol";
import {VrfVerify} from "contracts/src/precompiles/VrfVerify.sol";

/// @title Attacks on the wrappers of precompiles: on a chain where other code, or none, stands at the
/// address.
/// @dev A call to an empty account succeeds and returns nothing: read as a word of memory it is whatever lay
/// there, so "valid" as well as anything.
contract PrecompilesAttack is Test {
    /// @dev Returns `size` bytes that begin with the word 1, or reverts with them.
    function answering(uint8 size, bool isRevert) private pure returns (bytes memory) {
        // mstore(0, 1); return(0, size)
        return abi.encodePacked(hex"60015f5260", size, hex"5f", isRevert ? bytes1(0xfd) : bytes1(0xf3));
    }

    function test_attack_anEmptyAnswerIsNoYes() public {
        etchAll(hex"00");
        refuseAll();
    }

    function test_attack_anAnswerOfAnotherLengthIsNoYes() public {
        for (uint8 size = 1; size < 160; ++size) {
            if (size == 32 || size == 64 || size == 80) continue;
            etchAll(answering(size, false));
            refuseAll();
        }
    }

    /// @dev A revert can carry the very bytes of a yes.
    function test_attack_aRevertThatSaysOneIsNoYes() public {
        etchAll(answering(32, true));
        refused(this.isSigned, SeVerify.SeVerifyUnavailable.selector);
        refused(this.arePossessed, PociVerify.PociVerifyUnavailable.selector);
        refused(this.isAggregate, PociVerify.PociVerifyUnavailable.selector);
        refused(this.areEqual, DleqVerify.DleqVerifyUnavailable.selector);
        etchAll(answering(64, true));
        refused(this.isDrawn, VrfVerify.VrfVerifyUnavailable.selector);
        etchAll(answering(80, true));
        refused(this.sum, PociVerify.PociVerifyUnavailable.selector);
    }

    /// @dev Any word but 1 is no yes either.
    function test_attack_anotherWordThanOneIsNoYes() public {
        etchAll(hex"60025f5260205ff3"); // mstore(0, 2); return(0, 32)

        assertFalse(this.isSigned(), "signature");
        assertFalse(this.arePossessed(), "possession");
        assertFalse(this.isAggregate(), "aggregate");
        assertFalse(this.areEqual(), "logarithms");
        etchAll(hex"60025f5260405ff3");
        assertFalse(this.isDrawn(), "draw");
        etchAll(hex"60025f5260505ff3");
        refused(this.sum, PociVerify.PociVerifyNotKeys.selector);
    }

    function isSigned() external view returns (bool) {
        bytes32[2] memory none;
        return SeVerify.isSigned("digest", none, none);
    }

    function arePossessed() external view returns (bool) {
        return PociVerify.arePossessed(PociVerify.possessions(1));
    }

    function isAggregate() external view returns (bool) {
        return this.isAggregateOf(new bytes(96), "");
    }

    function isAggregateOf(bytes calldata signature, bytes calldata absent) external view returns (bool) {
        return PociVerify.isAggregate("message", signature, new bytes(48), absent);
    }

    function sum() external view returns (bool) {
        PociVerify.sum(new bytes(48), "");
        return true;
    }

    function isDrawn() external view returns (bool isProven) {
        (isProven,) = VrfVerify.verify(new bytes(33), new bytes(81), "alpha");
    }

    function areEqual() external view returns (bool) {
        EqualLogs memory logs;
        EqualLogsProof memory proof;
        return DleqVerify.areEqual(logs, proof);
    }

    function refuseAll() private {
        refused(this.isSigned, SeVerify.SeVerifyUnavailable.selector);
        refused(this.arePossessed, PociVerify.PociVerifyUnavailable.selector);
        refused(this.isAggregate, PociVerify.PociVerifyUnavailable.selector);
        refused(this.sum, PociVerify.PociVerifyUnavailable.selector);
        refused(this.isDrawn, VrfVerify.VrfVerifyUnavailable.selector);
        refused(this.areEqual, DleqVerify.DleqVerifyUnavailable.selector);
    }

    function refused(function() external view returns (bool) asked, bytes4 reason) private {
        vm.expectRevert(reason);
        asked();
    }

    function etchAll(bytes memory code) private {
        vm.etch(SeVerify.AT, code);
        vm.etch(PociVerify.AT, code);
        vm.etch(VrfVerify.AT, code);
        vm.etch(DleqVerify.AT, code);
    }
}
