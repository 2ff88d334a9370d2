// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {IChipAdmission} from "../interfaces/IChipAdmission.sol";
import {Admitted, ChipRegistration} from "../types/Chips.sol";

/// @title Hands a registration on to be checked, as it came: encoding it anew would cost every chip.
library AdmissionCall {
    using Address for address;

    function check(
        IChipAdmission admission,
        address operator,
        ChipRegistration[] calldata chips,
        uint32[] memory nonces
    ) internal view returns (Admitted[] memory) {
        bytes memory input = encode(operator, chips, nonces);
        return abi.decode(address(admission).functionStaticCall(input), (Admitted[]));
    }

    /// @dev An encoding of `abi.encodeCall(IChipAdmission.check, (operator, chips, nonces))`: what stands in
    /// a list of structs refers to the start of the list, so that the list may be moved. The whole calldata
    /// is moved with it: such a reference may be negative, and must lead to the same bytes there as here.
    function encode(address operator, ChipRegistration[] calldata chips, uint32[] memory nonces)
        internal
        pure
        returns (bytes memory input)
    {
        bytes4 selector = IChipAdmission.check.selector;
        assembly ("memory-safe") {
            let from := sub(chips.offset, 32)
            let padded := and(add(calldatasize(), 31), not(31))
            let list := mul(add(mload(nonces), 1), 32)
            input := mload(0x40)
            mstore(input, add(add(100, padded), list))
            mstore(add(input, 32), selector)
            mstore(add(input, 36), operator)
            mstore(add(input, 68), add(96, from))
            mstore(add(input, 100), add(96, padded))
            calldatacopy(add(input, 132), 0, calldatasize())
            mcopy(add(add(input, 132), padded), nonces, list)
            mstore(0x40, add(add(input, 160), add(padded, list)))
        }
    }
}
