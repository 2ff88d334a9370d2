//! Runs the engine: takes commands one after another, mines when it is time.

use super::{
    api::{AccountPatch, EngineError, HeadEvent, Settings, SnapshotId},
    command::{Command, Reply},
    header::{Attributes, next_base_fee},
    judge::judge,
    propose::{Proposal, Source, no_withdrawals, propose},
    shared::Shared,
    snapshot::Snapshot,
};
use crate::{
    clock::Clock,
    execution::{
        At, BlockRecord, ChainView, Foreign, ReadError, Rewards, patch_accounts, to_write,
    },
    genesis::ChainSpec,
    miner::Pace,
    poci::{Plan, Sealer},
    pool::PooledEntry,
};
use alloy_consensus::Sealable;
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{Address, B256, Bytes, TxHash, keccak256};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::mpsc;
use tracing::{debug, error, info, warn};
use utnet_db::{AccountUpdate, StateChanges};
use utnet_primitives::{Height, Seconds};

/// Commands taken at once before instant mining looks at the pool: a batch of transactions that
/// arrive together shares a block.
const BATCH: usize = 4_096;

/// The only task that changes the chain.
#[derive(Debug)]
pub struct Engine {
    pub(super) shared: Arc<Shared>,
    pub(super) inbox: mpsc::Receiver<Command>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sealer: Sealer,
    pub(super) settings: Settings,
    /// What a reset goes back to.
    pub(super) initial: Settings,
    pub(super) pace: Pace,
    pub(super) snapshots: BTreeMap<SnapshotId, Snapshot>,
    pub(super) next_snapshot: u64,
    /// Whether a reset may choose another genesis.
    pub(super) in_memory: bool,
    /// Answers to submissions, held back until instant mining had its turn.
    pub(super) submitted: Vec<(Reply<TxHash>, Result<TxHash, EngineError>)>,
}

impl Engine {
    /// Works until the last [`super::Chain`] handle is gone.
    pub async fn run(mut self) {
        while let Some(commands) = self.receive().await {
            for command in commands {
                if !matches!(command, Command::Submit { .. }) {
                    self.flush();
                }
                self.handle(command);
            }
            self.flush();
            self.mine_if_due();
        }
        info!("the engine ends: nobody holds the chain any more");
    }

    /// The next commands; none when only the clock woke it. `None` at the end.
    async fn receive(&mut self) -> Option<Vec<Command>> {
        let mut commands = Vec::new();
        let wait = self.pace.wait(self.clock.now());
        let receive = self.inbox.recv_many(&mut commands, BATCH);
        let count = match wait {
            Some(wait) => match tokio::time::timeout(wait, receive).await {
                Ok(count) => count,
                Err(_elapsed) => return Some(Vec::new()),
            },
            None => receive.await,
        };
        (count > 0).then_some(commands)
    }

    fn handle(&mut self, command: Command) {
        match command {
            Command::Submit { submission, reply } => {
                let result = self.submit(*submission);
                self.submitted.push((reply, result));
            }
            Command::Mine { blocks, interval, reply } => answer(reply, self.mine(blocks, interval)),
            Command::Import { block, reply } => answer(reply, self.import(&block)),
            Command::Set { setting, reply } => answer(reply, self.set(setting)),
            Command::Patch { patches, reply } => answer(reply, self.patch(&patches)),
            Command::Snapshot { reply } => answer(reply, self.snapshot()),
            Command::Revert { id, reply } => answer(reply, self.revert(id)),
            Command::Rollback { depth, reply } => answer(reply, self.rollback(depth)),
            Command::Reorg { depth, transactions, reply } => {
                answer(reply, self.reorg(depth, transactions));
            }
            Command::Drop { hash, reply } => {
                let gone = self.shared.pool.write().remove(&hash);
                answer(reply, Ok(gone.map(|entry| entry.hash)));
            }
            Command::DropAll { sender, reply } => answer(reply, self.drop_all(sender)),
            Command::Reset { spec, reply } => answer(reply, self.reset(spec)),
            Command::Tick { reply } => {
                self.mine_if_due();
                answer(reply, Ok(()));
            }
        }
    }

