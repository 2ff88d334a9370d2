// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Bls12381} from "contracts/src/libraries/Bls12381.sol";
import {Fp, Fp381} from "contracts/src/libraries/Fp381.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

/// @title Tests the field and the encodings of BLS12-381 against the precompiles of EIP-2537 and MODEXP.
contract Bls12381Test is Test {
    using Fp381 for Fp;

    function fp(bytes32 seed) private view returns (Fp memory) {
        return Fp381.reduced(
            uint256(seed), uint256(keccak256(abi.encode(seed, 1))), uint256(keccak256(abi.encode(seed, 2)))
        );
    }

    function assertSame(Fp memory a, Fp memory b, string memory what) private pure {
        assertTrue(a.isReduced() && b.isReduced(), "reduced");
        assertTrue(a.equals(b), what);
    }

    /// @dev base^exponent mod P by MODEXP, as bytes.
    function power(Fp memory base, uint8 exponent) private view returns (Fp memory result) {
        bytes memory p = abi.encodePacked(uint128(Fp381.P_HI), Fp381.P_LO);
        (bool isDone, bytes memory answer) = address(5)
            .staticcall(abi.encodePacked(uint256(64), uint256(1), uint256(48), base.hi, base.lo, exponent, p));
        assertTrue(isDone && answer.length == 48, "MODEXP");
        return abi.decode(bytes.concat(new bytes(16), answer), (Fp));
    }

    function testFuzz_mul_equalsModexp(bytes32 seed) public view {
        Fp memory a = fp(seed);
        assertSame(a.mul(a), power(a, 2), "square");
        assertSame(a.mul(a).mul(a), power(a, 3), "cube");
    }

    function testFuzz_mul_distributesOverAddAndSub(bytes32 x, bytes32 y, bytes32 z) public view {
        (Fp memory a, Fp memory b, Fp memory c) = (fp(x), fp(y), fp(z));
        assertSame(a.add(b).mul(c), a.mul(c).add(b.mul(c)), "sum");
        assertSame(a.sub(b).mul(c), a.mul(c).sub(b.mul(c)), "difference");
        assertSame(a.mul(b), b.mul(a), "order");
    }

    function test_arithmetic_atTheEdgesOfTheField() public view {
        Fp memory zero = Fp(0, 0);
        Fp memory one = Fp(0, 1);
        Fp memory last = Fp(Fp381.P_HI, Fp381.P_LO - 1);
        assertSame(last.add(one), zero, "P - 1 + 1");
        assertSame(zero.sub(one), last, "0 - 1");
        assertSame(zero.negated(), zero, "-0");
        assertSame(last.mul(last), one, "(-1)^2");
        assertSame(one.halved().add(one.halved()), one, "1/2 + 1/2");
        assertSame(last.halved().add(last.halved()), last, "an even half");
        assertFalse(Fp(Fp381.P_HI, Fp381.P_LO).isReduced(), "P");
        assertTrue(last.isLarge() && !one.isLarge() && !zero.isLarge(), "halves of the field");
    }

    function testFuzz_inverseRoot_invertsARootOfASquareOrOfItsNegative(bytes32 seed) public view {
        Fp memory a = fp(seed);
        vm.assume(!a.isZero());
        Fp memory root = a.inverseRoot().mul(a);
        Fp memory square = root.mul(root);
        assertTrue(square.equals(a) || square.equals(a.negated()), "a root of a or -a");
        Fp memory unit = root.mul(a.inverseRoot());
        assertTrue(unit.equals(Fp(0, 1)) || unit.equals(Fp(0, 1).negated()), "1 or -1");
    }

    function testFuzz_decodeG1_undoesEncode(uint256 secret) public view {
        bytes memory key = SoftChip.blsKey(bound(secret, 1, type(uint128).max));
        (bool isPoint, bytes memory point) = Bls12381.decodeG1(key, 0);
        assertTrue(isPoint, "a point");
        assertEq(Bls12381.encodeG1(point), key);
    }

    /// forge-config: default.fuzz.runs = 100
    function testFuzz_decodeG2_findsThePointThatWasSigned(uint256 secret, bytes32 message) public view {
        secret = bound(secret, 1, type(uint128).max);
        bytes memory signature = SoftChip.availability(secret, message);
        (bool isPoint, bytes memory point) = Bls12381.decodeG2(signature, 0);
        assertTrue(isPoint, "a point");
        (, bytes memory key) = Bls12381.decodeG1(SoftChip.blsKey(secret), 0);
        bytes memory hash =
            Bls12381.hashToG2(abi.encodePacked(message), "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_");
        assertTrue(Bls12381.isSigned(key, hash, point), "signed");
    }

    /// @dev Points whose y^2 has no imaginary part: y is real, or purely imaginary. Computed apart.
    function test_decodeG2_ofASquareWithoutImaginaryPart() public view {
        checkG2(
            hex"8000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000020bcf671744ce4ca2529d4382da2564a63621a2e9df59993ee24f268dbaa982bbc8ec97c8207e05a03215f5e4b6c75cfb",
            hex"000000000000000000000000000000000bcf671744ce4ca2529d4382da2564a63621a2e9df59993ee24f268dbaa982bbc8ec97c8207e05a03215f5e4b6c75cfb000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000001d035cd541770161790017d556fbc8edf09119dd3ad7e9f33048b1f6c90b4b115be8bdd155e09598c18da0923a8d09000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        );
        checkG2(
            hex"8000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000020e31aad2f4b199f7f87e6433692648312e55a89b142b798084e1ac133c07736855bf683690d5fa5f87e90a1b49384db0",
            hex"000000000000000000000000000000000e31aad2f4b199f7f87e6433692648312e55a89b142b798084e1ac133c07736855bf683690d5fa5f87e90a1b49384db0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000029577e02fcae4ce913eafdee0672a9abdaea2cef873d93529739515f6c62301f873fbdb9825b1e9bd82e90bf609c667"
        );
    }

    function checkG2(bytes memory compressed, bytes memory known) private view {
        (bool isPoint, bytes memory point) = Bls12381.decodeG2(compressed, 0);
        assertTrue(isPoint, "a point");
        assertEq(point, known);
        // G2ADD takes nothing off the curve.
        (bool isDone,) = address(0x0d).staticcall(bytes.concat(point, point));
        assertTrue(isDone, "on the curve");
        compressed[0] |= 0x20;
        (, bytes memory mirrored) = Bls12381.decodeG2(compressed, 0);
        bytes memory sum;
        (isDone, sum) = address(0x0d).staticcall(bytes.concat(point, mirrored));
        assertTrue(isDone, "on the curve, too");
        assertEq(sum, new bytes(256), "the sign names the other root");
    }
}
