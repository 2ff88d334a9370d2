// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Checks that an account, a key or a contract, signed a digest.
/// @dev Low s only. A key is tried first, so an account that delegates to code (EIP-7702) signs as before.
library Signatures {
    /// @dev What an ERC-1271 signer may use: enough for two P-256 checks or a few owners, too little to
    /// exhaust a block.
    uint256 internal constant CONTRACT_SIGNER_GAS = 100_000;

    function isSignedBy(bytes32 digest, address signer, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length != 0 && _acceptedBy(signer, digest, signature);
    }

    /// @dev Too little gas can only make this false: the caller's transaction then reverts.
    function _acceptedBy(address signer, bytes32 digest, bytes calldata signature)
        private
        view
        returns (bool)
    {
        (bool answered, bytes memory answer) = signer.staticcall{gas: CONTRACT_SIGNER_GAS}(
            abi.encodeCall(IERC1271.isValidSignature, (digest, signature))
        );
        return answered && answer.length == 32
            && abi.decode(answer, (bytes32)) == bytes32(IERC1271.isValidSignature.selector);
    }
}
