// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {Bls12381, Fp2} from "contracts/src/libraries/Bls12381.sol";
import {Fp, Fp381} from "contracts/src/libraries/Fp381.sol";
import {P256Curve, P256Point} from "contracts/src/libraries/P256Curve.sol";

/// @title A chip made of a number, for trials of a deployment: signs in P-256 by forge, in BLS by EIP-2537.
/// @dev Not for money: its keys are in the script.
library SoftChip {
    using Fp381 for Fp;

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address private constant G1_MSM = address(0x0c);
    address private constant G2_MSM = address(0x0e);

    bytes private constant SIGNATURE_DOMAIN = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    bytes private constant POSSESSION_DOMAIN = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    bytes private constant G1 =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1";

    function identity(uint256 secret) internal pure returns (bytes32 x, bytes32 y) {
        (uint256 keyX, uint256 keyY) = VM.publicKeyP256(secret);
        return (bytes32(keyX), bytes32(keyY));
    }

    /// @dev A P-256 signature with low s.
    function sign(uint256 secret, bytes32 digest) internal pure returns (bytes32 r, bytes32 s) {
        (r, s) = VM.signP256(secret, digest);
        if (uint256(s) > P256Curve.N / 2) s = bytes32(P256Curve.N - uint256(s));
    }

    /// @dev The operator's key for draws.
    function vrfKey(uint256 secret) internal pure returns (bytes memory) {
        (uint256 x, uint256 y) = VM.publicKeyP256(secret);
        return P256Curve.compress(P256Point(x, y));
    }

    function blsKey(uint256 secret) internal view returns (bytes memory) {
        return Bls12381.encodeG1(_multiple(G1_MSM, G1, secret));
    }

    function possession(uint256 secret, bytes32 context) internal view returns (bytes memory) {
        return _blsSign(secret, bytes.concat(blsKey(secret), context), POSSESSION_DOMAIN);
    }

    function availability(uint256 secret, bytes32 message) internal view returns (bytes memory) {
        return _blsSign(secret, abi.encodePacked(message), SIGNATURE_DOMAIN);
    }

    function _blsSign(uint256 secret, bytes memory message, bytes memory domain)
        private
        view
        returns (bytes memory)
    {
        bytes memory point = _multiple(G2_MSM, Bls12381.hashToG2(message, domain), secret);
        (Fp2 memory x, Fp2 memory y) = abi.decode(point, (Fp2, Fp2));
        bool isLarge = y.c1.isZero() ? y.c0.isLarge() : y.c1.isLarge();
        x.c1.hi |= isLarge ? 0xa0 << 120 : 0x80 << 120;
        return abi.encodePacked(_bytes48(x.c1), _bytes48(x.c0));
    }

    function _multiple(address msm, bytes memory point, uint256 scalar) private view returns (bytes memory) {
        (bool isDone, bytes memory answer) = msm.staticcall(bytes.concat(point, bytes32(scalar)));
        require(isDone && answer.length == point.length, "EIP-2537 is missing");
        return answer;
    }

    function _bytes48(Fp memory number) private pure returns (bytes memory) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return abi.encodePacked(uint128(number.hi), number.lo); // fits: below 2^128
    }
}
