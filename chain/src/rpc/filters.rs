//! Keeps the filters that clients poll: each follows the chain's events from its making on.

use super::{error::RpcError, ids, objects};
use crate::{
    engine::api::{Chain, HeadEvent},
    execution::{BlockRecord, ChainView},
    pool::PooledEntry,
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, U128};
use alloy_rpc_types_eth::{Filter, Log};
use parking_lot::Mutex;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};
use utnet_primitives::Height;

/// Filters kept at most; the one that was not polled for the longest goes first.
const MOST_FILTERS: usize = 10_000;

/// The name of a filter.
pub(super) type FilterId = U128;

/// All filters of the node.
#[derive(Debug, Default)]
pub(super) struct Filters {
    installed: BTreeMap<FilterId, Installed>,
    polls: u64,
}

#[derive(Debug)]
struct Installed {
    /// The count of polls when this filter was last asked.
    polled: u64,
    kind: SharedKind,
}

/// A filter by itself: reading blocks for one keeps nobody from the others.
type SharedKind = Arc<Mutex<Kind>>;

/// What a filter follows.
#[derive(Debug)]
pub(super) enum Kind {
    Blocks(Follower),
    Logs(Follower, Box<Filter>),
    Pending(Receiver<Arc<PooledEntry>>),
}

/// What a poll brings.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Changes {
    /// Blocks or transactions.
    Hashes(Vec<B256>),
    /// Logs; those of blocks that were taken back with `removed`.
    Logs(Vec<Log>),
}

impl Filters {
    /// Follows new blocks.
    pub(super) fn install_blocks(&mut self, chain: &Chain) -> Result<FilterId, RpcError> {
        Ok(self.install(Kind::Blocks(Follower::new(chain)?)))
    }

    /// Follows logs of new blocks.
    pub(super) fn install_logs(
        &mut self,
        chain: &Chain,
        filter: Filter,
    ) -> Result<FilterId, RpcError> {
        check_range(&filter)?;
        Ok(self.install(Kind::Logs(Follower::new(chain)?, Box::new(filter))))
    }

    /// Follows transactions that enter the pool.
    pub(super) fn install_pending(&mut self, chain: &Chain) -> FilterId {
        self.install(Kind::Pending(chain.pending_transactions()))
    }

    fn install(&mut self, kind: Kind) -> FilterId {
        while self.installed.len() >= MOST_FILTERS {
            let stalest = self.installed.iter().min_by_key(|(_, filter)| filter.polled);
            let Some((&id, _)) = stalest else { break };
            self.installed.remove(&id);
        }
        let id = ids::random();
        self.installed.insert(id, Installed { polled: self.polls, kind: Arc::new(kind.into()) });
        id
    }

    /// Takes a filter away; false if there was none.
    pub(super) fn uninstall(&mut self, id: FilterId) -> bool {
        self.installed.remove(&id).is_some()
    }

    /// Finds a filter that is asked.
    pub(super) fn ask(&mut self, id: FilterId) -> Result<SharedKind, RpcError> {
        self.polls += 1;
        let filter = self.installed.get_mut(&id).ok_or(RpcError::UnknownFilter)?;
        filter.polled = self.polls;
        Ok(Arc::clone(&filter.kind))
    }
}

impl Kind {
    /// The condition of a log filter.
    pub(super) fn logs(&self) -> Result<Filter, RpcError> {
        match self {
            Self::Logs(_, filter) => Ok((**filter).clone()),
            _ => Err(RpcError::UnknownFilter),
        }
    }

    /// What happened since the last poll.
    pub(super) fn poll(&mut self, chain: &Chain) -> Result<Changes, RpcError> {
        Ok(match self {
            Self::Blocks(follower) => Changes::Hashes(added(&follower.events(chain)?)),
            Self::Logs(follower, filter) => {
                let events = follower.events(chain)?;
                Changes::Logs(events.iter().flat_map(|event| matching(event, filter)).collect())
            }
            Self::Pending(entries) => Changes::Hashes(drain(entries)),
        })
    }
}

/// Refuses a range in which no block to come can lie.
pub(super) fn check_range(filter: &Filter) -> Result<(), RpcError> {
    let (from, to) = numbers(filter);
    if matches!((from, to), (Some(from), Some(to)) if from > to) {
        return Err(RpcError::Unfit("invalid block range params: fromBlock is above toBlock"));
    }
    Ok(())
}

/// The least and the greatest height that a filter names by its number.
fn numbers(filter: &Filter) -> (Option<u64>, Option<u64>) {
    let (from, to) = filter.block_option.as_range();
    let number = |tag: Option<&BlockNumberOrTag>| tag.and_then(BlockNumberOrTag::as_number);
    (number(from), number(to))
}

fn added(events: &[HeadEvent]) -> Vec<B256> {
    let hash = |event: &HeadEvent| match event {
        HeadEvent::Added(record) => Some(record.hash()),
        HeadEvent::Removed(_) => None,
    };
    events.iter().filter_map(hash).collect()
}

