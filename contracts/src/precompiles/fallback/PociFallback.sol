// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Bls12381} from "../../libraries/Bls12381.sol";
import {PrecompileFallback} from "./PrecompileFallback.sol";

/// @title Answers POCI_VERIFY by the precompiles of EIP-2537: aggregates, proofs of possession, sums of keys.
contract PociFallback is PrecompileFallback {
    bytes private constant SIGNATURE_DOMAIN = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    bytes private constant POSSESSION_DOMAIN = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

    uint256 private constant KEY_BYTES = 48;
    uint256 private constant POSSESSION_BYTES = 176;
    uint256 private constant MOST_POSSESSIONS = 64;
    /// @dev mode 1 ‖ msg 32 ‖ sig 96 ‖ apk 48.
    uint256 private constant AGGREGATE_BYTES = 177;

    /// @dev One proof of possession of `test/vectors/poci_verify.json`: uses all of EIP-2537 but G1ADD, which
    /// sums use, and which belongs to the same fork.
    constructor()
        PrecompileFallback(
            hex"01010101010101010101010101010101010101010101010101010101010101010195a254501b7733239ed3cec4d56737977bd09ede881d8a234560e83e5525017add3b1dcc3eabfb85e12a4131b19c253bb74a9a3fe02dc3bda2cdecdcdc86adda6b204aa2cecd2c78f6dff04a212816051748728403a593ee93b7cc5e6ed05d2101d89b4f28cd5ce776e120cc39d26f82c21a7beb34867aaa82df1b69dabc306027f000c39864891fdf7075c2a51f66b9",
            abi.encode(1)
        )
    {}

    function _answer(bytes memory input) internal view override returns (bytes memory) {
        if (input.length == 0) _refuse("mode is missing");
        uint8 mode = uint8(input[0]);
        if (mode == 0) return abi.encode(_isAggregate(input));
        if (mode == 1) return abi.encode(_arePossessed(input));
        if (mode != 2) _refuse("mode is not 0, 1 or 2");
        (bool isSum, bytes memory point) = _sum(input);
        return bytes.concat(abi.encode(isSum), isSum ? Bls12381.encodeG1(point) : new bytes(KEY_BYTES));
    }

    /// @dev msg 32 ‖ sig 96 ‖ apk 48 ‖ k x absent 48.
    function _isAggregate(bytes memory input) private view returns (bool) {
        if (input.length < AGGREGATE_BYTES || (input.length - AGGREGATE_BYTES) % KEY_BYTES != 0) {
            _refuse("aggregate length is not 177 plus a multiple of 48");
        }
        (bool isSignature, bytes memory signature) = Bls12381.decodeG2(input, 33);
        if (!isSignature) return false;
        (bool isKey, bytes memory key) = _total(input, 129, AGGREGATE_BYTES);
        if (!isKey) return false;
        bytes memory absent;
        (isKey, absent) = _total(input, AGGREGATE_BYTES, input.length);
        if (!isKey) return false;
        key = Bls12381.addG1(key, Bls12381.negatedG1(absent));
        if (_isInfinity(key)) return false;
        bytes memory message = abi.encodePacked(_wordAt(input, 1));
        return Bls12381.isSigned(key, Bls12381.hashToG2(message, SIGNATURE_DOMAIN), signature);
    }

    /// @dev n x (context 32 ‖ key 48 ‖ proof 96). Each by itself: n more pairings, and no weights to
    /// trust.
    function _arePossessed(bytes memory input) private view returns (bool) {
        uint256 count = (input.length - 1) / POSSESSION_BYTES;
        if (count == 0 || count > MOST_POSSESSIONS || input.length != 1 + count * POSSESSION_BYTES) {
            _refuse("possession length is not 1 plus 1 to 64 times 176");
        }
        for (uint256 i = 0; i < count; ++i) {
            if (!_isPossessed(input, 1 + i * POSSESSION_BYTES)) return false;
        }
        return true;
    }

    function _isPossessed(bytes memory input, uint256 offset) private view returns (bool) {
        (bool isKey, bytes memory key) = Bls12381.decodeG1(input, offset + 32);
        if (!isKey || _isInfinity(key)) return false;
        (bool isProof, bytes memory proof) = Bls12381.decodeG2(input, offset + 80);
        if (!isProof) return false;
        bytes memory message = abi.encodePacked(
            _wordAt(input, offset + 32), bytes16(_wordAt(input, offset + 64)), _wordAt(input, offset)
        );
        return Bls12381.isSigned(key, Bls12381.hashToG2(message, POSSESSION_DOMAIN), proof);
    }

    /// @dev p 2 ‖ p keys to add ‖ keys to subtract.
    function _sum(bytes memory input) private view returns (bool isSum, bytes memory point) {
        uint256 plus = uint256(_wordAt(input, 1)) >> 240;
        uint256 minusAt = 3 + plus * KEY_BYTES;
        if (input.length < minusAt || (input.length - minusAt) % KEY_BYTES != 0) {
            _refuse("sum length is not 3 plus 48 per key");
        }
        (isSum, point) = _total(input, 3, minusAt);
        if (!isSum) return (false, point);
        bytes memory minus;
        (isSum, minus) = _total(input, minusAt, input.length);
        if (isSum) point = Bls12381.addG1(point, Bls12381.negatedG1(minus));
    }

    /// @dev The sum of the keys between two offsets; false if one does not decode.
    function _total(bytes memory input, uint256 from, uint256 to)
        private
        view
        returns (bool isTotal, bytes memory total)
    {
        total = new bytes(128);
        for (uint256 offset = from; offset < to; offset += KEY_BYTES) {
            (bool isKey, bytes memory key) = Bls12381.decodeG1(input, offset);
            if (!isKey) return (false, total);
            total = Bls12381.addG1(total, key);
        }
        return (true, total);
    }

    function _isInfinity(bytes memory point) private pure returns (bool) {
        return keccak256(point) == keccak256(new bytes(128));
    }
}
