// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PrecompileHome} from "./PrecompileHome.sol";

/// @dev A point of P-256, compressed: 02 or 03 by the parity of y, then x.
struct CompressedPoint {
    bytes1 parity;
    bytes32 x;
}

/// @dev That log_a b = log_c d, said for a context.
struct EqualLogs {
    bytes32 context;
    CompressedPoint a;
    CompressedPoint b;
    CompressedPoint c;
    CompressedPoint d;
}

/// @dev A proof of it; both numbers are below the group's order.
struct EqualLogsProof {
    bytes32 challenge;
    bytes32 response;
}

/// @title Asks DLEQ_VERIFY, 0x…555404, whether two points have the same logarithm over two bases
/// (`docs/precompiles.md`).
library DleqVerify {
    address internal constant AT = 0x0000000000000000000000000000000000555404;

    /// @dev `DleqFallback`, where this chain has no such precompile.
    address internal constant FALLBACK = 0x4a045528B34eEdCc2f773Ac19a784052C2072659;

    /// @dev The precompile and its fallback are missing, or refused the input's form.
    error DleqVerifyUnavailable();

    /// @dev The base point of P-256.
    function generator() internal pure returns (CompressedPoint memory) {
        return CompressedPoint(0x03, 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296);
    }

    /// @dev The compressed form of 65 bytes that are a point: 04, x and y.
    function compressed(bytes calldata point) internal pure returns (CompressedPoint memory) {
        uint8 parity = uint8(point[64]) & 1;
        return CompressedPoint(bytes1(0x02 | parity), bytes32(point[1:33]));
    }

    function areEqual(EqualLogs memory logs, EqualLogsProof memory proof) internal view returns (bool) {
        bytes memory bases = abi.encodePacked(logs.a.parity, logs.a.x, logs.b.parity, logs.b.x);
        bytes memory others = abi.encodePacked(logs.c.parity, logs.c.x, logs.d.parity, logs.d.x);
        bytes memory input = abi.encodePacked(logs.context, bases, others, proof.challenge, proof.response);
        (bool answered, bytes memory answer) = PrecompileHome.choose(AT, FALLBACK).staticcall(input);
        // An address without code succeeds and returns nothing: neither stands on this chain.
        if (!answered || answer.length != 32) revert DleqVerifyUnavailable();
        return abi.decode(answer, (uint256)) == 1;
    }
}
