// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Order} from "../types/Orders.sol";

/// @title Hashes what makers sign: EIP-712 struct hashes of the domain "UtilityNet OrderBook", "1".
library OrderMessages {
    bytes32 internal constant ORDER_TYPEHASH = keccak256(
        "Order(address maker,uint8 side,uint8 kind,bytes32 specHash,uint128 unitPrice,uint32 minUnits,"
        "uint32 maxUnits,uint64 duration,uint64 validFrom,uint64 expiry,address payer,address token,"
        "address counterparty,uint16 minRating,uint8 validationClass,uint256 nonce,uint64 makerEpoch)"
    );

    function hash(Order calldata order) internal pure returns (bytes32) {
        return keccak256(abi.encode(ORDER_TYPEHASH, order));
    }
}
