// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {IPociViews} from "contracts/src/interfaces/IPociViews.sol";
import {PociRegistry} from "contracts/src/poci/PociRegistry.sol";
import {ChipState, PociParameters} from "contracts/src/types/Chips.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

import {PociFixture} from "../lib/PociFixture.sol";

/// @title What runs in the registry's storage can only read it.
contract PociViewsTest is PociFixture {
    function test_reads_answerFromStorageOfTheRegistry() public {
        register(3);
        mineToEpoch(1);

        assertEq(views.powerOf(operator), 3 * PHI, "power");
        assertEq(views.widthOf(operator, 1), 3, "width");
        assertEq(chipOf(1).operator, operator, "chip");
        assertEq(IPociViews(VIEWS).powerOf(operator), 0, "nothing stands in its own");
    }

    function test_chipOf_anUnknownChipIsEmpty() public view {
        assertEq(chipOf(0).registrations, 0, "registrations");
        assertEq(chipOf(0).operator, address(0), "operator");
        assertEq(uint8(chipOf(0).state), uint8(ChipState.None), "state");
    }

    function test_standsOn_tellsThePlaces() public {
        register(3);
        ChipId[] memory chips = new ChipId[](2);
        (chips[0], chips[1]) = (ids[2], ids[0]);

        uint32[] memory places = views.standsOn(operator, 1, chips);

        assertEq(places.length, 2, "length");
        assertEq(places[0], 2, "the third");
        assertEq(places[1], 0, "the first");
    }

    function test_standsOn_revertsWhen_theChipIsAnothersOrDoesNotCount() public {
        register(3);
        notCounted(stranger, 1, 0);
        notCounted(stranger, 1, 3);
        notCounted(stranger, 0, 3);
        notCounted(operator, 0, 0);
        notCounted(operator, 1, 3);
        mineToEpoch(1);
        registerFrom(3, 1);
        notCounted(operator, 1, 3);
    }

    /// @dev One look-back after the epochs in which it came and left.
    function test_standsOn_followsTheTermOfTheChip() public {
        mineToEpoch(2);
        register(1);
        mineToEpoch(4);
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);

        notCounted(operator, 2, 0);
        assertEq(views.standsOn(operator, 3, only(0))[0], 0, "the first epoch");
        assertEq(views.standsOn(operator, 4, only(0))[0], 0, "the last one");
        notCounted(operator, 5, 0);
    }

    function test_countedOn_tellsTheChipsThatCount() public {
        register(3);
        mineToEpoch(1);
        registerFrom(3, 1);
        uint32[] memory places = new uint32[](3);
        (places[0], places[1], places[2]) = (2, 3, 4);

        ChipId[] memory chips = views.countedOn(operator, 1, places);

        assertEq(ChipId.unwrap(chips[0]), ChipId.unwrap(ids[2]), "counts");
        assertEq(ChipId.unwrap(chips[1]), 0, "came in this epoch");
        assertEq(ChipId.unwrap(chips[2]), 0, "no place");
        assertEq(ChipId.unwrap(views.countedOn(operator, 0, places)[0]), 0, "before the first snapshot");
    }

    function test_unknownCalls_areRefusedByName() public {
        unknown(hex"deadbeef", 0xdeadbeef);
        unknown("", 0);
        unknown(hex"0102", 0x01020000);
    }

    function test_coinIsRefused() public {
        (bool isTaken,) = REGISTRY.call{value: 1}("");
        assertFalse(isTaken);
    }

    /// @dev A selector that writes in the registry is unknown to the views: nothing that writes is reached
    /// through the fallback.
    function test_views_knowNoCallThatWrites() public {
        bytes4[15] memory writes = [
            IPociRegistry.register.selector,
            IPociRegistry.bookProof.selector,
            IPociRegistry.bookOpening.selector,
            IPociRegistry.failChallenge.selector,
            IPociRegistry.slash.selector,
            IPociRegistry.suspendSilent.selector,
            IPociRegistry.resume.selector,
            IPociRegistry.requestExit.selector,
            IPociRegistry.expel.selector,
            IPociRegistry.finishExit.selector,
            IPociRegistry.quarantine.selector,
            IPociRegistry.reserve.selector,
            IPociRegistry.free.selector,
            IPociRegistry.stateOf.selector,
            IPociRegistry.wasPresent.selector
        ];
        for (uint256 i = 0; i < writes.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryUnknownCall.selector, writes[i]));
            (bool isRefused,) = VIEWS.call(abi.encodeWithSelector(writes[i], uint256(0), uint256(0)));
            assertTrue(isRefused, "expectRevert tells");
        }
    }

    /// @dev Whatever its entry, its code has no instruction that writes, sends, makes, ends or runs others'
    /// code: read instruction by instruction, the data of pushes left out.
    function test_views_haveNoInstructionThatWrites() public view {
        bytes memory code = VIEWS.code;
        for (uint256 i = 0; i < code.length; ++i) {
            uint8 op = uint8(code[i]);
            assertFalse(op == 0x55 || op == 0x5d, "SSTORE, TSTORE");
            assertFalse(op >= 0xa0 && op <= 0xa4, "LOG");
            assertFalse(op == 0xf0 || op == 0xf5, "CREATE");
            assertFalse(op == 0xf1 || op == 0xf2 || op == 0xf4, "CALL, CALLCODE, DELEGATECALL");
            assertFalse(op == 0xff, "SELFDESTRUCT");
            if (op >= 0x60 && op <= 0x7f) i += op - 0x5f;
        }
    }

    /// @dev Every entry of its interface is declared a view.
    function test_views_areAllDeclaredSo() public view {
        string memory file = vm.readFile("contracts/abi/PociViews.json");
        uint256 functions = 0;
        for (uint256 i = 0; vm.keyExistsJson(file, entryOf(i, "type")); ++i) {
            if (keccak256(bytes(vm.parseJsonString(file, entryOf(i, "type")))) != keccak256("function")) {
                continue;
            }
            assertEq(vm.parseJsonString(file, entryOf(i, "stateMutability")), "view");
            ++functions;
        }
        assertGt(functions, 10, "all of them");
    }

    function test_constructor_revertsWhen_noViewsStandThere() public {
        PociParameters memory wanted = parameters();
        wanted.views = stranger;
        bytes32 field = "views";
        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryBadParameter.selector, field));
        new PociRegistry(wanted);
    }

    function entryOf(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".abi[", vm.toString(i), "].", field);
    }

    function notCounted(address account, uint64 epoch, uint256 i) private {
        vm.expectRevert(
            abi.encodeWithSelector(IPociRegistry.PociRegistryNotCounted.selector, ids[i], account, epoch)
        );
        views.standsOn(account, epoch, only(i));
    }

    function unknown(bytes memory input, bytes4 selector) private {
        (bool isAnswered, bytes memory answer) = REGISTRY.call(input);
        assertFalse(isAnswered, "refused");
        assertEq(
            answer, abi.encodeWithSelector(IPociRegistry.PociRegistryUnknownCall.selector, selector), "reason"
        );
    }
}
