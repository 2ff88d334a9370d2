//! Serves a batch in order, but what stands together in it and sends transactions as one: senders
//! are recovered on all cores, and the pool gets them in one piece, so that they share a block.

use super::{Context, args::Args, error::RpcError, eth::send::decode};
use crate::engine::api::{EngineError, Submission};
use alloy_primitives::{Bytes, TxHash};
use jsonrpsee::{
    core::server::BatchResponseBuilder,
    server::{
        MethodResponse, ResponsePayload,
        middleware::rpc::{Batch, BatchEntry, Request, RpcServiceT},
    },
    types::{ErrorObjectOwned, Id, Params},
};
use rayon::prelude::*;
use std::sync::Arc;

/// The method whose calls are gathered.
const SEND: &str = "eth_sendRawTransaction";

/// Calls that stand together in a batch and send transactions: id and parameters as text.
#[derive(Debug, Default)]
pub(super) struct Sends(Vec<(Id<'static>, String)>);

impl Sends {
    /// Takes a call in if it sends a transaction, else gives it back.
    pub(super) fn take<'a>(
        &mut self,
        context: &Context,
        request: Request<'a>,
    ) -> Option<Request<'a>> {
        if request.method != SEND || !context.serves(SEND) {
            return Some(request);
        }
        let params = request.params.map_or_else(String::new, |params| params.get().to_owned());
        self.0.push((request.id.into_owned(), params));
        None
    }

    /// Sends what was gathered and writes the answers, in order.
    ///
    /// # Errors
    /// The answer to the whole batch, when its answers are too long.
    pub(super) async fn flush(
        &mut self,
        context: &Arc<Context>,
        answers: &mut BatchResponseBuilder,
        limit: usize,
    ) -> Result<(), MethodResponse> {
        if self.0.is_empty() {
            return Ok(());
        }
        let (ids, params): (Vec<_>, Vec<_>) = std::mem::take(&mut self.0).into_iter().unzip();
        let calls: Vec<_> = ids.iter().map(|_| context.metrics.begin(SEND)).collect();
        context.delay(SEND).await;
        let sent = match send(context, params).await {
            Ok(sent) => sent,
            Err(fault) => vec![Err(fault.into()); ids.len()],
        };
        for ((id, result), call) in ids.into_iter().zip(sent).zip(calls) {
            call.end(result.as_ref().err().map(ErrorObjectOwned::code));
            answers.append(match result {
                Ok(hash) => MethodResponse::response(id, ResponsePayload::success(hash), limit),
                Err(refused) => MethodResponse::error(id, refused),
            })?;
        }
        Ok(())
    }
}

/// Sends transactions, given the text of each call's parameters; one result a call.
async fn send(context: &Context, params: Vec<String>) -> Result<Vec<Sent>, RpcError> {
    let decoded: Vec<Result<Submission, RpcError>> =
        tokio::task::spawn_blocking(move || params.par_iter().map(|text| read(text)).collect())
            .await?;
    let mut submissions = Vec::with_capacity(decoded.len());
    let refused: Vec<Option<RpcError>> = decoded
        .into_iter()
        .map(|one| one.map(|submission| submissions.push(submission)).err())
        .collect();
    let mut admitted = context.chain.submit_all(submissions).await?.into_iter();
    let mut next = || admitted.next().unwrap_or(Err(EngineError::Stopped)).map_err(RpcError::from);
    let results = refused.into_iter().map(|refused| refused.map_or_else(&mut next, Err));
    Ok(results.map(|result| result.map_err(ErrorObjectOwned::from)).collect())
}

/// What became of one transaction.
type Sent = Result<TxHash, ErrorObjectOwned>;

fn read(params: &str) -> Result<Submission, RpcError> {
    decode(&Args::new(&Params::new(Some(params)))?.take::<Bytes>("transaction")?)
}

/// Answers a batch entry by entry through a service, but what stands together and sends as one. `limit` is
/// how many bytes the answer may have, inclusive.
pub(super) async fn serve<S>(
    service: &S,
    entries: Batch<'_>,
    context: &Arc<Context>,
    limit: usize,
) -> MethodResponse
where
    S: RpcServiceT<MethodResponse = MethodResponse, NotificationResponse = MethodResponse> + Sync,
{
    answer_all(service, entries, context, limit).await.unwrap_or_else(|too_long| too_long)
}

async fn answer_all<S>(
    service: &S,
    entries: Batch<'_>,
    context: &Arc<Context>,
    limit: usize,
) -> Result<MethodResponse, MethodResponse>
where
    S: RpcServiceT<MethodResponse = MethodResponse, NotificationResponse = MethodResponse> + Sync,
{
    let mut answers = BatchResponseBuilder::new_with_limit(limit);
    let (mut sends, mut is_notified) = (Sends::default(), false);
    for entry in entries {
        match entry {
            Ok(BatchEntry::Call(request)) => {
                let Some(request) = sends.take(context, request) else { continue };
                sends.flush(context, &mut answers, limit).await?;
                answers.append(service.call(request).await)?;
            }
            Ok(BatchEntry::Notification(notification)) => {
                is_notified = true;
                service.notification(notification).await;
            }
            Err(broken) => {
                sends.flush(context, &mut answers, limit).await?;
                let (error, id) = broken.into_parts();
                answers.append(MethodResponse::error(id, error))?;
            }
        }
    }
    sends.flush(context, &mut answers, limit).await?;
    if answers.is_empty() && is_notified {
        return Ok(MethodResponse::notification());
    }
    Ok(MethodResponse::from_batch(answers.finish()))
}
