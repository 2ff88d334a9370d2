//! Replaces the last blocks by others, with transactions that their asker names.

use crate::{
    engine::api::Submission,
    rpc::{
        Context,
        args::{Args, params},
        error::RpcError,
        eth::{estimate, send::decode},
        values::Small,
    },
};
use alloy_consensus::Transaction;
use alloy_eips::BlockId;
use alloy_primitives::{Address, Bytes, U64};
use alloy_rpc_types_eth::TransactionRequest;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

/// Transactions for the blocks of a reorganisation, as objects or signed bytes.
type Replacements = Vec<(Replacement, U64)>;

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Replacement {
    Signed(Bytes),
    Request(Box<TransactionRequest>),
}

params! {
    Replacements => "a list of pairs of a transaction (object or bytes) and the index of its new block",
}

/// Replaces the last blocks.
pub(super) async fn reorg(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let Small(depth) = args.take("depth")?;
    let mut replacements: Replacements = args.find("transactions")?.unwrap_or_default();
    if replacements.iter().any(|(_, block)| *block >= U64::from(depth)) {
        return Err(RpcError::Unfit("the index of a new block is not below the number of blocks"));
    }
    replacements.sort_by_key(|(_, block)| *block);
    let filler = Arc::clone(&context);
    let replacing = move || filler.replacing(depth, replacements);
    let by_block = tokio::task::spawn_blocking(replacing).await??;
    Ok(context.chain.reorg(depth, by_block).await?)
}

impl Context {
    /// The transactions of new blocks, filled as the block below these wants them.
    fn replacing(
        &self,
        depth: u64,
        replacements: Replacements,
    ) -> Result<BTreeMap<u64, Vec<Submission>>, RpcError> {
        let view = self.view()?;
        let mut by_block: BTreeMap<u64, Vec<Submission>> = BTreeMap::new();
        let Some(below) = view.head().number.checked_sub(depth) else { return Ok(by_block) };
        let mut nonces: BTreeMap<Address, u64> = BTreeMap::new();
        for (replacement, block) in replacements {
            let submission = match replacement {
                Replacement::Signed(bytes) => decode(&bytes)?,
                Replacement::Request(request) => self.replacement(*request, below, &nonces)?,
            };
            let transaction = &submission.transaction;
            nonces.insert(transaction.signer(), transaction.nonce().saturating_add(1));
            by_block.entry(block.to()).or_default().push(submission);
        }
        Ok(by_block)
    }

    /// One of them: its nonce follows those of the same sender before it, its gas is what it needs after the block
    /// below.
    fn replacement(
        &self,
        mut request: TransactionRequest,
        below: u64,
        nonces: &BTreeMap<Address, u64>,
    ) -> Result<Submission, RpcError> {
        let below = BlockId::from(below);
        let sender = self.sender_of(&request);
        request.from = Some(sender);
        if request.nonce.is_none() {
            let stored = self.state(Some(below))?.account(sender)?;
            let stored = stored.map(|account| account.nonce).unwrap_or_default();
            request.nonce = Some(nonces.get(&sender).copied().unwrap_or(stored));
        }
        if request.gas.is_none() {
            let mut sandbox = self.sandbox(Some(below), None, None)?;
            request.gas = Some(estimate::gas(&mut sandbox, &request)?);
        }
        self.prepare(request)
    }
}
