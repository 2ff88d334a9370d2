// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {stdError} from "forge-std/Test.sol";

import {
    CompressedPoint,
    DleqVerify,
    EqualLogs,
    EqualLogsProof
} from "contracts/src/precompiles/DleqVerify.sol";
import {BlsKey, PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {SeVerify} from "contracts/src/precompiles/SeVerify.sol";
import {VrfVerify} from "contracts/src/precompiles/VrfVerify.sol";
import {ChipSignature} from "contracts/src/types/Chips.sol";

import {ChainFixture} from "../lib/ChainFixture.sol";

/// @dev Every answer here comes from the node, for the shim has none of its own, or with UTNET_FALLBACK=true
/// from the fallbacks.
contract PrecompilesTest is ChainFixture {
    using PociVerify for bytes;

    string private _json;
    bytes[] private _keys;

    function setUp() public override {
        super.setUp();
        usePrecompiles();
        _json = vm.readFile("test/vectors/chips.json");
        _keys = vm.parseJsonBytesArray(_json, ".blsKey");
    }

    function test_wrappers_askTheOneThatStands() public view {
        assertEq(SeVerify.AT.code.length == 0, isFallback(), "native SE_VERIFY");
        assertEq(PociVerify.AT.code.length == 0, isFallback(), "native POCI_VERIFY");
        assertEq(VrfVerify.AT.code.length == 0, isFallback(), "native VRF_VERIFY");
        assertEq(SeVerify.FALLBACK.code.length != 0, isFallback(), "SeFallback");
        assertEq(PociVerify.FALLBACK.code.length != 0, isFallback(), "PociFallback");
        assertEq(VrfVerify.FALLBACK.code.length != 0, isFallback(), "VrfFallback");
        assertEq(DleqVerify.AT.code.length == 0, isFallback(), "native DLEQ_VERIFY");
        assertEq(DleqVerify.FALLBACK.code.length != 0, isFallback(), "DleqFallback");
    }

    /// @dev A precompile with code is asked even where a fallback stands beside it.
    function test_wrappers_preferThePrecompile() public {
        vm.etch(SeVerify.AT, hex"602060005260206000f3"); // answers 32
        vm.etch(SeVerify.FALLBACK, hex"600060005260206000f3"); // answers 0
        assertEq(this.verifyNothing(), 32);
    }

    function test_shim_asksTheNodeAndNobodyElse() public {
        vm.skip(isFallback());
        shim("http://127.0.0.1:1", VrfVerify.AT);
        vm.expectRevert();
        this.draw();
    }

    function test_shim_passesARefusalOn() public {
        vm.skip(isFallback());
        (bool isDone, bytes memory reason) = SeVerify.AT.staticcall(new bytes(159));
        assertFalse(isDone, "refused");
        assertGt(reason.length, 0, "with a reason");
    }

    function test_isSigned_knowsAChipsSignature() public view {
        bytes32 message = vm.parseJsonBytes32(_json, ".epochs.e1.message");
        bytes32[2] memory signature =
            [vm.parseJsonBytes32(_json, ".epochs.e1.r7"), vm.parseJsonBytes32(_json, ".epochs.e1.s7")];
        bytes32[2] memory key =
            [vm.parseJsonBytes32Array(_json, ".x")[7], vm.parseJsonBytes32Array(_json, ".y")[7]];

        assertTrue(SeVerify.isSigned(message, signature, key), "good");
        assertFalse(SeVerify.isSigned(keccak256("another"), signature, key), "another digest");
        ChipSignature memory signed = ChipSignature(key[0], key[1], signature[0], signature[1]);
        assertTrue(this.isSigned(message, signed), "good, with its key");
        assertFalse(this.isSigned(keccak256("another"), signed), "another digest, with its key");
    }

    function isSigned(bytes32 digest, ChipSignature calldata signed) external view returns (bool) {
        return SeVerify.isSigned(digest, signed);
    }

    function test_verify_setsTheBitOfEachGoodSignature() public view {
        bytes32 message = vm.parseJsonBytes32(_json, ".epochs.e1.message");
        bytes32[2] memory signature =
            [vm.parseJsonBytes32(_json, ".epochs.e1.r7"), vm.parseJsonBytes32(_json, ".epochs.e1.s7")];
        bytes32[2] memory key =
            [vm.parseJsonBytes32Array(_json, ".x")[7], vm.parseJsonBytes32Array(_json, ".y")[7]];
        bytes memory items = SeVerify.batch(256);
        SeVerify.put(items, 3, message, signature, key);
        SeVerify.put(items, 255, message, signature, key);

        assertEq(SeVerify.verify(items), (1 << 255) | (1 << 3));
    }

    function test_sum_addsAndSubtractsKeys() public view {
        bytes memory first = bytes.concat(_keys[0], _keys[1]);
        BlsKey memory both = PociVerify.sum(first, "");

        BlsKey memory one = PociVerify.sum(PociVerify.toBytes(both), _keys[1]);

        assertEq(PociVerify.toBytes(one), _keys[0]);
    }

    function test_sum_ofNothingIsInfinity() public view {
        BlsKey memory none = PociVerify.sum("", "");
        assertEq(PociVerify.toBytes(none), PociVerify.toBytes(PociVerify.infinity()), "no keys");
        BlsKey memory gone = PociVerify.sum(_keys[0], _keys[0]);
        assertEq(PociVerify.toBytes(gone), PociVerify.toBytes(PociVerify.infinity()), "k - k");
    }

    function sum(bytes calldata plus) external view returns (BlsKey memory) {
        return PociVerify.sum(plus, "");
    }

    function test_sum_revertsWhen_bytesAreNoKey() public {
        vm.expectRevert(PociVerify.PociVerifyNotKeys.selector);
        this.sum(new bytes(48));
    }

    function testFuzz_append_writesKeysOneAfterTheOther(uint8 count) public view {
        bytes memory expected = "";
        bytes[] memory keys = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            keys[i] = bytes.concat(keccak256(abi.encode(i)), bytes16(keccak256(abi.encode(i, i))));
            expected = bytes.concat(expected, keys[i]);
        }
        (bytes memory list, bytes memory next) = this.listOf(keys);

        assertEq(list, expected, "keys");
        assertEq(next, new bytes(32), "memory behind them");
    }

    function listOf(bytes[] calldata keys) external pure returns (bytes memory list, bytes memory next) {
        list = PociVerify.keyList(keys.length);
        next = new bytes(32);
        for (uint256 i = 0; i < keys.length; ++i) {
            list.append(keys[i]);
        }
    }

    function test_append_revertsWhen_itIsNoKey() public {
        bytes[] memory keys = new bytes[](1);
        keys[0] = new bytes(47);
        vm.expectRevert(stdError.assertionError);
        this.listOf(keys);
    }

    function put(bytes32 context, bytes calldata key, bytes calldata proof)
        external
        pure
        returns (bytes memory items)
    {
        items = PociVerify.possessions(2);
        PociVerify.putPossession(items, 0, context, key, proof);
        PociVerify.putPossession(items, 1, context, key, proof);
    }

    function testFuzz_putPossession_packsTheProof(bytes32 seed) public view {
        bytes memory key = bytes.concat(seed, bytes16(keccak256("key")));
        bytes memory proof = bytes.concat(keccak256("a"), seed, keccak256("b"));

        bytes memory items = this.put(seed, key, proof);

        assertEq(items, bytes.concat(hex"01", seed, key, proof, seed, key, proof));
    }

    function testFuzz_put_packsTheSignature(bytes32 seed) public pure {
        bytes memory items = SeVerify.batch(2);
        bytes32[2] memory signature = [keccak256("r"), seed];
        bytes32[2] memory key = [seed, keccak256("y")];
        SeVerify.put(items, 0, seed, signature, key);
        SeVerify.put(items, 1, seed, signature, key);

        bytes memory item = bytes.concat(seed, signature[0], signature[1], key[0], key[1]);
        assertEq(items, bytes.concat(item, item));
    }

    function draw() external view returns (bool isProven, bytes32 beta) {
        return VrfVerify.verify(
            vm.parseJsonBytes(_json, ".vrfKey"),
            vm.parseJsonBytes(_json, ".vrf.pi"),
            vm.parseJsonBytes(_json, ".vrf.alpha")
        );
    }

    function test_vrf_provesADraw() public view {
        (bool isProven, bytes32 beta) = this.draw();

        assertTrue(isProven, "proven");
        assertEq(beta, vm.parseJsonBytes32(_json, ".vrf.beta"), "beta");
    }

    function test_vrf_isFalseForAnotherInput() public view {
        (bool isProven, bytes32 beta) = VrfVerify.verify(
            vm.parseJsonBytes(_json, ".vrfKey"), vm.parseJsonBytes(_json, ".vrf.pi"), "another"
        );

        assertFalse(isProven, "proven");
        assertEq(beta, 0, "beta");
    }

    /// @dev The first known answer that holds, taken apart.
    function aProof() external view returns (EqualLogs memory, EqualLogsProof memory) {
        bytes memory input = vm.parseJsonBytes(vm.readFile("test/vectors/dleq_verify.json"), "$[0].input");
        return this.takeApart(input);
    }

    function takeApart(bytes calldata input)
        external
        pure
        returns (EqualLogs memory equal, EqualLogsProof memory proof)
    {
        equal.context = bytes32(input[:32]);
        equal.a = CompressedPoint(input[32], bytes32(input[33:65]));
        equal.b = CompressedPoint(input[65], bytes32(input[66:98]));
        equal.c = CompressedPoint(input[98], bytes32(input[99:131]));
        equal.d = CompressedPoint(input[131], bytes32(input[132:164]));
        proof = EqualLogsProof(bytes32(input[164:196]), bytes32(input[196:228]));
    }

    function areEqual(EqualLogs memory equal, EqualLogsProof memory proof) external view returns (bool) {
        return DleqVerify.areEqual(equal, proof);
    }

    function test_areEqual_knowsAProof() public view {
        (EqualLogs memory equal, EqualLogsProof memory proof) = this.aProof();

        assertTrue(DleqVerify.areEqual(equal, proof), "good");
        assertEq(abi.encode(equal.a), abi.encode(DleqVerify.generator()), "the first base is the generator");
        equal.context = keccak256("another");
        assertFalse(DleqVerify.areEqual(equal, proof), "another context");
    }

    function test_areEqual_isFalseWithBasesOrPointsSwapped() public view {
        (EqualLogs memory equal, EqualLogsProof memory proof) = this.aProof();

        (equal.a, equal.c) = (equal.c, equal.a);
        assertFalse(DleqVerify.areEqual(equal, proof), "bases");
        (equal.b, equal.d) = (equal.d, equal.b);
        assertFalse(DleqVerify.areEqual(equal, proof), "bases and points");
    }

    function compress(bytes calldata point) external pure returns (CompressedPoint memory) {
        return DleqVerify.compressed(point);
    }

    function testFuzz_compressed_keepsXAndTheParityOfY(bytes32 x, bytes32 y) public view {
        CompressedPoint memory point = this.compress(abi.encodePacked(bytes1(0x04), x, y));

        assertEq(point.x, x, "x");
        assertEq(uint8(point.parity), 2 + uint256(y) % 2, "parity");
    }

    function test_dleq_givesTheKnownAnswersOnTheNode() public {
        vm.skip(isFallback());
        string memory answers = vm.readFile("test/vectors/dleq_verify.json");
        uint256 count = 0;
        for (; vm.keyExistsJson(answers, string.concat("$[", vm.toString(count), "]")); ++count) {
            string memory record = string.concat("$[", vm.toString(count), "]");
            bool isAnswered = vm.keyExistsJson(answers, string.concat(record, ".output"));
            if (vm.keyExistsJson(answers, string.concat(record, ".budget"))) continue;
            (bool isDone, bytes memory answer) =
                DleqVerify.AT.call(vm.parseJsonBytes(answers, string.concat(record, ".input")));
            assertEq(isDone, isAnswered, vm.parseJsonString(answers, string.concat(record, ".name")));
            if (!isAnswered) continue;
            assertEq(answer, vm.parseJsonBytes(answers, string.concat(record, ".output")));
        }
        assertGt(count, 60, "all records were read");
    }

    function verifyNothing() external view returns (uint256) {
        return SeVerify.verify(SeVerify.batch(1));
    }

    function test_wrappers_revertWhen_precompileIsMissing() public {
        vm.etch(SeVerify.AT, "");
        vm.etch(PociVerify.AT, "");
        vm.etch(VrfVerify.AT, "");
        (EqualLogs memory equal, EqualLogsProof memory proof) = this.aProof();
        vm.etch(DleqVerify.AT, "");
        vm.etch(SeVerify.FALLBACK, "");
        vm.etch(PociVerify.FALLBACK, "");
        vm.etch(VrfVerify.FALLBACK, "");
        vm.etch(DleqVerify.FALLBACK, "");

        vm.expectRevert(SeVerify.SeVerifyUnavailable.selector);
        this.verifyNothing();
        vm.expectRevert(PociVerify.PociVerifyUnavailable.selector);
        this.sum("");
        vm.expectRevert(VrfVerify.VrfVerifyUnavailable.selector);
        this.draw();
        vm.expectRevert(DleqVerify.DleqVerifyUnavailable.selector);
        this.areEqual(equal, proof);
    }
}
