// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAvailability} from "contracts/src/interfaces/IAvailability.sol";
import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {PociVerify} from "contracts/src/precompiles/PociVerify.sol";
import {AvailabilityProof, ChipRegistration} from "contracts/src/types/Chips.sol";
import {SoftChip} from "scripts/solidity/SoftChip.sol";

import {OpeningFixture} from "../lib/OpeningFixture.sol";

/// @dev What PEERS' chip registries and signature aggregates were open to, tried on ours.
contract PociKeysAttack is OpeningFixture {
    /// @dev A key chosen as "mine less the others'" would let one chip sign for all of them.
    function test_rogueKey_hasNoProofOfPossession() public {
        register(3);
        bytes memory rogue = PociVerify.toBytes(
            PociVerify.sum(entries[3].blsKey, bytes.concat(entries[0].blsKey, entries[1].blsKey))
        );
        ChipRegistration[] memory chips = slice(3, 1);
        chips[0].blsKey = rogue;

        // The chip attests another key, so this falls with the attestation; the possession falls too.
        refuse(chips, abi.encodeWithSelector(IPociRegistry.PociRegistryBadAttestation.selector, ids[3]));
        assertFalse(possesses(rogue, entries[3].possession), "possession");
    }

    /// @dev The point at infinity signs everything with a signature at infinity.
    function test_infinityKey_isNobodys() public view {
        bytes memory infinity = PociVerify.toBytes(PociVerify.infinity());
        bytes memory signature = bytes.concat(hex"c0", new bytes(95));

        assertFalse(possesses(infinity, signature), "possession");
    }

    /// @dev ERC-1056 hashes no chain id: a signature for one chain serves on all.
    function test_attestation_ofAnotherChainIsRefused() public {
        vm.chainId(1);
        refuse(slice(0, 1), abi.encodeWithSelector(IPociRegistry.PociRegistryBadAttestation.selector, ids[0]));
    }

    /// @dev A possession proof seen in the mempool names its operator.
    function test_possession_isBoundToTheOperator() public view {
        assertTrue(possesses(entries[0].blsKey, entries[0].possession), "its operator");

        bytes memory items = this.item(newOperator, entries[0].blsKey, entries[0].possession);
        assertFalse(PociVerify.arePossessed(items), "another");
    }

    /// @dev One chip, one power: neither another key nor another operator registers it again.
    function test_chip_countsOnce() public {
        register(1);
        ChipRegistration[] memory chips = slice(0, 1);
        chips[0].blsKey = entries[1].blsKey;
        chips[0].possession = entries[1].possession;
        refuse(
            chips,
            abi.encodeWithSelector(
                IPociRegistry.PociRegistryChipTaken.selector, ids[0], registry.stateOf(ids[0])
            )
        );
    }

    /// @dev Solidity follows a negative offset: bytes before the list of chips were published unchecked, more
    /// of them than may be.
    function test_wrappedKeys_areCheckedWhereverTheyStand() public {
        bytes memory usual = abi.encodeCall(registry.register, (slice(0, 1), vrfKey()));
        bytes memory crafted = this.movedBack(usual, bytes.concat(bytes32(uint256(2500)), new bytes(2528)));
        vm.expectRevert(badLength("wrappedKeys", 2500, 1024));
        vm.prank(operator);
        (bool isDone,) = REGISTRY.call{value: bondOf(1)}(crafted);
        assertTrue(isDone, "the refusal was seen");

        crafted = this.movedBack(usual, bytes.concat(bytes32(uint256(32)), keccak256("wrapped")));
        vm.prank(operator);
        (isDone,) = REGISTRY.call{value: bondOf(1)}(crafted);
        assertTrue(isDone, "what may be published is");
    }

    /// @dev A registration of one chip whose wrapped keys stand between the arguments' heads and the list.
    function movedBack(bytes calldata call, bytes calldata wrapped) external pure returns (bytes memory) {
        // selector and two heads, the list's length, the chip's offset, ten words of the chip, the offset
        bytes32 list = bytes32(uint256(bytes32(call[4:36])) + wrapped.length);
        bytes32 key = bytes32(uint256(bytes32(call[36:68])) + wrapped.length);
        bytes32 offset = bytes32(type(uint256).max - 63 - wrapped.length);
        bytes memory heads = bytes.concat(call[:4], list, key, wrapped);
        return bytes.concat(heads, call[68:452], offset, call[484:]);
    }

    /// @dev The aggregate of one operator proves nothing for another with the same number of chips.
    function test_aggregate_ofAnotherOperatorIsRefused() public {
        register(8);
        retire(0);
        consent(1, newOperator, 1);
        bytes memory key = vrfKey();
        vm.prank(newOperator);
        registry.register{value: bondOf(1)}(slice(0, 1), key);
        uint64 epoch = registry.currentEpoch() + 1;
        mineToEpoch(epoch);

        AvailabilityProof memory proof = proofBy(1, 7, epoch);
        proof.operator = newOperator;

        vm.expectRevert(
            abi.encodeWithSelector(IAvailability.AvailabilityBadAggregate.selector, newOperator, epoch)
        );
        vm.prank(newOperator);
        availability.prove(proof, "");
    }

    /// @dev An operator that lists somebody else's chip cannot add to that chip's misses.
    function test_absentList_namesOnlyOnesOwnChips() public {
        register(8);
        retire(7);
        AvailabilityProof memory proof = proofBy(0, 6, registry.currentEpoch());
        proof.absent = keysOf(one(7));

        vm.expectRevert(abi.encodeWithSelector(IPociRegistry.PociRegistryBadAbsentList.selector, 0));
        vm.prank(operator);
        availability.prove(proof, "");
    }

    /// @dev Bonds leave only after the wait: a chip that asked to go can still be listed absent and held to
    /// account.
    function test_bond_doesNotLeaveBeforeTheWaitIsOver() public {
        register(1);
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);

        vm.expectRevert();
        registry.finishExit(ids[0]);
        assertEq(vault.freeOf(operator), 0);
    }

    function item(address account, bytes calldata key, bytes calldata proof)
        external
        view
        returns (bytes memory items)
    {
        items = PociVerify.possessions(1);
        bytes32 context =
            keccak256(abi.encode(keccak256("UNC/v1/possession"), block.chainid, REGISTRY, account, ids[0]));
        PociVerify.putPossession(items, 0, context, key, proof);
    }

    /// @dev What the operator proves an epoch with by chips `first` to `last`.
    function proofBy(uint256 first, uint256 last, uint64 epoch)
        private
        view
        returns (AvailabilityProof memory)
    {
        uint256 sum = 0;
        for (uint256 i = first; i <= last; ++i) {
            sum += secretOf(i);
        }
        bytes memory signature = SoftChip.availability(sum, registry.availabilityMessage(operator, epoch));
        return AvailabilityProof(operator, epoch, "", signature, keccak256("leaves"));
    }

    function retire(uint256 i) private {
        vm.prank(operator);
        registry.requestExit(ids[i], entries[i].blsKey);
        mineTo(EXIT_SECONDS + 2 * EPOCH);
        registry.finishExit(ids[i]);
    }

    function possesses(bytes memory key, bytes memory proof) private view returns (bool) {
        return PociVerify.arePossessed(this.item(operator, key, proof));
    }

    function refuse(ChipRegistration[] memory chips, bytes memory reason) private {
        bytes memory key = vrfKey();
        uint256 value = bondOf(chips.length);
        vm.expectRevert(reason);
        vm.prank(operator);
        registry.register{value: value}(chips, key);
    }
}
