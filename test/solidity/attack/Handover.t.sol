// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IHandoverCourt} from "contracts/src/interfaces/IHandoverCourt.sol";
import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {CompressedPoint} from "contracts/src/precompiles/DleqVerify.sol";
import {Complaint, HandoverFault} from "contracts/src/types/Complaints.sol";
import {ChipId, RentalId} from "contracts/src/types/Ids.sol";
import {Order} from "contracts/src/types/Orders.sol";
import {RentalState} from "contracts/src/types/Rentals.sol";

import {HandoverFixture} from "../fixtures/HandoverFixture.sol";

/// @title Attacks on the hand-over: by the operator on the renter, by the renter on the operator, by a
/// stranger on both.
contract HandoverAttack is HandoverFixture {
    /// @dev What a complaint about the longest hand-over may use: far below a transaction's cap of 2^24. The
    /// proof's check is 45,000 of it, or 575,000 by its fallback.
    uint256 private constant GAS_AIM = 500_000;
    uint256 private constant GAS_AIM_BY_FALLBACK = 1_000_000;

    function notProven(Complaint memory complaint) private {
        vm.prank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(IHandoverCourt.HandoverCourtNotProven.selector, complaint.rental)
        );
        handoverCourt.complain{value: BOND}(complaint);
    }

    // The operator lies.

    /// @dev The operator seals to a key of its own, so that the renter can open nothing.
    function test_attack_sealingToAnotherKeyIsPunished() public {
        RentalId id = openSealedRental();
        Complaint memory complaint = complaintAbout(id, accessFor(id));
        for (uint256 i = 0; i < complaint.ciphertext.length; ++i) {
            complaint.ciphertext[i] ^= bytes32(keccak256("another keystream"))[i % 32];
        }
        vm.prank(operator);
        escrow.commitHandover(id, complaint.enc, complaint.ciphertext);

        assertEq(uint256(handoverCourt.faultOf(complaint)), uint256(HandoverFault.Malformed));
        complainAs(renter, complaint);
        assertEq(uint256(escrow.stateOf(id)), uint256(RentalState.Cancelled));
    }

    /// @dev The operator hands over what it handed over to another renter, or in an earlier rental.
    function test_attack_anOldAccessWithItsOldSignatureIsPunished() public {
        RentalId first = openSealedRental();
        bytes memory old = accessFor(first);
        skip(HANDOVER + 1);
        escrow.poke(first);
        vm.warp(START);
        Order memory bid = aBid();
        bid.nonce = 1;
        RentalId id = desk.open(sealedOpening(bid, 1));
        Complaint memory complaint = complaintAbout(id, old);
        vm.prank(operator);
        escrow.commitHandover(id, complaint.enc, complaint.ciphertext);

        assertEq(uint256(handoverCourt.faultOf(complaint)), uint256(HandoverFault.NotSigned));
    }

    /// @dev The operator makes the decoder fail: offsets and lengths beyond the text, near 2^256, or at
    /// themselves. A court that reverts would let it go free.
    function test_attack_noPlaintextMakesTheCourtRevert() public {
        uint256[7] memory words =
            [uint256(0), 31, 128, 1 << 255, type(uint256).max, type(uint256).max - 159, 1 << 64];
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 word = words[i];
            isPunished(abi.encode(word, word, word, word, word, word, word, word));
            // A good url, and a signature that is longer than there are numbers.
            isPunished(abi.encode(128, FINGERPRINT, SECRET, 192, 1, uint256(0x61) << 248, word));
        }
    }

    function testFuzz_attack_noPlaintextMakesTheCourtRevert(bytes memory text) public {
        vm.assume(text.length != 0 && text.length <= 1024);
        (, Complaint memory complaint) = handedOver(text);

        assertEq(uint256(handoverCourt.faultOf(complaint)), uint256(HandoverFault.Malformed));
    }

    /// @dev The operator hides a second access behind the first, or in the padding: one signature, two
    /// readings.
    function test_attack_bytesBesideTheAccessAreAFault() public {
        RentalId id = openSealedRental();
        bytes memory good = accessFor(id);
        bytes memory longer = bytes.concat(good, keccak256("more"));
        bytes memory padded = bytes.concat(good);
        padded[padded.length - 1] = 0x01;

        assertEq(faultIn(id, longer), uint256(HandoverFault.Malformed), "longer");
        assertEq(faultIn(id, padded), uint256(HandoverFault.Malformed), "padded");
        assertEq(faultIn(id, good), uint256(HandoverFault.None), "as it should be");
    }

    /// @dev The operator's signature has a twin with high s that anybody can make; the escrow takes none
    /// such anywhere, and neither does the handoverCourt.
    function test_attack_aMirroredSignatureIsAFault() public {
        RentalId id = openSealedRental();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(operatorKey, handoverDigest(id, URL));
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes memory mirrored = abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));

        uint256 fault = faultIn(id, abi.encode(URL, FINGERPRINT, SECRET, mirrored));

        assertEq(fault, uint256(HandoverFault.NotSigned));
    }

    /// @dev The operator makes the complaint dear: the longest ciphertext, all of it url.
    function test_attack_aLongHandoverDoesNotMakeTheComplaintDear() public {
        RentalId id = openSealedRental();
        bytes memory url = new bytes(1024 - 288);
        for (uint256 i = 0; i < url.length; ++i) {
            url[i] = "a";
        }
        bytes memory signature = sign(operatorKey, handoverDigest(id, "https://elsewhere"));
        Complaint memory complaint = complaintAbout(id, abi.encode(url, FINGERPRINT, SECRET, signature));
        assertEq(complaint.ciphertext.length, 1024, "as long as the escrow takes");
        vm.prank(operator);
        escrow.commitHandover(id, complaint.enc, complaint.ciphertext);

        uint256 before = gasleft();
        complainAs(renter, complaint);

        assertLt(before - gasleft(), isFallback() ? GAS_AIM_BY_FALLBACK : GAS_AIM, "gas");
        assertEq(uint256(escrow.stateOf(id)), uint256(RentalState.Cancelled), "and it is heard");
    }

    // The renter lies.

    /// @dev The renter has a good access and wants its money back.
    function test_attack_aFalseComplaintCostsItsBondAndStartsTheTime() public {
        (RentalId id, Complaint memory complaint) = wellHandedOver();
        uint256 before = vault.freeOf(operator);

        complainAs(renter, complaint);

        assertEq(uint256(escrow.stateOf(id)), uint256(RentalState.Active), "runs and is paid for");
        assertEq(vault.freeOf(operator) - before, BOND, "the operator has the bond");
    }

    /// @dev The renter names another Diffie-Hellman point, under which the text is nonsense.
    function test_attack_anotherPointIsNotProven() public {
        (, Complaint memory complaint) = wellHandedOver();
        complaint.shared = compressedOf(mulmod(RENTER_SECRET, EPHEMERAL, N) + 1);
        notProven(complaint);

        complaint.proof = prove(handoverCourt.contextOf(complaint.rental), complaint.shared);
        notProven(complaint);
    }

    /// @dev The mirrored point has the same x, which is all that the key schedule reads: it must not pass
    /// as a second proof either.
    function test_attack_theMirroredPointIsNotProven() public {
        (, Complaint memory complaint) = wellHandedOver();
        complaint.shared.parity ^= 0x01;
        notProven(complaint);

        complaint.proof = prove(handoverCourt.contextOf(complaint.rental), complaint.shared);
        notProven(complaint);
    }

    /// @dev Infinity, and bytes that are no point, have no logarithm to prove.
    function test_attack_infinityIsNotProven() public {
        (, Complaint memory complaint) = wellHandedOver();
        CompressedPoint[4] memory points = [
            CompressedPoint(0x00, 0),
            CompressedPoint(0x02, 0),
            CompressedPoint(0x04, complaint.shared.x),
            CompressedPoint(0x02, bytes32(type(uint256).max))
        ];
        for (uint256 i = 0; i < points.length; ++i) {
            complaint.shared = points[i];
            complaint.proof = prove(handoverCourt.contextOf(complaint.rental), complaint.shared);
            notProven(complaint);
        }
    }

    /// @dev The proof of one rental, its chain or its escrow, used for another.
    function test_attack_aProofForAnotherContextIsNotProven() public {
        (, Complaint memory complaint) = wellHandedOver();
        bytes32[3] memory contexts = [
            handoverCourt.contextOf(RentalId.wrap(keccak256("another rental"))),
            keccak256(abi.encode(keccak256("UNC/v1/complaint"), 1, ESCROW, complaint.rental)),
            keccak256(
                abi.encode(keccak256("UNC/v1/complaint"), block.chainid, HANDOVER_COURT, complaint.rental)
            )
        ];
        for (uint256 i = 0; i < contexts.length; ++i) {
            complaint.proof = prove(contexts[i], complaint.shared);
            notProven(complaint);
        }
    }

    /// @dev The operator reuses its ephemeral key in two rentals; the complaint about the bad one must not
    /// open the good one.
    function test_attack_aComplaintIsGoodForOneRental() public {
        (RentalId bad, Complaint memory complaint) = handedOver("go away");
        Order memory bid = aBid();
        bid.nonce = 1;
        chips[0] = anotherChip(0);
        chips[1] = anotherChip(1);
        RentalId good = desk.open(sealedOpening(bid, 1));
        vm.prank(operator);
        escrow.commitHandover(good, complaint.enc, complaint.ciphertext);
        complainAs(renter, complaint);
        assertEq(uint256(escrow.stateOf(bad)), uint256(RentalState.Cancelled), "the first is heard");

        complaint.rental = good;
        notProven(complaint);
    }

    /// @dev The bytes of point and ciphertext, cut at another place, hash to the same.
    function test_attack_cuttingTheHandoverElsewhereIsNoHandover() public {
        (RentalId id, Complaint memory complaint) = wellHandedOver();
        bytes32 hash = escrow.rentalOf(id).handoverHash;
        complaint.ciphertext = bytes.concat(complaint.enc[64], complaint.ciphertext);
        bytes memory enc = complaint.enc;
        assembly ("memory-safe") {
            mstore(enc, 64)
        }

        vm.prank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(IHandoverCourt.HandoverCourtOtherHandover.selector, id, hash, hash)
        );
        handoverCourt.complain{value: BOND}(complaint);
    }

    /// @dev A renter complains twice, to take the operator's bond twice.
    function test_attack_anOperatorIsPunishedOnce() public {
        (RentalId id, Complaint memory complaint) = handedOver("go away");
        complainAs(renter, complaint);
        uint256 free = vault.freeOf(operator);

        vm.prank(renter);
        vm.expectRevert(
            abi.encodeWithSelector(IRpoiEscrow.RpoiEscrowWrongState.selector, id, RentalState.Cancelled)
        );
        handoverCourt.complain{value: BOND}(complaint);

        assertEq(vault.freeOf(operator), free, "nothing more");
    }

    // A stranger.

    /// @dev A stranger sees the complaint in the mempool and sends it first, for the bond or the
    /// compensation.
    function test_attack_carryingAnothersComplaintGainsNothing() public {
        (, Complaint memory complaint) = handedOver("go away");
        uint256 before = vault.freeOf(stranger) + stranger.balance;

        complainAs(stranger, complaint);

        assertEq(vault.freeOf(stranger) + stranger.balance, before, "its own bond and nothing else");
        assertEq(vault.freeOf(renter) - FUNDS, RENT / 10, "the renter is compensated");
    }

    /// @dev The carrier gives so little gas that a check fails for want of it: the whole call must fail,
    /// not the operator.
    function test_attack_littleGasNeverMakesAGoodHandoverBad() public {
        (RentalId id, Complaint memory complaint) = wellHandedOver();
        for (uint256 gas = 60_000; gas < 400_000; gas += 4000) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(renter);
            try handoverCourt.complain{gas: gas, value: BOND}(complaint) returns (HandoverFault fault) {
                assertEq(uint256(fault), uint256(HandoverFault.None), "the verdict");
                assertEq(uint256(escrow.stateOf(id)), uint256(RentalState.Active), "the outcome");
            } catch {
                assertEq(uint256(escrow.stateOf(id)), uint256(RentalState.HandedOver), "nothing happened");
            }
            vm.revertToState(snapshot);
        }
    }

    function anotherChip(uint256 i) private returns (ChipId chip) {
        chip = ChipId.wrap(keccak256(abi.encode("another chip", i)));
        registry.give(chip, operator);
    }

    /// @dev That a complaint about a text is heard; nothing stays of it.
    function isPunished(bytes memory text) private {
        uint256 snapshot = vm.snapshotState();
        (RentalId id, Complaint memory complaint) = handedOver(text);
        complainAs(renter, complaint);
        assertEq(uint256(escrow.stateOf(id)), uint256(RentalState.Cancelled), vm.toString(text));
        vm.revertToState(snapshot);
    }

    /// @dev What the court finds in a text, if the operator hands it over; nothing stays of it.
    function faultIn(RentalId id, bytes memory text) private returns (uint256 fault) {
        uint256 snapshot = vm.snapshotState();
        Complaint memory complaint = complaintAbout(id, text);
        vm.prank(operator);
        escrow.commitHandover(id, complaint.enc, complaint.ciphertext);
        fault = uint256(handoverCourt.faultOf(complaint));
        vm.revertToState(snapshot);
    }
}
