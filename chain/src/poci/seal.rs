//! Plans and seals blocks with the chips of this node, or as the genesis sealer.

use super::{Chips, PociFault, draw::Draw};
use crate::execution::{ChainView, Producer};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::Encodable;
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use std::collections::BTreeSet;
use utnet_primitives::{
    ChipId, DrawnSidecar, PociSchedule, Round, SealInput, SealerSidecar, Seconds, Sidecar,
};
use utnet_se::SecurityEngine;

/// The round that the genesis sealer signs.
pub(super) const SEALER_ROUND: Round = Round(u32::MAX);

/// What this node can seal with.
#[derive(Debug, Default)]
pub struct Sealer {
    chips: Chips,
    genesis_sealer: Option<PrivateKeySigner>,
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

impl Sealer {
    /// A sealer with chips and perhaps the genesis sealer's key.
    pub const fn new(chips: Chips, genesis_sealer: Option<PrivateKeySigner>) -> Self {
        Self { chips, genesis_sealer }
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
    /// node can never seal this block.
    pub fn plan(
        &mut self,
        view: &ChainView,
        schedule: &PociSchedule,
        timestamp: Seconds,
    ) -> Result<Plan, PociFault> {
        self.chips.refresh();
        let mut draw = Draw::next(view, schedule)?;
        for round in (0..schedule.max_rounds).map(Round) {
            let retry_at = draw.earliest(round);
            if timestamp < retry_at {
                return Err(PociFault::NotOurTurn { retry_at });
            }
            if let Some(plan) = self.plan_round(&mut draw, round)? {
                return Ok(plan);
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
            _ => Err(PociFault::NoKey),
        }
    }

    /// A round's plan; `None` if its chip or its operator's VRF key is not here, or counts no more.
    fn plan_round(&self, draw: &mut Draw<'_>, round: Round) -> Result<Option<Plan>, PociFault> {
        let Some(drawn) = draw.chip(round)? else { return Ok(None) };
        if self.chips.find(drawn.chip).is_none() || !draw.is_active(drawn)? {
            return Ok(None);
        }
        let key = draw.vrf_key(drawn)?;
        let Some(prover) = key.and_then(|key| self.chips.find_vrf(&key)) else {
            return Ok(None);
        };
        let proof = prover.vrf_prove(&draw.input.alpha())?;
        Ok(Some(Plan {
            beacon: proof.beta.into(),
            beneficiary: drawn.operator,
            producer: Producer { operator: drawn.operator, chip: drawn.chip },
            seal: Seal::Drawn { round, chip: drawn.chip, pi: proof.pi },
        }))
    }

    /// Signs a finished header and puts the commitment into its extra data; returns the sidecar.
    ///
    /// # Errors
    /// [`PociFault::NoKey`] if the chip went since the plan, [`PociFault::Chip`] if it does not
    /// sign.
    pub fn seal(
        &self,
        plan: &Plan,
        chain_id: u64,
        header: &mut Header,
    ) -> Result<Bytes, PociFault> {
        header.extra_data = Bytes::new();
        let header_rlp = bare_rlp(header);
        let sidecar = match &plan.seal {
            Seal::Drawn { round, chip, pi } => {
                let held = self.chips.find(*chip).ok_or(PociFault::NoKey)?;
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
