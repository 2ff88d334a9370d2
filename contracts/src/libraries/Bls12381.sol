// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Fp, Fp381} from "./Fp381.sol";

/// @dev A number of the field above, c0 + c1 u with u^2 = -1.
struct Fp2 {
    Fp c0;
    Fp c1;
}

/// @title Decodes points of BLS12-381 and checks signatures by the precompiles of EIP-2537.
/// @dev Points are in the precompiles' encoding: 128 bytes in G1, 256 in G2, infinity all zero. Decoded
/// points are on their curve; whether they are in their group, the pairing says.
library Bls12381 {
    using Fp381 for Fp;

    address private constant G1_ADD = address(0x0b);
    address private constant G2_ADD = address(0x0d);
    address private constant PAIRING = address(0x0f);
    address private constant MAP_FP2_TO_G2 = address(0x11);

    /// @dev Twice the price of two pairs (102,900): all of it is gone if a point is outside its group.
    uint256 private constant PAIRING_GAS = 205_800;
    uint256 private constant PAIRING_BYTES = 768;

    bytes private constant MINUS_G1 =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca";

    /// @dev A precompile lacked gas.
    error Bls12381OutOfGas();

    /// @dev The point of 48 compressed bytes at an offset. Infinity is `c0` and zeros; x = 0 is no point.
    function decodeG1(bytes memory input, uint256 offset)
        internal
        view
        returns (bool isPoint, bytes memory point)
    {
        (uint8 flags, Fp memory x) = _read(input, offset);
        bool isInfinity;
        (isPoint, isInfinity) = _judge(flags, x.isZero());
        if (!isPoint || isInfinity) return (isPoint, new bytes(128));
        if (!x.isReduced() || x.isZero()) return (false, point);
        Fp memory square = x.mul(x).mul(x).add(Fp(0, 4));
        Fp memory y = square.inverseRoot().mul(square);
        if (!y.mul(y).equals(square)) return (false, point);
        if (y.isLarge() != (flags & 0x20 != 0)) y = y.negated();
        return (true, abi.encode(x, y));
    }

    /// @dev The 48 compressed bytes of a point in G1.
    function encodeG1(bytes memory point) internal pure returns (bytes memory) {
        (Fp memory x, Fp memory y) = abi.decode(point, (Fp, Fp));
        uint256 flags = 0x80;
        if (x.isZero() && y.isZero()) flags = 0xc0;
        else if (y.isLarge()) flags = 0xa0;
        // forge-lint: disable-next-line(unsafe-typecast)
        return abi.encodePacked(bytes16(uint128(x.hi | (flags << 120))), x.lo); // fits: x.hi is below 2^125
    }

    function negatedG1(bytes memory point) internal pure returns (bytes memory) {
        (Fp memory x, Fp memory y) = abi.decode(point, (Fp, Fp));
        return abi.encode(x, y.negated());
    }

    function addG1(bytes memory a, bytes memory b) internal view returns (bytes memory) {
        return _call(G1_ADD, bytes.concat(a, b), 128);
    }

    /// @dev The point of 96 compressed bytes at an offset: c1 of x, then c0.
    function decodeG2(bytes memory input, uint256 offset)
        internal
        view
        returns (bool isPoint, bytes memory point)
    {
        Fp2 memory x;
        uint8 flags;
        (flags, x.c1) = _read(input, offset);
        x.c0 = _plain(input, offset + 48);
        bool isInfinity;
        (isPoint, isInfinity) = _judge(flags, x.c0.isZero() && x.c1.isZero());
        if (!isPoint || isInfinity) return (isPoint, new bytes(256));
        if (!x.c0.isReduced() || !x.c1.isReduced()) return (false, point);
        Fp2 memory square = _mul(_mul(x, x), x);
        square = Fp2(square.c0.add(Fp(0, 4)), square.c1.add(Fp(0, 4)));
        Fp2 memory y;
        (isPoint, y) = _root(square);
        if (!isPoint) return (false, point);
        bool isLarge = y.c1.isZero() ? y.c0.isLarge() : y.c1.isLarge();
        if (isLarge != (flags & 0x20 != 0)) y = Fp2(y.c0.negated(), y.c1.negated());
        return (true, abi.encode(x, y));
    }

    /// @dev RFC 9380, hash_to_curve of BLS12381G2_XMD:SHA-256_SSWU_RO_.
    /// @param domain Below 256 bytes.
    function hashToG2(bytes memory message, bytes memory domain) internal view returns (bytes memory) {
        bytes32[8] memory parts = _expand(message, abi.encodePacked(domain, uint8(domain.length)));
        bytes[2] memory points;
        for (uint256 i = 0; i < 2; ++i) {
            uint256 place = 4 * i;
            Fp memory c0 = Fp381.reduced(0, uint256(parts[place]), uint256(parts[place + 1]));
            Fp memory c1 = Fp381.reduced(0, uint256(parts[place + 2]), uint256(parts[place + 3]));
            points[i] = _call(MAP_FP2_TO_G2, abi.encode(c0, c1), 256);
        }
        return _call(G2_ADD, bytes.concat(points[0], points[1]), 256);
    }

    /// @dev Whether e(key, hash) = e(G1, signature), key and signature in their groups.
    function isSigned(bytes memory key, bytes memory hash, bytes memory signature)
        internal
        view
        returns (bool)
    {
        (bool isDone, bytes memory answer) = _pair(bytes.concat(key, hash, MINUS_G1, signature));
        if (isDone) return abi.decode(answer, (uint256)) == 1;
        // A point outside its group fails like a lack of gas, which must not look like a false signature: a
        // pairing of infinities tells which it was.
        (isDone,) = _pair(new bytes(PAIRING_BYTES));
        if (!isDone) revert Bls12381OutOfGas();
        return false;
    }

    function _pair(bytes memory input) private view returns (bool isDone, bytes memory answer) {
        (isDone, answer) = PAIRING.staticcall{gas: PAIRING_GAS}(input);
        isDone = isDone && answer.length == 32;
    }

    /// @dev A square root; false if there is none. With norm = c0^2 + c1^2 = d^2 and t = (c0 + d) / 2, a root
    /// is (sqrt(t), c1 / (2 sqrt(t))); if t is no square, -t is one, and (-c1 / (2 sqrt(-t)), sqrt(-t)) a
    /// root.
    function _root(Fp2 memory a) private view returns (bool isSquare, Fp2 memory) {
        Fp memory t = a.c0;
        if (!a.c1.isZero()) {
            Fp memory norm = a.c0.mul(a.c0).add(a.c1.mul(a.c1));
            Fp memory d = norm.inverseRoot().mul(norm);
            if (!d.mul(d).equals(norm)) return (false, a);
            t = a.c0.add(d).halved();
        }
        Fp memory inverse = t.inverseRoot();
        Fp memory root = inverse.mul(t);
        Fp memory other = a.c1.mul(inverse).halved();
        if (root.mul(root).equals(t)) return (true, Fp2(root, other));
        return (true, Fp2(other.negated(), root));
    }

    function _mul(Fp2 memory a, Fp2 memory b) private view returns (Fp2 memory) {
        Fp memory low = a.c0.mul(b.c0);
        Fp memory high = a.c1.mul(b.c1);
        Fp memory cross = a.c0.add(a.c1).mul(b.c0.add(b.c1));
        return Fp2(low.sub(high), cross.sub(low).sub(high));
    }

    /// @dev RFC 9380, expand_message_xmd to 256 bytes; `dst` with its length behind it.
    function _expand(bytes memory message, bytes memory dst) private pure returns (bytes32[8] memory parts) {
        bytes32 first = sha256(abi.encodePacked(new bytes(64), message, hex"010000", dst));
        bytes32 last = 0;
        for (uint8 i = 0; i < 8; ++i) {
            last = sha256(abi.encodePacked(first ^ last, i + 1, dst));
            parts[i] = last;
        }
    }

    /// @dev Whether flags and body are of a point, and of infinity.
    function _judge(uint8 flags, bool isBodyZero) private pure returns (bool isPoint, bool isInfinity) {
        isInfinity = flags & 0x40 != 0;
        isPoint = flags & 0x80 != 0 && (!isInfinity || (flags & 0x20 == 0 && isBodyZero));
    }

    /// @dev 48 bytes at an offset: three flags and a number.
    function _read(bytes memory input, uint256 offset) private pure returns (uint8 flags, Fp memory x) {
        x = _plain(input, offset);
        // forge-lint: disable-next-line(unsafe-typecast)
        flags = uint8(x.hi >> 120); // fits: x.hi is below 2^128
        x.hi &= type(uint128).max >> 3;
    }

    function _plain(bytes memory input, uint256 offset) private pure returns (Fp memory x) {
        assembly ("memory-safe") {
            let from := add(add(input, 32), offset)
            mstore(x, shr(128, mload(from)))
            mstore(add(x, 32), mload(add(from, 16)))
        }
    }

    /// @dev A call that can fail for nothing but a lack of gas.
    function _call(address precompile, bytes memory input, uint256 expected)
        private
        view
        returns (bytes memory)
    {
        (bool isDone, bytes memory answer) = precompile.staticcall(input);
        if (!isDone || answer.length != expected) revert Bls12381OutOfGas();
        return answer;
    }
}
