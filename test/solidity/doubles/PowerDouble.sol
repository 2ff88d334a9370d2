// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ChipId} from "contracts/src/types/Ids.sol";

/// @title Stands in for the registry where only the places of the segment line matter: one chip for each
/// entry.
contract PowerDouble {
    struct Place {
        address operator;
        uint64 phi;
    }

    Place[] private _places;
    uint64 private _greatestPhi;

    /// @dev An operator's chip of one unit.
    function add(address operator) external {
        addChip(operator, 1);
    }

    /// @dev A phi of zero is a chip that is not active.
    function addChip(address operator, uint64 phi) public {
        _places.push(Place(operator, phi));
        if (phi > _greatestPhi) _greatestPhi = phi;
    }

    /// @dev Forgets all chips.
    function clear() external {
        delete _places;
        _greatestPhi = 0;
    }

    function line() external view returns (uint32 places, uint64 greatestPhi) {
        return (uint32(_places.length), _greatestPhi);
    }

    /// @dev Units of phi of all its chips.
    function powerOf(address operator) external view returns (uint128 power) {
        for (uint256 i = 0; i < _places.length; ++i) {
            if (_places[i].operator == operator) power += _places[i].phi;
        }
    }

    function activeAt(uint32 place) external view returns (ChipId, address, uint64) {
        return (ChipId.wrap(0), _places[place].operator, _places[place].phi);
    }
}
