//! A chain goes on from another one's block, which a test plays.

use super::{Answer, Call, Fork, ForkConfig, ForkError, Manners, Origin, Upstream};
use crate::{
    engine::{
        AccountPatch, Beginning, EngineOptions,
        test_support::{TestChain, Tx, account, on_store, plain_spec, stranger},
    },
    execution::{At, ReadError, Transaction},
    genesis::{ChainSpec, DevGenesis, Limits, fork_off},
    pool::PooledEntry,
};
use alloy_consensus::{Header, Sealable, transaction::Recovered};
use alloy_eips::eip4788::BEACON_ROOTS_ADDRESS;
use alloy_primitives::{Address, B256, TxHash, U64, U256, address};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{collections::BTreeMap, future::Future, path::Path, sync::Arc, time::Duration};
use utnet_db::{OpenOptions, Store};
use utnet_primitives::Height;

/// The block at which the tests fork off.
const NUMBER: u64 = 100;
/// A contract upstream: answers with its slot 0; called with data it sets slot 0 to zero.
const CONTRACT: Address = address!("0x00000000000000000000000000000000000c0de0");
/// What the other chain has in the ring buffers of EIP-4788.
const OLD_ROOT: B256 = B256::repeat_byte(9);
const CODE: &str = "0x36600d576000545f5260205ff35b5f5f5500";

/// A node of the other chain that knows a few things, and counts what it is asked.
#[derive(Clone, Debug, Default)]
struct Played(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_gone: bool,
    asked: BTreeMap<String, usize>,
    trips: usize,
}

fn header(number: u64) -> Header {
    Header {
        number,
        timestamp: 1_700_000_000 + number,
        gas_limit: 30_000_000,
        base_fee_per_gas: Some(1_000_000_000),
        withdrawals_root: Some(B256::ZERO),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(B256::ZERO),
        ..Header::default()
    }
}

fn block(number: u64) -> Value {
    let sealed = header(number).seal_slow();
    let mut block =
        serde_json::to_value(alloy_rpc_types_eth::Header::from_consensus(sealed, None, None))
            .unwrap();
    block["transactions"] = json!([]);
    block["uncles"] = json!([]);
    block
}

/// The transactions of the block after the fork, not in the order of their tips.
fn mined() -> Vec<Recovered<Transaction>> {
    let sent = [Tx::from(0).tip(1), Tx::from(1).tip(9), Tx::from(0).nonce(1).value(77)];
    let to_block = |tx: Tx| {
        let transaction = tx.recovered();
        let hash = *transaction.hash();
        PooledEntry { transaction, hash, arrival: 0 }.to_block()
    };
    sent.map(to_block).into()
}

/// The block with its transactions, if it is the one that has some.
fn full_block(number: u64) -> Value {
    let mut block = block(number);
    if number == NUMBER + 1 {
        let shown = |inner| {
            let none = alloy_rpc_types_eth::TransactionInfo::default();
            json!(alloy_rpc_types_eth::Transaction::from_transaction(inner, none))
        };
        block["transactions"] = mined().into_iter().map(shown).collect();
    }
    block
}

fn hash_of(index: usize) -> TxHash {
    *mined()[index].tx_hash()
}

impl Played {
    fn answer(call: &Call) -> Value {
        let params = &call.params;
        match call.method {
            "eth_chainId" => json!("0x5"),
            "eth_blockNumber" => json!("0x80"),
            "eth_getBlockByNumber" => {
                let number = params[0].as_str().unwrap().trim_start_matches("0x");
                full_block(u64::from_str_radix(number, 16).unwrap())
            }
            "eth_getTransactionByHash" => {
                let is_mined = (0..3).any(|index| params[0] == json!(hash_of(index)));
                if is_mined { json!({"blockNumber": U64::from(NUMBER + 1)}) } else { Value::Null }
            }
            "eth_getBlockReceipts" => json!([]),
            "eth_getBlockByHash" | "eth_getTransactionReceipt" => Value::Null,
            "eth_getBalance" if params[0] == json!(stranger(7)) => json!("0x77"),
            "eth_getBalance" | "eth_getTransactionCount" => json!("0x0"),
            "eth_getCode" if params[0] == json!(CONTRACT) => json!(CODE),
            "eth_getCode" => json!("0x"),
            "eth_getStorageAt" if params[0] == json!(CONTRACT) => json!(B256::with_last_byte(42)),
            "eth_getStorageAt" if params[0] == json!(BEACON_ROOTS_ADDRESS) => json!(OLD_ROOT),
            "eth_getStorageAt" => json!(B256::ZERO),
            other => panic!("{other} was not expected"),
        }
    }

