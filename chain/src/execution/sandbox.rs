//! Runs calls on a private copy of the state at a block, for `eth_call`, traces and simulations.

use super::{
    At, ChainView, Console, ExecutionError, Overlay, PrecompileMoves, ReadError, StateView,
    block::{BlockRun, clears_empty},
    evm::UtnetEvmFactory,
    overlay,
};
use alloy_consensus::Header;
use alloy_evm::{
    Evm, EvmEnv, EvmFactory,
    eth::EthEvmContext,
    precompiles::PrecompilesMap,
    revm::{
        Inspector,
        context::{
            TxEnv,
            result::{EVMError, ResultAndState},
        },
        database::{AccountState, CacheDB},
        state::EvmState,
    },
};
use alloy_primitives::{Address, B256, U256};
use std::collections::BTreeMap;
use utnet_db::StateChanges;
use utnet_primitives::{Gas, Height};

/// Gas that a call may have even where no block has as much: ten times what geth and reth allow, about a
/// second of work. Beyond it a call that never ends would hold a thread for ever.
const CALL_GAS: Gas = Gas(500_000_000);

/// Gas that a call may have where blocks have no limit, about a minute of work.
const MOST_GAS: Gas = Gas(20_000_000_000);

/// A private copy of the state at a block, on which anything may be run.
///
/// ```text
/// Sandbox::on(&view, At::Latest)?   // the environment of the head, all checks on
///     .relaxed()                    // as eth_call wants it: no nonce, balance, fee checks
///     .with_state(&overrides)?
///     .with_block(&overrides)
///     .run(tx, &mut inspector)?
/// ```
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// Block and rules that calls see; free to change.
    pub env: EvmEnv,
    /// The copy; free to change.
    pub state: Overlay,
    /// Gas that a call gets at most, however much it asks for.
    pub most_gas: Gas,
    /// Where overrides put precompiles.
    pub(super) moves: PrecompileMoves,
    /// Who listens to what calls tell the console.
    pub console: Option<Console>,
    factory: UtnetEvmFactory,
}

/// Why a call could not be run at all (a revert is a result, not an error).
pub type CallError = EVMError<ReadError>;

impl Sandbox {
    /// The state at a block, in the environment of that very block (as geth's `eth_call`).
    ///
    /// # Errors
    /// [`ReadError::NoState`] above the head.
    pub fn on(view: &ChainView, at: At) -> Result<Self, ReadError> {
        let state = view.state(at)?;
        let env = match at {
            At::Latest => view.env_of(view.head()),
            At::After(height) => {
                let header = view.header(height)?.ok_or(ReadError::NoState { height })?;
                view.env_of(&header)
            }
        };
        Ok(Self::over(view, state, env))
    }

    /// A state in an environment.
    pub fn over(view: &ChainView, state: StateView, env: EvmEnv) -> Self {
        Self {
            most_gas: Gas(env.block_env.gas_limit).clamp(CALL_GAS, MOST_GAS),
            env,
            state: CacheDB::new(state),
            moves: PrecompileMoves::default(),
            console: None,
            factory: UtnetEvmFactory::of(view.spec()),
        }
    }

    /// The state before transaction `index` of a block: system calls and earlier transactions
    /// have run. `index` = number of transactions gives the state before the closing system calls.
    ///
    /// # Errors
    /// When the block does not exist or does not execute.
    pub fn before_transaction(
        view: &ChainView,
        height: Height,
        index: usize,
    ) -> Result<Self, ExecutionError> {
        let block = view.body(height)?.ok_or(ReadError::NoState { height })?;
        let parent = Height(height.0.checked_sub(1).ok_or(ReadError::NoState { height })?);
        let mut sandbox =
            Self::over(view, view.state(At::After(parent))?, view.env_of(&block.header));
        overlay::apply(&mut sandbox.state, &view.outside(height)?)?;
        // Impersonated senders may have code, and a dev chain may have had another id.
        sandbox.env.cfg_env.disable_eip3607 = true;
        sandbox.env.cfg_env.tx_chain_id_check = false;
        let env = sandbox.env.clone();
        let mut run = BlockRun::new(view.spec(), &mut sandbox.state, env);
        run.open(block.header.parent_hash, block.header.parent_beacon_block_root)?;
        for transaction in block.transactions.iter().take(index) {
            run.execute(transaction)?;
        }
        drop(run);
        Ok(sandbox)
    }

