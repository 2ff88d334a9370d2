// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {PlaceList} from "contracts/src/libraries/PlaceList.sol";
import {ChipKind, ChipState} from "contracts/src/types/Chips.sol";
import {ChipId, ChipPlaces} from "contracts/src/types/Ids.sol";

/// @title Stands in for the chip registry where only reserving and freeing chips matters.
/// @dev Refuses what the registry refuses: a foreign chip, a rented chip, a caller that is not the escrow. As
/// there, reserving a chip writes one slot that is already in use.
contract RegistryDouble {
    struct Record {
        address operator;
        bool isRented;
        uint32 model;
        uint32 phi;
        /// 1 + its place on the line; 0 before it was given
        uint16 number;
    }

    address private immutable ESCROW;

    mapping(ChipId chip => Record) private _records;
    mapping(uint32 place => ChipId) private _chipAt;
    uint16 private _given;
    mapping(ChipId chip => ChipState) private _states;
    mapping(ChipId chip => mapping(uint64 epoch => bool)) private _missed;

    constructor(address escrow) {
        ESCROW = escrow;
    }

    /// @dev A chip of model 1 with one unit of power.
    function give(ChipId chip, address operator) external {
        uint16 number = _records[chip].number;
        if (number == 0) {
            _chipAt[_given] = chip;
            number = ++_given;
        }
        _records[chip] = Record({operator: operator, isRented: false, model: 1, phi: 1, number: number});
    }

    function setKind(ChipId chip, uint32 model, uint32 phi) external {
        (_records[chip].model, _records[chip].phi) = (model, phi);
    }

    function setState(ChipId chip, ChipState state) external {
        _states[chip] = state;
    }

    function miss(ChipId chip, uint64 epoch) external {
        _missed[chip][epoch] = true;
    }

    function missesAt(ChipPlaces[] calldata places, uint64 first, uint64 last)
        external
        view
        returns (uint256 missed)
    {
        ChipId[] memory chips = chipsAt(places);
        for (uint256 i = 0; i < chips.length; ++i) {
            missed += missesIn(chips[i], first, last);
        }
    }

    function missesIn(ChipId chip, uint64 first, uint64 last) public view returns (uint64 missed) {
        for (uint64 epoch = first; epoch <= last; ++epoch) {
            if (_missed[chip][epoch]) ++missed;
        }
    }

    /// @dev Epochs of 16 blocks, as on the dev chain.
    function currentEpoch() external view returns (uint64) {
        return uint64(block.number) / 16;
    }

    /// @dev In service unless told otherwise.
    function stateOf(ChipId chip) external view returns (ChipState) {
        return _states[chip] == ChipState.None ? ChipState.Active : _states[chip];
    }

    function kindOf(ChipId chip) external view returns (uint32 model, uint64 phi) {
        return (_records[chip].model, _records[chip].phi);
    }

    function chipsAt(ChipPlaces[] calldata words) public view returns (ChipId[] memory chips) {
        uint32[] memory places = PlaceList.read(words);
        chips = new ChipId[](places.length);
        for (uint256 i = 0; i < chips.length; ++i) {
            chips[i] = _chipAt[places[i]];
        }
    }

    function reserve(address operator, ChipId[] calldata chips)
        external
        returns (ChipPlaces[] memory places, ChipKind memory kind)
    {
        if (msg.sender != ESCROW) revert IPociRegistry.PociRegistryNotEscrow(msg.sender);
        places = PlaceList.room(chips.length);
        kind = ChipKind(_records[chips[0]].model, type(uint64).max);
        for (uint256 i = 0; i < chips.length; ++i) {
            Record storage record = _records[chips[i]];
            if (record.operator != operator) {
                revert IPociRegistry.PociRegistryNotOperator(chips[i], operator);
            }
            if (record.isRented) revert IPociRegistry.PociRegistryChipRented(chips[i]);
            record.isRented = true;
            PlaceList.put(places, i, record.number - 1);
            if (record.model != kind.model) kind.model = 0;
            if (record.phi < kind.phi) kind.phi = record.phi;
        }
    }

    function free(ChipPlaces[] calldata places) external {
        if (msg.sender != ESCROW) revert IPociRegistry.PociRegistryNotEscrow(msg.sender);
        ChipId[] memory chips = chipsAt(places);
        for (uint256 i = 0; i < chips.length; ++i) {
            require(_records[chips[i]].isRented, "freed a chip that was not reserved");
            _records[chips[i]].isRented = false;
        }
    }

    function isRented(ChipId chip) external view returns (bool) {
        return _records[chip].isRented;
    }
}
