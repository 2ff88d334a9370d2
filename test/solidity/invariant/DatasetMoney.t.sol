// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DatasetOffer, Publication, Sale, SaleState} from "contracts/src/types/Datasets.sol";
import {DatasetId, SaleId} from "contracts/src/types/Ids.sol";

import {DatasetFixture} from "../fixtures/DatasetFixture.sol";

/// @title Walks sales through their lives in any order: the parties act, are silent, and time passes.
/// @dev Picks only what a sale's state allows, so that no call reverts.
contract DatasetHandler is DatasetFixture {
    SaleId[] public sales;
    mapping(SaleId sale => bool) private _isListed;
    address[3] public buyers;
    DatasetId[] private _datasets;
    uint64 private _nonce;

    /// @dev Wei that sales ever cost their buyers, went to the seller and were burned.
    uint256 public paidIn;
    uint256 public paidOut;
    uint256 public burned;

    constructor() {
        vm.warp(START);
        nameParties();
        buyers = [buyer, makeAddr("second buyer"), makeAddr("third buyer")];
    }

    function setUp() public override {}

    function count() external view returns (uint256) {
        return sales.length;
    }

    function publish(uint96 price) external {
        if (_datasets.length == 8) return;
        Publication memory publication = aPublication(vm.toString(++_nonce));
        publication.price = uint128(bound(price, 1, 20 ether));
        _datasets.push(publish(publication));
    }

    function buy(uint256 seed, uint256 who) external {
        (DatasetId dataset, bool isThere) = _anyDataset(seed);
        address account = buyers[who % 3];
        if (!isThere || !_isFree(dataset, account)) return;
        _note(buyAs(account, dataset));
    }

    function bargain(uint256 seed, uint96 price, bool isBuyersOffer) external {
        (DatasetId dataset, bool isThere) = _anyDataset(seed);
        if (!isThere || !_isFree(dataset, buyer)) return;
        DatasetOffer memory offer = isBuyersOffer ? buyersOffer(dataset) : sellersOffer(dataset);
        offer.price = uint128(bound(price, 0, 20 ether));
        offer.nonce = ++_nonce;
        _note(isBuyersOffer ? acceptAsSeller(offer) : acceptAsBuyer(offer));
    }

    function deliver(uint256 seed) external {
        (SaleId sale, bool isReady) = _pick(seed, SaleState.Paid);
        if (isReady && block.timestamp <= market.saleOf(sale).deadline) deliver(sale);
    }

    function acknowledge(uint256 seed) external {
        (SaleId sale, bool isReady) = _pick(seed, SaleState.Delivered);
        if (!isReady) return;
        Sale memory kept = market.saleOf(sale);
        vm.prank(kept.buyer);
        market.acknowledge(sale);
        _noteSettled(kept);
    }

    function rate(uint256 seed, uint8 score) external {
        (SaleId sale, bool isReady) = _pick(seed, SaleState.Settled);
        Sale memory kept = market.saleOf(sale);
        bool mayRate = isReady && kept.score == 0 && kept.price != 0 && block.timestamp <= kept.deadline;
        if (!mayRate) return;
        vm.prank(kept.buyer);
        market.rate(sale, uint8(bound(score, 1, 100)));
    }

    function poke(uint256 seed) external {
        if (sales.length == 0) return;
        SaleId sale = sales[seed % sales.length];
        Sale memory kept = market.saleOf(sale);
        bool isWaiting = kept.state == SaleState.Paid || kept.state == SaleState.Delivered;
        if (!isWaiting || block.timestamp <= kept.deadline) return;
        SaleState state = market.poke(sale);
        if (state == SaleState.Settled) _noteSettled(kept);
        else paidIn -= kept.price;
    }

    function pass(uint16 time) external {
        skip(bound(time, 1, 40));
    }

    function _note(SaleId sale) private {
        if (!_isListed[sale]) sales.push(sale);
        _isListed[sale] = true;
        paidIn += market.saleOf(sale).price;
    }

    function _noteSettled(Sale memory kept) private {
        uint256 fee = (uint256(kept.price) * FEE_BPS + 9999) / 10_000;
        paidOut += kept.price - fee;
        burned += fee;
    }

    function _anyDataset(uint256 seed) private view returns (DatasetId dataset, bool isThere) {
        if (_datasets.length == 0) return (dataset, false);
        return (_datasets[seed % _datasets.length], true);
    }

    function _isFree(DatasetId dataset, address account) private view returns (bool) {
        SaleState state = market.saleOf(market.saleIdOf(dataset, account)).state;
        return state == SaleState.None || state == SaleState.Refunded;
    }

    function _pick(uint256 seed, SaleState wanted) private view returns (SaleId sale, bool isReady) {
        for (uint256 i = 0; i < sales.length; ++i) {
            sale = sales[(seed % sales.length + i) % sales.length];
            if (market.saleOf(sale).state == wanted) return (sale, true);
        }
    }
}

