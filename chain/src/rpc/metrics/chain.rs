//! Counts blocks as they come, and reads the chain's other figures when they are asked for.

use crate::{
    engine::{Chain, HeadEvent},
    execution::BlockRecord,
};
use alloy_consensus::BlockHeader;
use parking_lot::Mutex;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use utnet_db::layered::disk_bytes;
use utnet_primitives::{Height, Sidecar};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfProducer {
    by: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTable {
    table: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    state: &'static str,
}

/// What is counted about blocks.
#[derive(Debug, Default)]
pub(in crate::rpc) struct ChainCounts {
    blocks: Counter,
    transactions: Counter,
    gas: Counter,
    removed: Counter,
    producers: Family<OfProducer, Counter>,
    round: Gauge,
    epoch: Gauge,
    height: Gauge,
    timestamp: Gauge,
    base_fee: Gauge,
    pool: Family<OfState, Gauge>,
    database_bytes: Gauge,
    entries: Family<OfTable, Gauge>,
    /// Held while the gauges are set and written out.
    pub(super) reading: Mutex<()>,
}

/// Counts blocks until the chain ends.
pub(in crate::rpc) async fn follow(counts: Arc<ChainCounts>, mut heads: Receiver<HeadEvent>) {
    loop {
        match heads.recv().await {
            Ok(HeadEvent::Added(record)) => counts.add(&record),
            Ok(HeadEvent::Removed(_)) => {
                counts.removed.inc();
            }
            // Blocks came faster than they were counted: the height tells how many there are.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

impl ChainCounts {
    fn add(&self, record: &BlockRecord) {
        self.blocks.inc();
        self.transactions.inc_by(u64::try_from(record.transactions.len()).unwrap_or(u64::MAX));
        self.gas.inc_by(record.header.gas_used());
        let sidecar = record.sidecar.as_ref().map(|bytes| Sidecar::decode(bytes));
        let by = match sidecar {
            Some(Ok(Sidecar::Drawn(drawn))) => {
                self.round.set(i64::from(drawn.round.0));
                "operator"
            }
            Some(Ok(Sidecar::Sealer(_))) => "sealer",
            Some(Err(_)) | None => return,
        };
        self.producers.get_or_create(&OfProducer { by }).inc();
    }

    /// Reads what stands in the chain and its store now.
    pub(super) fn read(&self, chain: &Chain, database: Option<&PathBuf>) {
        let pool = chain.pool_view().status();
        for (state, count) in [("pending", pool.pending), ("queued", pool.queued)] {
            self.pool.get_or_create(&OfState { state }).set(whole(count));
        }
        if let Some(bytes) = database.and_then(|folder| disk_bytes(folder).ok()) {
            self.database_bytes.set(whole(bytes));
        }
        let Ok(view) = chain.view() else { return };
        let head = view.head();
        self.height.set(whole(head.number));
        self.timestamp.set(whole(head.timestamp));
        self.base_fee.set(whole(head.base_fee_per_gas.unwrap_or_default()));
        if let Some(schedule) = &view.spec().poci {
            self.epoch.set(whole(schedule.epoch_of(Height(head.number)).0));
        }
        for (table, entries) in view.store().table_sizes().unwrap_or_default() {
            self.entries.get_or_create(&OfTable { table }).set(whole(entries));
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("blocks", "Blocks that became the head", self.blocks.clone());
        registry.register("blocks_removed", "Blocks that were taken back", self.removed.clone());
        registry.register("transactions", "Transactions in blocks", self.transactions.clone());
        registry.register("gas_used", "Gas of transactions in blocks", self.gas.clone());
        registry.register("head_height", "Height of the head", self.height.clone());
        registry.register(
            "head_timestamp",
            "Timestamp of the head, in seconds",
            self.timestamp.clone(),
        );
        registry.register("head_base_fee", "Base fee of the head, in wei", self.base_fee.clone());
        registry.register("pool_transactions", "Transactions in the pool", self.pool.clone());
        let poci = registry.sub_registry_with_prefix("poci");
        poci.register("blocks", "Blocks by who made them", self.producers.clone());
        poci.register("round", "Round of the last draw that a chip sealed", self.round.clone());
        poci.register("epoch", "Epoch of the head", self.epoch.clone());
        let database = registry.sub_registry_with_prefix("database");
        database.register(
            "file_bytes",
            "Size of the file and its journal; none in memory",
            self.database_bytes.clone(),
        );
        database.register("entries", "Entries of a table", self.entries.clone());
    }
}

/// A gauge's value; what is above its range stays at the end of it.
fn whole(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}
