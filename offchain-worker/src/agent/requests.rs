//! Shows on chain what was posted, when somebody asks for it there.

use super::{Agent, AgentError, worst};
use crate::records::{BatchRecord, RequestRecord};
use alloy_primitives::U256;
use utnet_bindings::{
    ResultRollup::{ResultLeaf, batchOfCall, requestOfCall, serveDataCall},
    states::RequestState,
};
use utnet_client::{Chain, Intent};
use utnet_jobs::merkle;
use utnet_primitives::BatchId;

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_requests(&self) -> Result<(), AgentError> {
        let mut open = self.parts.notebook.all::<RequestRecord>()?;
        open.retain(|request| request.outcome.is_none());
        if open.is_empty() {
            return Ok(());
        }
        let batches = self.parts.notebook.all::<BatchRecord>()?;
        let mut tried = Vec::with_capacity(open.len());
        for request in open {
            let (batch, index) = (request.batch, request.index);
            let done = self.attend_request(request, &batches).await;
            if let Err(error) = &done {
                tracing::warn!(%batch, index, %error, "this request waits for the next look");
            }
            tried.push(done);
        }
        worst(tried)
    }

    /// One that fails must not keep the others from their deadlines.
    async fn attend_request(
        &self,
        request: RequestRecord,
        batches: &[BatchRecord],
    ) -> Result<(), AgentError> {
        let own = batches.iter().find(|batch| batch.id == Some(request.batch));
        let call = requestOfCall { batch: request.batch.0, index: U256::from(request.index) };
        let state = self.view(self.parts.home.rollup, &call).await?.state;
        match (own, RequestState::try_from(state)?) {
            (_, RequestState::None) => Ok(()),
            (Some(batch), RequestState::Open) => self.serve(&request, batch),
            // Its id may not be known yet: it comes with an event that is looked at later.
            (None, RequestState::Open) if self.is_posted_by_us(request.batch).await? => Ok(()),
            (None, RequestState::Open) => self.close_request(request, "not ours"),
            (_, RequestState::Served) => self.close_request(request, "served"),
            (_, RequestState::Lapsed) => self.close_request(request, "lapsed"),
        }
    }

    async fn is_posted_by_us(&self, batch: BatchId) -> Result<bool, AgentError> {
        let home = &self.parts.home;
        let posted = self.view(home.rollup, &batchOfCall { batch: batch.0 }).await?;
        Ok(posted.poster == home.operator)
    }

    fn serve(&self, request: &RequestRecord, batch: &BatchRecord) -> Result<(), AgentError> {
        let index = usize::try_from(request.index).unwrap_or(usize::MAX);
        let hashes: Vec<_> = batch.leaves.iter().map(merkle::Leaf::hash).collect();
        let (Some(leaf), Some(path)) = (batch.leaves.get(index), merkle::path(&hashes, index))
        else {
            return Ok(());
        };
        let call = serveDataCall {
            batch: request.batch.0,
            leaf: ResultLeaf { job: leaf.job.0, resultRoot: leaf.result_root, steps: leaf.steps },
            index: U256::from(request.index),
            path,
            manifest: self.parts.blobs.read(&leaf.result_root)?.into(),
        };
        let words: [&[u8]; 3] =
            [b"serve", request.batch.0.as_slice(), &request.index.to_be_bytes()];
        self.send(&words, &Intent::call(self.parts.home.rollup, &call))
    }

    fn close_request(&self, request: RequestRecord, outcome: &str) -> Result<(), AgentError> {
        let outcome = Some(outcome.to_owned());
        Ok(self.parts.notebook.put(&RequestRecord { outcome, ..request })?)
    }
}
