//! Makes the node misbehave, so that others can test what they do then. Off unless it is asked for.

use super::{api::EngineError, worker::Engine};
use crate::{execution::ChainView, poci::PociFault};
use parking_lot::RwLock;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use utnet_primitives::{ChipId, Seconds};

/// What goes wrong now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Chips that this node does not find, as if their folders were gone.
    pub dropped_chips: BTreeSet<ChipId>,
    /// No block is made.
    pub is_stalled: bool,
    /// The beacon, and with it the next block, comes that much after the head.
    pub beacon_delay: Seconds,
    /// How much later methods are answered; `*` stands for those that are not named.
    pub slow: BTreeMap<String, Duration>,
}

impl Faults {
    /// How much later a method is answered.
    pub fn delay_of(&self, method: &str) -> Option<Duration> {
        self.slow.get(method).or_else(|| self.slow.get("*")).copied()
    }
}

/// The faults, where everybody who has them sees them.
#[derive(Debug, Default)]
pub struct FaultBoard(RwLock<Faults>);

impl FaultBoard {
    /// What goes wrong now.
    pub fn now(&self) -> Faults {
        self.0.read().clone()
    }

    /// How much later a method is answered.
    pub fn delay_of(&self, method: &str) -> Option<Duration> {
        self.0.read().delay_of(method)
    }

    /// Changes what goes wrong.
    pub fn change(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.0.write());
    }
}

impl Engine {
    /// Lets the faults have their way before a block is made.
    pub(super) fn suffer(
        &mut self,
        view: &ChainView,
        timestamp: Seconds,
    ) -> Result<(), EngineError> {
        let faults = self.shared.faults.now();
        if faults.is_stalled {
            return Err(EngineError::Stalled);
        }
        let retry_at = Seconds(view.head().timestamp).saturating_add(faults.beacon_delay);
        if timestamp < retry_at {
            return Err(PociFault::NotOurTurn { retry_at }.into());
        }
        self.sealer.hide(faults.dropped_chips);
        Ok(())
    }
}
