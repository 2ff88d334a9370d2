// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {P256Curve, P256Point} from "../../libraries/P256Curve.sol";
import {PrecompileFallback} from "./PrecompileFallback.sol";

/// @title Answers DLEQ_VERIFY in Solidity: Chaum and Pedersen's proof over P-256.
contract DleqFallback is PrecompileFallback {
    using P256Curve for P256Point;

    bytes32 private constant TAG = keccak256("UNC/v1/dleq");
    uint256 private constant BYTES = 228;

    /// @dev The first proof of `test/vectors/dleq_verify.json`.
    constructor()
        PrecompileFallback(
            hex"7058b29cdf8c1d2c427a419f2275005991a73a66eb03184721b58362a78f5fd5036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c29602cb70093289ab0780b83c142dd5c24dd21d38cba0b87ca76ce660ea17c2afd0bc0337850049b0edf7e0263a93c3e89c10b7035378a7adf6345bf1a88362f65fdab5035e470819c0f9c00491e36b2d4389bed3b27469cbea137b67891a7e830a9e18ada73c5e8da73103d447951eecbcda924f0b16593cbd22aab6994842181c64d57def55e1942e1511244d7f3b174eefb7789d962f12b82fe1e1247d7ac43e0452d4",
            abi.encode(1)
        )
    {}

    function _answer(bytes memory input) internal view override returns (bytes memory) {
        if (input.length != BYTES) _refuse("length is not 228");
        return abi.encode(_holds(input));
    }

    /// @dev context 32 ‖ A 33 ‖ B 33 ‖ C 33 ‖ D 33 ‖ c 32 ‖ s 32, with R1 = s A - c B, R2 = s C -
    /// c D and c the hash of all but s. A proof whose R1 or R2 is infinity is false.
    function _holds(bytes memory input) private view returns (bool) {
        uint256 c = uint256(_wordAt(input, 164));
        uint256 s = uint256(_wordAt(input, 196));
        if (c >= P256Curve.N || s >= P256Curve.N) return false;
        (bool isFirst, P256Point memory r1) = _difference(input, 32, s, c);
        (bool isSecond, P256Point memory r2) = _difference(input, 98, s, c);
        if (!isFirst || !isSecond || r1.isInfinity() || r2.isInfinity()) return false;
        bytes32 hash = sha256(bytes.concat(TAG, _statement(input), r1.compress(), r2.compress()));
        return uint256(hash) % P256Curve.N == c;
    }

    /// @dev s P - c Q for the two points at an offset; false if one does not decode.
    function _difference(bytes memory input, uint256 offset, uint256 s, uint256 c)
        private
        view
        returns (bool isDecoded, P256Point memory)
    {
        (bool isBase, P256Point memory base) = _pointAt(input, offset);
        (bool isPoint, P256Point memory point) = _pointAt(input, offset + 33);
        if (!isBase || !isPoint) return (false, base);
        return (true, P256Curve.sumOfMultiples(s, base, c, point.negated()));
    }

    function _pointAt(bytes memory input, uint256 offset) private view returns (bool, P256Point memory) {
        return P256Curve.decompress(uint8(input[offset]), uint256(_wordAt(input, offset + 1)));
    }

    /// @dev The context and the four points: the first 164 bytes.
    function _statement(bytes memory input) private pure returns (bytes memory statement) {
        statement = new bytes(164);
        assembly ("memory-safe") {
            mcopy(add(statement, 32), add(input, 32), 164)
        }
    }
}
