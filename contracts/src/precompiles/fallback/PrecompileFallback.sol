// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Answers as a precompile of UT chain does, on any chain of Osaka's rules (`docs/precompiles.md`).
/// @dev Takes the same bytes, gives the same, and refuses the same with the same reason. The constructor
/// answers a known question: where this contract has code, the chain's own precompiles have passed that test.
/// Safety: a call that lacks gas fails and never answers "false".
abstract contract PrecompileFallback {
    /// @dev This chain's precompiles do not give the known answer.
    error PrecompileFallbackSelfTestFailed();

    constructor(bytes memory question, bytes memory known) {
        if (keccak256(_answer(question)) != keccak256(known)) revert PrecompileFallbackSelfTestFailed();
    }

    fallback(bytes calldata input) external returns (bytes memory) {
        return _answer(input);
    }

    function _answer(bytes memory input) internal view virtual returns (bytes memory);

    /// @dev Reverts with `Error(string)`, as UT chain's precompiles do.
    function _refuse(string memory reason) internal pure {
        bytes memory data = abi.encodeWithSignature("Error(string)", reason);
        assembly ("memory-safe") {
            revert(add(data, 32), mload(data))
        }
    }

    /// @dev The word at an offset; what lies beyond the input is not the input's.
    function _wordAt(bytes memory input, uint256 offset) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(input, 32), offset))
        }
    }
}
