// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Finds who answers for a precompile on this chain: itself, or its twin in Solidity.
/// @dev On UT chain genesis puts the code `0xfe` at a precompile's address. Elsewhere that address has no
/// code, and nobody can give it any; there the fallback answers, deployed by CREATE2 from the deployer that
/// stands on every chain (0x4e59…), so that its address is the hash of its code and the same on all of them
/// (`docs/decisions/0006-fallbacks-by-create2.md`). If it is not deployed, its address is empty, too.
library PrecompileHome {
    /// @param native The precompile's address.
    /// @param twin The fallback's address.
    function choose(address native, address twin) internal view returns (address) {
        return native.code.length == 0 ? twin : native;
    }
}
