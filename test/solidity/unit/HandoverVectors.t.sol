// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRpoiEscrow} from "contracts/src/interfaces/IRpoiEscrow.sol";
import {CompressedPoint, EqualLogsProof} from "contracts/src/precompiles/DleqVerify.sol";
import {HandoverCourt} from "contracts/src/rental/HandoverCourt.sol";
import {Complaint, HandoverFault} from "contracts/src/types/Complaints.sol";
import {RentalId} from "contracts/src/types/Ids.sol";
import {Rental, RentalState} from "contracts/src/types/Rentals.sol";

import {PrecompileFixture} from "../lib/PrecompileFixture.sol";

/// @dev The court against the renter's own program: `test/vectors/handovers.json` is what the Rust side
/// sealed, proved and found, with HPKE, HKDF and decoding of its own.
contract HandoverVectorsTest is PrecompileFixture {
    string private _json;
    address private _escrow;
    HandoverCourt private _court;

    function setUp() public {
        usePrecompiles();
        _json = vm.readFile("test/vectors/handovers.json");
        _escrow = vm.parseJsonAddress(_json, ".escrow");
        _court = new HandoverCourt(_escrow, address(0));
        vm.chainId(vm.parseJsonUint(_json, ".chainId"));
    }

    function test_faultOf_agreesWithTheRentersProgram() public {
        uint256 count = 0;
        for (; vm.keyExistsJson(_json, keyOf(count)); ++count) {
            string memory key = keyOf(count);
            Complaint memory complaint = complaintAt(key);
            keepAsHandedOver(complaint);

            HandoverFault fault = _court.faultOf(complaint);

            string memory expected = vm.parseJsonString(_json, string.concat(key, ".fault"));
            string memory name = vm.parseJsonString(_json, string.concat(key, ".name"));
            assertEq(nameOf(fault), expected, name);
        }
        assertGt(count, 60, "all cases were read");
    }

    /// @dev The escrow's record of what the operator handed over.
    function keepAsHandedOver(Complaint memory complaint) private {
        Rental memory rental;
        rental.state = RentalState.HandedOver;
        rental.operator = vm.parseJsonAddress(_json, ".operator");
        bytes32 message = keccak256(bytes.concat(complaint.enc, complaint.ciphertext));
        rental.handoverHash = keccak256(abi.encode(keccak256(complaint.renterKey), message));
        vm.mockCall(_escrow, abi.encodeCall(IRpoiEscrow.rentalOf, (complaint.rental)), abi.encode(rental));
    }

    function complaintAt(string memory key) private view returns (Complaint memory complaint) {
        complaint.rental = RentalId.wrap(vm.parseJsonBytes32(_json, string.concat(key, ".rental")));
        complaint.renterKey = vm.parseJsonBytes(_json, ".renterKey");
        complaint.enc = vm.parseJsonBytes(_json, string.concat(key, ".enc"));
        complaint.ciphertext = vm.parseJsonBytes(_json, string.concat(key, ".ciphertext"));
        // Fits: 2 or 3.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint8 parity = uint8(vm.parseJsonUint(_json, string.concat(key, ".parity")));
        complaint.shared =
            CompressedPoint(bytes1(parity), vm.parseJsonBytes32(_json, string.concat(key, ".x")));
        complaint.proof = EqualLogsProof({
            challenge: vm.parseJsonBytes32(_json, string.concat(key, ".challenge")),
            response: vm.parseJsonBytes32(_json, string.concat(key, ".response"))
        });
    }

    function keyOf(uint256 i) private pure returns (string memory) {
        return string.concat(".cases[", vm.toString(i), "]");
    }

    function nameOf(HandoverFault fault) private pure returns (string memory) {
        if (fault == HandoverFault.None) return "None";
        return fault == HandoverFault.Malformed ? "Malformed" : "NotSigned";
    }
}
