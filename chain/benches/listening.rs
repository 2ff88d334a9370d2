//! Measures what listening to console.log costs where nobody says anything: blocks of transfers, blocks of calls to contracts
//! that call others, and single calls. Each pair does the same with and without an ear.

#![expect(missing_docs, reason = "criterion's macro makes a public function without one")]

use alloy_consensus::{SignableTransaction, TxEip1559, transaction::Recovered};
use alloy_evm::revm::{context::TxEnv, inspector::NoOpInspector};
use alloy_primitives::{Address, Bytes, TxKind, bytes};
use alloy_signer::SignerSync;
use criterion::{Criterion, criterion_group, criterion_main};
use std::{hint::black_box, sync::Arc};
use utnet_chain::{
    clock::ManualClock,
    engine::{Chain, EngineOptions, Origin, Submission, open, propose},
    execution::{AccountPatch, At, Console, PooledTransaction, Rewards, Sandbox},
    genesis::{ChainSpec, DEV_MNEMONIC, DevGenesis, Limits, dev_accounts},
    miner::MiningMode,
    pool::PoolOrder,
};
use utnet_db::Store;
use utnet_primitives::Seconds;

/// Transactions of a block.
const TRANSACTIONS: u64 = 200;
/// Calls an empty account 20 times, each by `CALL(50000, 0xaa, 0, 0, 0, 0, 0)`.
const CALLS: usize = 20;
const CALLER: Address = Address::repeat_byte(0xca);

fn caller() -> Bytes {
    bytes!("0x5f5f5f5f5f60aa61c350f150").repeat(CALLS).into()
}

/// A chain with a full pool and the calling contract.
fn chain(runtime: &tokio::runtime::Runtime, to: Address, gas: u64) -> Chain {
    let genesis =
        DevGenesis { poci: None, timestamp: Seconds(1_800_000_000), ..DevGenesis::default() };
    let spec = ChainSpec::new(genesis.build().expect("valid"), Limits::DEV).expect("valid");
    let options = EngineOptions { mining: MiningMode::Manual, ..EngineOptions::default() };
    let clock = Arc::new(ManualClock::at(Seconds(1_800_000_000)));
    let (chain, engine) = open(Store::in_memory(), Arc::new(spec), options, clock).expect("opens");
    engine.start().expect("a thread");
    let code = AccountPatch { code: Some(caller()), ..AccountPatch::default() };
    runtime.block_on(chain.patch(vec![(CALLER, code)])).expect("patched");
    let signer = dev_accounts(DEV_MNEMONIC, 1).expect("an account").swap_remove(0);
    for nonce in 0..TRANSACTIONS {
        let tx = TxEip1559 {
            chain_id: 31_337,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: 10_000_000_000,
            to: TxKind::Call(to),
            ..TxEip1559::default()
        };
        let signature = signer.sign_hash_sync(&tx.signature_hash()).expect("signs");
        let signed = PooledTransaction::Eip1559(tx.into_signed(signature));
        let transaction = Recovered::new_unchecked(signed, signer.address());
        let submission = Submission { transaction, origin: Origin::Signed };
        runtime.block_on(chain.submit(submission)).expect("accepted");
    }
    chain
}

fn blocks(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (name, to, gas) in
        [("transfers", Address::repeat_byte(0xbb), 21_000), ("calls", CALLER, 120_000)]
    {
        let chain = chain(&runtime, to, gas);
        let view = chain.view().expect("a view");
        let attributes = chain.next_attributes(&view);
        let mut group = criterion.benchmark_group(format!("block of {TRANSACTIONS} {name}"));
        for (ear, console) in [("deaf", None), ("listening", Some(Console::default()))] {
            group.bench_function(ear, |bencher| {
                bencher.iter(|| {
                    let mut ready = chain.pool_view().ready_in(PoolOrder::Fees, 0).into_iter();
                    let rewards = Rewards::Given(Some(&[]));
                    let block = propose(&view, &attributes, rewards, &mut ready, console.as_ref());
                    black_box(block.expect("a block"))
                });
            });
        }
    }
}

fn calls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let chain = chain(&runtime, CALLER, 120_000);
    let view = chain.view().expect("a view");
    let mut group = criterion.benchmark_group("eth_call");
    for ear in ["deaf", "listening"] {
        group.bench_function(ear, |bencher| {
            bencher.iter(|| {
                let mut sandbox = Sandbox::on(&view, At::Latest).expect("a state").relaxed();
                sandbox.console = (ear == "listening").then(Console::default);
                let call = TxEnv {
                    kind: TxKind::Call(CALLER),
                    gas_limit: 1_000_000,
                    chain_id: Some(31_337),
                    ..TxEnv::default()
                };
                black_box(sandbox.run(call, NoOpInspector).expect("runs"))
            });
        });
    }
}

criterion_group!(listening, blocks, calls);
criterion_main!(listening);
