// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DleqVerify} from "contracts/src/precompiles/DleqVerify.sol";
import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {SeVerify} from "contracts/src/precompiles/SeVerify.sol";
import {VrfVerify} from "contracts/src/precompiles/VrfVerify.sol";
import {DleqFallback} from "contracts/src/precompiles/fallback/DleqFallback.sol";
import {PociFallback} from "contracts/src/precompiles/fallback/PociFallback.sol";
import {PrecompileFallback} from "contracts/src/precompiles/fallback/PrecompileFallback.sol";
import {SeFallback} from "contracts/src/precompiles/fallback/SeFallback.sol";
import {VrfFallback} from "contracts/src/precompiles/fallback/VrfFallback.sol";

import {VmSafe} from "forge-std/Vm.sol";

import {ChainFixture} from "../lib/ChainFixture.sol";

/// @title The fallbacks give the known answers of the native precompiles, on an EVM that has none of ours.
contract FallbacksTest is ChainFixture {
    address private constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    address private se;
    address private poci;
    address private vrf;
    address private dleq;

    function setUp() public override {
        se = address(new SeFallback());
        poci = address(new PociFallback());
        vrf = address(new VrfFallback());
        dleq = address(new DleqFallback());
    }

    /// @dev The addresses that the wrappers know are the hashes of the code: whoever changes a fallback sees
    /// here what they have become. Only with the compiler settings of the default profile.
    function test_addresses_areTheHashesOfTheCode() public {
        vm.skip(vm.isContext(VmSafe.ForgeContext.Coverage)); // which compiles otherwise
        assertEq(SeVerify.FALLBACK, create2(type(SeFallback).creationCode), "SeVerify.FALLBACK");
        assertEq(PociVerify.FALLBACK, create2(type(PociFallback).creationCode), "PociVerify.FALLBACK");
        assertEq(DleqVerify.FALLBACK, create2(type(DleqFallback).creationCode), "DleqVerify.FALLBACK");
        assertEq(VrfVerify.FALLBACK, create2(type(VrfFallback).creationCode), "VrfVerify.FALLBACK");
    }

    function test_se_givesTheKnownAnswers() public view {
        checkAll("test/vectors/se_verify.json", se, 41);
    }

    function test_vrf_givesTheKnownAnswers() public view {
        checkAll("test/vectors/vrf_verify.json", vrf, 54);
    }

    function test_dleq_givesTheKnownAnswers() public view {
        checkAll("test/vectors/dleq_verify.json", dleq, 40);
    }

    function test_poci_givesTheKnownAnswers() public view {
        checkAll("test/vectors/poci_verify.json", poci, 106);
    }

    function test_constructor_revertsWhen_theChainHasNoP256Verify() public {
        vm.mockCall(address(0x100), bytes(""), bytes(""));
        vm.expectRevert(PrecompileFallback.PrecompileFallbackSelfTestFailed.selector);
        new SeFallback();
    }

    function test_constructor_revertsWhen_pairingsAreFalse() public {
        vm.mockCall(address(0x0f), bytes(""), abi.encode(0));
        vm.expectRevert(PrecompileFallback.PrecompileFallbackSelfTestFailed.selector);
        new PociFallback();
    }

    /// @dev Every case but those of a native precompile's gas.
    function checkAll(string memory path, address twin, uint256 least) private view {
        string memory json = vm.readFile(path);
        uint256 checked = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, field(i, "")); ++i) {
            string memory name = vm.parseJsonString(json, field(i, ".name"));
            bool isRefused = vm.keyExistsJson(json, field(i, ".halt"));
            string memory halt = isRefused ? vm.parseJsonString(json, field(i, ".halt")) : "";
            if (keccak256(bytes(halt)) == keccak256("out of gas")) continue;
            bytes memory input = vm.parseJsonBytes(json, field(i, ".input"));
            (bool isDone, bytes memory answer) = twin.staticcall(input);
            assertEq(isDone, !isRefused, name);
            bytes memory known = isRefused
                ? abi.encodeWithSignature("Error(string)", halt)
                : vm.parseJsonBytes(json, field(i, ".output"));
            assertEq(answer, known, name);
            ++checked;
        }
        assertGe(checked, least, "cases");
    }

    function create2(bytes memory creationCode) private pure returns (address) {
        return vm.computeCreate2Address(0, keccak256(creationCode), DEPLOYER);
    }

    function field(uint256 i, string memory name) private pure returns (string memory) {
        return string.concat("$[", vm.toString(i), "]", name);
    }
}
