// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";

/// @title Deciphers and reads the access that a hand-over seals (`docs/protocol.md`, section 5).
/// @dev Whoever sealed it may have sealed anything: no bytes make a function of this library revert.
library SealedAccess {
    using Bytes for bytes;

    /// @dev What a renter gets, and the operator's signature under it.
    struct Access {
        bytes url;
        bytes32 certFingerprint;
        bytes32 secret;
        bytes signature;
    }

    /// @dev Where `abi.encode(url, certFingerprint, secret, signature)` has its parts.
    uint256 private constant FINGERPRINT_AT = 32;
    uint256 private constant SECRET_AT = 64;
    uint256 private constant URL_AT = 160;

    /// @dev The highest bit of each byte, 0x5f in each byte, 1 in each byte.
    uint256 private constant HIGH = 0x8080808080808080808080808080808080808080808080808080808080808080;
    uint256 private constant TO_VISIBLE = 0x5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f;
    uint256 private constant ONES = 0x0101010101010101010101010101010101010101010101010101010101010101;

    /// @dev A text XOR SHA-256(secret ‖ be32 0) ‖ SHA-256(secret ‖ be32 1) ‖ …
    function deciphered(bytes32 secret, bytes memory ciphertext) internal pure returns (bytes memory text) {
        // Whole words, cut to the length in the end.
        text = bytes.concat(ciphertext, new bytes(31));
        for (uint256 i = 0; 32 * i < ciphertext.length; ++i) {
            // Fits: a ciphertext of 2^37 bytes cannot be paid for.
            // forge-lint: disable-next-line(unsafe-typecast)
            bytes32 pad = sha256(bytes.concat(secret, bytes4(uint32(i))));
            assembly ("memory-safe") {
                // text[32 i .. 32 i + 32] ^= pad
                let to := add(add(text, 32), mul(i, 32))
                mstore(to, xor(mload(to), pad))
            }
        }
        return text.slice(0, ciphertext.length);
    }

    /// @dev Reads exactly what `abi.encode` makes of a visible url, two words and a signature.
    /// @return isWellFormed False for any other bytes.
    function read(bytes memory text) internal pure returns (bool isWellFormed, Access memory access) {
        uint256 urlLength = uint256(_wordAt(text, URL_AT - 32));
        if (urlLength == 0 || urlLength > text.length) return (false, access);
        uint256 signatureAt = URL_AT + ((urlLength + 31) & ~uint256(31)) + 32;
        uint256 signatureLength = uint256(_wordAt(text, signatureAt - 32));
        if (signatureLength > text.length) return (false, access);

        access.url = text.slice(URL_AT, URL_AT + urlLength);
        access.certFingerprint = _wordAt(text, FINGERPRINT_AT);
        access.secret = _wordAt(text, SECRET_AT);
        access.signature = text.slice(signatureAt, signatureAt + signatureLength);
        // Covers what was not looked at: both offsets, the padding, the length of the whole.
        bytes memory again = abi.encode(access.url, access.certFingerprint, access.secret, access.signature);
        isWellFormed = keccak256(again) == keccak256(text) && isVisible(access.url);
    }

    /// @dev Whether all bytes are visible ASCII, 0x21 to 0x7e, as in every url.
    function isVisible(bytes memory text) internal pure returns (bool) {
        for (uint256 start = 0; start < text.length; start += 32) {
            uint256 word = uint256(_wordAt(text, start));
            // What is beyond the end counts as visible.
            if (text.length - start < 32) word |= ONES * 0x40 >> 8 * (text.length - start);
            // Bytes below 0x80; 0x5f more is 0x80 or more from 0x21 on, 1 more at 0x7f. No sum carries over.
            if (word & HIGH != 0 || (word + TO_VISIBLE) & HIGH != HIGH || (word + ONES) & HIGH != 0) {
                return false;
            }
        }
        return true;
    }

    /// @dev A word of a text, zeros beyond its end.
    function _wordAt(bytes memory text, uint256 start) private pure returns (bytes32) {
        return bytes32(text.slice(start, start + 32));
    }
}
