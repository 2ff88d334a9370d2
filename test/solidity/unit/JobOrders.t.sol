// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJobEscrow} from "contracts/src/interfaces/IJobEscrow.sol";
import {IOrderBook} from "contracts/src/interfaces/IOrderBook.sol";
import {OrderBook} from "contracts/src/rental/OrderBook.sol";
import {JobId, OrderHash} from "contracts/src/types/Ids.sol";
import {JobOrders, JobSpec, JobState, Tolerance} from "contracts/src/types/Jobs.sol";
import {Order, OrderKind, Side, Specification} from "contracts/src/types/Orders.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Tests jobs that come from orders of inference: one request is one unit.
contract JobOrdersTest is JobFixture {
    uint256 private constant WORKER_KEY = 0x33;
    uint64 private constant DURATION = 50;
    bytes32 private constant DURATION_FIELD = "duration";

    OrderBook private _book = OrderBook(ORDERS);

    function setUp() public override {
        super.setUp();
        worker = vm.addr(WORKER_KEY);
        vm.deal(worker, 100 ether);
        address[] memory fillers = new address[](1);
        fillers[0] = JOBS;
        build(ORDERS, type(OrderBook).creationCode, abi.encode(address(0), fillers));
    }

    function test_openFromOrders_opensOneJobForEachRequest() public {
        (JobOrders memory orders, JobSpec[] memory specs) = (meeting(), requests(3));

        JobId[] memory opened = openAs(client, orders, specs);

        assertEq(opened.length, 3, "jobs");
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(JobId.unwrap(opened[i]), JobId.unwrap(jobs.hashOf(specs[i])), "id");
            assertEq(uint8(jobs.jobOf(opened[i]).state), uint8(JobState.Open), "state");
            assertEq(vault.lockedOf(JOBS, JobId.unwrap(opened[i])), PRICE, "locked");
        }
        assertEq(_book.filledOf(_book.hashOf(orders.bid)), 3, "bid");
        assertEq(_book.filledOf(_book.hashOf(orders.ask)), 3, "ask");
        assertEq(vault.freeOf(client), 10 ether - 3 * uint256(PRICE), "free");
    }

    /// @dev 4.5: no payment before validation. What is not answered goes back.
    function test_openFromOrders_paysEachAnsweredAndValidatedRequestAlone() public {
        JobId[] memory opened = openAs(client, meeting(), requests(2));
        leaves[0].job = opened[0];
        leafHashes[0] = keccak256(abi.encodePacked(bytes1(0), opened[0], RESULT, uint256(leaves[0].steps)));
        deliver(opened[0]);
        assertEq(vault.freeOf(worker), 0, "answered, not validated");
        skipSeconds(WINDOW + 1);
        settle(opened[0]);
        vm.warp(START + JOB_SECONDS + 1);
        jobs.refund(opened[1]);

        assertEq(vault.freeOf(worker), PRICE, "one answer is paid");
        assertEq(vault.freeOf(client), 10 ether - PRICE, "the other request is not");
    }

    function test_openFromOrders_fillsOrdersInParts() public {
        JobOrders memory orders = meeting();
        openAs(client, orders, requests(2));
        JobSpec[] memory more = requests(2);
        (more[0].nonce, more[1].nonce) = (100, 101);
        openAs(client, orders, more);
        assertEq(_book.filledOf(_book.hashOf(orders.bid)), 4);
    }

    function test_openFromOrders_revertsWhen_moreIsRequestedThanWasOrdered() public {
        (JobOrders memory orders, JobSpec[] memory specs) = (meeting(), requests(5));
        vm.expectRevert(
            abi.encodeWithSelector(
                IOrderBook.OrderBookUnitsOutOfRange.selector,
                _book.hashOf(orders.bid),
                uint32(5),
                uint32(1),
                uint32(4)
            )
        );
        openAs(client, orders, specs);
    }

    /// @dev A bid of no time and requests that are over when they open used an ask up for gas alone.
    function test_openFromOrders_revertsWhen_theBidLeavesLessTimeThanTheAskNeeds() public {
        JobOrders memory orders = meeting();
        orders.bid.duration = 0;
        sign(orders);
        JobSpec[] memory specs = requests(4);
        for (uint256 i = 0; i < 4; ++i) {
            specs[i].deadline = time();
        }

        vm.expectRevert(
            abi.encodeWithSelector(
                IOrderBook.OrderBookMismatch.selector,
                _book.hashOf(orders.ask),
                _book.hashOf(orders.bid),
                DURATION_FIELD
            )
        );
        openAs(client, orders, specs);
    }

    /// @dev Whoever has both orders could spend the client's money on requests that it never made.
    function test_openFromOrders_revertsWhen_theClientDidNotAsk() public {
        (JobOrders memory orders, JobSpec[] memory specs) = (meeting(), requests(1));
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowBadSignature.selector, client));
        openAs(worker, orders, specs);
    }

    function test_openFromOrders_takesTheClientsSignatureFromAnybody() public {
        (JobOrders memory orders, JobSpec[] memory specs) = (meeting(), requests(2));
        bytes memory consent = requested(orders, specs);

        vm.prank(worker);
        JobId[] memory opened = jobs.openFromOrders(orders, specs, consent);

        assertEq(uint8(jobs.jobOf(opened[1]).state), uint8(JobState.Open), "state");
        assertEq(vault.freeOf(client), 10 ether - 2 * uint256(PRICE), "the client pays");
    }

    /// @dev The signature is for these requests under this bid, for no fewer, no more and no others.
    function test_openFromOrders_revertsWhen_theClientSignedOtherRequests() public {
        (JobOrders memory orders, JobSpec[] memory specs) = (meeting(), requests(2));
        bytes memory consent = requested(orders, requests(3));
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowBadSignature.selector, client));
        vm.prank(worker);
        jobs.openFromOrders(orders, specs, consent);

        consent = requested(orders, specs);
        specs[1].inputHash = "another";
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowBadSignature.selector, client));
        vm.prank(worker);
        jobs.openFromOrders(orders, specs, consent);
    }

    function test_openFromOrders_revertsWhen_theClientSignedForAnotherBid() public {
        (JobOrders memory orders, JobSpec[] memory specs) = (meeting(), requests(1));
        bytes memory consent = requested(orders, specs);
        orders.bid.nonce = 2;
        sign(orders);

        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowBadSignature.selector, client));
        vm.prank(worker);
        jobs.openFromOrders(orders, specs, consent);
    }

    function test_openFromOrders_revertsWhen_theClientsSignatureIsUsedAgain() public {
        (JobOrders memory orders, JobSpec[] memory specs) = (meeting(), requests(1));
        bytes memory consent = requested(orders, specs);
        vm.startPrank(worker);
        JobId[] memory opened = jobs.openFromOrders(orders, specs, consent);

        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowExists.selector, opened[0]));
        jobs.openFromOrders(orders, specs, consent);
        vm.stopPrank();
    }

    function test_openFromOrders_revertsWhen_aRequestWasMade() public {
        (JobOrders memory orders, JobSpec[] memory specs) = (meeting(), requests(1));
        JobId[] memory opened = openAs(client, orders, specs);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowExists.selector, opened[0]));
        openAs(client, orders, specs);
    }

    function test_openFromOrders_revertsWhen_ordersAreNotOfInference() public {
        JobOrders memory orders = meeting();
        (orders.ask.kind, orders.bid.kind) = (OrderKind.MachineTime, OrderKind.MachineTime);
        refuse(orders, requests(1), "kind");

        orders = meeting();
        (orders.ask.token, orders.bid.token) = (address(1), address(1));
        refuse(orders, requests(1), "token");

        orders = meeting();
        orders.bid.payer = stranger;
        refuse(orders, requests(1), "payer");

        orders = meeting();
        orders.specification.modelHash = "another";
        refuse(orders, requests(1), "specification");
    }

    function test_openFromOrders_revertsWhen_aRequestIsNotWhatWasOrdered() public {
        JobSpec[] memory specs = requests(1);
        specs[0].client = stranger;
        refuse(meeting(), specs, "client");

        specs = requests(1);
        specs[0].worker = stranger;
        refuse(meeting(), specs, "worker");

        specs = requests(1);
        specs[0].price = PRICE + 1;
        refuse(meeting(), specs, "price");

        specs = requests(1);
        specs[0].tolerance = Tolerance.Approximate;
        refuse(meeting(), specs, "tolerance");

        specs = requests(1);
        specs[0].programHash = "a cheaper model";
        refuse(meeting(), specs, "programHash");

        specs = requests(1);
        specs[0].environmentHash = "a slower environment";
        refuse(meeting(), specs, "environmentHash");

        specs = requests(1);
        specs[0].paramsHash = "other data";
        refuse(meeting(), specs, "paramsHash");

        specs = requests(1);
        specs[0].deadline = time() + DURATION - 1;
        refuse(meeting(), specs, "deadline");
    }

    function test_openFromOrders_acceptsTheFirstDeadlineThatLeavesTheTimeAgreedOn() public {
        JobSpec[] memory specs = requests(1);
        specs[0].deadline = time() + DURATION;
        assertEq(openAs(client, meeting(), specs).length, 1);
    }

    function test_openFromOrders_bindsNothingThatTheSpecificationLeavesOpen() public {
        JobOrders memory orders = meeting();
        orders.specification.environmentHash = 0;
        orders.specification.dataHash = 0;
        bytes32 hash = hashOf(orders.specification);
        (orders.ask.specHash, orders.bid.specHash) = (hash, hash);
        sign(orders);
        JobSpec[] memory specs = requests(1);
        (specs[0].environmentHash, specs[0].paramsHash) = ("any", "of mine");
        assertEq(openAs(client, orders, specs).length, 1);
    }

    function refuse(JobOrders memory orders, JobSpec[] memory specs, bytes32 field) private {
        sign(orders);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowOrderMismatch.selector, field));
        openAs(client, orders, specs);
    }

    function openAs(address caller, JobOrders memory orders, JobSpec[] memory specs)
        private
        returns (JobId[] memory)
    {
        vm.prank(caller);
        return jobs.openFromOrders(orders, specs, "");
    }

    /// @dev The client's signature over these requests, computed apart from the contracts.
    function requested(JobOrders memory orders, JobSpec[] memory specs) private view returns (bytes memory) {
        bytes memory ids = "";
        for (uint256 i = 0; i < specs.length; ++i) {
            ids = bytes.concat(ids, JobId.unwrap(jobs.hashOf(specs[i])));
        }
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("UtilityNet JobEscrow"),
                keccak256("1"),
                block.chainid,
                JOBS
            )
        );
        bytes32 bid = OrderHash.unwrap(_book.hashOf(orders.bid));
        bytes32 typeHash = keccak256("JobRequests(bytes32 bid,bytes32[] jobs)");
        bytes32 structHash = keccak256(abi.encode(typeHash, bid, keccak256(ids)));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(CLIENT_KEY, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        return abi.encodePacked(r, s, v);
    }

    function requests(uint256 count) private view returns (JobSpec[] memory specs) {
        specs = new JobSpec[](count);
        for (uint256 i = 0; i < count; ++i) {
            specs[i] = spec();
            specs[i].worker = worker;
            specs[i].inputHash = keccak256(abi.encode("request", i));
            specs[i].nonce = 10 + i;
        }
    }

    function meeting() private view returns (JobOrders memory orders) {
        JobSpec memory wanted = spec();
        orders.specification = Specification({
            model: 0,
            leastPhi: 0,
            environmentHash: wanted.environmentHash,
            modelHash: wanted.programHash,
            dataHash: wanted.paramsHash,
            documentHash: keccak256("terms")
        });
        orders.ask = order(worker, Side.Ask, hashOf(orders.specification));
        orders.ask.maxUnits = 100;
        orders.bid = order(client, Side.Bid, hashOf(orders.specification));
        orders.bid.unitPrice = 2 * PRICE; // filled at the ask's
        sign(orders);
    }

    function order(address maker, Side side, bytes32 specHash) private view returns (Order memory) {
        return Order({
            maker: maker,
            side: side,
            kind: OrderKind.Inference,
            specHash: specHash,
            chipsHash: 0,
            unitPrice: PRICE,
            minUnits: 1,
            maxUnits: 4,
            duration: DURATION,
            validFrom: 0,
            expiry: time() + 1000,
            payer: address(0),
            token: address(0),
            counterparty: address(0),
            minRating: 0,
            validationClass: uint8(Tolerance.Exact),
            nonce: 1,
            makerEpoch: 0
        });
    }

    function sign(JobOrders memory orders) private view {
        orders.askSignature = signature(WORKER_KEY, orders.ask);
        orders.bidSignature = signature(CLIENT_KEY, orders.bid);
    }

    function signature(uint256 key, Order memory signed) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, OrderHash.unwrap(_book.hashOf(signed)));
        return abi.encodePacked(r, s, v);
    }

    function hashOf(Specification memory specification) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Specification(uint32 model,uint64 leastPhi,bytes32 environmentHash,bytes32 modelHash,"
                    "bytes32 dataHash,bytes32 documentHash)"
                ),
                specification
            )
        );
    }
}