    fn asked(&self, method: &str) -> usize {
        self.0.lock().asked.get(method).copied().unwrap_or_default()
    }
}

impl Upstream for Played {
    fn ask(&self, calls: &[Call]) -> Result<Vec<Answer>, ForkError> {
        let mut state = self.0.lock();
        if state.is_gone {
            return Err(ForkError::Unreachable { node: "test".into(), why: "gone".into() });
        }
        state.trips += 1;
        for call in calls {
            *state.asked.entry(call.method.to_owned()).or_default() += 1;
        }
        let text = |call| serde_json::value::to_raw_value(&Self::answer(call));
        Ok(calls.iter().map(|call| Ok(text(call).unwrap())).collect())
    }

    fn url(&self) -> String {
        "test".into()
    }

    fn expect(&self, _: Origin) {}

    fn set_url(&self, _: &str) -> Result<(), ForkError> {
        Ok(())
    }
}

fn config(cache: Option<&Path>) -> ForkConfig {
    ForkConfig {
        urls: Vec::new(),
        block: Some(i64::try_from(NUMBER).unwrap()),
        transaction: None,
        chain_id: None,
        known: None,
        manners: Manners {
            headers: Vec::new(),
            retries: 0,
            backoff: Duration::ZERO,
            timeout: Duration::from_secs(1),
        },
        cache: cache.map(Path::to_owned),
    }
}

fn spec(fork: &Fork) -> ChainSpec {
    let dev = DevGenesis { poci: None, ..DevGenesis::default() };
    let mut genesis = dev.build().unwrap();
    fork_off(&mut genesis, fork.head(), fork.origin().chain_id).unwrap();
    ChainSpec::new(genesis, Limits::DEV).unwrap()
}

/// Runs a test on a fork of a played chain.
fn on_fork<F: Future<Output = ()>>(test: impl FnOnce(TestChain, Played) -> F) {
    on_fork_of(&config(None), test);
}

fn on_fork_of<F: Future<Output = ()>>(
    config: &ForkConfig,
    test: impl FnOnce(TestChain, Played) -> F,
) {
    let played = Played::default();
    let fork = Fork::over(Box::new(played.clone()), config).unwrap();
    fork.prefetch_routine().unwrap();
    let spec = spec(&fork);
    let options = EngineOptions { fork: Some(Arc::new(fork)), ..EngineOptions::default() };
    on_store(Store::in_memory(), spec, options, |chain| test(chain, played));
}

fn slot(t: &TestChain, at: At) -> U256 {
    t.chain.view().unwrap().state(at).unwrap().storage(CONTRACT, U256::ZERO).unwrap()
}

#[test]
fn blocks_go_on_from_the_fork_with_its_number_hash_and_fees() {
    on_fork(async |t, _| {
        t.chain.submit(Tx::from(0).signed()).await.unwrap();

        let view = t.chain.view().unwrap();
        assert_eq!(view.height(), Height(NUMBER + 1));
        assert_eq!(view.head().parent_hash, header(NUMBER).hash_slow());
        assert_eq!(view.head().base_fee_per_gas, Some(875_000_000));
        let old = view.header(Height(3)).unwrap().unwrap();
        assert_eq!(old.hash(), header(3).hash_slow());
        assert_eq!(view.header(Height(NUMBER + 2)).unwrap(), None);
    });
}

