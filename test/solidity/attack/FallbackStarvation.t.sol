// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {DleqFallback} from "contracts/src/precompiles/fallback/DleqFallback.sol";
import {PociFallback} from "contracts/src/precompiles/fallback/PociFallback.sol";
import {SeFallback} from "contracts/src/precompiles/fallback/SeFallback.sol";
import {VrfFallback} from "contracts/src/precompiles/fallback/VrfFallback.sol";

/// @title A false signature is punished. On a chain without our precompiles an attacker calls the contract
/// that punishes with so little gas that the inner precompile runs out of it, while the 64th part that
/// stays outside is enough to go on: a good signature would look false, and an honest chip would pay.
/// @dev The vectors' first case is a true one in each file. Every budget up to what the answer needs must end
/// in a failure or in the answer.
contract FallbackStarvationTest is Test {
    function test_attack_aStarvedSignatureIsNotFalse() public {
        starve(address(new SeFallback()), "se_verify", 97);
    }

    /// @dev A pairing that lacks gas ends like one of a point outside its group.
    function test_attack_aStarvedPairingIsNotFalse() public {
        starve(address(new PociFallback()), "poci_verify", 499);
    }

    function test_attack_aStarvedDrawIsNotFalse() public {
        starve(address(new VrfFallback()), "vrf_verify", 997);
    }

    function test_attack_aStarvedProofOfEqualLogarithmsIsNotFalse() public {
        starve(address(new DleqFallback()), "dleq_verify", 997);
    }

    function starve(address twin, string memory file, uint256 step) private view {
        string memory json = vm.readFile(string.concat("test/vectors/", file, ".json"));
        bytes memory input = vm.parseJsonBytes(json, "$[0].input");
        bytes memory known = vm.parseJsonBytes(json, "$[0].output");
        bool isDone = false;
        uint256 failures = 0;
        for (uint256 budget = step; !isDone; budget += step) {
            bytes memory answer;
            (isDone, answer) = twin.staticcall{gas: budget}(input);
            if (isDone) assertEq(answer, known, "an answer is the answer");
            else ++failures;
        }
        assertGt(failures, 50, "starved");
    }
}
