//! Runs the engine: takes commands one after another, mines when it is time.

use super::{
    api::{AccountPatch, EngineError, Settings, SnapshotId},
    blocks::{Contents, changed_nonces},
    command::{Admission, Command, Reply},
    judge::{check_clock, judge},
    reminder::Reminder,
    retry::Retry,
    shared::Shared,
    snapshot::Snapshot,
};
use crate::{
    clock::Clock,
    execution::{At, ChainView, Foreign, ReadError, patch_accounts},
    genesis::ChainSpec,
    miner::Pace,
    poci::Sealer,
};
use alloy_primitives::{Address, B256};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tracing::{debug, error, info};
use utnet_primitives::{Height, Seconds};

/// Commands taken at once before instant mining looks at the pool: a batch of transactions that
/// arrive together shares a block.
const BATCH: usize = 4_096;

/// Empty blocks that share a commit at most.
const RUN: u64 = 256;

/// The only task that changes the chain.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Engine {
    pub(super) shared: Arc<Shared>,
    pub(super) inbox: mpsc::Receiver<Command>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sealer: Sealer,
    pub(super) settings: Settings,
    /// What a reset goes back to.
    pub(super) initial: Settings,
    pub(super) pace: Pace,
    pub(super) snapshots: BTreeMap<SnapshotId, Arc<Snapshot>>,
    pub(super) next_snapshot: u64,
    /// Whether the pool refuses transactions whose sender cannot pay for them.
    pub(super) checks_balances: bool,
    /// Whether a reset may choose another genesis.
    pub(super) in_memory: bool,
    /// Whether history may be there that is not to be kept: it is removed between commands.
    pub(super) is_behind: bool,
    /// What was said about why no block is made.
    pub(super) stopped: Reminder,
    /// What was said about transactions that wait for a forked chain.
    pub(super) waiting: Reminder,
    /// When instant mining tries again what came into no block.
    pub(super) retry: Retry,
    /// Answers to submissions, held back until instant mining had its turn.
    pub(super) submitted: Vec<Submitted>,
}

/// The answer to a submission, and where it goes.
type Submitted = (Reply<Vec<Admission>>, Result<Vec<Admission>, EngineError>);

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
            self.prune();
        }
        info!("the engine ends: nobody holds the chain any more");
    }

    /// The next commands; none when only the clock woke it. `None` at the end.
    async fn receive(&mut self) -> Option<Vec<Command>> {
        let mut commands = Vec::new();
        let wait = self.wait();
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

    /// How long there is nothing to do if nobody asks; `None` for ever.
    fn wait(&mut self) -> Option<Duration> {
        if self.is_behind {
            return Some(Duration::ZERO);
        }
        let now = self.clock.now();
        self.pace.wait(now).into_iter().chain(self.retry.wait(now)).min()
    }

    fn handle(&mut self, command: Command) {
        match command {
            Command::Submit { offers, reply } => {
                let result = self.submit(offers);
                self.submitted.push((reply, result));
            }
            Command::Mine { blocks, interval, reply } => {
                let mined = self.mine(blocks, interval, &reply);
                answer(reply, mined);
            }
            Command::Import { block, reply } => answer(reply, self.import(&block)),
            Command::MarkFinal { reply } => answer(reply, self.mark_final()),
            Command::Set { setting, reply } => answer(reply, self.set(setting)),
            Command::Patch { patches, reply } => answer(reply, self.patch(&patches)),
            Command::Snapshot { reply } => answer(reply, self.snapshot()),
            Command::Snapshots { reply } => answer(reply, self.snapshots()),
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
            Command::Reset { beginning, reply } => answer(reply, self.reset(beginning)),
            Command::Load { dump, reply } => answer(reply, self.load(*dump)),
            Command::Tick { reply } => {
                self.mine_if_due();
                answer(reply, Ok(()));
            }
        }
    }

    /// Removes a slice of the history that is not to be kept: what a chain had before it was to be pruned.
    fn prune(&mut self) {
        if !self.is_behind {
            return;
        }
        match self.shared.store().prune() {
            Ok(is_behind) => self.is_behind = is_behind,
            Err(fault) => {
                error!(%fault, "old history cannot be removed");
                self.is_behind = false;
            }
        }
    }

    /// Mines what is ready if the mode says so, then answers the submissions.
    fn flush(&mut self) {
        if self.settings.mining.is_instant() {
            self.mine_ready();
        } else {
            self.retry.over();
        }
        for (reply, result) in std::mem::take(&mut self.submitted) {
            answer(reply, result);
        }
    }

    fn mine_if_due(&mut self) {
        if self.pace.beat(self.clock.now())
            && let Err(fault) = self.make_block(Contents::Any)
        {
            self.report(&fault);
        }
    }

    /// Makes blocks as long as somebody waits for them. After one that could not be made, the next has no set time.
    fn mine(
        &mut self,
        blocks: u64,
        interval: Option<Seconds>,
        asker: &Reply<Height>,
    ) -> Result<Height, EngineError> {
        let before = self.view()?.height();
        let mined = self.mine_spaced(blocks, interval, asker);
        if mined.is_err() && interval.is_some() && self.view()?.height() > before {
            self.settings.time.next_timestamp = None;
        }
        mined
    }

    fn mine_spaced(
        &mut self,
        blocks: u64,
        interval: Option<Seconds>,
        asker: &Reply<Height>,
    ) -> Result<Height, EngineError> {
        let mut left = blocks;
        while left > 0 && !asker.is_closed() {
            if let Some(interval) = interval.filter(|_| left < blocks) {
                let head = Seconds(self.view()?.head().timestamp);
                self.settings.time.next_timestamp = Some(head.saturating_add(interval));
            }
            if self.shared.pool.read().len() > 0 {
                self.make_block(Contents::Any)?;
                left = left.saturating_sub(1);
            } else {
                let made = self.make_empty_blocks(left.min(RUN), interval)?;
                left = left.saturating_sub(made);
            }
        }
        Ok(self.view()?.height())
    }

    fn import(&mut self, foreign: &Foreign) -> Result<B256, EngineError> {
        let view = self.view()?;
        let timestamp = Seconds(foreign.block.header.timestamp);
        // One that is too new may be good later: it is not kept among the bad ones.
        check_clock(view.spec(), timestamp, self.clock.seconds())?;
        let judged = judge(&view, foreign)
            .inspect_err(|_refused| self.shared.keep_refused(foreign.clone()))?;
        let block = self.finalise(judged.block, judged.state)?;
        Ok(block.hash())
    }

    fn mark_final(&self) -> Result<(), EngineError> {
        Ok(self.shared.store().mark_head_final()?)
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

    /// Says why no block was made; waiting for one's turn is no fault.
    pub(super) fn report(&mut self, fault: &EngineError) {
        if let EngineError::Poci(fault) = fault
            && fault.retry_at().is_some()
        {
            return debug!(%fault, "no block for now");
        }
        if let Some(unsaid) = self.stopped.news(&fault.to_string(), self.clock.now()) {
            error!(%fault, unsaid, "no block could be made");
        }
    }

    pub(super) fn view(&self) -> Result<ChainView, ReadError> {
        self.shared.view()
    }

    pub(super) fn spec(&self) -> Arc<ChainSpec> {
        self.shared.spec()
    }
}

/// Sends an answer; who asked may be gone.
fn answer<T>(reply: Reply<T>, result: Result<T, EngineError>) {
    drop(reply.send(result));
}
