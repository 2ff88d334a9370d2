// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PociParameters} from "../types/Chips.sol";
import {ChipBooks} from "./ChipBooks.sol";
import {ChipEntry} from "./ChipEntry.sol";
import {ChipExit} from "./ChipExit.sol";
import {ChipService} from "./ChipService.sol";

/// @title Keeps chips, their operators' power and the proofs of their availability.
/// @dev Safety: BeaconHistory, VendorRegistry and Vault are trusted; the escrow only to hold chips no longer
/// than it must. Liveness: silent operators lose their power when anybody calls `suspendSilent`.
contract PociRegistry is ChipEntry, ChipService, ChipExit {
    constructor(PociParameters memory parameters) ChipBooks(parameters) {}
}
