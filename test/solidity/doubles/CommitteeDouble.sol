// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Stands in for the committee where only its verdict matters: says what it was told.
contract CommitteeDouble {
    struct Ruling {
        bool isDecided;
        bytes32 verdict;
        uint8 agreeing;
        uint8 seats;
    }

    uint128 public constant PRICE = 0.3 ether;

    mapping(bytes32 subject => Ruling) public verdictOf;
    mapping(bytes32 subject => address[2]) private _parties;

    function convene(bytes32 subject, address plaintiff, address defendant, uint8 seats) external payable {
        require(msg.value == PRICE, "the price is asked for exactly");
        verdictOf[subject].seats = seats;
        _parties[subject] = [plaintiff, defendant];
    }

    function rule(bytes32 subject, bytes32 verdict, uint8 agreeing) external {
        require(verdictOf[subject].seats != 0, "nobody asked");
        (verdictOf[subject].isDecided, verdictOf[subject].verdict) = (true, verdict);
        verdictOf[subject].agreeing = agreeing;
    }

    function partiesOf(bytes32 subject) external view returns (address, address) {
        return (_parties[subject][0], _parties[subject][1]);
    }
}
