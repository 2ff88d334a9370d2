//! Runs transactions and calls again under geth's tracers.

use super::{BlockRecord, CallError, ChainView, ExecutionError, ReadError, Sandbox, Transaction};
use alloy_consensus::{Header, Sealed, transaction::Recovered};
use alloy_evm::{
    FromRecoveredTx,
    revm::{context::TxEnv, inspector::NoOpInspector, state::EvmState},
};
use alloy_primitives::{Address, B256};
use alloy_rpc_types_trace::geth::{
    GethDebugTracerType, GethDebugTracingOptions, GethTrace, TraceResult,
};
use revm_inspectors::tracing::{
    DebugInspector, DebugInspectorError, TraceLimitBehavior, TraceLimits, TransactionContext,
};
use utnet_primitives::Height;

/// Most steps of a struct log, which is kept in memory whole (about 400 bytes each): more would hardly fit
/// into an answer.
const MOST_STEPS: u64 = 1_000_000;

/// Most bytes of calls' inputs and of memory that a tracer keeps.
const MOST_BYTES: usize = 256 << 20;

/// The tracers that there are, beside the struct logger.
const NATIVE: &str =
    "callTracer, prestateTracer, flatCallTracer, 4byteTracer, muxTracer, noopTracer, erc7562Tracer";

/// Why there is no trace.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The block is not on the chain.
    #[error("block {height} not found")]
    NoBlock {
        /// The block.
        height: Height,
    },
    /// The block has fewer transactions.
    #[error("transaction {index} of block {height} not found")]
    NoTransaction {
        /// The block.
        height: Height,
        /// The index asked for.
        index: usize,
    },
    /// There is no tracer of that name, or it is a program.
    #[error("invalid tracer: there are {NATIVE}, none in JavaScript")]
    NotNative,
    /// The tracer's options are wrong.
    #[error("invalid tracer: {0}")]
    Options(DebugInspectorError),
    /// What is asked for happened on the other chain.
    #[error("{address} had code at block {number} already, where this chain forked off")]
    BeforeFork {
        /// The contract.
        address: Address,
        /// The last block that both chains share.
        number: u64,
    },
    /// The tracer could not finish.
    #[error("tracer failed: {0}")]
    Tracer(DebugInspectorError<ReadError>),
    /// A struct log would not fit into memory.
    #[error(
        "the struct log has more than {MOST_STEPS} steps: ask for so many at most with `limit`"
    )]
    TooLong,
    /// The transaction did not run.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The block did not run again: its state was pruned, or the store is damaged.
    #[error(transparent)]
    Block(#[from] ExecutionError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl TraceError {
    /// What could not be read, if that is why.
    pub fn unread(&self) -> Option<&ReadError> {
        match self {
            Self::Call(CallError::Database(error)) | Self::Read(error) => Some(error),
            Self::Block(error) => error.unread(),
            _ => None,
        }
    }
}

/// Traces one transaction of a block.
///
/// # Errors
/// [`TraceError`], also when tracer or options do not exist.
pub fn trace_transaction(
    view: &ChainView,
    height: Height,
    index: usize,
    options: GethDebugTracingOptions,
) -> Result<GethTrace, TraceError> {
    let block = view.body(height)?.ok_or(TraceError::NoBlock { height })?;
    let transaction =
        block.transactions.get(index).ok_or(TraceError::NoTransaction { height, index })?;
    let place = place(block.hash(), *transaction.tx_hash(), index);
    let env = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
    let mut tracer = tracer(options)?;
    let mut sandbox = Sandbox::before_transaction(view, height, index)?;
    Ok(trace(&mut sandbox, env, &mut tracer, Some(place))?.0)
}

/// Traces all transactions of a block, in order.
///
/// # Errors
/// [`TraceError`], also when tracer or options do not exist.
pub fn trace_block(
    view: &ChainView,
    height: Height,
    options: GethDebugTracingOptions,
) -> Result<Vec<TraceResult>, TraceError> {
    let block = view.body(height)?.ok_or(TraceError::NoBlock { height })?;
    let sandbox = Sandbox::before_transaction(view, height, 0)?;
    trace_all(sandbox, block.hash(), &block.transactions, options)
}

