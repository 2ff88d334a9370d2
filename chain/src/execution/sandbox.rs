//! Runs calls on a private copy of the state at a block, for `eth_call`, traces and simulations.

use super::{At, ChainView, ReadError, StateView};
use alloy_evm::eth::EthEvmContext;
use alloy_evm::{
    EvmEnv,
    revm::{
        Inspector,
        context::{
            TxEnv,
            result::{EVMError, ResultAndState},
        },
        database::CacheDB,
        state::EvmState,
    },
};
use alloy_primitives::{Address, B256};
use alloy_rpc_types_eth::{BlockOverrides, state::StateOverride};
use std::collections::BTreeMap;
use utnet_primitives::Height;

/// A private copy of the state at a block, on which anything may be run.
///
/// ```text
/// Sandbox::on(&view, At::Latest)?   // the block that would follow, all checks on
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
    pub state: CacheDB<StateView>,
    /// Precompiles that moved: from, to (`movePrecompileToAddress`).
    pub moved: BTreeMap<Address, Address>,
}

/// Why a call could not be run at all (a revert is a result, not an error).
pub type CallError = EVMError<ReadError>;

/// Why state overrides could not be applied.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OverrideError {
    /// `state` and `stateDiff` exclude each other.
    #[error("account {0} has both 'state' and 'stateDiff'")]
    StateAndDiff(Address),
    /// Only a precompile can be moved.
    #[error("account {0} is not a precompile")]
    NotAPrecompile(Address),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Sandbox {
    /// The state at a block, in the environment of that very block (as geth's `eth_call`).
    ///
    /// # Errors
    /// [`ReadError::NoState`] above the head.
    pub fn on(view: &ChainView, at: At) -> Result<Self, ReadError> {
        todo!()
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
    ) -> Result<Self, CallError> {
        todo!()
    }

    /// Lifts the checks that `eth_call` and `eth_estimateGas` lift: nonce, balance, base fee, block gas limit,
    /// the cap per transaction, senders with code.
    #[must_use]
    pub fn relaxed(self) -> Self {
        todo!()
    }

    /// Overrides fields of the block.
    #[must_use]
    pub fn with_block(self, overrides: &BlockOverrides) -> Self {
        todo!()
    }

    /// Overrides accounts.
    ///
    /// # Errors
    /// [`OverrideError`].
    pub fn with_state(self, overrides: &StateOverride) -> Result<Self, OverrideError> {
        todo!()
    }

    /// Runs a transaction under an inspector and leaves the state as it was.
    ///
    /// # Errors
    /// When the transaction is invalid or the store cannot be read.
    pub fn run<I>(&mut self, tx: TxEnv, inspector: I) -> Result<ResultAndState, CallError>
    where
        I: for<'a> Inspector<EthEvmContext<&'a mut CacheDB<StateView>>>,
    {
        todo!()
    }

    /// Keeps what a run changed.
    pub fn commit(&mut self, changes: EvmState) {
        todo!()
    }

    /// The root of the state as changed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn state_root(&self) -> Result<B256, ReadError> {
        todo!()
    }
}
