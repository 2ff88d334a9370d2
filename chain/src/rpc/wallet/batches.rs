//! Remembers the batches that were sent, the oldest forgotten first.

use super::{code, refusal};
use crate::rpc::error::RpcError;
use alloy_primitives::B256;
use std::collections::{BTreeMap, VecDeque};

/// Batches that are remembered.
const KEPT: usize = 4_096;
/// Longest id that a caller may choose, in bytes (EIP-5792).
const LONGEST_ID: usize = 4_096;

/// What is known of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    /// Its transactions, in order.
    pub(super) hashes: Vec<B256>,
    /// Why the rest was not sent.
    pub(super) stopped: Option<String>,
}

/// The batches of this run.
#[derive(Debug, Default)]
pub(in crate::rpc) struct Batches {
    by_id: BTreeMap<String, Batch>,
    order: VecDeque<String>,
}

impl Batches {
    /// Begins a batch under the id that the caller chose, or a new one.
    pub(super) fn open(&mut self, id: Option<String>) -> Result<String, RpcError> {
        let id = id.unwrap_or_else(|| B256::random().to_string());
        if id.len() > LONGEST_ID {
            return Err(RpcError::Unfit("the id is longer than 4096 bytes"));
        }
        if self.by_id.contains_key(&id) {
            return Err(refusal(code::DUPLICATE_ID, "a batch of this id was sent already"));
        }
        self.by_id.insert(id.clone(), Batch::default());
        self.order.push_back(id.clone());
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        Ok(id)
    }

    /// Notes that a call was sent.
    pub(super) fn add(&mut self, id: &str, hash: B256) {
        if let Some(batch) = self.by_id.get_mut(id) {
            batch.hashes.push(hash);
        }
    }

    /// Notes that the rest could not be sent. If nothing was, there is no batch, but the reason.
    pub(super) fn stop(&mut self, id: &str, reason: RpcError) -> Result<(), RpcError> {
        match self.by_id.get_mut(id) {
            Some(batch) if !batch.hashes.is_empty() => {
                batch.stopped = Some(reason.to_string());
                Ok(())
            }
            _ => {
                self.by_id.remove(id);
                self.order.retain(|other| other != id);
                Err(reason)
            }
        }
    }

    /// A batch.
    pub(super) fn find(&self, id: &str) -> Result<Batch, RpcError> {
        let unknown = || refusal(code::UNKNOWN_ID, "no batch of this id was sent");
        self.by_id.get(id).cloned().ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_once() {
        let mut batches = Batches::default();
        assert_eq!(batches.open(Some("a".into())).unwrap(), "a");
        assert!(batches.open(Some("a".into())).is_err());
        assert!(batches.find("b").is_err());
    }

    #[test]
    fn a_batch_whose_first_call_fails_was_never_there() {
        let mut batches = Batches::default();
        batches.open(Some("a".into())).unwrap();
        assert!(batches.stop("a", RpcError::NoSender).is_err());
        assert!(batches.find("a").is_err());
        batches.open(Some("a".into())).unwrap();
    }

    #[test]
    fn the_oldest_batch_is_forgotten_first() {
        let mut batches = Batches::default();
        for number in 0..=KEPT {
            batches.open(Some(number.to_string())).unwrap();
        }
        assert!(batches.find("0").is_err());
        assert!(batches.find("1").is_ok());
    }
}
