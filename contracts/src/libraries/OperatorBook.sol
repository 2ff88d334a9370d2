// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {BlsKey, PociVerify} from "../precompiles/PociVerify.sol";
import {EpochBits} from "./EpochBits.sol";

/// @title Books an operator: the list of its chips, what their keys sum to, and which epochs it proved.
/// @dev The sum of keys is kept where it changed. Proofs read it one look-back before the current epoch, so
/// those of the latest few epochs are kept in a ring and the older ones overwritten.
library OperatorBook {
    using EpochBits for EpochBits.Row;
    using SafeCast for uint256;

    /// @dev Sum and number of an operator's counting keys, and places in its list, at the end of an epoch;
    /// two slots.
    struct Snapshot {
        uint32 epoch;
        uint32 count;
        bytes16 keyTail;
        uint32 places;
        //
        bytes32 keyHead;
    }

    struct Operator {
        /// units of phi on the line
        uint64 power;
        /// in the order of first registrations, from 1
        uint32 number;
        /// places given out in the list
        uint32 places;
        /// 1 + the first place that is free again
        uint32 freePlace;
        /// snapshots so far
        uint32 changes;
        /// latest epoch proven; 0 for none, since epoch 0 has no chips to prove
        uint32 provenEpoch;
        /// first byte of the compressed VRF key, 2 or 3; 0 for none
        uint8 vrfPrefix;
        /// whether the epoch before `provenEpoch` was proven, too
        bool hasProvenBefore;
        //
        bytes32 vrfX;
        //
        /// eight entries to a word: `TAKEN | segment`, or 1 + the next free place
        mapping(uint256 word => uint256) entries;
        mapping(uint256 slot => Snapshot) ring;
        /// epochs that were proven and, where openings are asked for, opened
        EpochBits.Row answered;
    }

    uint256 private constant ENTRY_BITS = 32;
    uint32 private constant TAKEN = 1 << 31;

    /// @dev A snapshot so old that it may have been overwritten.
    error OperatorBookForgotten(uint64 epoch);

    /// @dev Enters the segments of chips into the list, on places that are free again and then on new ones.
    function list(Operator storage operator, uint32[] memory newcomers)
        internal
        returns (uint32[] memory places)
    {
        places = new uint32[](newcomers.length);
        uint256 reused = 0;
        for (; reused < places.length && operator.freePlace != 0; ++reused) {
            uint32 place = operator.freePlace - 1;
            operator.freePlace = _entry(operator, place);
            _setEntry(operator, place, _taken(newcomers[reused]));
            places[reused] = place;
        }
        _listNew(operator, newcomers, places, reused);
    }

    /// @dev Frees a place of the list.
    function unlist(Operator storage operator, uint32 place) internal {
        _setEntry(operator, place, operator.freePlace);
        operator.freePlace = place + 1;
    }

    /// @dev The segment of the chip on a place, if there is one.
    function segmentAt(Operator storage operator, uint32 place)
        internal
        view
        returns (bool isTaken, uint32 segment)
    {
        uint32 entry = _entry(operator, place);
        return (entry & TAKEN != 0, entry & ~TAKEN);
    }

    /// @dev The segments of the chips in the list, in the order of their places.
    function segments(Operator storage operator) internal view returns (uint32[] memory taken) {
        uint32 places = operator.places;
        taken = new uint32[](places);
        uint256 count = 0;
        for (uint32 place = 0; place < places; ++place) {
            (bool isTaken, uint32 segment) = segmentAt(operator, place);
            if (isTaken) taken[count++] = segment;
        }
        assembly ("memory-safe") {
            mstore(taken, count) // shorter: free places are left out
        }
    }

    /// @dev Adds and subtracts keys of the sum from the end of an epoch on.
    function addKeys(
        Operator storage operator,
        uint64 epoch,
        uint64 lookback,
        bytes memory plus,
        bytes memory minus
    ) internal {
        uint32 changes = operator.changes;
        BlsKey memory key = PociVerify.infinity();
        uint256 count = 0;
        bool isNew = true;
        if (changes != 0) {
            Snapshot storage last = _change(operator, changes - 1, lookback);
            key = BlsKey(last.keyHead, last.keyTail);
            (count, isNew) = (last.count, last.epoch != epoch);
        }
        count = count + plus.length / PociVerify.KEY_BYTES - minus.length / PociVerify.KEY_BYTES;
        key = PociVerify.sum(bytes.concat(PociVerify.toBytes(key), plus), minus);

        if (isNew) operator.changes = ++changes;
        Snapshot storage next = _change(operator, changes - 1, lookback);
        (next.epoch, next.count, next.keyTail) = (uint256(epoch).toUint32(), count.toUint32(), key.tail);
        (next.places, next.keyHead) = (operator.places, key.head);
    }

    /// @dev The sum of the counting keys at the end of an epoch, their number, and the places in the list,
    /// one of which each of their chips has. The latest `lookback + 2` epochs are always known.
    function snapshotAt(Operator storage operator, uint64 epoch, uint64 lookback)
        internal
        view
        returns (BlsKey memory key, uint32 count, uint32 places)
    {
        uint256 changes = operator.changes;
        uint256 kept = _ringSize(lookback);
        uint256 oldest = changes > kept ? changes - kept : 0;
        for (uint256 i = changes; i > oldest; --i) {
            Snapshot storage found = _change(operator, i - 1, lookback);
            if (found.epoch <= epoch) {
                return (BlsKey(found.keyHead, found.keyTail), found.count, found.places);
            }
        }
        if (oldest != 0) revert OperatorBookForgotten(epoch);
        return (PociVerify.infinity(), 0, 0);
    }

    /// @dev Notes a proof; epochs ascend.
    function setProven(Operator storage operator, uint64 epoch) internal {
        operator.hasProvenBefore = epoch != 0 && hasProven(operator, epoch - 1);
        operator.provenEpoch = uint256(epoch).toUint32();
    }

    /// @dev Whether an epoch was proven, of the latest one that was and the one before it.
    function hasProven(Operator storage operator, uint64 epoch) internal view returns (bool) {
        uint64 latest = operator.provenEpoch;
        if (epoch == latest) return latest != 0;
        return epoch + 1 == latest && operator.hasProvenBefore;
    }

    /// @dev Whether an operator did for an epoch what it could by now: opened its proof, or only proved while
    /// there is time to open.
    function isAnswered(Operator storage operator, uint64 epoch, uint64 current)
        internal
        view
        returns (bool)
    {
        if (operator.answered.isSet(epoch)) return true;
        return epoch + 1 >= current && hasProven(operator, epoch);
    }

    /// @dev `isAnswered` of the 256 epochs before `end`, which is at most the one after the current; the
    /// latest in the highest bit.
    function answeredBefore(Operator storage operator, uint64 end, uint64 current)
        internal
        view
        returns (uint256 bits)
    {
        bits = operator.answered.recent(end);
        for (uint64 epoch = current == 0 ? 0 : current - 1; epoch < end; ++epoch) {
            if (hasProven(operator, epoch)) bits |= EpochBits.place(end, epoch);
        }
    }

    function _change(Operator storage operator, uint256 number, uint64 lookback)
        private
        view
        returns (Snapshot storage)
    {
        return operator.ring[number % _ringSize(lookback)];
    }

    /// @dev Each change has an epoch of its own: L + 2 of them reach back before the oldest snapshot that is
    /// asked for, that of epoch e - L when e + 1 is the current one.
    function _ringSize(uint64 lookback) private pure returns (uint256) {
        return lookback + 2;
    }

    /// @dev Gives new places to the segments from number `i` on; each word is written once.
    function _listNew(Operator storage operator, uint32[] memory newcomers, uint32[] memory places, uint256 i)
        private
    {
        uint32 next = operator.places;
        operator.places = (next + places.length - i).toUint32();
        while (i < places.length) {
            uint256 index = next >> 3;
            uint256 word = 0;
            do {
                word |= uint256(_taken(newcomers[i])) << ((next & 7) * ENTRY_BITS);
                places[i++] = next++;
            } while (i < places.length && next >> 3 == index);
            operator.entries[index] |= word;
        }
    }

    function _taken(uint32 segment) private pure returns (uint32) {
        assert(segment < TAKEN);
        return TAKEN | segment;
    }

    function _entry(Operator storage operator, uint32 place) private view returns (uint32) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(operator.entries[place >> 3] >> ((place & 7) * ENTRY_BITS)); // the entry alone
    }

    function _setEntry(Operator storage operator, uint32 place, uint32 entry) private {
        uint256 shift = (place & 7) * ENTRY_BITS;
        uint256 others = operator.entries[place >> 3] & ~(uint256(type(uint32).max) << shift);
        operator.entries[place >> 3] = others | (uint256(entry) << shift);
    }
}
