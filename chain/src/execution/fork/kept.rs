//! Keeps what was asked for, so that it is asked for once: in a file, or in memory without one.

use super::{
    cache::CacheFile,
    upstream::{Call, ForkError, Upstream},
};
use alloy_primitives::B256;
use parking_lot::{Mutex, RwLock};
use serde_json::value::RawValue;
use std::{collections::HashMap, sync::Arc};

/// A node of the other chain with what it has answered so far.
#[derive(Debug)]
pub(super) struct Kept {
    upstream: Box<dyn Upstream>,
    memory: RwLock<HashMap<B256, Arc<RawValue>>>,
    file: Option<Mutex<CacheFile>>,
}

impl Kept {
    pub(super) fn new(upstream: Box<dyn Upstream>, file: Option<CacheFile>) -> Self {
        Self { upstream, memory: RwLock::default(), file: file.map(Mutex::new) }
    }

    pub(super) fn upstream(&self) -> &dyn Upstream {
        &*self.upstream
    }

    /// Answers all of the calls, what is not known yet with one request.
    pub(super) fn ask(&self, calls: &[Call]) -> Result<Vec<Arc<RawValue>>, ForkError> {
        let mut answers: Vec<_> = calls.iter().map(|call| self.find(call)).collect();
        let open: Vec<_> = (0..calls.len()).filter(|index| answers[*index].is_none()).collect();
        if !open.is_empty() {
            let missing: Vec<_> = open.iter().map(|index| calls[*index].clone()).collect();
            let given = self.upstream.ask(&missing)?;
            for ((index, call), answer) in open.into_iter().zip(&missing).zip(given) {
                answers[index] = Some(self.keep(call, answer?));
            }
        }
        answers.into_iter().collect::<Option<_>>().ok_or(ForkError::Unpaired)
    }

    /// Answers one call.
    pub(super) fn one(&self, call: Call) -> Result<Arc<RawValue>, ForkError> {
        self.ask(&[call])?.pop().ok_or(ForkError::Unpaired)
    }

    fn find(&self, call: &Call) -> Option<Arc<RawValue>> {
        if !call.is_kept {
            return None;
        }
        let key = call.key();
        if let Some(known) = self.memory.read().get(&key) {
            return Some(Arc::clone(known));
        }
        let text = self.file.as_ref()?.lock().find(key)?;
        RawValue::from_string(text).ok().map(Arc::from)
    }

    fn keep(&self, call: &Call, answer: Box<RawValue>) -> Arc<RawValue> {
        let answer: Arc<RawValue> = answer.into();
        if !call.is_kept || answer.get() == "null" {
            return answer;
        }
        let key = call.key();
        let is_written =
            self.file.as_ref().is_some_and(|file| file.lock().append(key, answer.get()));
        if !is_written {
            self.memory.write().insert(key, Arc::clone(&answer));
        }
        answer
    }
}
