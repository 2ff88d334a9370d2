// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Checks that a party, an account with a key, a contract or a key alone, signed a digest.
/// @dev Low s only. A key is tried first, so an account that delegates to code (EIP-7702) signs as before.
library Signatures {
    /// @dev What an ERC-1271 signer may use: enough for two P-256 checks or a few owners, too little to
    /// exhaust a block.
    uint256 internal constant CONTRACT_SIGNER_GAS = 100_000;
    /// @dev Length before the key of a party without an account, and where its verifier ends.
    uint256 private constant PREFIX_BYTES = 2;
    uint256 private constant VERIFIER_END = 22;

    function isSignedBy(bytes32 digest, address signer, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length != 0 && _acceptedBy(signer, digest, signature);
    }

    /// @dev As `isSignedBy`, and also for parties that are keys without an account (ERC-7913). Such a party
    /// is known by the last 20 bytes of keccak256(verifier ‖ key), as an account is by its key's, and signs
    /// with be16(bytes of verifier ‖ key) ‖ verifier ‖ key ‖ signature.
    function isSignedByParty(bytes32 digest, address party, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        if (isSignedBy(digest, party, signature)) return true;
        if (signature.length < PREFIX_BYTES) return false;
        uint256 keyEnd = PREFIX_BYTES + uint16(bytes2(signature[:PREFIX_BYTES]));
        if (keyEnd <= VERIFIER_END || signature.length < keyEnd) return false;
        bytes calldata signer = signature[PREFIX_BYTES:keyEnd];
        if (address(uint160(uint256(keccak256(signer)))) != party) return false;
        return _answers(
            address(bytes20(signer)), // forge-lint: disable-line(unsafe-typecast)
            abi.encodeCall(
                IERC7913SignatureVerifier.verify, (signature[VERIFIER_END:keyEnd], digest, signature[keyEnd:])
            ),
            IERC7913SignatureVerifier.verify.selector
        );
    }

    /// @dev Too little gas can only make this false: the caller's transaction then reverts.
    function _acceptedBy(address signer, bytes32 digest, bytes calldata signature)
        private
        view
        returns (bool)
    {
        return _answers(
            signer,
            abi.encodeCall(IERC1271.isValidSignature, (digest, signature)),
            IERC1271.isValidSignature.selector
        );
    }

    /// @dev Whether a contract answers a question with exactly this word.
    function _answers(address account, bytes memory question, bytes4 word) private view returns (bool) {
        (bool answered, bytes memory answer) = account.staticcall{gas: CONTRACT_SIGNER_GAS}(question);
        return answered && answer.length == 32 && abi.decode(answer, (bytes32)) == bytes32(word);
    }
}
