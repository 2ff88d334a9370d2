//! Makes blocks of what is ready, at once, and again when they could not be made: nobody may ask meanwhile.

use super::{api::EngineError, blocks::Contents, worker::Engine};
use std::time::Duration;
use tracing::debug;

/// What is ready in the pool after a block was tried.
enum Ready {
    Nothing,
    Less,
    AsMuch,
}

impl Engine {
    /// Makes blocks until no ready transaction is left, or none fits any block: then it tries again later.
    pub(super) fn mine_ready(&mut self) {
        loop {
            let began = self.clock.now();
            match self.mine_some() {
                Ok(Ready::Less) => self.retry.over(),
                Ok(Ready::Nothing) => return self.retry.over(),
                Ok(Ready::AsMuch) => {
                    debug!("ready transactions fit no block for now");
                    return self.retry_later(began);
                }
                Err(fault) => {
                    self.retry_after(&fault, began);
                    return self.report(&fault);
                }
            }
        }
    }

    /// Makes a block if a transaction is ready for it.
    fn mine_some(&mut self) -> Result<Ready, EngineError> {
        if !self.has_ready()? {
            return Ok(Ready::Nothing);
        }
        let waiting = self.shared.pool.read().len();
        self.make_block(Contents::Some)?;
        let left = self.shared.pool.read().len();
        Ok(if left == waiting { Ready::AsMuch } else { Ready::Less })
    }

    /// Finds when to try again: when the chain's time says so, or soon.
    fn retry_after(&mut self, fault: &EngineError, began: Duration) {
        let known = if let EngineError::Poci(fault) = fault { fault.retry_at() } else { None };
        if let Some(retry_at) = known {
            let at = self.settings.time.wall_at(retry_at);
            self.retry.not_before(Duration::from_secs(at.0), self.clock.now());
        } else {
            self.retry_later(began);
        }
    }

    fn retry_later(&mut self, began: Duration) {
        let now = self.clock.now();
        self.retry.later(now.saturating_sub(began), now);
    }

    /// Whether the next block could take a transaction.
    fn has_ready(&self) -> Result<bool, EngineError> {
        let pool = self.shared.pool.read();
        if pool.len() == 0 {
            return Ok(false);
        }
        Ok(pool.has_ready(self.base_fee(&self.view()?)))
    }
}
