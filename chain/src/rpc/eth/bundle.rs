//! Runs bundles of signed transactions as builders do, sends transactions under conditions, and sends again.

use crate::{
    execution::Sandbox,
    rpc::{
        Context,
        args::{Args, params},
        error::{RpcError, halted},
        eth::send::decode,
        signers::without_sidecar,
        table::methods,
        values::{Number, Small},
    },
};
use alloy_consensus::{BlockHeader, Transaction as _};
use alloy_eips::BlockNumberOrTag;
use alloy_evm::{
    FromRecoveredTx,
    revm::{
        DatabaseRef,
        context::{TxEnv, result::ExecutionResult},
        inspector::NoOpInspector,
    },
};
use alloy_primitives::{Address, B256, Bytes, TxHash, U64, U256, keccak256};
use alloy_rpc_types_eth::{
    TransactionRequest,
    erc4337::{AccountStorage, TransactionConditional},
};
use serde::{Deserialize, Serialize, Serializer};
use std::{collections::BTreeMap, sync::Arc};
use utnet_primitives::Height;

methods! {
    work "eth_callBundle", Anvil, "Runs signed transactions after one another on a state, as builders do: `{txs, blockNumber, stateBlockNumber, timestamp, ..}`." => call_bundle;
    ask "eth_sendRawTransactionConditional", Anvil, "Sends a signed transaction if state, height and time are as expected: `bytes, {knownAccounts, blockNumberMin, blockNumberMax, timestampMin, timestampMax}`." => send_conditional;
    ask "eth_resend", Geth, "Sends a waiting transaction of a dev account again: `transaction with its nonce, gas price, gas limit`." => resend;
}

/// Seconds from the state's block to the bundle's, when the caller does not say.
const SLOT: u64 = 12;
/// Most accounts and slots that a condition may name.
const MOST_CONDITIONS: usize = 1_000;

/// A bundle, in the form of Flashbots' relay.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    txs: Vec<Bytes>,
    block_number: U64,
    state_block_number: BlockNumberOrTag,
    timestamp: Option<u64>,
    coinbase: Option<Address>,
    gas_limit: Option<u64>,
    base_fee: Option<u64>,
}

params! {
    Bundle => "a bundle (txs, blockNumber, stateBlockNumber, timestamp, coinbase, gasLimit, baseFee)",
    TransactionConditional => "conditions (knownAccounts, blockNumberMin, blockNumberMax, timestampMin, timestampMax)",
}