    /// The state before the transactions of a block that need not be on the chain, as its parent must.
    ///
    /// # Errors
    /// [`ReadError::NoState`] when the parent is not on the chain.
    pub fn before_block(view: &ChainView, header: &Header) -> Result<Self, ExecutionError> {
        let unknown = ReadError::NoState { height: Height(header.number) };
        let parent = view.height_of(header.parent_hash)?.ok_or(unknown)?;
        let mut sandbox = Self::over(view, view.state(At::After(parent))?, view.env_of(header));
        let env = sandbox.env.clone();
        let mut run = BlockRun::new(view.spec(), &mut sandbox.state, env);
        run.open(header.parent_hash, header.parent_beacon_block_root)?;
        drop(run);
        Ok(sandbox)
    }

    /// All slots of an account that are not zero, ascending.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn slots(&self, address: Address) -> Result<BTreeMap<B256, U256>, ReadError> {
        let changed = self.state.cache.accounts.get(&address);
        let is_anew = changed.is_some_and(|account| {
            matches!(
                account.account_state,
                AccountState::NotExisting | AccountState::StorageCleared
            )
        });
        let mut slots = BTreeMap::new();
        if !is_anew {
            slots.extend(self.state.db.slots(address)?);
        }
        let changed = changed.map(|account| account.storage.iter());
        slots
            .extend(changed.into_iter().flatten().map(|(slot, value)| (B256::from(*slot), *value)));
        slots.retain(|_, value| !value.is_zero());
        Ok(slots)
    }

    /// Lifts the checks that `eth_call` and `eth_estimateGas` lift: nonce, balance, base fee,
    /// block gas limit, the cap per transaction, senders with code.
    #[must_use]
    pub fn relaxed(mut self) -> Self {
        let cfg = &mut self.env.cfg_env;
        cfg.disable_nonce_check = true;
        cfg.disable_balance_check = true;
        cfg.disable_base_fee = true;
        cfg.disable_block_gas_limit = true;
        cfg.disable_eip3607 = true;
        cfg.tx_gas_limit_cap = Some(u64::MAX);
        self
    }

    /// Runs a transaction under an inspector and leaves the state as it was.
    ///
    /// # Errors
    /// When the transaction is invalid or the store cannot be read.
    pub fn run<I>(&mut self, tx: TxEnv, inspector: I) -> Result<ResultAndState, CallError>
    where
        I: for<'a> Inspector<EthEvmContext<&'a mut CacheDB<StateView>>>,
    {
        overlay::prefetch(&self.state, &tx, self.env.block_env.beneficiary)
            .map_err(EVMError::Database)?;
        let factory = self.factory.clone();
        let env = self.env_for(&tx);
        let mut evm = factory.create_evm_with_inspector(&mut self.state, env, inspector);
        self.moves.apply(&mut evm).map_err(|error| EVMError::Custom(error.to_string()))?;
        if let Some(console) = &self.console {
            console.overhear(&mut evm).map_err(EVMError::Database)?;
        }
        evm.transact_raw(tx)
    }

    /// The environment of a transaction: a call that offers nothing sees a base fee of zero, and one with blobs a
    /// price of these of zero, so that no contract finds its own below it.
    fn env_for(&self, tx: &TxEnv) -> EvmEnv {
        let mut env = self.env.clone();
        if env.cfg_env.disable_base_fee && tx.gas_price == 0 {
            env.block_env.basefee = 0;
        }
        if env.cfg_env.disable_base_fee
            && tx.max_fee_per_blob_gas == 0
            && !tx.blob_hashes.is_empty()
            && let Some(blobs) = &mut env.block_env.blob_excess_gas_and_price
        {
            blobs.blob_gasprice = 0;
        }
        env
    }

    /// Keeps what a run changed.
    pub fn commit(&mut self, changes: EvmState) {
        overlay::commit(&mut self.state, changes);
    }

    /// What has changed above the stored state.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn changes(&self) -> Result<StateChanges, ReadError> {
        overlay::changes(&self.state, clears_empty(self.env.cfg_env.spec))
    }

    /// The root of the state as changed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn state_root(&self) -> Result<B256, ReadError> {
        self.state.db.state_root(&self.changes()?)
    }

    /// The precompiles of this chain and block, before any move.
    pub(super) fn precompiles(&self) -> PrecompilesMap {
        self.factory.precompiles(self.env.cfg_env.spec)
    }
}
