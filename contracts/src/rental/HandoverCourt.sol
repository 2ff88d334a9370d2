// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IHandoverCourt} from "../interfaces/IHandoverCourt.sol";
import {IRpoiEscrow} from "../interfaces/IRpoiEscrow.sol";
import {ITokenVault} from "../interfaces/ITokenVault.sol";
import {IVault} from "../interfaces/IVault.sol";
import {Hpke} from "../libraries/Hpke.sol";
import {RentalMessages} from "../libraries/RentalMessages.sol";
import {SealedAccess} from "../libraries/SealedAccess.sol";
import {Tags} from "../libraries/Tags.sol";
import {DleqVerify, EqualLogs} from "../precompiles/DleqVerify.sol";
import {Complaint, HandoverFault} from "../types/Complaints.sol";
import {RentalId} from "../types/Ids.sol";
import {Rental} from "../types/Rentals.sol";

/// @title Judges hand-overs: opens a sealed access in public and says who lied about it.
contract HandoverCourt is IHandoverCourt {
    /// @dev 0x04 and two coordinates.
    uint256 private constant POINT_BYTES = 65;

    IRpoiEscrow private immutable ESCROW;
    IVault private immutable VAULT;

    constructor(address escrow, address vault) {
        ESCROW = IRpoiEscrow(escrow);
        VAULT = IVault(vault);
    }

    /// @inheritdoc IHandoverCourt
    function complain(Complaint calldata complaint) external payable returns (HandoverFault fault) {
        RentalId id = complaint.rental;
        Rental memory rental = ESCROW.rentalOf(id);
        uint256 sent = rental.token == address(0) ? rental.ratingBond : 0;
        if (msg.value != sent) revert HandoverCourtWrongBond(id, msg.value, sent);
        fault = _judge(complaint, rental);
        bool operatorLied = fault != HandoverFault.None;

        emit HandoverJudged(id, rental.operator, msg.sender, fault, rental.ratingBond);

        ESCROW.punishHandover(id, operatorLied);
        _payBond(id, rental, operatorLied ? msg.sender : rental.operator);
    }

    /// @inheritdoc IHandoverCourt
    function faultOf(Complaint calldata complaint) external view returns (HandoverFault) {
        return _judge(complaint, ESCROW.rentalOf(complaint.rental));
    }

    /// @inheritdoc IHandoverCourt
    function bondOf(RentalId rental) external view returns (uint128) {
        return ESCROW.rentalOf(rental).ratingBond;
    }

    /// @inheritdoc IHandoverCourt
    function contextOf(RentalId rental) public view returns (bytes32) {
        return keccak256(abi.encode(Tags.COMPLAINT, block.chainid, ESCROW, rental));
    }

    /// @dev The bond of the caller goes to who was right: coin that came along, or units of the rental's
    /// token that the caller has in the vault.
    function _payBond(RentalId id, Rental memory rental, address to) private {
        if (msg.value != 0) VAULT.deposit{value: msg.value}(to);
        if (rental.token == address(0)) return;
        ITokenVault tokens = ITokenVault(address(VAULT));
        tokens.lockToken(rental.token, msg.sender, RentalId.unwrap(id), rental.ratingBond);
        tokens.releaseToken(rental.token, RentalId.unwrap(id), to, rental.ratingBond);
    }

    /// @dev The fault of a hand-over whose opening is proven.
    function _judge(Complaint calldata complaint, Rental memory rental) private view returns (HandoverFault) {
        _requireEvidence(complaint, rental);
        bytes32 secret = _keystreamSecret(complaint);
        (bool isWellFormed, SealedAccess.Access memory access) =
            SealedAccess.read(SealedAccess.deciphered(secret, complaint.ciphertext));
        if (!isWellFormed) return HandoverFault.Malformed;

        bytes32 accessHash = keccak256(abi.encode(access.url, access.certFingerprint, access.secret));
        bytes32 digest = RentalMessages.handoverDigest(address(ESCROW), complaint.rental, accessHash);
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, access.signature);
        bool isSigned = failure == ECDSA.RecoverError.NoError && signer == rental.operator;
        return isSigned ? HandoverFault.None : HandoverFault.NotSigned;
    }

    /// @dev That the complaint is about what was handed over, and opens it with the renter's key.
    function _requireEvidence(Complaint calldata complaint, Rental memory rental) private view {
        RentalId id = complaint.rental;
        bytes32 given =
            RentalMessages.handoverHash(keccak256(complaint.renterKey), complaint.enc, complaint.ciphertext);
        // Cut elsewhere, the same bytes would be another point and another text.
        if (given != rental.handoverHash || complaint.enc.length != POINT_BYTES) {
            revert HandoverCourtOtherHandover(id, given, rental.handoverHash);
        }

        EqualLogs memory logs = EqualLogs({
            context: contextOf(id),
            a: DleqVerify.generator(),
            b: DleqVerify.compressed(complaint.renterKey),
            c: DleqVerify.compressed(complaint.enc),
            d: complaint.shared
        });
        if (!DleqVerify.areEqual(logs, complaint.proof)) revert HandoverCourtNotProven(id);
    }

    /// @dev What HPKE exports to both parties for the keystream.
    function _keystreamSecret(Complaint calldata complaint) private view returns (bytes32) {
        bytes32 shared = Hpke.sharedSecret(complaint.shared.x, complaint.enc, complaint.renterKey);
        bytes memory info = abi.encode(Tags.HANDOVER, block.chainid, ESCROW, complaint.rental);
        bytes32 exporter = Hpke.exporterSecret(shared, Hpke.EXPORT_ONLY, info);
        return Hpke.exported(exporter, Hpke.EXPORT_ONLY, "keystream");
    }
}
