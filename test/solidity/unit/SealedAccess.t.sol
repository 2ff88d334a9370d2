// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {SealedAccess} from "contracts/src/libraries/SealedAccess.sol";

contract SealedAccessTest is Test {
    bytes private constant URL = "https://worker.example:7443/with/a/path/longer/than/a/word";

    function isWellFormed(bytes memory text) private pure returns (bool good) {
        (good,) = SealedAccess.read(text);
    }

    function anAccess() private pure returns (bytes memory) {
        return abi.encode(URL, keccak256("certificate"), keccak256("secret"), new bytes(65));
    }

    function test_read_takesTheAccessApart() public pure {
        bytes memory signature = abi.encodePacked(keccak256("r"), keccak256("s"), uint8(27));

        (bool good, SealedAccess.Access memory access) =
            SealedAccess.read(abi.encode(URL, keccak256("certificate"), keccak256("secret"), signature));

        assertTrue(good, "well formed");
        assertEq(access.url, URL, "url");
        assertEq(access.certFingerprint, keccak256("certificate"), "certificate");
        assertEq(access.secret, keccak256("secret"), "secret");
        assertEq(access.signature, signature, "signature");
    }

    function test_read_refusesEveryOtherEncodingOfTheSame() public pure {
        bytes memory text = anAccess();
        for (uint256 i = 0; i < text.length; ++i) {
            bytes memory changed = bytes.concat(text);
            changed[i] ^= 0xff;
            // Fingerprint, secret, and the bytes of url and signature may be anything, the url visible.
            bool isContent = (i >= 32 && i < 96) || (i >= 256 && i < 321);
            assertEq(isWellFormed(changed), isContent, vm.toString(i));
        }
        assertFalse(isWellFormed(bytes.concat(text, hex"00")), "a byte more");
        assertFalse(isWellFormed(bytes.concat(text, new bytes(32))), "a word more");
    }

    function test_read_refusesEveryShorterText() public pure {
        bytes memory text = anAccess();
        for (uint256 length = 0; length < text.length; ++length) {
            bytes memory cut = bytes.concat(text);
            assembly ("memory-safe") {
                mstore(cut, length)
            }
            assertFalse(isWellFormed(cut), vm.toString(length));
        }
    }

    function test_read_refusesAnEmptyUrl() public pure {
        assertFalse(isWellFormed(abi.encode("", bytes32(0), bytes32(0), new bytes(65))));
    }

    function test_read_takesNoSignature() public pure {
        assertTrue(isWellFormed(abi.encode(URL, bytes32(0), bytes32(0), "")), "the form is right");
    }

    /// @dev Offsets and lengths near 2^256, and pointing at each other, must neither revert nor loop.
    function testFuzz_read_neverReverts(bytes memory text, uint256[5] memory words) public pure {
        SealedAccess.read(text);
        SealedAccess.read(
            bytes.concat(
                abi.encode(words[0], words[1], words[2], words[3], words[4]), text, abi.encode(words[0])
            )
        );
        SealedAccess.read(bytes.concat(abi.encode(128, 0, 0, words[3], words[4]), text));
        SealedAccess.read(
            bytes.concat(abi.encode(128, 0, 0, words[3], text.length), text, abi.encode(words[0]))
        );
    }

    function testFuzz_read_agreesWithTheEncoder(
        bytes memory url,
        bytes32 fingerprint,
        bytes32 secret,
        bytes memory signature
    ) public pure {
        for (uint256 i = 0; i < url.length; ++i) {
            url[i] = bytes1(0x21 + uint8(url[i]) % 94);
        }
        (bool good, SealedAccess.Access memory access) =
            SealedAccess.read(abi.encode(url, fingerprint, secret, signature));

        assertEq(good, url.length != 0, "well formed");
        if (!good) return;
        assertEq(access.url, url, "url");
        assertEq(access.certFingerprint, fingerprint, "fingerprint");
        assertEq(access.secret, secret, "secret");
        assertEq(access.signature, signature, "signature");
    }

    function test_isVisible_knowsEveryByteAtEveryPlace() public pure {
        for (uint256 length = 1; length <= 33; length += 16) {
            for (uint256 value = 0; value < 256; ++value) {
                bytes memory text = new bytes(length);
                for (uint256 i = 0; i < length; ++i) {
                    text[i] = "a";
                }
                text[length - 1] = bytes1(bytes32(value << 248));
                assertEq(SealedAccess.isVisible(text), value > 0x20 && value < 0x7f, vm.toString(value));
            }
        }
    }

    function testFuzz_isVisible_isTheSameByteByByte(bytes memory text, bool isAscii) public pure {
        bool expected = true;
        for (uint256 i = 0; i < text.length; ++i) {
            if (isAscii) text[i] = bytes1(0x1f + uint8(text[i]) % 98);
            expected = expected && text[i] > 0x20 && text[i] < 0x7f;
        }
        assertEq(SealedAccess.isVisible(text), expected);
    }

    function testFuzz_deciphered_isTheXorWithTheKeystream(bytes32 secret, bytes memory text) public pure {
        bytes memory expected = bytes.concat(text);
        for (uint256 i = 0; i < text.length; ++i) {
            bytes32 pad = sha256(abi.encodePacked(secret, bytes4(bytes32(i / 32 << 224))));
            expected[i] = text[i] ^ pad[i % 32];
        }

        bytes memory ciphered = SealedAccess.deciphered(secret, text);

        assertEq(ciphered, expected, "ciphered");
        assertEq(SealedAccess.deciphered(secret, ciphered), text, "and back");
    }
}
