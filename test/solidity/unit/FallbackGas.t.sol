// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DleqFallback} from "contracts/src/precompiles/fallback/DleqFallback.sol";
import {PociFallback} from "contracts/src/precompiles/fallback/PociFallback.sol";
import {SeFallback} from "contracts/src/precompiles/fallback/SeFallback.sol";
import {VrfFallback} from "contracts/src/precompiles/fallback/VrfFallback.sol";

import {Test} from "forge-std/Test.sol";

/// @dev Writes `snapshots/FallbackGas.json`: gas of one call of a fallback, on forge's own EVM.
contract FallbackGasTest is Test {
    address private se = address(new SeFallback());
    address private poci = address(new PociFallback());
    address private vrf = address(new VrfFallback());
    address private dleq = address(new DleqFallback());

    function test_se() public {
        measure(se, "se_verify", "low s of the RFC", "SE_VERIFY, 1 signature");
        measure(se, "se_verify", "ten, every third holds", "SE_VERIFY, 10 signatures");
    }

    function test_vrf() public {
        measure(vrf, "vrf_verify", "proof 0, alpha of 6 bytes", "VRF_VERIFY, 2 candidates");
    }

    function test_dleq() public {
        measure(dleq, "dleq_verify", "proof 0", "DLEQ_VERIFY");
    }

    function test_poci() public {
        measure(poci, "poci_verify", "8 signers, none absent", "POCI_VERIFY, aggregate, none absent");
        measure(poci, "poci_verify", "two of five absent", "POCI_VERIFY, aggregate, 2 absent");
        measure(poci, "poci_verify", "one proof", "POCI_VERIFY, 1 possession");
        measure(poci, "poci_verify", "three proofs", "POCI_VERIFY, 3 possessions");
        measure(poci, "poci_verify", "apk of 8 keys", "POCI_VERIFY, sum of 8 keys");
    }

    function measure(address twin, string memory file, string memory name, string memory label) private {
        bytes memory input = inputOf(file, name);
        (bool isDone,) = twin.staticcall(input);
        vm.snapshotGasLastCall("FallbackGas", label);
        assertTrue(isDone, label);
    }

    function inputOf(string memory file, string memory name) private view returns (bytes memory) {
        string memory json = vm.readFile(string.concat("test/vectors/", file, ".json"));
        for (uint256 i = 0;; ++i) {
            string memory row = string.concat("$[", vm.toString(i), "].");
            string memory found = vm.parseJsonString(json, string.concat(row, "name"));
            if (keccak256(bytes(found)) == keccak256(bytes(name))) {
                return vm.parseJsonBytes(json, string.concat(row, "input"));
            }
        }
        revert("unreachable: the vectors hold the name");
    }
}
