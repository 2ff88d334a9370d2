// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PrecompileFallback} from "./PrecompileFallback.sol";

/// @title Answers SE_VERIFY by P256VERIFY (0x100, EIP-7951), with low s.
contract SeFallback is PrecompileFallback {
    address private constant P256VERIFY = address(0x100);
    uint256 private constant ITEM_BYTES = 160;
    uint256 private constant MOST = 256;
    /// @dev N / 2, rounded down; N is the order of P-256.
    uint256 private constant HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8;

    /// @dev A signature of RFC 6979, A.2.5 (P-256, SHA-256, "sample") with low s, and the same with another
    /// s.
    constructor()
        PrecompileFallback(
            hex"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f008360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bfefd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda860fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
            abi.encode(1)
        )
    {}

    function _answer(bytes memory input) internal view override returns (bytes memory) {
        uint256 count = input.length / ITEM_BYTES;
        if (count == 0 || count > MOST || input.length != count * ITEM_BYTES) {
            _refuse("length is not 1 to 256 times 160");
        }
        uint256 bits = 0;
        uint256 bit = 1;
        for (uint256 i = 0; i < count; ++i) {
            if (_isSigned(input, i * ITEM_BYTES)) bits |= bit;
            bit <<= 1;
        }
        return abi.encode(bits);
    }

    function _isSigned(bytes memory input, uint256 offset) private view returns (bool isSigned) {
        if (uint256(_wordAt(input, offset + 64)) > HALF_ORDER) return false;
        address verifier = P256VERIFY;
        assembly ("memory-safe") {
            mstore(0, 0)
            // A false signature succeeds and returns nothing; only a lack of gas fails.
            if iszero(staticcall(gas(), verifier, add(add(input, 32), offset), 160, 0, 32)) {
                revert(0, 0)
            }
            isSigned := and(eq(returndatasize(), 32), eq(mload(0), 1))
        }
    }
}
