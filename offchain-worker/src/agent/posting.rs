//! Posts results in batches.

use super::{Agent, AgentError, jobs::computed, now};
use crate::{
    decide::batches::{LARGEST, Queue, is_due},
    notebook::put_in,
    records::{BatchRecord, Computed, JobProgress, JobRecord},
};
use alloy_primitives::U256;
use utnet_bindings::ResultRollup::{postBondCall, postRootCall};
use utnet_client::{BlockRef, Chain, Intent, StorageError};
use utnet_jobs::merkle;
use utnet_primitives::Seconds;

impl<C: Chain> Agent<C> {
    /// Posts what is ready, in one transaction with the note of who is in it.
    pub(super) async fn post_batch(
        &self,
        mut ready: Vec<JobRecord>,
        coming: usize,
        head: &BlockRef,
    ) -> Result<(), AgentError> {
        let oldest = self.note_ready(&mut ready, now(head))?;
        if !is_due(&Queue { ready: ready.len(), coming, oldest, now: now(head) }) {
            return Ok(());
        }
        ready.truncate(LARGEST);
        let leaves: Vec<_> = ready.iter().filter_map(computed).map(|done| done.leaf).collect();
        let hashes: Vec<_> = leaves.iter().map(merkle::Leaf::hash).collect();
        let Some(root) = merkle::root(&hashes) else { return Ok(()) };
        let bond = self.view(self.parts.home.rollup, &postBondCall {}).await?;
        let last = self.parts.notebook.all::<BatchRecord>()?.pop();
        let number = last.map_or(0, |last| last.number.saturating_add(1));
        let batch = BatchRecord {
            number,
            leaves,
            root,
            pointer: self.parts.choices.pointer(),
            bond: U256::from(bond),
            id: None,
            closed_at: None,
        };
        let txn = self.parts.notebook.begin()?;
        for record in ready {
            let Some(done) = computed(&record) else { continue };
            let progress = JobProgress::Computed(Computed { batch: Some(number), ..done });
            put_in(&txn, &JobRecord { progress, ..record })?;
        }
        put_in(&txn, &batch)?;
        self.send_in(&txn, &[b"post", &number.to_be_bytes()], &self.posting(&batch))?;
        txn.commit().map_err(StorageError::from)?;
        self.parts.outbox.wake();
        tracing::info!(number, root = %batch.root, leaves = batch.leaves.len(), "batch made");
        Ok(())
    }

    /// The transaction that posts a batch.
    pub(super) fn posting(&self, batch: &BatchRecord) -> Intent {
        let call = postRootCall {
            root: batch.root,
            leaves: u32::try_from(batch.leaves.len()).unwrap_or(u32::MAX),
            dataPointer: batch.pointer.clone(),
        };
        Intent::call(self.parts.home.rollup, &call).with_value(batch.bond)
    }

    /// Notes since when each result waits; says since when the oldest does.
    fn note_ready(&self, ready: &mut [JobRecord], now: Seconds) -> Result<Seconds, AgentError> {
        let mut oldest = now;
        for record in ready {
            let Some(done) = computed(record) else { continue };
            let since = done.ready_at.unwrap_or(now);
            oldest = oldest.min(since);
            if done.ready_at.is_none() {
                let ready_at = Some(now);
                record.progress = JobProgress::Computed(Computed { ready_at, ..done });
                self.parts.notebook.put(record)?;
            }
        }
        Ok(oldest)
    }
}
