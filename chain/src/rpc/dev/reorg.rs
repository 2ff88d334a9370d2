//! Replaces the last blocks by others, with transactions that their asker names.

use crate::{
    engine::api::Submission,
    execution::{At, ChainView, PooledTransaction, ReadError, Sandbox},
    miner::BlockTime,
    rpc::{
        Context,
        args::{Args, params},
        error::RpcError,
        eth::{estimate, send::decode},
        signers::without_sidecar,
        values::Small,
    },
};
use alloy_consensus::{Transaction, transaction::Recovered};
use alloy_evm::{
    FromRecoveredTx,
    revm::{
        DatabaseRef,
        context::{TxEnv, result::EVMError},
        inspector::NoOpInspector,
    },
};
use alloy_primitives::{Address, Bytes, U64, U256};
use alloy_rpc_types_eth::TransactionRequest;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};
use utnet_primitives::{Height, Seconds};

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
    /// The transactions of new blocks, filled as these want them.
    fn replacing(
        &self,
        depth: u64,
        replacements: Replacements,
    ) -> Result<BTreeMap<u64, Vec<Submission>>, RpcError> {
        let view = self.view()?;
        let mut by_block: BTreeMap<u64, Vec<Submission>> = BTreeMap::new();
        let below = view.head().number.checked_sub(depth).filter(|_| !replacements.is_empty());
        let Some(below) = below else { return Ok(by_block) };
        let mut next = Next::after(self, &view, Height(below))?;
        for (replacement, block) in replacements {
            next.begin(self, block.to());
            let submission = match replacement {
                Replacement::Signed(bytes) => decode(&bytes)?,
                Replacement::Request(request) => self.replacement(*request, &mut next)?,
            };
            next.run(&submission.transaction)?;
            by_block.entry(block.to()).or_default().push(submission);
        }
        Ok(by_block)
    }

    /// One of them: its nonce follows those of the same sender before it, its gas is what it needs after all that
    /// stand before it.
    fn replacement(
        &self,
        mut request: TransactionRequest,
        next: &mut Next,
    ) -> Result<Submission, RpcError> {
        let sender = self.sender_of(&request);
        request.from = Some(sender);
        if request.nonce.is_none() {
            request.nonce = Some(next.nonce(sender)?);
        }
        if request.gas.is_none() {
            request.gas = Some(estimate::gas(&mut next.sandbox, &request)?);
        }
        self.prepare(request)
    }
}

/// The new block that is filled, and the state in it.
struct Next {
    sandbox: Sandbox,
    /// Its index among the new ones.
    index: u64,
    /// Times as they will be set for it and those after it.
    time: BlockTime,
    timestamp: Seconds,
    /// Nonces after the replacements so far.
    nonces: BTreeMap<Address, u64>,
}

impl Next {
    /// The first one after a block.
    fn after(context: &Context, view: &ChainView, below: Height) -> Result<Self, RpcError> {
        let header = view.header(below)?.ok_or(ReadError::NoState { height: below })?;
        let mut next = Self {
            sandbox: Sandbox::on(view, At::After(below))?.relaxed(),
            index: 0,
            time: context.chain.settings().time,
            timestamp: Seconds(header.timestamp),
            nonces: BTreeMap::new(),
        };
        next.step(context);
        Ok(next)
    }

    /// Goes on to the new block of an index.
    fn begin(&mut self, context: &Context, index: u64) {
        while self.index < index {
            self.index += 1;
            self.step(context);
        }
    }

    fn step(&mut self, context: &Context) {
        let wall = context.chain.clock().seconds();
        self.timestamp = self.time.next(self.timestamp, wall);
        self.time.passed(self.timestamp, wall);
        let block = &mut self.sandbox.env.block_env;
        block.number = block.number.saturating_add(U256::ONE);
        block.timestamp = U256::from(self.timestamp.0);
    }

    fn nonce(&self, sender: Address) -> Result<u64, RpcError> {
        if let Some(nonce) = self.nonces.get(&sender) {
            return Ok(*nonce);
        }
        Ok(self.sandbox.state.basic_ref(sender)?.unwrap_or_default().nonce)
    }

    /// Runs a replacement, which the next ones find done. What cannot run is left out of its block, which the chain
    /// tells.
    fn run(&mut self, transaction: &Recovered<PooledTransaction>) -> Result<(), RpcError> {
        let sender = transaction.signer();
        self.nonces.insert(sender, transaction.nonce().saturating_add(1));
        let transaction = without_sidecar(transaction.clone());
        let env = TxEnv::from_recovered_tx(transaction.inner(), sender);
        match self.sandbox.run(env, NoOpInspector) {
            Ok(outcome) => self.sandbox.commit(outcome.state),
            Err(EVMError::Transaction(_)) => {}
            Err(fault) => return Err(fault.into()),
        }
        Ok(())
    }
}
