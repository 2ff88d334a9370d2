// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev An affine point of P-256; (0, 0) is infinity, which is not on the curve otherwise.
struct P256Point {
    uint256 x;
    uint256 y;
}

/// @title Computes with points of P-256 where P256VERIFY cannot: decompression and sums of two multiples.
/// @dev Not constant in time: for public values only. MODEXP (0x05) gives roots and inverses; a lack of gas
/// reverts.
library P256Curve {
    uint256 internal constant P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff;
    uint256 internal constant N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
    uint256 internal constant GX = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296;
    uint256 internal constant GY = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5;

    uint256 private constant B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b;
    /// @dev (P + 1) / 4: P is 3 mod 4.
    uint256 private constant ROOT_EXPONENT =
        0x3fffffffc0000000400000000000000000000000400000000000000000000000;

    function generator() internal pure returns (P256Point memory) {
        return P256Point(GX, GY);
    }

    function isInfinity(P256Point memory point) internal pure returns (bool) {
        return point.x == 0 && point.y == 0;
    }

    function negated(P256Point memory point) internal pure returns (P256Point memory) {
        return P256Point(point.x, point.y == 0 ? 0 : P - point.y);
    }

    /// @dev The point with this x and the oddness of y that SEC1's tag names; only tags 2 and 3 decode.
    function decompress(uint8 tag, uint256 x) internal view returns (bool isPoint, P256Point memory point) {
        if ((tag != 2 && tag != 3) || x >= P) return (false, point);
        uint256 square = addmod(mulmod(addmod(mulmod(x, x, P), P - 3, P), x, P), B, P);
        uint256 y = _power(square, ROOT_EXPONENT);
        if (mulmod(y, y, P) != square) return (false, point);
        // y is never 0: the order of the group is odd.
        point = P256Point(x, y & 1 == tag & 1 ? y : P - y);
        return (true, point);
    }

    /// @dev SEC1's compressed form of a point that is not infinity.
    function compress(P256Point memory point) internal pure returns (bytes memory) {
        return abi.encodePacked(bytes1(uint8(2 + (point.y & 1))), point.x);
    }

    /// @dev a p + b q by Shamir's trick, two bits of each number at a time. Points must be on the curve;
    /// infinity is a legal operand and result.
    function sumOfMultiples(uint256 a, P256Point memory p, uint256 b, P256Point memory q)
        internal
        view
        returns (P256Point memory)
    {
        uint256 table = _table(p, q);
        uint256 sum = _jacobian(0, 0, 0);
        for (uint256 shift = 256; shift != 0;) {
            shift -= 2;
            _double(sum);
            _double(sum);
            uint256 place = ((a >> shift) & 3) | (((b >> shift) & 3) << 2);
            if (place != 0) _add(sum, table + place * 96);
        }
        return _affine(sum);
    }

    /// @dev 16 Jacobian points of three words: i p + j q at place i + 4 j.
    function _table(P256Point memory p, P256Point memory q) private pure returns (uint256 table) {
        table = _jacobian(0, 0, 0);
        _jacobian(p.x, p.y, isInfinity(p) ? 0 : 1);
        _copy(table + 96);
        _double(table + 192);
        _copy(table + 192);
        _add(table + 288, table + 96);
        _jacobian(q.x, q.y, isInfinity(q) ? 0 : 1);
        for (uint256 i = 1; i < 4; ++i) {
            _copy(table + 384);
            _add(table + (4 + i) * 96, table + i * 96);
        }
        for (uint256 row = 8; row < 16; row += 4) {
            for (uint256 i = 0; i < 4; ++i) {
                _copy(table + (row - 4 + i) * 96);
                _add(table + (row + i) * 96, table + 384);
            }
        }
    }

    /// @dev Allocates a point after the last one.
    function _jacobian(uint256 x, uint256 y, uint256 z) private pure returns (uint256 spot) {
        assembly ("memory-safe") {
            spot := mload(0x40)
            mstore(0x40, add(spot, 96))
            mstore(spot, x)
            mstore(add(spot, 32), y)
            mstore(add(spot, 64), z)
        }
    }

    function _copy(uint256 from) private pure returns (uint256 spot) {
        assembly ("memory-safe") {
            spot := mload(0x40)
            mstore(0x40, add(spot, 96))
            mcopy(spot, from, 96)
        }
    }

    /// @dev point = 2 point, for a = -3. With delta = z^2, gamma = y^2, beta = x gamma, alpha = 3 (x - delta)
    /// (x + delta): x' = alpha^2 - 8 beta, z' = 2 y z, y' = alpha (4 beta - x') - 8 gamma^2. z = 0 stays 0.
    function _double(uint256 point) private pure {
        assembly ("memory-safe") {
            let p := P
            let z := mload(add(point, 64))
            if z {
                let x := mload(point)
                let y := mload(add(point, 32))
                mstore(add(point, 64), mulmod(addmod(y, y, p), z, p))
                let delta := mulmod(z, z, p)
                let alpha := mulmod(addmod(x, sub(p, delta), p), addmod(x, delta, p), p)
                alpha := addmod(alpha, addmod(alpha, alpha, p), p)
                let gamma := mulmod(y, y, p)
                let beta4 := mulmod(mulmod(x, 4, p), gamma, p)
                let x3 := addmod(mulmod(alpha, alpha, p), sub(p, addmod(beta4, beta4, p)), p)
                mstore(point, x3)
                let y3 := mulmod(alpha, addmod(beta4, sub(p, x3), p), p)
                mstore(add(point, 32), addmod(y3, sub(p, mulmod(8, mulmod(gamma, gamma, p), p)), p))
            }
        }
    }

    /// @dev point = point + other. With u1 = x1 z2^2, h = x2 z1^2 - u1, s1 = y1 z2^3, r = y2 z1^3 - s1,
    /// v = u1 h^2: x' = r^2 - h^3 - 2 v, y' = r (v - x') - s1 h^3, z' = z1 z2 h. Equal points double.
    function _add(uint256 point, uint256 other) private pure {
        bool isSame;
        assembly ("memory-safe") {
            let p := P
            let z1 := mload(add(point, 64))
            let z2 := mload(add(other, 64))
            switch iszero(z1)
            case 1 { mcopy(point, other, 96) }
            default {
                if z2 {
                    let h
                    let r
                    {
                        let zz := mulmod(z1, z1, p)
                        h := mulmod(mload(other), zz, p)
                        r := mulmod(mload(add(other, 32)), mulmod(zz, z1, p), p)
                    }
                    let u1
                    let s1
                    {
                        let zz := mulmod(z2, z2, p)
                        u1 := mulmod(mload(point), zz, p)
                        s1 := mulmod(mload(add(point, 32)), mulmod(zz, z2, p), p)
                    }
                    h := addmod(h, sub(p, u1), p)
                    r := addmod(r, sub(p, s1), p)
                    isSame := iszero(or(h, r))
                    if iszero(isSame) {
                        // h = 0 and r not: z' = 0, the sum of opposite points.
                        mstore(add(point, 64), mulmod(mulmod(z1, z2, p), h, p))
                        let hh := mulmod(h, h, p)
                        let v := mulmod(u1, hh, p)
                        let hhh := mulmod(hh, h, p)
                        let x3 := addmod(mulmod(r, r, p), sub(p, addmod(hhh, addmod(v, v, p), p)), p)
                        mstore(point, x3)
                        let y3 := mulmod(r, addmod(v, sub(p, x3), p), p)
                        mstore(add(point, 32), addmod(y3, sub(p, mulmod(s1, hhh, p)), p))
                    }
                }
            }
        }
        if (isSame) _double(point);
    }

    function _affine(uint256 point) private view returns (P256Point memory) {
        uint256 x;
        uint256 y;
        uint256 z;
        assembly ("memory-safe") {
            x := mload(point)
            y := mload(add(point, 32))
            z := mload(add(point, 64))
        }
        if (z == 0) return P256Point(0, 0);
        uint256 inverse = _power(z, P - 2);
        uint256 square = mulmod(inverse, inverse, P);
        return P256Point(mulmod(x, square, P), mulmod(y, mulmod(square, inverse, P), P));
    }

    /// @dev base^exponent mod P, by MODEXP.
    function _power(uint256 base, uint256 exponent) private view returns (uint256 result) {
        assembly ("memory-safe") {
            let to := mload(0x40)
            mstore(to, 32)
            mstore(add(to, 32), 32)
            mstore(add(to, 64), 32)
            mstore(add(to, 96), base)
            mstore(add(to, 128), exponent)
            mstore(add(to, 160), P)
            if iszero(staticcall(gas(), 5, to, 192, 0, 32)) { revert(0, 0) }
            result := mload(0)
        }
    }
}
