// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DleqVerify} from "contracts/src/precompiles/DleqVerify.sol";
import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {SeVerify} from "contracts/src/precompiles/SeVerify.sol";
import {VrfVerify} from "contracts/src/precompiles/VrfVerify.sol";
import {DleqFallback} from "contracts/src/precompiles/fallback/DleqFallback.sol";
import {PociFallback} from "contracts/src/precompiles/fallback/PociFallback.sol";
import {SeFallback} from "contracts/src/precompiles/fallback/SeFallback.sol";
import {VrfFallback} from "contracts/src/precompiles/fallback/VrfFallback.sol";

import {ChainFixture} from "../lib/ChainFixture.sol";

/// @title Whatever the bytes, a fallback ends as the node's precompile does: the same answer, or the same
/// reason.
/// @dev Inputs are the known ones, changed at random. The node answers through the shim, the fallback on
/// forge's own EVM.
contract FallbackTwinsTest is ChainFixture {
    /// @dev Longer inputs of the vectors are left out: 64 proofs a run take too long.
    uint256 private constant MOST_BYTES = 1200;

    address private se;
    address private poci;
    address private vrf;
    address private dleq;
    bytes[] private seInputs;
    bytes[] private pociInputs;
    bytes[] private vrfInputs;
    bytes[] private dleqInputs;

    function setUp() public override {
        vm.skip(isFallback()); // the node is one of the two that are compared
        useNode();
        se = address(new SeFallback());
        poci = address(new PociFallback());
        vrf = address(new VrfFallback());
        dleq = address(new DleqFallback());
        load("test/vectors/se_verify.json", seInputs);
        load("test/vectors/poci_verify.json", pociInputs);
        load("test/vectors/vrf_verify.json", vrfInputs);
        load("test/vectors/dleq_verify.json", dleqInputs);
    }

    function load(string memory path, bytes[] storage inputs) private {
        string memory json = vm.readFile(path);
        for (uint256 i = 0; vm.keyExistsJson(json, string.concat("$[", vm.toString(i), "]")); ++i) {
            bytes memory input = vm.parseJsonBytes(json, string.concat("$[", vm.toString(i), "].input"));
            if (input.length <= MOST_BYTES) inputs.push(input);
        }
    }

    function testFuzz_se_endsAsTheNode(uint256 seed) public view {
        compare(SeVerify.AT, se, changed(seInputs, 32, seed));
    }

    function testFuzz_vrf_endsAsTheNode(uint256 seed) public view {
        compare(VrfVerify.AT, vrf, changed(vrfInputs, 33, seed));
    }

    function testFuzz_dleq_endsAsTheNode(uint256 seed) public view {
        compare(DleqVerify.AT, dleq, changed(dleqInputs, 33, seed));
    }

    function testFuzz_poci_endsAsTheNode(uint256 seed) public view {
        compare(PociVerify.AT, poci, changed(pociInputs, 48, seed));
    }

    /// @dev Fresh keys and digests: good, with the other s, or under another key.
    function testFuzz_se_judgesFreshSignaturesAsTheNode(uint256 key, bytes32 digest, uint8 kind) public view {
        key = bound(key, 1, 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550);
        (bytes32 r, bytes32 s) = vm.signP256(key, digest);
        (uint256 x, uint256 y) = vm.publicKeyP256(kind % 4 == 3 ? key / 2 + 1 : key);
        uint256 order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
        if (kind % 4 == 1) s = bytes32(order - uint256(s));
        compare(SeVerify.AT, se, abi.encode(kind % 4 == 2 ? keccak256("another") : digest, r, s, x, y));
    }

    function compare(address native, address twin, bytes memory input) private view {
        (bool isDone, bytes memory known) = native.staticcall(input);
        (bool isTwinDone, bytes memory answer) = twin.staticcall(input);
        assertEq(isTwinDone, isDone, "how it ends");
        assertEq(answer, known, "what it says");
    }

    /// @dev A known input, left as it is or changed in one of eight ways; `part` is the length of its
    /// numbers.
    function changed(bytes[] storage inputs, uint256 part, uint256 seed)
        private
        view
        returns (bytes memory input)
    {
        input = inputs[seed % inputs.length];
        seed = uint256(keccak256(abi.encode(seed)));
        uint256 kind = seed % 8;
        seed >>= 8;
        if (kind == 1) return bytes.concat(input, bytes1(bytes32(seed)));
        if (input.length < part + 8 || kind == 0) return input;
        uint256 place = (seed >> 8) % input.length;
        if (kind == 2) input[place] ^= bytes1(0x80) >> (seed % 8); // one bit
        // forge-lint: disable-next-line(unsafe-typecast)
        if (kind == 3) input[place] = bytes1(uint8(seed));
        if (kind == 4) return cut(input, place);
        if (kind > 4) overwrite(input, inputs[(seed >> 40) % inputs.length], part, seed >> 80, kind);
    }

    /// @dev Puts zeros, infinity or a part of another input in the place of a part, counted from the end.
    function overwrite(bytes memory input, bytes memory other, uint256 part, uint256 seed, uint256 kind)
        private
        pure
    {
        uint256 to = input.length - part * (1 + seed % (input.length / part));
        uint256 from =
            other.length < part ? 0 : other.length - part * (1 + (seed >> 8) % (other.length / part));
        for (uint256 i = 0; i < part; ++i) {
            if (kind == 7 && other.length >= part) input[to + i] = other[from + i];
            else input[to + i] = kind == 6 && i == 0 ? bytes1(0xc0) : bytes1(0);
        }
    }

    function cut(bytes memory input, uint256 length) private pure returns (bytes memory) {
        assembly ("memory-safe") {
            mstore(input, length)
        }
        return input;
    }
}
