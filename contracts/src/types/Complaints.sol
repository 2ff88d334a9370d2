// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {CompressedPoint, EqualLogsProof} from "../precompiles/DleqVerify.sol";
import {RentalId} from "./Ids.sol";

/// @dev What a court finds in a hand-over. Every fault is the operator's.
enum HandoverFault {
    None, // an access, signed by the operator for this rental
    Malformed, // no abi.encode(url, certFingerprint, secret, signature), or a url of other than visible ASCII
    NotSigned // the signature is not the operator's over this access for this rental
}

/// @dev A renter's opening of a hand-over, which anybody can check and only the renter can make.
struct Complaint {
    RentalId rental;
    /// the renter's uncompressed P-256 key, as in the opening of the rental
    bytes renterKey;
    /// as the operator handed over
    bytes enc;
    bytes ciphertext;
    /// the Diffie-Hellman point: enc times the renter's secret key
    CompressedPoint shared;
    /// that the point is to enc as the renter's key is to the generator
    EqualLogsProof proof;
}
