// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {P256Curve, P256Point} from "../../libraries/P256Curve.sol";
import {PrecompileFallback} from "./PrecompileFallback.sol";

/// @title Answers VRF_VERIFY in Solidity: ECVRF-P256-SHA256-TAI, RFC 9381 cipher suite 1.
contract VrfFallback is PrecompileFallback {
    using P256Curve for P256Point;

    uint256 private constant LEAST_BYTES = 114;
    uint256 private constant MOST_BYTES = 1138;
    uint256 private constant CANDIDATES = 256;

    /// @dev What a claim decodes to: pi = Gamma ‖ c ‖ s under the key Y.
    struct Claim {
        bytes key;
        bytes gammaBytes;
        bytes alpha;
        P256Point y;
        P256Point gamma;
        uint256 c;
        uint256 s;
    }

    /// @dev RFC 9381, B.1, example 10.
    constructor()
        PrecompileFallback(
            hex"0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6035b5c726e8c0e2c488a107c600578ee75cb702343c153cb1eb8dec77f4b5071b4a53f0a46f018bc2c56e58d383f2305e0975972c26feea0eb122fe7893c15af376b33edf7de17c6ea056d4d82de6bc02f73616d706c65",
            hex"0000000000000000000000000000000000000000000000000000000000000001a3ad7b0ef73d8fc6655053ea22f9bede8c743f08bbed3d38821f0e16474b505e"
        )
    {}

    function _answer(bytes memory input) internal view override returns (bytes memory) {
        if (input.length < LEAST_BYTES || input.length > MOST_BYTES) _refuse("length is not 114 to 1138");
        (bool isClaim, Claim memory claim) = _decode(input);
        if (isClaim && _holds(claim)) {
            return abi.encode(true, sha256(abi.encodePacked(hex"0103", claim.gammaBytes, bytes1(0))));
        }
        return new bytes(64);
    }

    function _decode(bytes memory input) private view returns (bool isClaim, Claim memory claim) {
        bool isKey;
        bool isGamma;
        (isKey, claim.y) = P256Curve.decompress(uint8(input[0]), uint256(_wordAt(input, 1)));
        (isGamma, claim.gamma) = P256Curve.decompress(uint8(input[33]), uint256(_wordAt(input, 34)));
        claim.c = uint256(_wordAt(input, 66)) >> 128;
        claim.s = uint256(_wordAt(input, 82));
        claim.key = abi.encodePacked(input[0], _wordAt(input, 1));
        claim.gammaBytes = abi.encodePacked(input[33], _wordAt(input, 34));
        claim.alpha = _tail(input, LEAST_BYTES);
        isClaim = isKey && isGamma && claim.s < P256Curve.N;
    }

    /// @dev U = s G - c Y, V = s H - c Gamma; c is the hash of Y, H, Gamma, U, V. A proof whose U or V is
    /// infinity is false.
    function _holds(Claim memory claim) private view returns (bool) {
        (bool isFound, P256Point memory h) = _hashToCurve(claim);
        if (!isFound) return false;
        P256Point memory u =
            P256Curve.sumOfMultiples(claim.s, P256Curve.generator(), claim.c, claim.y.negated());
        P256Point memory v = P256Curve.sumOfMultiples(claim.s, h, claim.c, claim.gamma.negated());
        if (u.isInfinity() || v.isInfinity()) return false;
        bytes32 hash = sha256(
            abi.encodePacked(
                hex"0102", claim.key, h.compress(), claim.gammaBytes, u.compress(), v.compress(), bytes1(0)
            )
        );
        return uint256(hash) >> 128 == claim.c;
    }

    /// @dev RFC 9381, 5.4.1.1: the first candidate that is the x of a point, with even y.
    function _hashToCurve(Claim memory claim) private view returns (bool isFound, P256Point memory h) {
        bytes memory text = abi.encodePacked(hex"0101", claim.key, claim.alpha, hex"0000");
        for (uint256 i = 0; i < CANDIDATES && !isFound; ++i) {
            // forge-lint: disable-next-line(unsafe-typecast)
            text[text.length - 2] = bytes1(uint8(i)); // fits: below 256
            (isFound, h) = P256Curve.decompress(2, uint256(sha256(text)));
        }
    }

    /// @dev The input from an offset on.
    function _tail(bytes memory input, uint256 offset) private pure returns (bytes memory tail) {
        tail = new bytes(input.length - offset);
        assembly ("memory-safe") {
            mcopy(add(tail, 32), add(add(input, 32), offset), mload(tail))
        }
    }
}