#[test]
fn what_the_other_chain_has_is_read_once_and_with_one_trip_an_account() {
    on_fork(async |t, played| {
        let state = t.chain.view().unwrap().state(At::Latest).unwrap();
        let before = played.0.lock().trips;
        let asked = played.asked("eth_getBalance");
        for _ in 0..3 {
            let account = state.account(stranger(7)).unwrap().unwrap();
            assert_eq!(account.balance, U256::from(0x77));
            assert_eq!(state.account(stranger(8)).unwrap(), None);
            assert_eq!(state.storage(CONTRACT, U256::ZERO).unwrap(), U256::from(42));
        }

        assert_eq!(played.0.lock().trips - before, 3);
        assert_eq!(played.asked("eth_getBalance") - asked, 2);
    });
}

#[test]
fn a_slot_set_to_zero_stays_zero_and_comes_back_with_the_block() {
    on_fork(async |t, _| {
        let clear = Tx::from(0).to(CONTRACT).value(0).gas(100_000);
        let mut clear = clear;
        clear.tx.input = vec![1].into();
        t.chain.submit(clear.signed()).await.unwrap();

        assert_eq!(slot(&t, At::Latest), U256::ZERO);
        assert_eq!(slot(&t, At::After(Height(NUMBER + 1))), U256::ZERO);
        assert_eq!(slot(&t, At::After(Height(NUMBER))), U256::from(42));
        assert_eq!(slot(&t, At::After(Height(NUMBER - 1))), U256::from(42));
        t.chain.rollback(1).await.unwrap();
        assert_eq!(slot(&t, At::Latest), U256::from(42));
    });
}

#[test]
fn an_account_that_is_emptied_stays_gone() {
    on_fork(async |t, _| {
        let gone = AccountPatch { balance: Some(U256::ZERO), ..AccountPatch::default() };
        let snapshot = t.chain.snapshot().await.unwrap();
        t.chain.patch(vec![(stranger(7), gone)]).await.unwrap();

        let account = |at| t.chain.view().unwrap().state(at).unwrap().account(stranger(7)).unwrap();
        assert_eq!(account(At::Latest), None);
        t.chain.mine(1, None).await.unwrap();
        assert_eq!(account(At::Latest), None);
        assert!(account(At::After(Height(NUMBER))).is_some());
        t.chain.revert(snapshot).await.unwrap();
        assert!(account(At::Latest).is_some());
    });
}

#[test]
fn cheats_change_what_lies_above_the_fork_only() {
    on_fork(async |t, _| {
        let patch = AccountPatch {
            storage: [(U256::ZERO, U256::from(9))].into(),
            ..AccountPatch::default()
        };
        t.chain.patch(vec![(CONTRACT, patch)]).await.unwrap();

        assert_eq!(slot(&t, At::Latest), U256::from(9));
        assert_eq!(slot(&t, At::After(Height(NUMBER))), U256::from(42));
        let code = t.chain.view().unwrap().state(At::Latest).unwrap().code(CONTRACT).unwrap();
        assert_eq!(code.to_string(), CODE);
    });
}

#[test]
fn a_forked_state_has_no_proofs() {
    on_fork(async |t, _| {
        let state = t.chain.view().unwrap().state(At::Latest).unwrap();
        let refused = state.proof(account(0).address(), &[]).unwrap_err();
        assert!(matches!(refused, ReadError::Forked), "{refused}");
    });
}

#[test]
fn a_reset_can_begin_a_fork_and_go_back_to_its_block() {
    on_store(Store::in_memory(), plain_spec(), EngineOptions::default(), async |t| {
        t.chain.submit(Tx::from(0).signed()).await.unwrap();
        let fork = Fork::over(Box::new(Played::default()), &config(None)).unwrap();
        let beginning = Beginning { spec: spec(&fork).into(), fork: Some(fork.into()) };

        t.chain.reset(Some(beginning)).await.unwrap();
        t.chain.mine(2, None).await.unwrap();
        t.chain.reset(None).await.unwrap();

        let view = t.chain.view().unwrap();
        assert_eq!(view.height(), Height(NUMBER));
        assert_eq!(slot(&t, At::Latest), U256::from(42));
    });
}

