//! Answers within this process what a client of the Unix socket would send, so that fuzzing and tests need no
//! socket.

use super::{Host, Outbox, Peer, answer, count, frames::Frames};
use crate::rpc::{RpcLimits, RpcSetup, ServeError, prepare};
use serde_json::value::RawValue;
use std::fmt;
use tokio_util::sync::CancellationToken;

/// One client, who sends and is answered as over the Unix socket.
pub struct Desk {
    peer: Peer,
    notices: Outbox,
}

impl Desk {
    /// A client of a node that nobody else asks.
    ///
    /// # Errors
    /// [`ServeError::Table`] when the table of methods is wrong.
    pub fn new(setup: RpcSetup) -> Result<Self, ServeError> {
        let (methods, context) = prepare(setup, None)?;
        let (limits, kill) = (RpcLimits::default(), CancellationToken::new());
        let (peer, notices) = Peer::new(&Host { methods, context, limits, kill }, 1);
        Ok(Self { peer, notices })
    }

    /// Sends these bytes and hangs up: the answers to them, one after another, and what subscriptions
    /// told meanwhile.
    pub async fn ask(&mut self, sent: &[u8]) -> Vec<Box<RawValue>> {
        let mut frames = Frames::new(count(self.peer.host.limits.request_bytes));
        frames.buffer(sent.len()).extend_from_slice(sent);
        let mut answers = Vec::new();
        while let Some(frame) = frames.next() {
            answers.extend(answer(self.peer.clone(), frame).await);
            while let Ok(notice) = self.notices.try_recv() {
                answers.push(notice);
            }
        }
        answers
    }

    /// Ends all subscriptions; the chain's handles that the methods have are gone then.
    pub async fn close(self) {
        let context = &self.peer.host.context;
        context.stop.cancel();
        context.tasks.close();
        context.tasks.wait().await;
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}
