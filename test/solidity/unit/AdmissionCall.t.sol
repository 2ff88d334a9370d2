// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IChipAdmission} from "contracts/src/interfaces/IChipAdmission.sol";
import {AdmissionCall} from "contracts/src/libraries/AdmissionCall.sol";
import {ChipRegistration} from "contracts/src/types/Chips.sol";

contract AdmissionCallTest is Test {
    /// forge-config: default.fuzz.runs = 64
    /// @dev What reads the moved list reads what was sent; other arguments stand before and behind it.
    function testFuzz_encode_isReadAsTheCall(
        address operator,
        ChipRegistration[] memory chips,
        uint32[] memory nonces,
        bytes memory more
    ) public view {
        bytes memory input = this.moved(more, operator, chips, nonces, more);

        // forge-lint: disable-next-line(unsafe-typecast)
        assertEq(bytes4(input), IChipAdmission.check.selector, "selector"); // the first four bytes are meant
        bytes memory arguments = this.read(input);
        assertEq(arguments, abi.encode(operator, chips, nonces), "arguments");
    }

    function moved(
        bytes calldata,
        address operator,
        ChipRegistration[] calldata chips,
        uint32[] memory nonces,
        bytes calldata
    ) external pure returns (bytes memory) {
        return AdmissionCall.encode(operator, chips, nonces);
    }

    function read(bytes calldata input) external pure returns (bytes memory) {
        (address operator, ChipRegistration[] memory chips, uint32[] memory nonces) =
            abi.decode(input[4:], (address, ChipRegistration[], uint32[]));
        return abi.encode(operator, chips, nonces);
    }
}