    /// Mines what is ready if the mode says so, then answers the submissions.
    fn flush(&mut self) {
        if self.settings.mining.is_instant() {
            self.mine_ready();
        }
        for (reply, result) in std::mem::take(&mut self.submitted) {
            answer(reply, result);
        }
    }

    /// Makes blocks until no ready transaction is left, or none fits any block.
    fn mine_ready(&mut self) {
        loop {
            let waiting = match self.has_ready() {
                Ok(true) => self.shared.pool.read().len(),
                Ok(false) => return,
                Err(fault) => return error!(%fault, "the head cannot be read"),
            };
            if let Err(fault) = self.make_block(None) {
                return report(&fault);
            }
            if self.shared.pool.read().len() == waiting {
                return debug!("ready transactions fit no block for now");
            }
        }
    }

    /// Whether the next block could take a transaction.
    fn has_ready(&self) -> Result<bool, EngineError> {
        let pool = self.shared.pool.read();
        if pool.len() == 0 {
            return Ok(false);
        }
        let base_fee = self.base_fee(&self.view()?);
        Ok(pool.ready(self.settings.order, base_fee).next().is_some())
    }

    fn mine_if_due(&mut self) {
        if self.pace.beat(self.clock.now())
            && let Err(fault) = self.make_block(None)
        {
            report(&fault);
        }
    }

    fn mine(&mut self, blocks: u64, interval: Option<Seconds>) -> Result<Height, EngineError> {
        for made in 0..blocks {
            if let Some(interval) = interval.filter(|_| made > 0) {
                let head = Seconds(self.view()?.head().timestamp);
                self.settings.time.next_timestamp = Some(head.saturating_add(interval));
            }
            self.make_block(None)?;
        }
        Ok(self.view()?.height())
    }

    /// The base fee of the next block; zero before London.
    pub(super) fn base_fee(&self, view: &ChainView) -> u64 {
        let natural = next_base_fee(view.spec(), view.head()).unwrap_or_default();
        self.settings.next_base_fee.unwrap_or(natural)
    }

    /// Makes the next block from the pool, or from `given`, and takes it as head.
    pub(super) fn make_block(
        &mut self,
        given: Option<Vec<Arc<PooledEntry>>>,
    ) -> Result<Arc<BlockRecord>, EngineError> {
        let view = self.view()?;
        let parent_time = Seconds(view.head().timestamp);
        let wall = self.clock.seconds();
        let timestamp = self.settings.time.next(parent_time, wall);
        let plan = self.plan(&view, timestamp)?;
        let attributes = self.attributes(&view, timestamp, plan.as_ref());
        let is_shanghai = view.spec().is_shanghai_active_at_timestamp(timestamp.0);
        let rewards = match &plan {
            Some(plan) => Rewards::Emission(plan.producer),
            None => Rewards::Given(no_withdrawals(is_shanghai)),
        };
        let proposal = match given {
            Some(list) => propose(&view, &attributes, rewards, &mut list.into_iter()),
            None => {
                let pool = self.shared.pool.read();
                let mut ready = pool.ready(self.settings.order, self.base_fee(&view));
                let source: &mut dyn Source = &mut ready;
                propose(&view, &attributes, rewards, source)
            }
        }?;
        let Proposal { mut block, state, invalid, .. } = proposal;
        if let Some(plan) = &plan {
            self.seal(plan, &mut block)?;
        }
        let block = self.finalise(block, state)?;
        for (hash, reason) in invalid {
            warn!(%hash, %reason, "dropped from the pool");
            self.shared.pool.write().remove(&hash);
        }
        self.settings.time.passed(timestamp, wall);
        self.settings.next_base_fee = None;
        self.settings.next_prevrandao = None;
        self.publish_settings();
        Ok(block)
    }

    fn plan(&mut self, view: &ChainView, timestamp: Seconds) -> Result<Option<Plan>, EngineError> {
        match &view.spec().poci {
            Some(schedule) => Ok(Some(self.sealer.plan(view, schedule, timestamp)?)),
            None => Ok(None),
        }
    }

