// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Admitted, ChipRegistration} from "../types/Chips.sol";

/// @title Checks what a registration claims: that chips are genuine, want this operator and hold their keys.
interface IChipAdmission {
    /// @notice What chips are registered as, all of them or none.
    /// @dev The caller is the registry that the chips' signatures name. Reverts with the registry's own
    /// errors, so that they reach who registers: `PociRegistryBadLength`, `PociRegistryAttestationExpired`,
    /// `PociRegistryNotGenuine`, `PociRegistryBadAttestation`, `PociRegistryBadPossession`; and with those of
    /// `IVendorRegistry.termsOf`.
    /// @param operator Who registers them.
    /// @param chips At most 64.
    /// @param nonces Registrations of each chip so far.
    function check(address operator, ChipRegistration[] calldata chips, uint32[] calldata nonces)
        external
        view
        returns (Admitted[] memory admitted);
}
