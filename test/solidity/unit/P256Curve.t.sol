// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {P256Curve, P256Point} from "contracts/src/libraries/P256Curve.sol";

/// @title Tests the arithmetic of P-256 against keys that forge makes.
contract P256CurveTest is Test {
    using P256Curve for P256Point;

    function keyOf(uint256 secret) private pure returns (P256Point memory point) {
        (point.x, point.y) = vm.publicKeyP256(secret);
    }

    function assertSame(P256Point memory a, P256Point memory b) private pure {
        assertEq(a.x, b.x, "x");
        assertEq(a.y, b.y, "y");
    }

    /// @dev a (k G) + b (m G) = (a k + b m) G.
    function testFuzz_sumOfMultiples_isLinear(uint256 k, uint256 m, uint256 a, uint256 b) public view {
        k = bound(k, 1, P256Curve.N - 1);
        m = bound(m, 1, P256Curve.N - 1);
        uint256 secret = addmod(mulmod(a, k, P256Curve.N), mulmod(b, m, P256Curve.N), P256Curve.N);
        vm.assume(secret != 0);

        assertSame(P256Curve.sumOfMultiples(a, keyOf(k), b, keyOf(m)), keyOf(secret));
    }

    /// @dev Small numbers meet equal points, opposite points and infinity on their way.
    function test_sumOfMultiples_isLinearInSmallNumbers() public view {
        for (uint256 a = 0; a < 9; ++a) {
            for (uint256 b = 0; b < 9; ++b) {
                for (uint256 m = 1; m < 4; ++m) {
                    P256Point memory sum =
                        P256Curve.sumOfMultiples(a, P256Curve.generator(), b, keyOf(m).negated());
                    if (a == b * m) assertTrue(sum.isInfinity(), "infinity");
                    else if (a > b * m) assertSame(sum, keyOf(a - b * m));
                    else assertSame(sum, keyOf(b * m - a).negated());
                }
            }
        }
    }

    function test_sumOfMultiples_takesInfinity() public view {
        P256Point memory none;
        assertSame(P256Curve.sumOfMultiples(5, none, 7, P256Curve.generator()), keyOf(7));
        assertSame(P256Curve.sumOfMultiples(5, P256Curve.generator(), 7, none), keyOf(5));
        assertTrue(P256Curve.sumOfMultiples(5, none, 7, none).isInfinity(), "nothing");
        assertTrue(
            P256Curve.sumOfMultiples(P256Curve.N, P256Curve.generator(), 0, none).isInfinity(), "the order"
        );
    }

    function testFuzz_decompress_undoesCompress(uint256 secret) public view {
        P256Point memory point = keyOf(bound(secret, 1, P256Curve.N - 1));
        bytes memory bytes33 = point.compress();
        (bool isPoint, P256Point memory again) = P256Curve.decompress(uint8(bytes33[0]), point.x);
        assertTrue(isPoint, "a point");
        assertSame(again, point);
    }

    function test_decompress_refusesWhatIsNoPoint() public view {
        uint256 x = keyOf(1).x;
        assertFalse(decodes(0, x) || decodes(1, x) || decodes(4, x) || decodes(5, x), "other tags");
        assertFalse(decodes(2, P256Curve.P) || decodes(2, type(uint256).max), "not reduced");
        // x = 1: 1 - 3 + b is no square mod p.
        assertFalse(decodes(2, 1), "off the curve");
    }

    function decodes(uint8 tag, uint256 x) private view returns (bool isPoint) {
        (isPoint,) = P256Curve.decompress(tag, x);
    }
}
