// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {DleqVerify} from "contracts/src/precompiles/DleqVerify.sol";
import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {SeVerify} from "contracts/src/precompiles/SeVerify.sol";
import {VrfVerify} from "contracts/src/precompiles/VrfVerify.sol";
import {DleqFallback} from "contracts/src/precompiles/fallback/DleqFallback.sol";
import {PociFallback} from "contracts/src/precompiles/fallback/PociFallback.sol";
import {SeFallback} from "contracts/src/precompiles/fallback/SeFallback.sol";
import {VrfFallback} from "contracts/src/precompiles/fallback/VrfFallback.sol";

import {PrecompileShim} from "./PrecompileShim.sol";

/// @title Makes our precompiles answer on forge's EVM, which has none of them.
/// @dev Without UTNET_FALLBACK they are those of a running node; with UTNET_FALLBACK=true their twins in
/// Solidity, and nobody asks a node anything. Never both: what answers is the one that stands.
abstract contract PrecompileFixture is Test {
    /// @dev Endpoint in foundry.toml, which reads UTNET_RPC_URL.
    string internal constant NODE = "node";

    function usePrecompiles() internal {
        if (isFallback()) useFallbacks();
        else useNode();
    }

    function isFallback() internal view returns (bool) {
        return vm.envOr("UTNET_FALLBACK", false);
    }

    /// @dev Fails at once if there is no node.
    function useNode() internal {
        vm.rpc(NODE, "eth_chainId", "[]");
        shim(NODE, SeVerify.AT);
        shim(NODE, PociVerify.AT);
        shim(NODE, VrfVerify.AT);
        shim(NODE, DleqVerify.AT);
    }

    function useFallbacks() internal {
        vm.etch(SeVerify.FALLBACK, type(SeFallback).runtimeCode);
        vm.etch(PociVerify.FALLBACK, type(PociFallback).runtimeCode);
        vm.etch(VrfVerify.FALLBACK, type(VrfFallback).runtimeCode);
        vm.etch(DleqVerify.FALLBACK, type(DleqFallback).runtimeCode);
    }

    function shim(string memory url, address where) internal {
        vm.etch(where, address(new PrecompileShim(url, where)).code);
        vm.allowCheatcodes(where);
    }
}
