// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {RentalId} from "../types/Ids.sol";
import {OperatorHalf, RentalRequest, RenterHalf} from "../types/Rentals.sol";
import {Tags} from "./Tags.sol";

/// @title Hashes what the parties of a rental sign: EIP-712 struct hashes of the domain "UtilityNet
/// RpoiEscrow", "1".
library RentalMessages {
    bytes32 internal constant REQUEST_TYPEHASH = keccak256(
        "RentalRequest(address renter,address operator,bytes32 bid,bytes32 chipsHash,uint64 duration,"
        "uint128 deposit,uint128 rent,bytes32 documentHash,bytes32 renterKeyHash,uint256 nonce,uint64 deadline)"
    );
    bytes32 internal constant RENTER_HALF_TYPEHASH =
        keccak256("RenterHalf(bytes32 rental,bytes32 commitment)");
    bytes32 internal constant OPERATOR_HALF_TYPEHASH =
        keccak256("OperatorHalf(bytes32 rental,bytes32 commitment,bytes32 renterHalf)");
    bytes32 internal constant ACKNOWLEDGE_TYPEHASH = keccak256("Acknowledge(bytes32 rental)");
    bytes32 internal constant TOP_UP_TYPEHASH = keccak256("TopUp(bytes32 rental,uint64 duration)");
    bytes32 internal constant END_TYPEHASH = keccak256("EndRental(bytes32 rental)");
    bytes32 internal constant HANDOVER_TYPEHASH = keccak256("Handover(bytes32 rental,bytes32 accessHash)");
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    function hash(RentalRequest calldata request) internal pure returns (bytes32) {
        return keccak256(abi.encode(REQUEST_TYPEHASH, request));
    }

    function hash(RenterHalf calldata half) internal pure returns (bytes32) {
        return keccak256(abi.encode(RENTER_HALF_TYPEHASH, half));
    }

    function hash(OperatorHalf calldata half) internal pure returns (bytes32) {
        return keccak256(abi.encode(OPERATOR_HALF_TYPEHASH, half));
    }

    function acknowledgeHash(RentalId rental) internal pure returns (bytes32) {
        return keccak256(abi.encode(ACKNOWLEDGE_TYPEHASH, rental));
    }

    function topUpHash(RentalId rental, uint64 duration) internal pure returns (bytes32) {
        return keccak256(abi.encode(TOP_UP_TYPEHASH, rental, duration));
    }

    function endHash(RentalId rental) internal pure returns (bytes32) {
        return keccak256(abi.encode(END_TYPEHASH, rental));
    }

    /// @dev Binds what an operator hands over to the key that it is sealed to.
    /// @param renterKeyHash keccak256 of the renter's key, as its request says.
    function handoverHash(bytes32 renterKeyHash, bytes memory enc, bytes memory ciphertext)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(renterKeyHash, keccak256(abi.encodePacked(enc, ciphertext))));
    }

    /// @dev What the operator signs inside its hand-over, for whoever is not the escrow itself.
    function handoverDigest(address escrow, RentalId rental, bytes32 accessHash)
        internal
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPEHASH, keccak256("UtilityNet RpoiEscrow"), keccak256("1"), block.chainid, escrow
            )
        );
        bytes32 structHash = keccak256(abi.encode(HANDOVER_TYPEHASH, rental, accessHash));
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }

    /// @dev What a rater commits to and later opens.
    function commitment(RentalId rental, address rater, uint8 score, bytes32 salt)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(Tags.RATING, rental, rater, score, salt));
    }
}
