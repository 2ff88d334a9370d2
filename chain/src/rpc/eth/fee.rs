//! Answers what gas costs, and cost.

use crate::{
    execution::{BlockRecord, ChainView},
    rpc::{Context, args::Args, error::RpcError, table::methods, values::Small},
};
use alloy_consensus::{BlockHeader, Header, Transaction as _};
use alloy_eips::{BlockNumberOrTag, eip1559::BaseFeeParams, eip7840::BlobParams};
use alloy_primitives::{U64, U256};
use alloy_rpc_types_eth::FeeHistory;
use utnet_primitives::{Height, Seconds};

methods! {
    now "eth_gasPrice", Ethereum, "Suggests a price per gas: the next base fee and a tip." => gas_price;
    now "eth_maxPriorityFeePerGas", Ethereum, "Suggests a tip per gas." => tip;
    now "eth_baseFee", Ethereum, "Tells the base fee of the next block." => base_fee;
    now "eth_blobBaseFee", Ethereum, "Tells the price of blob gas in the next block." => blob_base_fee;
    work "eth_feeHistory", Ethereum, "Shows past fees: `number of blocks, newest block, percentiles of tips`." => history;
}

/// The tip that a dev chain suggests at least, in wei: anvil's, one gwei.
const LEAST_TIP: u128 = 1_000_000_000;
/// Blocks that one fee history may cover.
const MOST_BLOCKS: u64 = 1_024;
/// Percentiles that one fee history may ask for.
const MOST_PERCENTILES: usize = 100;

impl Context {
    /// The base fee of the next block, in wei per gas; `None` before London.
    pub(in crate::rpc) fn next_base_fee(&self, view: &ChainView) -> Option<u64> {
        let fixed = self.chain.settings().next_base_fee;
        fixed.or_else(|| view.head().next_block_base_fee(BaseFeeParams::ethereum()))
    }

    /// The tip per gas that is suggested, in wei: with the next base fee it is a price that the pool takes.
    pub(in crate::rpc) fn suggested_tip(&self, view: &ChainView) -> u128 {
        let base = self.next_base_fee(view).unwrap_or_default();
        LEAST_TIP.max(self.chain.settings().min_gas_price.0.saturating_sub(base.into()))
    }

    /// The price per gas that is suggested, in wei.
    pub(in crate::rpc) fn suggested_price(&self, view: &ChainView) -> u128 {
        let base = self.next_base_fee(view).unwrap_or_default();
        self.suggested_tip(view).saturating_add(base.into())
    }

    /// The price of blob gas in the next block, in wei.
    pub(in crate::rpc) fn next_blob_fee(&self, view: &ChainView) -> u128 {
        let head = view.head();
        let params = view.spec().blob_params(Seconds(head.timestamp()));
        params.and_then(|params| head.next_block_blob_fee(params)).unwrap_or(1)
    }
}

fn gas_price(context: &Context, _: &mut Args) -> Result<U256, RpcError> {
    Ok(U256::from(context.suggested_price(&context.view()?)))
}

fn tip(context: &Context, _: &mut Args) -> Result<U256, RpcError> {
    Ok(U256::from(context.suggested_tip(&context.view()?)))
}

fn base_fee(context: &Context, _: &mut Args) -> Result<Option<U64>, RpcError> {
    Ok(context.next_base_fee(&context.view()?).map(U64::from))
}

fn blob_base_fee(context: &Context, _: &mut Args) -> Result<U256, RpcError> {
    Ok(U256::from(context.next_blob_fee(&context.view()?)))
}

