//! Finds out which chip a round draws.

use super::{
    PociFault,
    registry::{Registry, Segment},
};
use crate::execution::{At, ChainView};
use utnet_primitives::{DrawInput, Height, PociSchedule, Power, Round, Seconds};

/// The draw of one height: what it reads, and the registry at the snapshot.
#[derive(Debug)]
pub(super) struct Draw<'a> {
    pub(super) schedule: &'a PociSchedule,
    pub(super) input: DrawInput,
    pub(super) total: Power,
    /// Timestamp of the parent.
    parent_time: Seconds,
    snapshot: Registry,
    parent: Registry,
}

impl<'a> Draw<'a> {
    /// The draw of the block after the head.
    pub(super) fn next(view: &'a ChainView, schedule: &'a PociSchedule) -> Result<Self, PociFault> {
        let head = view.head();
        let height = Height(head.number.saturating_add(1));
        let source = schedule.snapshot_of(schedule.epoch_of(height));
        let mut snapshot = Registry::at(view, At::After(source))?;
        Ok(Self {
            schedule,
            input: DrawInput {
                chain_id: view.spec().chain_id,
                height,
                parent_beacon: head.mix_hash,
            },
            total: snapshot.total_power()?,
            parent_time: Seconds(head.timestamp),
            snapshot,
            parent: Registry::at(view, At::After(Height(head.number)))?,
        })
    }

    /// The chip that a round draws; `None` without power.
    pub(super) fn chip(&mut self, round: Round) -> Result<Option<Segment>, PociFault> {
        match self.input.kappa(round, self.total) {
            Some(kappa) => self.snapshot.segment_at(kappa).map(Some),
            None => Ok(None),
        }
    }

    /// Whether a drawn chip still counts in the parent state.
    pub(super) fn is_active(&mut self, drawn: Segment) -> Result<bool, PociFault> {
        self.parent.is_active(drawn.chip)
    }

    /// The VRF key that an operator had in the snapshot.
    pub(super) fn vrf_key(&mut self, drawn: Segment) -> Result<Option<[u8; 33]>, PociFault> {
        self.snapshot.vrf_key(drawn.operator)
    }

    /// The first second at which a round may seal; a sole sealer need not wait.
    pub(super) const fn earliest(&self, round: Round) -> Seconds {
        if self.schedule.sole_sealer {
            return Seconds(0);
        }
        let rounds = widen(round.0);
        Seconds(
            self.parent_time.0.saturating_add(self.schedule.round_seconds.0.saturating_mul(rounds)),
        )
    }

    /// The first second at which the genesis sealer may seal.
    pub(super) const fn earliest_sealer(&self) -> Seconds {
        if self.total.0 == 0 { Seconds(0) } else { self.earliest(Round(self.schedule.max_rounds)) }
    }
}

/// Widens without a cast that could lose bits.
const fn widen(n: u32) -> u64 {
    let [a, b, c, d] = n.to_be_bytes();
    u64::from_be_bytes([0, 0, 0, 0, a, b, c, d])
}
