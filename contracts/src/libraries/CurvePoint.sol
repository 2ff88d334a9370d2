// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

/// @title Tells points of P-256 from other bytes.
library CurvePoint {
    /// @dev 0x04 and two coordinates.
    uint256 private constant POINT_BYTES = 65;

    /// @dev Whether the bytes are an uncompressed point of P-256, not infinity.
    function isPoint(bytes calldata key) internal pure returns (bool) {
        if (key.length != POINT_BYTES || key[0] != 0x04) return false;
        return P256.isValidPublicKey(bytes32(key[1:33]), bytes32(key[33:65]));
    }
}
