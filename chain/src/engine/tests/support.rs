//! Builds chains, accounts and transactions for the tests of the engine.

use crate::{
    clock::{Clock, ManualClock},
    engine::{Chain, EngineOptions, Origin, Submission, open},
    execution::{BlockRecord, Foreign, PooledTransaction},
    genesis::{ChainSpec, DEV_MNEMONIC, DevGenesis, Limits, dev_accounts},
    miner::MiningMode,
};
use alloy_consensus::{SignableTransaction, TxEip1559, transaction::Recovered};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use proptest::test_runner::{Config, RngSeed};
use std::{future::Future, sync::Arc};
use utnet_db::Store;
use utnet_primitives::Seconds;

/// The wall clock at which every test begins.
pub(crate) const START: Seconds = Seconds(1_800_000_000);

/// The same cases on every run, unless `PROPTEST_RNG_SEED` says otherwise.
pub(crate) fn seeded(cases: u32) -> Config {
    let asked = Config::default();
    let rng_seed = match asked.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        given @ RngSeed::Fixed(_) => given,
    };
    Config { rng_seed, failure_persistence: None, ..Config::with_cases(cases) }
}

/// A chain whose engine runs beside the test.
pub(crate) struct TestChain {
    pub(crate) chain: Chain,
    pub(crate) clock: ManualClock,
}

/// Runs a test on a plain dev chain in memory.
pub(crate) fn on_chain<F: Future<Output = ()>>(
    mining: MiningMode,
    test: impl FnOnce(TestChain) -> F,
) {
    let options = EngineOptions { mining, ..EngineOptions::default() };
    on_store(Store::in_memory(), plain_spec(), options, test);
}

/// Runs a test on a chain over a store, until the test ends.
pub(crate) fn on_store<F: Future<Output = ()>>(
    store: Store,
    spec: ChainSpec,
    options: EngineOptions,
    test: impl FnOnce(TestChain) -> F,
) {
    let clock = ManualClock::at(START);
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let (chain, engine) = open(store, Arc::new(spec), options, shared).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let test = test(TestChain { chain, clock });
    runtime.block_on(async { tokio::join!(engine.run(), test) });
}

pub(crate) fn plain() -> DevGenesis {
    DevGenesis { poci: None, timestamp: START, ..DevGenesis::default() }
}

pub(crate) fn plain_spec() -> ChainSpec {
    ChainSpec::new(plain().build().unwrap(), Limits::DEV).unwrap()
}

/// The dev account of an index.
pub(crate) fn account(index: usize) -> PrivateKeySigner {
    dev_accounts(DEV_MNEMONIC, 10).unwrap().swap_remove(index)
}

/// An account that does not exist yet.
pub(crate) fn stranger(n: u64) -> Address {
    Address::left_padding_from(&(0xbeef_0000 + n).to_be_bytes())
}

/// A transfer of one wei from the first dev account, to be changed at will.
#[derive(Clone, Debug)]
pub(crate) struct Tx {
    pub(crate) from: usize,
    pub(crate) tx: TxEip1559,
}

impl Tx {
    pub(crate) fn from(from: usize) -> Self {
        let tx = TxEip1559 {
            chain_id: 31_337,
            gas_limit: 21_000,
            max_fee_per_gas: 10_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to: TxKind::Call(stranger(0)),
            value: U256::from(1),
            ..TxEip1559::default()
        };
        Self { from, tx }
    }

    pub(crate) fn nonce(mut self, nonce: u64) -> Self {
        self.tx.nonce = nonce;
        self
    }

    pub(crate) fn to(mut self, to: Address) -> Self {
        self.tx.to = TxKind::Call(to);
        self
    }

    pub(crate) fn create(mut self, code: impl Into<Bytes>) -> Self {
        self.tx.to = TxKind::Create;
        self.tx.input = code.into();
        self.tx.value = U256::ZERO;
        self.tx.gas_limit = 1_000_000;
        self
    }

    pub(crate) fn data(mut self, data: impl Into<Bytes>) -> Self {
        self.tx.input = data.into();
        self
    }

    pub(crate) fn value(mut self, wei: u64) -> Self {
        self.tx.value = U256::from(wei);
        self
    }

    pub(crate) fn gas(mut self, gas: u64) -> Self {
        self.tx.gas_limit = gas;
        self
    }

    pub(crate) fn tip(mut self, tip: u128) -> Self {
        self.tx.max_priority_fee_per_gas = tip;
        self
    }

    pub(crate) fn fee(mut self, cap: u128) -> Self {
        self.tx.max_fee_per_gas = cap;
        self
    }

    pub(crate) fn recovered(self) -> Recovered<PooledTransaction> {
        let signer = account(self.from);
        let signature = signer.sign_hash_sync(&self.tx.signature_hash()).unwrap();
        let signed = PooledTransaction::Eip1559(self.tx.into_signed(signature));
        Recovered::new_unchecked(signed, signer.address())
    }

    pub(crate) fn signed(self) -> Submission {
        Submission { transaction: self.recovered(), origin: Origin::Signed }
    }

    /// The same with another sender asserted.
    pub(crate) fn asserted(self, sender: Address) -> Submission {
        let (transaction, _) = self.recovered().into_parts();
        let transaction = Recovered::new_unchecked(transaction, sender);
        Submission { transaction, origin: Origin::Asserted }
    }
}

/// A block as another node would send it.
pub(crate) fn foreign(block: &BlockRecord) -> Foreign {
    block.clone().into_foreign()
}
