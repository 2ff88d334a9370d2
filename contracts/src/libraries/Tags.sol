// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Separates the domains of what is hashed outside EIP-712; the same list as `utnet-primitives`.
library Tags {
    bytes32 internal constant POSSESSION = keccak256("UNC/v1/possession");
    bytes32 internal constant AVAILABILITY = keccak256("UNC/v1/availability");
    bytes32 internal constant SAMPLE = keccak256("UNC/v1/sample");
    bytes32 internal constant CHALLENGE = keccak256("UNC/v1/challenge");
    bytes32 internal constant SEAL = keccak256("UNC/v1/seal");
    bytes32 internal constant HANDOVER = keccak256("UNC/v1/handover");
    bytes32 internal constant COMPLAINT = keccak256("UNC/v1/complaint");
    bytes32 internal constant RATING = keccak256("UNC/v1/rating");
    bytes32 internal constant RESULT_COMMIT = keccak256("UNC/v1/result-commit");
    bytes32 internal constant DATASET = keccak256("UNC/v1/dataset");
    bytes32 internal constant SEAT = keccak256("UNC/v1/seat");
    bytes32 internal constant VERDICT = keccak256("UNC/v1/verdict");
    bytes32 internal constant ENVIRONMENT = keccak256("UNC/v1/environment");
    bytes32 internal constant ENVIRONMENT_ANSWER = keccak256("UNC/v1/environment-answer");
}
