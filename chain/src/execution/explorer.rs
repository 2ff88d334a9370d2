//! Finds what an explorer shows of transactions: their calls as a tree, internal payments, who made a contract,
//! and where an address appears.

use super::{
    At, BlockRecord, ChainView, ReadError, TraceError, block_calls,
    replay::{replay_block, replay_transaction},
};
use alloy_evm::revm::{context::result::ExecutionResult, inspector::NoOpInspector};
use alloy_primitives::{Address, Bytes, KECCAK256_EMPTY, U256};
use alloy_rpc_types_trace::{
    otterscan::{ContractCreator, InternalOperation, TraceEntry},
    parity::{Action, CreateOutput, RewardType, TraceOutput, TransactionTrace},
};
use revm_inspectors::{
    otterscan::InternalOperationsInspector,
    tracing::{
        TracingInspector, TracingInspectorConfig,
        types::{CallKind, CallTraceNode},
    },
};
use utnet_primitives::Height;

/// Payments, creations and self-destructs below the top of a mined transaction.
///
/// # Errors
/// [`TraceError`].
pub fn internal_operations(
    view: &ChainView,
    height: Height,
    index: usize,
) -> Result<Vec<InternalOperation>, TraceError> {
    let inspector = InternalOperationsInspector::default();
    replay_transaction(view, (height, index), inspector, |_, replayed| {
        Ok(replayed.inspector.into_operations())
    })
}

/// All calls of a mined transaction, depth first.
///
/// # Errors
/// [`TraceError`].
pub fn call_tree(
    view: &ChainView,
    height: Height,
    index: usize,
) -> Result<Vec<TraceEntry>, TraceError> {
    let inspector = TracingInspector::new(TracingInspectorConfig::default_parity());
    replay_transaction(view, (height, index), inspector, |_, replayed| {
        let nodes = replayed.inspector.into_traces().into_nodes();
        Ok(nodes.into_iter().filter(|node| !node.is_precompile()).flat_map(entries).collect())
    })
}

/// A call, and the self-destruct that it ended with, if it did.
fn entries(node: CallTraceNode) -> Vec<TraceEntry> {
    let trace = node.trace;
    let depth = u32::try_from(trace.depth).unwrap_or(u32::MAX);
    let end = trace.selfdestruct_refund_target.map(|to| TraceEntry {
        r#type: "SELFDESTRUCT".into(),
        depth: depth.saturating_add(1),
        from: trace.selfdestruct_address.unwrap_or(trace.address),
        to,
        value: trace.selfdestruct_transferred_value,
        input: Bytes::new(),
        output: Bytes::new(),
    });
    let moves_nothing = matches!(trace.kind, CallKind::StaticCall | CallKind::DelegateCall);
    let call = TraceEntry {
        r#type: trace.kind.to_string(),
        depth,
        from: trace.caller,
        to: trace.address,
        value: (!moves_nothing).then_some(trace.value),
        input: trace.data,
        output: trace.output,
    };
    std::iter::once(call).chain(end).collect()
}

/// What a mined transaction returned when it reverted; `None` if it did not.
///
/// # Errors
/// [`TraceError`].
pub fn revert_output(
    view: &ChainView,
    height: Height,
    index: usize,
) -> Result<Option<Bytes>, TraceError> {
    replay_transaction(view, (height, index), NoOpInspector, |_, replayed| {
        Ok(match &replayed.outcome.result {
            ExecutionResult::Revert { output, .. } => Some(output.clone()),
            _ => None,
        })
    })
}

/// Who made a contract that stands now, and in which transaction; `None` when no transaction did
/// (genesis, a dev cheat, or a delegation by EIP-7702).
///
/// # Errors
/// [`TraceError`]; [`TraceError::BeforeFork`] when it stood before this chain forked off.
pub fn creator(view: &ChainView, address: Address) -> Result<Option<ContractCreator>, TraceError> {
    let genesis = view.spec().header.number;
    let (mut low, mut high) = (view.state_from()?.0, view.head().number);
    if !has_code(view, address, high)? {
        return Ok(None);
    }
    if let Some(fork) = view.fork().filter(|fork| fork.number() == low)
        && has_code(view, address, low)?
    {
        return Err(TraceError::BeforeFork { address, number: fork.number() });
    }
    if has_code(view, address, low)? {
        // If that is not the first block, nobody knows any more what came before.
        return has_code(view, address, genesis).map(|_| None).map_err(TraceError::from);
    }
    // Code is there after `high` and not after `low`.
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if has_code(view, address, middle)? { high = middle } else { low = middle }
    }
    let Some(block) = view.body(Height(high))? else { return Ok(None) };
    let calls = block_calls(view, &block)?;
    let made = calls.into_iter().rev().find(|call| created(&call.trace) == Some(address));
    Ok(made.and_then(|call| {
        let Action::Create(create) = call.trace.action else { return None };
        Some(ContractCreator { hash: call.transaction_hash?, creator: create.from })
    }))
}

fn has_code(view: &ChainView, address: Address, height: u64) -> Result<bool, ReadError> {
    let account = view.state(At::After(Height(height)))?.account(address)?;
    Ok(account.is_some_and(|account| account.code_hash != KECCAK256_EMPTY))
}

fn created(trace: &TransactionTrace) -> Option<Address> {
    match (&trace.result, &trace.error) {
        (Some(TraceOutput::Create(CreateOutput { address, .. })), None) => Some(*address),
        _ => None,
    }
}

/// The transactions of a block in which an address calls, is called, is made or is paid, in order.
///
/// # Errors
/// [`TraceError`].
pub fn appearances(
    view: &ChainView,
    block: &BlockRecord,
    address: Address,
) -> Result<Vec<usize>, TraceError> {
    let inspector = || TracingInspector::new(TracingInspectorConfig::default_parity());
    let found = replay_block(view, block, inspector, |replayed| {
        let mut calls = replayed.inspector.into_parity_builder().into_transaction_traces_iter();
        Ok(calls.any(|call| names(&call, address)).then_some(replayed.index))
    })?;
    Ok(found.into_iter().flatten().collect())
}

fn names(call: &TransactionTrace, address: Address) -> bool {
    let is_paid =
        matches!(&call.action, Action::Selfdestruct(end) if end.refund_address == address);
    is_paid || call.contains_address(address)
}

/// What a block made new: what its makers earned beside the fees, in wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Issuance {
    /// For the block.
    pub block: U256,
    /// For its uncles.
    pub uncles: U256,
}

/// What a block's rewards add up to; under POCI the withdrawal that pays the operator.
pub fn issuance(view: &ChainView, block: &BlockRecord) -> Issuance {
    if view.spec().poci.is_some() {
        let paid = block.withdrawals.iter().flatten().map(|one| one.amount_wei()).sum();
        return Issuance { block: paid, uncles: U256::ZERO };
    }
    let mut total = Issuance::default();
    for (_, kind, wei) in super::parity::paid(view, block) {
        let part = match kind {
            RewardType::Uncle => &mut total.uncles,
            _ => &mut total.block,
        };
        *part = part.saturating_add(wei);
    }
    total
}
