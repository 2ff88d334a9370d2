// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev A number below the field prime of BLS12-381: the upper 128 and the lower 256 bits.
struct Fp {
    uint256 hi;
    uint256 lo;
}

/// @title Computes modulo the field prime of BLS12-381.
/// @dev Operands are reduced. MODEXP (0x05) reduces products and raises; a lack of gas reverts.
library Fp381 {
    uint256 internal constant P_HI = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 internal constant P_LO = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    /// @dev (P - 1) / 2.
    uint256 private constant HALF_HI = 0xd0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LO = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    /// @dev (P + 1) / 4 less one, (P - 3) / 4.
    uint256 private constant ROOT_HI = 0x680447a8e5ff9a692c6e9ed90d2eb35;
    uint256 private constant ROOT_LO = 0xd91dd2e13ce144afd9cc34a83dac3d8907aaffffac54ffffee7fbfffffffeaaa;

    function isReduced(Fp memory a) internal pure returns (bool) {
        return a.hi < P_HI || (a.hi == P_HI && a.lo < P_LO);
    }

    function isZero(Fp memory a) internal pure returns (bool) {
        return a.hi | a.lo == 0;
    }

    function equals(Fp memory a, Fp memory b) internal pure returns (bool) {
        return a.hi == b.hi && a.lo == b.lo;
    }

    /// @dev Whether a is above (P - 1) / 2: the larger of a and -a.
    function isLarge(Fp memory a) internal pure returns (bool) {
        return a.hi > HALF_HI || (a.hi == HALF_HI && a.lo > HALF_LO);
    }

    function add(Fp memory a, Fp memory b) internal pure returns (Fp memory sum) {
        unchecked {
            sum.lo = a.lo + b.lo; // wraps: the carry is next
            sum.hi = a.hi + b.hi + (sum.lo < a.lo ? 1 : 0); // cannot wrap: both are below 2^125
        }
        return isReduced(sum) ? sum : _less(sum, P_HI, P_LO);
    }

    function sub(Fp memory a, Fp memory b) internal pure returns (Fp memory) {
        return add(a, negated(b));
    }

    function negated(Fp memory a) internal pure returns (Fp memory) {
        return isZero(a) ? a : _less(Fp(P_HI, P_LO), a.hi, a.lo);
    }

    /// @dev a / 2: a or a + P, whichever is even, shifted.
    function halved(Fp memory a) internal pure returns (Fp memory half) {
        (uint256 hi, uint256 lo) = (a.hi, a.lo);
        unchecked {
            if (lo & 1 == 1) {
                lo += P_LO; // wraps: the carry is next
                hi += P_HI + (lo < P_LO ? 1 : 0); // cannot wrap: both are below 2^125
            }
        }
        return Fp(hi >> 1, (hi << 255) | (lo >> 1));
    }

    function mul(Fp memory a, Fp memory b) internal view returns (Fp memory) {
        unchecked {
            // w2 ‖ w1 ‖ w0 = a b < 2^762; carries are counted, and hi parts are below 2^125.
            (uint256 w1, uint256 w0) = _wide(a.lo, b.lo);
            (uint256 h, uint256 l) = _wide(a.hi, b.lo);
            uint256 w2 = a.hi * b.hi + h;
            w1 += l;
            if (w1 < l) ++w2;
            (h, l) = _wide(a.lo, b.hi);
            w2 += h;
            w1 += l;
            if (w1 < l) ++w2;
            return reduced(w2, w1, w0);
        }
    }

    /// @dev a^((P - 3) / 4) = 1 / sqrt(a) or 1 / sqrt(-a), whichever exists: P is 3 mod 4.
    function inverseRoot(Fp memory a) internal view returns (Fp memory root) {
        (uint256 hi, uint256 lo, uint256 eHi, uint256 eLo) = (a.hi, a.lo, ROOT_HI, ROOT_LO);
        assembly ("memory-safe") {
            let to := mload(0x40)
            mstore(to, 48)
            mstore(add(to, 32), 48)
            mstore(add(to, 64), 48)
            mstore(add(to, 96), shl(128, hi))
            mstore(add(to, 112), lo)
            mstore(add(to, 144), shl(128, eHi))
            mstore(add(to, 160), eLo)
            mstore(add(to, 192), shl(128, P_HI))
            mstore(add(to, 208), P_LO)
            if iszero(staticcall(gas(), 5, to, 240, to, 48)) { revert(0, 0) }
            mstore(root, shr(128, mload(to)))
            mstore(add(root, 32), mload(add(to, 16)))
        }
    }

    /// @dev (w2 ‖ w1 ‖ w0) mod P.
    function reduced(uint256 w2, uint256 w1, uint256 w0) internal view returns (Fp memory rest) {
        assembly ("memory-safe") {
            let to := mload(0x40)
            mstore(to, 96)
            mstore(add(to, 32), 1)
            mstore(add(to, 64), 48)
            mstore(add(to, 96), w2)
            mstore(add(to, 128), w1)
            mstore(add(to, 160), w0)
            mstore8(add(to, 192), 1)
            mstore(add(to, 193), shl(128, P_HI))
            mstore(add(to, 209), P_LO)
            if iszero(staticcall(gas(), 5, to, 241, to, 48)) { revert(0, 0) }
            mstore(rest, shr(128, mload(to)))
            mstore(add(rest, 32), mload(add(to, 16)))
        }
    }

    /// @dev a - (hi ‖ lo), which is at most a.
    function _less(Fp memory a, uint256 hi, uint256 lo) private pure returns (Fp memory rest) {
        unchecked {
            rest.lo = a.lo - lo; // wraps: the borrow is next
            rest.hi = a.hi - hi - (a.lo < lo ? 1 : 0);
        }
    }

    /// @dev a b in two words: mod 2^256 and, by the remainder mod 2^256 - 1, the rest.
    function _wide(uint256 a, uint256 b) private pure returns (uint256 hi, uint256 lo) {
        unchecked {
            uint256 rest = mulmod(a, b, type(uint256).max);
            lo = a * b;
            hi = rest - lo - (rest < lo ? 1 : 0);
        }
    }
}
