// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Hkdf} from "./Hkdf.sol";

/// @title Recomputes what HPKE (RFC 9180) exports to who knows the Diffie-Hellman value: base mode,
/// DHKEM(P-256, HKDF-SHA256), HKDF-SHA256.
library Hpke {
    /// @dev AEAD identifier of contexts that only export.
    bytes2 internal constant EXPORT_ONLY = 0xffff;

    bytes private constant VERSION = "HPKE-v1";
    /// @dev "KEM" and the identifier of the KEM.
    bytes private constant KEM_SUITE = hex"4b454d0010";
    bytes1 private constant MODE_BASE = 0x00;

    /// @dev Section 4.1, `ExtractAndExpand`.
    /// @param dh x of the Diffie-Hellman point.
    /// @param enc Ephemeral point, uncompressed.
    /// @param recipient The recipient's key, uncompressed.
    function sharedSecret(bytes32 dh, bytes memory enc, bytes memory recipient)
        internal
        pure
        returns (bytes32)
    {
        bytes32 key = _extract(0, KEM_SUITE, "eae_prk", bytes.concat(dh));
        return _expand(key, KEM_SUITE, "shared_secret", bytes.concat(enc, recipient));
    }

    /// @dev Section 5.1, `KeySchedule` without a pre-shared key.
    function exporterSecret(bytes32 shared, bytes2 aead, bytes memory info) internal pure returns (bytes32) {
        bytes memory suite = _suite(aead);
        bytes32 pskIdHash = _extract(0, suite, "psk_id_hash", "");
        bytes32 infoHash = _extract(0, suite, "info_hash", info);
        bytes32 secret = _extract(shared, suite, "secret", "");
        return _expand(secret, suite, "exp", bytes.concat(MODE_BASE, pskIdHash, infoHash));
    }

    /// @dev Section 5.3, `Export`: 32 bytes.
    function exported(bytes32 exporter, bytes2 aead, bytes memory context) internal pure returns (bytes32) {
        return _expand(exporter, _suite(aead), "sec", context);
    }

    /// @dev "HPKE" and the identifiers of KEM, KDF and AEAD.
    function _suite(bytes2 aead) private pure returns (bytes memory) {
        return bytes.concat("HPKE", hex"00100001", aead);
    }

    /// @dev `LabeledExtract`.
    function _extract(bytes32 salt, bytes memory suite, bytes memory label, bytes memory material)
        private
        pure
        returns (bytes32)
    {
        return Hkdf.extract(salt, bytes.concat(VERSION, suite, label, material));
    }

    /// @dev `LabeledExpand` to 32 bytes.
    function _expand(bytes32 key, bytes memory suite, bytes memory label, bytes memory info)
        private
        pure
        returns (bytes32)
    {
        return Hkdf.expand(key, bytes.concat(hex"0020", VERSION, suite, label, info));
    }
}