fn history(context: &Context, args: &mut Args) -> Result<FeeHistory, RpcError> {
    let Small(count) = args.take("blockCount")?;
    let newest: BlockNumberOrTag = args.take("newestBlock")?;
    let percentiles: Option<Vec<f64>> = args.find("rewardPercentiles")?;
    check(percentiles.as_deref().unwrap_or_default())?;
    let view = context.view()?;
    let last = context.height(&view, newest.into())?.0;
    let first = view.first().0;
    let count = count.min(MOST_BLOCKS).min((last + 1).saturating_sub(first));
    let mut history = FeeHistory { oldest_block: last + 1 - count, ..Default::default() };
    history.reward = percentiles.is_some().then(Vec::new);
    for height in history.oldest_block..=last {
        let Some(header) = view.header(Height(height))? else { break };
        add(&mut history, &view, &header);
        if let (Some(rewards), Some(wanted)) = (&mut history.reward, &percentiles) {
            let Some(record) = view.block(Height(height))? else { break };
            rewards.push(tips(&record, wanted));
        }
    }
    let head = view.header(Height(last))?;
    let next = if last == view.head().number {
        context.next_base_fee(&view)
    } else {
        head.as_ref().and_then(|head| head.next_block_base_fee(BaseFeeParams::ethereum()))
    };
    history.base_fee_per_gas.push(next.unwrap_or_default().into());
    let next = head.and_then(|head| head.next_block_blob_fee(blobs(&view, head.timestamp())?));
    history.base_fee_per_blob_gas.push(next.unwrap_or_default());
    Ok(history)
}

fn check(percentiles: &[f64]) -> Result<(), RpcError> {
    let in_range = percentiles.iter().all(|percentile| (0.0..=100.0).contains(percentile));
    if !in_range || !percentiles.is_sorted() {
        return Err(RpcError::Unfit("percentiles must ascend between 0 and 100"));
    }
    if percentiles.len() > MOST_PERCENTILES {
        return Err(RpcError::Unfit("at most 100 percentiles"));
    }
    Ok(())
}

fn blobs(view: &ChainView, timestamp: u64) -> Option<BlobParams> {
    view.spec().blob_params(Seconds(timestamp))
}

fn add(history: &mut FeeHistory, view: &ChainView, header: &Header) {
    let blobs = blobs(view, header.timestamp);
    history.base_fee_per_gas.push(header.base_fee_per_gas.unwrap_or_default().into());
    history.gas_used_ratio.push(ratio(header.gas_used, header.gas_limit));
    history
        .base_fee_per_blob_gas
        .push(blobs.and_then(|blobs| header.blob_fee(blobs)).unwrap_or_default());
    let most = blobs.map_or(0, |blobs| blobs.max_blob_gas_per_block());
    history.blob_gas_used_ratio.push(ratio(header.blob_gas_used.unwrap_or_default(), most));
}

#[expect(clippy::cast_precision_loss, reason = "a ratio that is shown, never computed with")]
fn ratio(used: u64, limit: u64) -> f64 {
    if limit == 0 { 0.0 } else { used as f64 / limit as f64 }
}

/// The tips at each percentile of the block's gas, cheapest first.
fn tips(record: &BlockRecord, percentiles: &[f64]) -> Vec<u128> {
    let base_fee = record.header.base_fee_per_gas.unwrap_or_default();
    let mut used_before = 0;
    let mut paid: Vec<(u128, u64)> = Vec::with_capacity(record.receipts.len());
    for (transaction, receipt) in record.transactions.iter().zip(&record.receipts) {
        let used = receipt.cumulative_gas_used().saturating_sub(used_before);
        used_before = receipt.cumulative_gas_used();
        paid.push((transaction.effective_tip_per_gas(base_fee).unwrap_or_default(), used));
    }
    paid.sort_unstable();
    percentiles
        .iter()
        .map(|percentile| tip_at(&paid, record.header.gas_used, *percentile))
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a percentile between 0 and 100 of a block's gas"
)]
fn tip_at(paid: &[(u128, u64)], gas_used: u64, percentile: f64) -> u128 {
    let threshold = (gas_used as f64 * percentile / 100.0) as u64;
    let mut sum = 0_u64;
    let reaches = |(_, used): &&(u128, u64)| {
        sum = sum.saturating_add(*used);
        sum >= threshold
    };
    paid.iter().find(reaches).or_else(|| paid.last()).map_or(0, |(tip, _)| *tip)
}
