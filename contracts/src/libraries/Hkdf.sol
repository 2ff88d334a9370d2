// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Derives keys: HKDF of RFC 5869 with SHA-256, for salts and outputs of at most one hash.
library Hkdf {
    bytes32 private constant INNER = hex"3636363636363636363636363636363636363636363636363636363636363636";
    bytes32 private constant OUTER = hex"5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c";

    /// @dev A shorter salt, also none, is filled with zeros, as HMAC does.
    function extract(bytes32 salt, bytes memory material) internal pure returns (bytes32) {
        return hmac(salt, material);
    }

    /// @dev The first 32 bytes of the output.
    function expand(bytes32 key, bytes memory info) internal pure returns (bytes32) {
        return hmac(key, bytes.concat(info, hex"01"));
    }

    /// @dev HMAC-SHA256 (RFC 2104): the key fills half of a block of 64 bytes, zeros the other.
    function hmac(bytes32 key, bytes memory message) internal pure returns (bytes32) {
        bytes32 inner = sha256(bytes.concat(key ^ INNER, INNER, message));
        return sha256(bytes.concat(key ^ OUTER, OUTER, inner));
    }
}