    fn attributes(&self, view: &ChainView, timestamp: Seconds, plan: Option<&Plan>) -> Attributes {
        let head = view.head();
        let dev_beacon = || {
            let seed = [head.mix_hash.as_slice(), &head.number.to_be_bytes()].concat();
            self.settings.next_prevrandao.unwrap_or_else(|| keccak256(seed))
        };
        Attributes {
            timestamp,
            beneficiary: plan.map_or(self.settings.coinbase, |plan| plan.beneficiary),
            beacon: plan.map_or_else(dev_beacon, |plan| plan.beacon),
            gas_limit: self.settings.gas_limit,
            base_fee: self.settings.next_base_fee,
            parent_beacon_block_root: B256::ZERO,
            extra_data: Bytes::new(),
        }
    }

    fn seal(&self, plan: &Plan, block: &mut BlockRecord) -> Result<(), EngineError> {
        let mut header = block.header.inner().clone();
        let sidecar = self.sealer.seal(plan, self.spec().chain_id, &mut header)?;
        block.header = header.seal_slow();
        block.sidecar = Some(sidecar);
        Ok(())
    }

    /// The third of the engine's calls: writes a block and its state, and tells everybody.
    pub(super) fn finalise(
        &mut self,
        block: BlockRecord,
        state: StateChanges,
    ) -> Result<Arc<BlockRecord>, EngineError> {
        let nonces = changed_nonces(&state);
        self.shared.store().append_block(to_write(&block, state))?;
        let block = Arc::new(block);
        self.keep_sidecars(&block);
        self.follow_nonces(nonces);
        debug!(height = %block.height(), hash = %block.hash(), "new head");
        self.shared.announce(HeadEvent::Added(Arc::clone(&block)));
        Ok(block)
    }

    /// Tells the pool which nonces accounts have now.
    fn follow_nonces(&self, nonces: Vec<(Address, u64)>) {
        let mut pool = self.shared.pool.write();
        for (account, nonce) in nonces {
            if pool.has_sender(&account) {
                pool.set_nonce(account, nonce);
            }
        }
    }

    /// Keeps the blobs of the block's transactions while they are still in the pool.
    fn keep_sidecars(&self, block: &BlockRecord) {
        let pool = self.shared.pool.read();
        for transaction in block.transactions.iter().filter(|tx| tx.is_eip4844()) {
            let hash = transaction.hash();
            if let Some(sidecar) = pool.find(hash).and_then(|entry| entry.sidecar().cloned()) {
                self.shared.keep_sidecar(*hash, sidecar);
            }
        }
    }

    fn import(&mut self, foreign: &Foreign) -> Result<B256, EngineError> {
        let judged = judge(&self.view()?, foreign)?;
        let block = self.finalise(judged.block, judged.state)?;
        Ok(block.hash())
    }

    fn patch(&mut self, patches: &[(Address, AccountPatch)]) -> Result<(), EngineError> {
        let state = self.view()?.state(At::Latest)?;
        let changes = patch_accounts(state, patches)?;
        self.shared.store().apply_outside_block(&changes)?;
        self.follow_nonces(changed_nonces(&changes));
        Ok(())
    }

    fn drop_all(&mut self, sender: Option<Address>) -> Result<(), EngineError> {
        let mut pool = self.shared.pool.write();
        match sender {
            Some(sender) => pool.remove_sender(sender),
            None => pool.clear(),
        }
        Ok(())
    }

    pub(super) fn view(&self) -> Result<ChainView, ReadError> {
        self.shared.view()
    }

    pub(super) fn spec(&self) -> Arc<ChainSpec> {
        self.shared.spec()
    }
}

/// The nonces that changes give accounts.
fn changed_nonces(changes: &StateChanges) -> Vec<(Address, u64)> {
    let nonce = |update: AccountUpdate| match update {
        AccountUpdate::Set(account) => Some(account.nonce),
        AccountUpdate::Deleted => Some(0),
        AccountUpdate::Unchanged => None,
    };
    let accounts = changes.accounts.iter();
    accounts.filter_map(|(address, change)| Some((*address, nonce(change.account)?))).collect()
}

/// Sends an answer; who asked may be gone.
fn answer<T>(reply: Reply<T>, result: Result<T, EngineError>) {
    drop(reply.send(result));
}

/// Says why no block was made; waiting for one's turn is no fault.
fn report(fault: &EngineError) {
    match fault {
        EngineError::Poci(crate::poci::PociFault::NotOurTurn { retry_at }) => {
            debug!(%retry_at, "not our turn");
        }
        other => error!(fault = %other, "no block could be made"),
    }
}