#[test]
fn a_restart_goes_on_without_the_other_chain() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("fork");
    let played = Played::default();
    let open = || Store::open(folder.path(), OpenOptions::default()).unwrap();
    let fork = Fork::over(Box::new(played.clone()), &config(Some(&cache))).unwrap();
    let (origin, rules) = (*fork.origin(), spec(&fork));
    let options = |fork: Fork| EngineOptions {
        fork: Some(Arc::new(fork)),
        in_memory: false,
        ..EngineOptions::default()
    };
    on_store(open(), rules.clone(), options(fork), async |t| {
        assert_eq!(slot(&t, At::Latest), U256::from(42));
        t.chain.submit(Tx::from(0).signed()).await.unwrap();
    });
    played.0.lock().is_gone = true;

    let again = ForkConfig { known: Some(origin), ..config(Some(&cache)) };
    let fork = Fork::over(Box::new(played), &again).unwrap();
    on_store(open(), rules, options(fork), async |t| {
        assert_eq!(t.chain.view().unwrap().height(), Height(NUMBER + 1));
        assert_eq!(slot(&t, At::Latest), U256::from(42));
        t.chain.submit(Tx::from(0).nonce(1).signed()).await.unwrap();
        let unknown = t.chain.view().unwrap().state(At::Latest).unwrap().account(stranger(7));
        assert!(unknown.unwrap_err().to_string().contains("does not answer"));
    });
}

#[test]
fn a_kept_fork_is_found_by_chain_and_block_alone() {
    let folder = tempfile::tempdir().unwrap();
    let played = Played::default();
    let first = Fork::over(Box::new(played.clone()), &config(Some(folder.path()))).unwrap();
    let origin = *first.origin();
    drop(first);
    played.0.lock().is_gone = true;

    let named = ForkConfig { chain_id: Some(5), ..config(Some(folder.path())) };
    let again = Fork::over(Box::new(played), &named).unwrap();

    assert_eq!(*again.origin(), origin);
}

#[test]
fn a_block_counts_back_from_the_head_and_must_exist() {
    let at = |block| {
        let config = ForkConfig { block, ..config(None) };
        Fork::over(Box::new(Played::default()), &config).map(|fork| fork.number())
    };
    assert_eq!(at(None).unwrap(), 128);
    assert_eq!(at(Some(-28)).unwrap(), 100);
    let refused = at(Some(129)).unwrap_err().to_string();
    assert!(refused.contains("129") && refused.contains("128"), "{refused}");
    at(Some(-129)).unwrap_err();
}

#[test]
fn blocks_go_on_when_nobody_answers_for_the_other_chain() {
    on_fork(async |t, played| {
        played.0.lock().is_gone = true;

        t.chain.mine(3, None).await.unwrap();
        t.chain.submit(Tx::from(0).to(account(1).address()).signed()).await.unwrap();

        assert_eq!(t.chain.view().unwrap().height(), Height(NUMBER + 4));
        let unknown = t.chain.view().unwrap().state(At::Latest).unwrap().account(stranger(7));
        assert!(unknown.unwrap_err().to_string().contains("does not answer"));
    });
}

#[test]
fn what_every_block_overwrites_is_never_asked_for() {
    on_fork(async |t, played| {
        let before = played.asked("eth_getStorageAt");

        t.chain.mine(5, None).await.unwrap();

        assert_eq!(played.asked("eth_getStorageAt"), before);
    });
}

#[test]
fn a_beacon_root_of_zero_hides_the_other_chains_old_one() {
    on_fork(async |t, _| {
        t.chain.mine(1, None).await.unwrap();

        let view = t.chain.view().unwrap();
        let slot = U256::from(view.head().timestamp % 8_191 + 8_191);
        let root = |at| view.state(at).unwrap().storage(BEACON_ROOTS_ADDRESS, slot).unwrap();
        assert_eq!(root(At::Latest), U256::ZERO);
        assert_eq!(root(At::After(Height(NUMBER))), U256::from_be_bytes(OLD_ROOT.0));
    });
}

