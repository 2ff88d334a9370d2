// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Script} from "forge-std/Script.sol";

import {SoftChip} from "./SoftChip.sol";
import {IPociViews} from "contracts/src/interfaces/IPociViews.sol";
import {PociMessages} from "contracts/src/libraries/PociMessages.sol";
import {Tags} from "contracts/src/libraries/Tags.sol";
import {Availability} from "contracts/src/poci/Availability.sol";
import {PociRegistry} from "contracts/src/poci/PociRegistry.sol";
import {VendorRegistry} from "contracts/src/poci/VendorRegistry.sol";
import {AvailabilityProof, ChipRegistration} from "contracts/src/types/Chips.sol";
import {ChipBatchId, ChipId} from "contracts/src/types/Ids.sol";

/// @title Tries a deployment: registers a chip, and proves in a later epoch that it is available.
/// @dev forge script scripts/solidity/TryChip.s.sol --sig "register(address,address)" VENDORS REGISTRY ...,
/// then, L epochs later (main: two of 300 blocks; on chain id 31337 one of 16), --sig
/// "prove(address,address)" REGISTRY AVAILABILITY. The sender must be a vendor.
contract TryChip is Script {
    uint256 internal constant SECRET = 0xc41b;
    uint32 internal constant MODEL = 1;

    function register(address vendors, address registry) external {
        vm.startBroadcast();
        (, address sender,) = vm.readCallers();
        registerFor(sender, VendorRegistry(vendors), PociRegistry(registry));
        vm.stopBroadcast();
    }

    function prove(address registry, address availability) external {
        vm.startBroadcast();
        (, address sender,) = vm.readCallers();
        proveFor(sender, PociRegistry(registry), Availability(availability));
        vm.stopBroadcast();
    }

    function chip() public pure returns (ChipId) {
        (bytes32 x, bytes32 y) = SoftChip.identity(SECRET);
        return PociMessages.chipId(x, y);
    }

    /// @dev A batch of one chip: its leaf is the root.
    function registerFor(address sender, VendorRegistry vendors, PociRegistry registry) public {
        ChipRegistration[] memory chips = new ChipRegistration[](1);
        chips[0] = entryOf(sender, registry);
        bytes32 leaf = keccak256(
            abi.encodePacked(bytes1(0x00), chips[0].x, chips[0].y, uint256(MODEL), chips[0].serialHash)
        );
        chips[0].batch = vendors.postBatch(leaf, MODEL, 1);

        uint256 bond = uint256(vendors.phiOf(MODEL)) * IPociViews(address(registry)).bondPerPhi();
        registry.register{value: bond}(chips, SoftChip.vrfKey(SECRET));
    }

    function proveFor(address sender, PociRegistry registry, Availability availability) public {
        uint64 epoch = registry.currentEpoch();
        bytes32 message = registry.availabilityMessage(sender, epoch);
        availability.prove(
            AvailabilityProof({
                operator: sender,
                epoch: epoch,
                absent: "",
                signature: SoftChip.availability(SECRET, message),
                leafRoot: keccak256("not opened")
            }),
            ""
        );
    }

    function entryOf(address sender, PociRegistry registry)
        internal
        view
        returns (ChipRegistration memory entry)
    {
        (entry.x, entry.y) = SoftChip.identity(SECRET);
        entry.serialHash = keccak256("serial");
        entry.blsKey = SoftChip.blsKey(SECRET);
        entry.deadline = uint64(block.timestamp + 1 hours);
        bytes32 attestation = PociMessages.attestation(sender, keccak256(entry.blsKey), 0, entry.deadline);
        bytes32 digest = keccak256(bytes.concat(hex"1901", domainOf(registry), attestation));
        (entry.r, entry.s) = SoftChip.sign(SECRET, digest);
        bytes32 context = keccak256(abi.encode(Tags.POSSESSION, block.chainid, registry, sender, chip()));
        entry.possession = SoftChip.possession(SECRET, context);
    }

    function domainOf(PociRegistry registry) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("UtilityNet PociRegistry"),
                keccak256("1"),
                block.chainid,
                registry
            )
        );
    }
}
