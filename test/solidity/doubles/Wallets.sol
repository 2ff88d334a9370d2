// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signs as a contract (ERC-1271) for the key that owns it.
contract OwnedWallet {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return ECDSA.recover(digest, signature) == OWNER ? this.isValidSignature.selector : bytes4(0);
    }
}

/// @title Burns all the gas it is given when asked for a signature.
contract GreedyWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        while (true) {}
        return this.isValidSignature.selector;
    }
}

/// @title Answers the right word with more behind it, or nothing at all.
contract OddWallet {
    function isValidSignature(bytes32, bytes calldata signature) external pure returns (bytes memory) {
        bytes32 word = bytes32(this.isValidSignature.selector);
        bytes memory answer = signature.length == 0 ? bytes("") : abi.encode(word, word);
        assembly ("memory-safe") {
            return(add(answer, 32), mload(answer))
        }
    }
}

/// @title Burns all the gas it is given when asked to verify (ERC-7913).
contract GreedyVerifier {
    function verify(bytes calldata, bytes32, bytes calldata) external pure returns (bytes4) {
        while (true) {}
        return this.verify.selector;
    }
}