/// A number of wei in decimal, as Flashbots' relay writes it.
#[derive(Clone, Copy, Debug, Default)]
struct Decimal(U256);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Ran {
    bundle_hash: B256,
    bundle_gas_price: Decimal,
    coinbase_diff: Decimal,
    eth_sent_to_coinbase: Decimal,
    gas_fees: Decimal,
    results: Vec<RanTransaction>,
    state_block_number: u64,
    total_gas_used: u64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RanTransaction {
    coinbase_diff: Decimal,
    eth_sent_to_coinbase: Decimal,
    from_address: Address,
    gas_fees: Decimal,
    gas_price: Decimal,
    gas_used: u64,
    to_address: Option<Address>,
    tx_hash: B256,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revert: Option<Bytes>,
}

fn call_bundle(context: &Context, args: &mut Args) -> Result<Ran, RpcError> {
    let bundle: Bundle = args.take("bundle")?;
    if bundle.txs.is_empty() {
        return Err(RpcError::Unfit("a bundle needs a transaction"));
    }
    let view = context.view()?;
    let height = context.height(&view, bundle.state_block_number.into())?;
    let mut sandbox = Sandbox::on(&view, context.at(&view, Some(height.0.into()))?)?;
    place(&mut sandbox, &bundle, context, height)?;
    let (mut results, mut hashes) = (Vec::with_capacity(bundle.txs.len()), Vec::new());
    for bytes in &bundle.txs {
        let ran = run(&mut sandbox, bytes)?;
        hashes.extend_from_slice(ran.tx_hash.as_slice());
        results.push(ran);
    }
    let sum = |part: fn(&RanTransaction) -> Decimal| {
        results.iter().map(|ran| part(ran).0).fold(U256::ZERO, U256::saturating_add)
    };
    let total_gas_used: u64 = results.iter().map(|ran| ran.gas_used).sum();
    let coinbase_diff = sum(|ran| ran.coinbase_diff);
    let price = coinbase_diff.checked_div(U256::from(total_gas_used)).unwrap_or_default();
    Ok(Ran {
        bundle_hash: keccak256(hashes),
        bundle_gas_price: Decimal(price),
        coinbase_diff: Decimal(coinbase_diff),
        eth_sent_to_coinbase: Decimal(sum(|ran| ran.eth_sent_to_coinbase)),
        gas_fees: Decimal(sum(|ran| ran.gas_fees)),
        results,
        state_block_number: height.0,
        total_gas_used,
    })
}

/// Makes the block of the bundle out of the state's.
fn place(
    sandbox: &mut Sandbox,
    bundle: &Bundle,
    context: &Context,
    height: Height,
) -> Result<(), RpcError> {
    let view = context.view()?;
    let base_fee = if height == view.height() { context.next_base_fee(&view) } else { None };
    let block = &mut sandbox.env.block_env;
    block.number = U256::from(bundle.block_number);
    let later = block.timestamp.saturating_add(U256::from(SLOT));
    block.timestamp = bundle.timestamp.map_or(later, U256::from);
    block.beneficiary = bundle.coinbase.unwrap_or(block.beneficiary);
    block.gas_limit = bundle.gas_limit.unwrap_or(block.gas_limit);
    block.basefee = bundle.base_fee.or(base_fee).unwrap_or(block.basefee);
    Ok(())
}

fn run(sandbox: &mut Sandbox, bytes: &Bytes) -> Result<RanTransaction, RpcError> {
    let transaction = without_sidecar(decode(bytes)?.transaction);
    let env = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
    let beneficiary = sandbox.env.block_env.beneficiary;
    let base_fee = sandbox.env.block_env.basefee;
    let balance = |sandbox: &Sandbox| -> Result<U256, RpcError> {
        Ok(sandbox.state.basic_ref(beneficiary)?.unwrap_or_default().balance)
    };
    let before = balance(sandbox)?;
    let outcome = sandbox.run(env, NoOpInspector)?;
    sandbox.commit(outcome.state);
    let earned = balance(sandbox)?.saturating_sub(before);
    let gas_used = outcome.result.tx_gas_used();
    let tip = transaction.effective_tip_per_gas(base_fee).unwrap_or_default();
    let fees = U256::from(tip).saturating_mul(U256::from(gas_used));
    let (value, error, revert) = match outcome.result {
        ExecutionResult::Success { output, .. } => (Some(output.into_data()), None, None),
        ExecutionResult::Revert { output, .. } => {
            (None, Some("execution reverted".into()), Some(output))
        }
        ExecutionResult::Halt { reason, .. } => (None, Some(halted(&reason)), None),
    };
    Ok(RanTransaction {
        coinbase_diff: Decimal(earned),
        eth_sent_to_coinbase: Decimal(earned.saturating_sub(fees)),
        from_address: transaction.signer(),
        gas_fees: Decimal(fees),
        gas_price: Decimal(earned.checked_div(U256::from(gas_used)).unwrap_or_default()),
        gas_used,
        to_address: transaction.to(),
        tx_hash: *transaction.tx_hash(),
        value,
        error,
        revert,
    })
}

async fn send_conditional(context: Arc<Context>, mut args: Args) -> Result<TxHash, RpcError> {
    let submission = decode(&args.take::<Bytes>("transaction")?)?;
    let conditions: TransactionConditional = args.take("conditions")?;
    check(&context, &conditions)?;
    Ok(context.chain.submit(submission).await?)
}

/// Conditions are checked when the transaction comes, against the head and the block after it.
fn check(context: &Context, conditions: &TransactionConditional) -> Result<(), RpcError> {
    let view = context.view()?;
    let next = view.head().number().saturating_add(1);
    if !conditions.matches_block_number(next) {
        return Err(RpcError::ConditionUnmet("the next block's number is out of range"));
    }
    if !conditions.matches_timestamp(context.chain.next_attributes(&view).timestamp.0) {
        return Err(RpcError::ConditionUnmet("the next block's timestamp is out of range"));
    }
    let known: BTreeMap<_, _> = conditions.known_accounts.iter().collect();
    let cost = known.values().map(|storage| match storage {
        AccountStorage::RootHash(_) => 1,
        AccountStorage::Slots(slots) => slots.len(),
    });
    if cost.sum::<usize>() > MOST_CONDITIONS {
        return Err(RpcError::Unfit("the conditions name more than 1000 accounts and slots"));
    }
    let state = context.state(None)?;
    for (address, storage) in known {
        let is_met = match storage {
            AccountStorage::RootHash(root) => state.proof(*address, &[])?.storage_root == *root,
            AccountStorage::Slots(slots) => {
                let slots: BTreeMap<_, _> = slots.iter().collect();
                let mut wrong = slots.into_iter().map(|(slot, value)| {
                    Ok::<_, RpcError>(
                        state.storage(*address, *slot)? != U256::from_be_bytes(value.0),
                    )
                });
                !wrong.try_fold(false, |any, one| Ok::<_, RpcError>(any | one?))?
            }
        };
        if !is_met {
            return Err(RpcError::ConditionUnmet("an account's storage is not as known"));
        }
    }
    Ok(())
}

async fn resend(context: Arc<Context>, mut args: Args) -> Result<TxHash, RpcError> {
    let mut request: TransactionRequest = args.take("transaction")?;
    let price = args.find("gasPrice")?.map(|Number(price)| price).filter(|price| !price.is_zero());
    let gas = args.find("gasLimit")?.map(|Small(gas)| gas).filter(|gas| *gas > 0);
    let sender = request.from.or_else(|| context.signers.accounts().first().copied());
    let nonce = request.nonce.ok_or(RpcError::Unfit("the transaction must say its nonce"))?;
    let (pending, queued) = context.chain.pool_view().content_from(sender.unwrap_or_default());
    if !pending.contains_key(&nonce) && !queued.contains_key(&nonce) {
        return Err(RpcError::UnknownTransaction);
    }
    if let Some(price) = price {
        request.gas_price = Some(price.saturating_to());
        (request.max_fee_per_gas, request.max_priority_fee_per_gas) = (None, None);
    }
    request.gas = gas.or(request.gas);
    context.send_request(request).await
}