/// @title Whatever buyers and sellers do or leave, the vault is solvent and every sale has a way out.
contract DatasetMoneyTest is DatasetFixture {
    /// @dev Wei of each buyer: enough for every sale of a run.
    uint256 private constant WEALTH = 100_000 ether;

    DatasetHandler private _handler;

    function setUp() public override {
        super.setUp();
        _handler = new DatasetHandler();
        for (uint256 i = 0; i < 3; ++i) {
            fund(_handler.buyers(i), WEALTH);
        }
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = DatasetHandler.publish.selector;
        selectors[1] = DatasetHandler.buy.selector;
        selectors[2] = DatasetHandler.bargain.selector;
        selectors[3] = bytes4(keccak256("deliver(uint256)"));
        selectors[4] = DatasetHandler.acknowledge.selector;
        selectors[5] = DatasetHandler.rate.selector;
        selectors[6] = DatasetHandler.poke.selector;
        selectors[7] = DatasetHandler.pass.selector;
        targetSelector(FuzzSelector({addr: address(_handler), selectors: selectors}));
        targetContract(address(_handler));
    }

    function invariant_vaultIsSolventToTheWei() public view {
        uint256 locked;
        for (uint256 i = 0; i < _handler.count(); ++i) {
            locked += vault.lockedOf(MARKET, SaleId.unwrap(_handler.sales(i)));
        }

        assertEq(vault.totalLocked(), locked, "every lock is a sale's");
        assertEq(VAULT.balance, vault.totalFree() + vault.totalLocked(), "the vault holds what it owes");
    }

    function invariant_aSaleLocksItsPriceWhileItWaits() public view {
        for (uint256 i = 0; i < _handler.count(); ++i) {
            SaleId sale = _handler.sales(i);
            Sale memory kept = market.saleOf(sale);
            bool isWaiting = kept.state == SaleState.Paid || kept.state == SaleState.Delivered;
            assertEq(vault.lockedOf(MARKET, SaleId.unwrap(sale)), isWaiting ? kept.price : 0, "of this sale");
        }
    }

    function invariant_whatBuyersPaidIsSomewhere() public view {
        assertEq(
            _handler.paidIn(),
            _handler.paidOut() + _handler.burned() + vault.totalLocked(),
            "paid in = paid out + burned + locked"
        );
        assertEq(vault.freeOf(seller), _handler.paidOut(), "the seller has what was paid out");
        assertEq(EMISSION.balance, _handler.burned(), "the sink has what was burned");
    }

    /// @dev After its deadline no sale needs anybody's goodwill.
    function invariant_everySaleHasAWayOut() public {
        uint256 before = vm.snapshotState();
        skip(365 days);
        for (uint256 i = 0; i < _handler.count(); ++i) {
            SaleState state = market.saleOf(_handler.sales(i)).state;
            if (state == SaleState.Paid || state == SaleState.Delivered) market.poke(_handler.sales(i));
        }
        assertEq(vault.totalLocked(), 0, "nothing is stuck");
        vm.revertToState(before);
    }
}
