// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PociParameters} from "../types/Chips.sol";
import {ChipBooks} from "./ChipBooks.sol";
import {ChipEntry} from "./ChipEntry.sol";
import {ChipExit} from "./ChipExit.sol";
import {ChipPenalty} from "./ChipPenalty.sol";
import {ChipReads} from "./ChipReads.sol";
import {ChipService} from "./ChipService.sol";

/// @title Keeps chips, their operators' power and the proofs of their availability.
/// @dev Safety: BeaconHistory, VendorRegistry, Vault, Availability, ChipChallenges and ChipEvidence are
/// trusted; the escrow only to hold chips no longer than it must. Liveness: silent operators lose their power
/// when anybody calls `suspendSilent`.
contract PociRegistry is ChipReads, ChipEntry, ChipService, ChipExit, ChipPenalty {
    /// @dev `PociViews`, which says why it may run in this contract's storage.
    address private immutable VIEWS;

    constructor(PociParameters memory parameters) ChipBooks(parameters) {
        // Without code there every unknown call would succeed and answer nothing.
        if (parameters.views.code.length == 0) revert PociRegistryBadParameter("views");
        VIEWS = parameters.views;
    }

    /// @dev Hands on the reads of `IPociViews`, and whatever nobody knows, to be refused by name.
    fallback() external {
        address views = VIEWS;
        assembly ("memory-safe") {
            // whole answer of the views, or their refusal: control never comes back to Solidity
            let free := mload(0x40)
            calldatacopy(free, 0, calldatasize())
            let isAnswered := delegatecall(gas(), views, free, calldatasize(), 0, 0)
            returndatacopy(free, 0, returndatasize())
            if iszero(isAnswered) { revert(free, returndatasize()) }
            return(free, returndatasize())
        }
    }
}
