// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Order, Specification} from "../types/Orders.sol";

/// @title Hashes what makers sign: EIP-712 struct hashes of the domain "UtilityNet OrderBook", "1".
library OrderMessages {
    bytes32 internal constant ORDER_TYPEHASH = keccak256(
        "Order(address maker,uint8 side,uint8 kind,bytes32 specHash,bytes32 chipsHash,uint128 unitPrice,"
        "uint32 minUnits,uint32 maxUnits,uint64 duration,uint64 validFrom,uint64 expiry,address payer,address token,"
        "address counterparty,uint16 minRating,uint8 validationClass,uint256 nonce,uint64 makerEpoch)"
    );

    bytes32 internal constant SPECIFICATION_TYPEHASH = keccak256(
        "Specification(uint32 model,uint64 leastPhi,bytes32 environmentHash,bytes32 modelHash,bytes32 dataHash,"
        "bytes32 documentHash)"
    );

    function hash(Order calldata order) internal pure returns (bytes32) {
        return keccak256(abi.encode(ORDER_TYPEHASH, order));
    }

    /// @dev What orders name as `specHash`.
    function hash(Specification calldata specification) internal pure returns (bytes32) {
        return keccak256(abi.encode(SPECIFICATION_TYPEHASH, specification));
    }
}
