// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Stands in for `Emission` where only its burn sink matters.
contract BurnSink {
    function burn() external payable {}
}