/// Traces all transactions of a block that need not be on the chain, as its parent must.
///
/// # Errors
/// [`TraceError`], also when tracer or options do not exist.
pub fn trace_foreign(
    view: &ChainView,
    header: &Sealed<Header>,
    transactions: &[Recovered<Transaction>],
    options: GethDebugTracingOptions,
) -> Result<Vec<TraceResult>, TraceError> {
    let sandbox = Sandbox::before_block(view, header)?;
    trace_all(sandbox, header.hash(), transactions, options)
}

fn trace_all(
    mut sandbox: Sandbox,
    block: B256,
    transactions: &[Recovered<Transaction>],
    options: GethDebugTracingOptions,
) -> Result<Vec<TraceResult>, TraceError> {
    let mut tracer = tracer(options)?;
    let mut traces = Vec::with_capacity(transactions.len());
    for (index, transaction) in transactions.iter().enumerate() {
        let hash = *transaction.tx_hash();
        let env = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
        let place = place(block, hash, index);
        let (trace, changes) = trace(&mut sandbox, env, &mut tracer, Some(place))?;
        sandbox.commit(changes);
        tracer.fuse().map_err(TraceError::Options)?;
        traces.push(TraceResult::new_success(trace, Some(hash)));
    }
    Ok(traces)
}

/// The state roots after each transaction of a block.
///
/// # Errors
/// [`TraceError`].
pub fn intermediate_roots(view: &ChainView, block: &BlockRecord) -> Result<Vec<B256>, TraceError> {
    let mut roots = Vec::with_capacity(block.transactions.len());
    if block.transactions.is_empty() {
        return Ok(roots);
    }
    let mut sandbox = Sandbox::before_transaction(view, block.height(), 0)?;
    for transaction in &block.transactions {
        let env = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
        let outcome = sandbox.run(env, NoOpInspector)?;
        sandbox.commit(outcome.state);
        roots.push(sandbox.state_root()?);
    }
    Ok(roots)
}

/// Traces a call that is on no chain, and says what it changed.
///
/// # Errors
/// [`TraceError`], also when tracer or options do not exist.
pub fn trace_call(
    sandbox: &mut Sandbox,
    call: TxEnv,
    options: GethDebugTracingOptions,
) -> Result<(GethTrace, EvmState), TraceError> {
    let mut tracer = tracer(options)?;
    trace(sandbox, call, &mut tracer, None)
}

/// A tracer whose memory is bounded.
fn tracer(mut options: GethDebugTracingOptions) -> Result<DebugInspector, TraceError> {
    if options.tracer.as_ref().is_some_and(GethDebugTracerType::is_js) {
        return Err(TraceError::NotNative);
    }
    // Zero is no limit. One step more than may be tells that there are too many.
    let limit = options.config.limit.filter(|limit| *limit > 0);
    options.config.limit = Some(limit.unwrap_or(u64::MAX).min(MOST_STEPS.saturating_add(1)));
    let limits = TraceLimits::default()
        .set_max_recorded_bytes(Some(MOST_BYTES))
        .set_behavior(TraceLimitBehavior::Halt);
    Ok(match DebugInspector::new(options).map_err(TraceError::Options)? {
        DebugInspector::Default(inspector, options) => {
            DebugInspector::Default(inspector.with_limits(limits), options)
        }
        other => other,
    })
}

fn trace(
    sandbox: &mut Sandbox,
    transaction: TxEnv,
    tracer: &mut DebugInspector,
    place: Option<TransactionContext>,
) -> Result<(GethTrace, EvmState), TraceError> {
    let outcome = sandbox.run(transaction.clone(), &mut *tracer)?;
    let block = sandbox.env.block_env.clone();
    let trace = tracer
        .get_result(place, &transaction, &block, &outcome, &mut sandbox.state)
        .map_err(TraceError::Tracer)?;
    let steps = match &trace {
        GethTrace::Default(frame) => u64::try_from(frame.struct_logs.len()).unwrap_or(u64::MAX),
        _ => 0,
    };
    if steps > MOST_STEPS {
        return Err(TraceError::TooLong);
    }
    Ok((trace, outcome.state))
}

const fn place(block: B256, transaction: B256, index: usize) -> TransactionContext {
    TransactionContext {
        block_hash: Some(block),
        tx_hash: Some(transaction),
        tx_index: Some(index),
    }
}