#[test]
fn a_transaction_that_needs_the_other_chain_waits_and_stops_no_other() {
    on_fork(async |t, played| {
        played.0.lock().is_gone = true;
        t.chain.submit(Tx::from(0).to(stranger(9)).signed()).await.unwrap();
        assert_eq!(t.chain.view().unwrap().height(), Height(NUMBER));

        t.chain.submit(Tx::from(1).to(account(2).address()).signed()).await.unwrap();
        assert_eq!(t.chain.view().unwrap().height(), Height(NUMBER + 1));
        assert_eq!(t.chain.pool_view().ready().len(), 1);

        let mut heads = t.chain.heads();
        played.0.lock().is_gone = false;
        heads.recv().await.unwrap();
        assert_eq!(t.chain.view().unwrap().height(), Height(NUMBER + 2));
        assert_eq!(t.chain.pool_view().ready().len(), 0);
    });
}

#[test]
fn an_access_list_that_nobody_reads_needs_no_answer() {
    on_fork(async |t, played| {
        played.0.lock().is_gone = true;
        let mut tx = Tx::from(0).to(account(1).address()).gas(100_000);
        tx.tx.access_list = vec![alloy_eips::eip2930::AccessListItem {
            address: CONTRACT,
            storage_keys: vec![B256::ZERO],
        }]
        .into();

        t.chain.submit(tx.signed()).await.unwrap();

        assert_eq!(t.chain.view().unwrap().height(), Height(NUMBER + 1));
    });
}

#[test]
fn a_fork_within_a_block_begins_with_the_transactions_up_to_the_named_one() {
    let within = ForkConfig { block: None, transaction: Some(hash_of(1)), ..config(None) };
    on_fork_of(&within, async |t, _| {
        let view = t.chain.view().unwrap();
        let record = view.block(Height(NUMBER + 1)).unwrap().unwrap();
        let hashes: Vec<_> = record.transactions.iter().map(|tx| *tx.tx_hash()).collect();
        assert_eq!(hashes, [hash_of(0), hash_of(1)]);
        assert_eq!(view.head().timestamp, header(NUMBER + 1).timestamp);
        assert_eq!(view.head().parent_hash, header(NUMBER).hash_slow());

        t.chain.submit(Tx::from(0).nonce(1).signed()).await.unwrap();
        assert_eq!(t.chain.view().unwrap().height(), Height(NUMBER + 2));
        t.chain.reset(None).await.unwrap();
        assert_eq!(t.chain.view().unwrap().head().hash(), record.hash());
    });
}

#[test]
fn a_transaction_within_which_to_fork_must_be_in_the_block_after_it() {
    let begin = |config: &ForkConfig| {
        Fork::over(Box::new(Played::default()), config).unwrap_err().to_string()
    };
    let unknown = Some(TxHash::repeat_byte(7));

    let nowhere = begin(&ForkConfig { block: None, transaction: unknown, ..config(None) });
    let origin = *Fork::over(Box::new(Played::default()), &config(None)).unwrap().origin();
    let known = ForkConfig { known: Some(origin), transaction: unknown, ..config(None) };
    let elsewhere = begin(&known);

    assert!(nowhere.contains("is in no block"), "{nowhere}");
    assert!(elsewhere.contains("is not in block 101"), "{elsewhere}");
}

#[test]
fn urls_that_name_different_blocks_are_refused() {
    let urls = vec!["http://127.0.0.1:1@5".to_owned(), "http://127.0.0.1:2@6".to_owned()];
    let refused = Fork::open(&ForkConfig { urls, block: None, ..config(None) }).unwrap_err();
    assert!(matches!(refused, ForkError::TwoBlocks { one: 5, other: 6 }), "{refused}");
}
