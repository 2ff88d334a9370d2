//! Plans and seals blocks with the chips of this node, or as the genesis sealer.

use super::{
    Chips, PociFault,
    draw::Draw,
    seals::{Place, Seals},
};
use crate::{
    execution::{ChainView, Producer},
    genesis::ChainSpec,
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::Encodable;
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use std::{collections::BTreeSet, path::PathBuf};
use utnet_primitives::{
    ChipId, DrawnSidecar, Height, PociSchedule, Round, SealInput, SealerSidecar, Seconds, Sidecar,
};
use utnet_se::SecurityEngine;

/// The round that the genesis sealer signs.
pub(super) const SEALER_ROUND: Round = Round(u32::MAX);

/// What this node can seal with.
#[derive(Debug, Default)]
pub struct Sealer {
    chips: Chips,
    genesis_sealer: Option<PrivateKeySigner>,
    seals: Seals,
}

/// How the next block will be made: fixed before its transactions run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// PREVRANDAO of the block.
    pub beacon: B256,
    /// Beneficiary: the operator, or the genesis sealer.
    pub beneficiary: Address,
    /// Who earns; zeros for the genesis sealer.
    pub producer: Producer,
    seal: Seal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Seal {
    Drawn { round: Round, chip: ChipId, pi: [u8; 81] },
    GenesisSealer,
}

/// Whose turn a round is.
enum Turn {
    Ours(Box<Plan>),
    /// Our chip's, which has sealed another block in this place.
    Sealed,
    NotOurs,
}

impl Sealer {
    /// A sealer with chips and perhaps the genesis sealer's key.
    pub fn new(chips: Chips, genesis_sealer: Option<PrivateKeySigner>) -> Self {
        Self { chips, genesis_sealer, seals: Seals::default() }
    }

    /// Notes what chips seal in memory alone, as long as the chain is there.
    pub(crate) fn forget_at_the_end(&mut self) {
        self.seals = Seals::in_memory();
    }

    /// The blocks that were sealed are written.
    pub(crate) fn written(&mut self) {
        self.seals.written();
    }

    /// How many seals of blocks that are not written yet are noted.
    pub(crate) fn unwritten(&self) -> usize {
        self.seals.unwritten()
    }

    /// The blocks that were sealed since the last that were written are nobody's, but for those of the first `kept` notes.
    pub(crate) fn take_back(&mut self, kept: usize) {
        self.seals.take_back(kept);
    }

    /// Lets the chips seal anew what is above a height, as if they had not.
    pub(crate) fn unwind(&mut self, genesis: B256, height: Height) {
        self.seals.unwind(self.chips.chips().map(|chip| Place::new(chip, genesis)), height);
    }

    /// Files of chips that may have sealed anything up to a height above this one, and that height.
    pub(crate) fn asleep(&self, genesis: B256, height: Height) -> Vec<(PathBuf, Height)> {
        self.seals.asleep(self.chips.chips().map(|chip| Place::new(chip, genesis)), height)
    }

    /// Does not find some chips any more, though they are here.
    pub(crate) fn hide(&mut self, chips: BTreeSet<ChipId>) {
        self.chips.hide(chips);
    }

    /// How many chips are here.
    pub fn chips(&self) -> usize {
        self.chips.len()
    }

    /// Plans the block after the head: the first round whose chip is here, else the genesis sealer.
    ///
    /// # Errors
    /// [`PociFault::NotOurTurn`] while later rounds may still be ours, [`PociFault::NoKey`] if this
    /// node can never seal this block, [`PociFault::SealedBefore`] if it may not a second time.
    pub fn plan(
        &mut self,
        view: &ChainView,
        schedule: &PociSchedule,
        timestamp: Seconds,
    ) -> Result<Plan, PociFault> {
        self.chips.refresh();
        let mut draw = Draw::next(view, schedule)?;
        let mut has_sealed = false;
        // Without power nobody is drawn, and nobody is waited for.
        let rounds = if draw.total.0 == 0 { 0 } else { schedule.max_rounds };
        for round in (0..rounds).map(Round) {
            let retry_at = draw.earliest(round);
            if timestamp < retry_at {
                return Err(PociFault::NotOurTurn { retry_at });
            }
            match self.plan_round(view, &mut draw, round)? {
                Turn::Ours(plan) => return Ok(*plan),
                Turn::Sealed => has_sealed = true,
                Turn::NotOurs => {}
            }
        }
        let retry_at = draw.earliest_sealer();
        if timestamp < retry_at {
            return Err(PociFault::NotOurTurn { retry_at });
        }
        match &self.genesis_sealer {
            Some(signer) if signer.address() == schedule.sealer => Ok(Plan {
                beacon: draw.input.sealer_beacon(),
                beneficiary: schedule.sealer,
                producer: Producer::default(),
                seal: Seal::GenesisSealer,
            }),
            _ if has_sealed => Err(PociFault::SealedBefore { height: draw.input.height }),
            _ => Err(PociFault::NoKey),
        }
    }

    /// A round's plan; not ours if its chip or its operator's VRF key is not here, or counts no more.
    fn plan_round(
        &self,
        view: &ChainView,
        draw: &mut Draw<'_>,
        round: Round,
    ) -> Result<Turn, PociFault> {
        let Some(drawn) = draw.chip(round)? else { return Ok(Turn::NotOurs) };
        let Some(chip) = self.chips.find(drawn.chip) else { return Ok(Turn::NotOurs) };
        if !draw.is_active(drawn)? {
            return Ok(Turn::NotOurs);
        }
        let key = draw.vrf_key(drawn)?;
        let Some(prover) = key.and_then(|key| self.chips.find_vrf(&key)) else {
            return Ok(Turn::NotOurs);
        };
        let place = Place::new(chip, view.spec().header.hash());
        if self.seals.holds(&place, (draw.input.height, view.head().hash()))? {
            return Ok(Turn::Sealed);
        }
        let proof = prover.vrf_prove(&draw.input.alpha())?;
        Ok(Turn::Ours(Box::new(Plan {
            beacon: proof.beta.into(),
            beneficiary: drawn.operator,
            producer: Producer { operator: drawn.operator, chip: drawn.chip },
            seal: Seal::Drawn { round, chip: drawn.chip, pi: proof.pi },
        })))
    }

    /// Notes that it is sealed, signs a finished header, and puts the commitment into its extra data; returns the sidecar.
    ///
    /// # Errors
    /// [`PociFault::NoKey`] if the chip went since the plan, [`PociFault::Chip`] if it does not
    /// sign, [`PociFault::SealNotes`] if that cannot be noted.
    pub fn seal(
        &mut self,
        plan: &Plan,
        spec: &ChainSpec,
        header: &mut Header,
    ) -> Result<Bytes, PociFault> {
        header.extra_data = Bytes::new();
        let chain_id = spec.chain_id;
        let header_rlp = bare_rlp(header);
        let sidecar = match &plan.seal {
            Seal::Drawn { round, chip, pi } => {
                let held = self.chips.find(*chip).ok_or(PociFault::NoKey)?;
                let place = Place::new(held, spec.header.hash());
                self.seals.note(place, (Height(header.number), header.parent_hash))?;
                let seal =
                    SealInput { chain_id, round: *round, proof: pi, header_rlp: &header_rlp };
                let signature = held.sign_digest(&seal.digest().0)?;
                let identity = held.identity();
                Sidecar::Drawn(DrawnSidecar {
                    round: *round,
                    x: identity.x,
                    y: identity.y,
                    pi: *pi,
                    r: signature.r,
                    s: signature.s,
                })
            }
            Seal::GenesisSealer => {
                let signer = self.genesis_sealer.as_ref().ok_or(PociFault::NoKey)?;
                let seal = SealInput {
                    chain_id,
                    round: SEALER_ROUND,
                    proof: &[],
                    header_rlp: &header_rlp,
                };
                let signature = signer
                    .sign_hash_sync(&seal.digest())
                    .map_err(|_local_keys_do_not_fail| PociFault::NoKey)?;
                let mut bytes = signature.as_rsy();
                // The sidecar holds the bare parity.
                bytes[64] = u8::from(signature.v());
                Sidecar::Sealer(SealerSidecar { signature: bytes })
            }
        };
        header.extra_data = sidecar.commitment().into();
        Ok(sidecar.encode())
    }
}

/// RLP of a header with empty extra data: what seals sign.
pub(super) fn bare_rlp(header: &Header) -> Vec<u8> {
    let mut bare = header.clone();
    bare.extra_data = Bytes::new();
    let mut bytes = Vec::with_capacity(bare.length());
    bare.encode(&mut bytes);
    bytes
}
