// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @title Calls a precompile on the node and returns how it ended, as data.
/// @dev Runs on the node: an `eth_call` state override puts it at an empty address. Input: target (32 bytes)
/// ‖ input. Output: 1 or 0 (32) ‖ gas used (32) ‖ what came back. So a failing precompile is no RPC
/// error.
contract PrecompileProbe {
    fallback() external payable {
        assembly {
            let length := sub(calldatasize(), 32)
            calldatacopy(0, 32, length)
            let before := gas()
            let isDone := staticcall(gas(), calldataload(0), 0, length, 0, 0)
            let used := sub(before, gas())
            mstore(0, isDone)
            mstore(32, used)
            returndatacopy(64, 0, returndatasize())
            return(0, add(64, returndatasize()))
        }
    }
}

/// @title Answers every call with the real precompile of a running node: Foundry's EVM has none of ours.
/// @dev Etch its runtime code at the precompile's address and allow it cheatcodes. It knows no answer of its
/// own: without the node every call fails.
contract PrecompileShim {
    error PrecompileShimUrlTooLong(uint256 length);
    error PrecompileShimNoStateOverrides();

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Where the probe stands on the node, for the length of a call.
    address private constant PROBE = 0x00000000000000000000000000000000c0dEc0DE;

    address private immutable TARGET;
    // An etched contract has no storage of its own: the URL, up to 64 bytes, is part of the code.
    uint256 private immutable URL_LENGTH;
    bytes32 private immutable URL_HEAD;
    bytes32 private immutable URL_TAIL;

    constructor(string memory url, address target) {
        bytes memory text = bytes(url);
        if (text.length > 64) revert PrecompileShimUrlTooLong(text.length);
        TARGET = target;
        URL_LENGTH = text.length;
        (URL_HEAD, URL_TAIL) = abi.decode(bytes.concat(text, new bytes(64 - text.length)), (bytes32, bytes32));
    }

    fallback(bytes calldata input) external payable returns (bytes memory) {
        VM.pauseGasMetering();
        bytes memory reply = _ask(input);
        VM.resumeGasMetering();
        if (reply.length < 64) revert PrecompileShimNoStateOverrides();

        (uint256 isDone, uint256 used) = abi.decode(reply, (uint256, uint256));
        assembly {
            // reply = reply[64:]
            let length := sub(mload(reply), 64)
            reply := add(reply, 64)
            mstore(reply, length)
            if iszero(isDone) {
                // A revert gives its reason and the unused gas; a halt takes all gas and says nothing.
                if length { revert(add(reply, 32), length) }
                invalid()
            }
            // Charge what the node charged, to within one turn of the loop.
            if gt(used, gas()) { invalid() }
            let floor := sub(gas(), used)
            for {} gt(gas(), floor) {} {}
        }
        return reply;
    }

    /// @dev `eth_call` of the probe. A transport error surfaces as forge's own error, unlike any answer.
    function _ask(bytes calldata input) private returns (bytes memory) {
        string memory probe = VM.toString(PROBE);
        bytes memory data = abi.encodePacked(uint256(uint160(TARGET)), input);
        string memory call = string.concat('{"to":"', probe, '","data":"', VM.toString(data), '"}');
        string memory code = VM.toString(type(PrecompileProbe).runtimeCode);
        string memory state = string.concat('{"', probe, '":{"code":"', code, '"}}');
        return VM.rpc(_url(), "eth_call", string.concat("[", call, ',"latest",', state, "]"));
    }

    function _url() private view returns (string memory url) {
        bytes memory text = abi.encode(URL_HEAD, URL_TAIL);
        uint256 length = URL_LENGTH;
        assembly {
            mstore(text, length)
        }
        return string(text);
    }
}
