// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PrecompileHome} from "./PrecompileHome.sol";

/// @title Asks VRF_VERIFY, 0x…555403, whether a draw's proof holds (`docs/precompiles.md`).
library VrfVerify {
    address internal constant AT = 0x0000000000000000000000000000000000555403;

    /// @dev `VrfFallback`, where this chain has no such precompile.
    address internal constant FALLBACK = 0xDD64c6CC241F959fa7A7312dF196ACFf605f6cFD;

    uint256 internal constant KEY_BYTES = 33;
    uint256 internal constant PROOF_BYTES = 81;

    /// @dev The precompile and its fallback are missing, or refused the input's form.
    error VrfVerifyUnavailable();

    /// @dev Whether `pi` proves the output of the key's owner for `alpha`, and that output (zero if not).
    function verify(bytes memory key, bytes memory pi, bytes memory alpha)
        internal
        view
        returns (bool isProven, bytes32 beta)
    {
        (bool answered, bytes memory answer) =
            PrecompileHome.choose(AT, FALLBACK).staticcall(abi.encodePacked(key, pi, alpha));
        // An address without code succeeds and returns nothing: neither stands on this chain.
        if (!answered || answer.length != 64) revert VrfVerifyUnavailable();
        (uint256 word, bytes32 output) = abi.decode(answer, (uint256, bytes32));
        return (word == 1, output);
    }
}