/// The logs of an event that a filter wants.
pub(super) fn matching(event: &HeadEvent, filter: &Filter) -> Vec<Log> {
    let (record, removed) = match event {
        HeadEvent::Added(record) => (record, false),
        HeadEvent::Removed(record) => (record, true),
    };
    let (height, (from, to)) = (record.header.number, numbers(filter));
    if from.is_some_and(|from| height < from) || to.is_some_and(|to| height > to) {
        return Vec::new();
    }
    matching_of(record, filter, removed)
}

/// The logs of a block that a filter wants; which block is not asked.
pub(super) fn matching_of(record: &BlockRecord, filter: &Filter, removed: bool) -> Vec<Log> {
    if !filter.matches_bloom(record.header.logs_bloom) {
        return Vec::new();
    }
    let mut logs = objects::logs(record, removed);
    logs.retain(|log| {
        filter.matches_address(log.inner.address) && filter.matches_topics(log.topics())
    });
    logs
}

/// Hashes that wait in the channel. Whoever polls too rarely misses the oldest.
fn drain(entries: &mut Receiver<Arc<PooledEntry>>) -> Vec<B256> {
    let mut hashes = Vec::new();
    loop {
        match entries.try_recv() {
            Ok(entry) => hashes.push(entry.hash),
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return hashes,
        }
    }
}

/// Follows the head without losing a block, however rarely it is asked.
#[derive(Debug)]
pub(super) struct Follower {
    events: Receiver<HeadEvent>,
    /// Height and hash of the block up to which events were handed out.
    last: (Height, B256),
    /// Blocks that had been taken back before, at least.
    unwound: u64,
}

impl Follower {
    pub(super) fn new(chain: &Chain) -> Result<Self, RpcError> {
        // Subscribed first: a block made in between is seen twice rather than never, and told apart below.
        let (unwound, events) = (chain.unwound(), chain.heads());
        Ok(Self { events, last: head(&chain.view()?), unwound })
    }

    /// Events since the last call, in order.
    fn events(&mut self, chain: &Chain) -> Result<Vec<HeadEvent>, RpcError> {
        let (mut events, unwound) = (Vec::new(), chain.unwound());
        loop {
            match self.events.try_recv() {
                Ok(event) if self.follows(&event) || self.begins(&event, chain)? => {
                    events.push(event);
                }
                Ok(_) => {}
                Err(TryRecvError::Lagged(_)) => return self.catch_up(chain),
                Err(TryRecvError::Empty | TryRecvError::Closed) => {
                    self.unwound = unwound;
                    return Ok(events);
                }
            }
        }
    }

    /// Waits for the next events; `None` when the chain has ended.
    pub(super) async fn wait(&mut self, chain: &Chain) -> Result<Option<Vec<HeadEvent>>, RpcError> {
        let unwound = chain.unwound();
        let events = match self.events.recv().await {
            Ok(event) if self.follows(&event) || self.begins(&event, chain)? => vec![event],
            Ok(_) => Vec::new(),
            Err(RecvError::Lagged(_)) => self.catch_up(chain)?,
            Err(RecvError::Closed) => return Ok(None),
        };
        if self.events.is_empty() {
            self.unwound = self.unwound.max(unwound);
        }
        Ok(Some(events))
    }

    /// Whether an event continues what was seen; if so it is the last one now.
    fn follows(&mut self, event: &HeadEvent) -> bool {
        let (is_next, now) = match event {
            HeadEvent::Added(record) => {
                (record.header.parent_hash == self.last.1, (record.height(), record.hash()))
            }
            HeadEvent::Removed(record) => (
                record.hash() == self.last.1,
                (Height(record.header.number.saturating_sub(1)), record.header.parent_hash),
            ),
        };
        if is_next {
            self.last = now;
        }
        is_next
    }

    /// Whether an event is the first of another chain, which took the place of the one that was
    /// followed; if so it is followed now.
    fn begins(&mut self, event: &HeadEvent, chain: &Chain) -> Result<bool, RpcError> {
        let HeadEvent::Added(record) = event else { return Ok(false) };
        let is_lost = chain.view()?.height_of(self.last.1)?.is_none();
        if is_lost {
            self.last = (record.height(), record.hash());
        }
        Ok(is_lost)
    }

    /// Reads the blocks themselves, after so many events that the channel dropped some.
    fn catch_up(&mut self, chain: &Chain) -> Result<Vec<HeadEvent>, RpcError> {
        let before = std::mem::replace(&mut self.unwound, chain.unwound());
        self.events = chain.heads();
        let view = chain.view()?;
        let (height, hash) = self.last;
        let is_kept = view.height_of(hash)?.is_some();
        self.last = head(&view);
        // What a reorganisation took back is no longer known; what came in its place is.
        let first = match chain.lowest_unwound_after(before) {
            _ if is_kept => height.0.saturating_add(1),
            Some(lowest) => lowest.0,
            None => height.min(self.last.0).0,
        };
        let mut events = Vec::new();
        for height in first..=self.last.0.0 {
            if let Some(record) = view.block(Height(height))? {
                events.push(HeadEvent::Added(Arc::new(record)));
            }
        }
        Ok(events)
    }
}

fn head(view: &ChainView) -> (Height, B256) {
    (Height(view.head().number), view.head().hash())
}
