//! Brings posted batches to their end: learns their ids, fetches their bonds back.

use super::{Agent, AgentError, now, worst};
use crate::{
    decide::batches::{Seen, Step, next_step},
    records::{BatchRecord, PostedRecord},
};
use std::collections::BTreeSet;
use utnet_bindings::ResultRollup::{batchOfCall, finaliseCall, isFinalCall};
use utnet_client::{BlockRef, Chain, Intent};
use utnet_primitives::BatchId;

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_batches(&self, head: &BlockRef) -> Result<(), AgentError> {
        let open = self.parts.notebook.all::<BatchRecord>()?.into_iter();
        let mut tried = Vec::new();
        for batch in open.filter(|batch| batch.closed_at.is_none()) {
            tried.push(match batch.id {
                Some(id) => self.attend_batch(batch, id, head).await,
                None => self.learn_id(batch),
            });
        }
        worst(tried)
    }

    /// The id comes with the event; until then the posting is kept alive.
    fn learn_id(&self, batch: BatchRecord) -> Result<(), AgentError> {
        let operator = self.parts.home.operator;
        let posted = self.parts.notebook.all::<PostedRecord>()?;
        // The same leaves may be posted again, under the same root.
        let named: BTreeSet<_> =
            self.parts.notebook.all::<BatchRecord>()?.iter().filter_map(|it| it.id).collect();
        let is_own = |known: &&PostedRecord| {
            known.poster == operator && known.root == batch.root && !named.contains(&known.id)
        };
        let own = posted.iter().find(is_own);
        match own {
            Some(known) => {
                tracing::info!(batch = %known.id, number = batch.number, "batch posted");
                let id = Some(known.id);
                Ok(self.parts.notebook.put(&BatchRecord { id, ..batch })?)
            }
            None => self.send(&[b"post", &batch.number.to_be_bytes()], &self.posting(&batch)),
        }
    }

    async fn attend_batch(
        &self,
        batch: BatchRecord,
        id: BatchId,
        head: &BlockRef,
    ) -> Result<(), AgentError> {
        let rollup = self.parts.home.rollup;
        let seen = Seen {
            is_final: self.view(rollup, &isFinalCall { batch: id.0 }).await?,
            is_bond_returned: self.view(rollup, &batchOfCall { batch: id.0 }).await?.isBondReturned,
        };
        match next_step(&seen) {
            Step::Wait => Ok(()),
            Step::Finalise => {
                let intent = Intent::call(rollup, &finaliseCall { batch: id.0 });
                self.send(&[b"finalise", id.0.as_slice()], &intent)
            }
            Step::Close => {
                let closed_at = Some(now(head));
                Ok(self.parts.notebook.put(&BatchRecord { closed_at, ..batch })?)
            }
        }
    }
}
