// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

/// @title What all proofs share: `scripts/prove` runs their `check_` functions with every value at once.
/// @dev forge compiles them and runs none of them.
abstract contract Proof is Test {}
