//! Brings suspended chips back: off the line with everybody's knowledge, then onto it again with a fresh signature.

use super::{
    Agent, AgentError,
    availability::{ProofError, chips_at_hand},
};
use crate::{
    decide::service::{Standing, returns},
    records::KeyRecord,
};
use alloy_primitives::{B256, Bytes};
use std::collections::BTreeMap;
use utnet_bindings::{
    PociRegistry::{
        ChipSignature, chipOfCall, chipsOfCall, currentEpochCall, resumeCall, stateOfCall,
        suspendSilentCall,
    },
    states::ChipState,
};
use utnet_client::{Chain, Intent};
use utnet_primitives::{ChipId, Epoch};
use utnet_se::{SecurityEngine, SoftwareChip};

/// Chips in one `suspendSilent`: about 60,000 gas each, far below what a transaction may use.
const SUSPENDED_AT_ONCE: usize = 64;

/// Such transactions in one epoch; the rest waits for the next.
const BATCHES_AT_ONCE: usize = 8;

impl<C: Chain> Agent<C> {
    /// Looks once in each epoch for chips that missed too many.
    pub(super) async fn attend_service(&mut self) -> Result<(), AgentError> {
        let Some(folder) = self.parts.choices.chips.clone() else { return Ok(()) };
        let registry = self.parts.home.registry;
        let epoch = Epoch(self.view(registry, &currentEpochCall {}).await?);
        if self.looked == Some(epoch) {
            return Ok(());
        }
        let at_hand = chips_at_hand(&folder)?;
        let mut standings = Vec::new();
        let operator = self.parts.home.operator;
        for id in self.view(registry, &chipsOfCall { operator }).await? {
            let chip = ChipId(id);
            let stored = self.view(registry, &chipOfCall { chip: id }).await?.state;
            let effective = self.view(registry, &stateOfCall { id }).await?;
            standings.push(Standing {
                chip,
                stored: ChipState::try_from(stored)?,
                effective: ChipState::try_from(effective)?,
                is_at_hand: at_hand.contains_key(&chip),
            });
        }
        let due = returns(&standings);
        self.leave_line(epoch, &due.suspend, &at_hand)?;
        for id in due.resume {
            let Some(chip) = at_hand.get(&id) else { continue };
            self.resume(epoch, id, chip).await?;
        }
        self.looked = Some(epoch);
        Ok(())
    }

    fn leave_line(
        &self,
        epoch: Epoch,
        chips: &[ChipId],
        at_hand: &BTreeMap<ChipId, SoftwareChip>,
    ) -> Result<(), AgentError> {
        let mut keyed = Vec::new();
        for id in chips.iter().take(SUSPENDED_AT_ONCE * BATCHES_AT_ONCE) {
            match self.key_of_chip(*id, at_hand.get(id))? {
                Some(key) => keyed.push((id.0, key)),
                None => {
                    tracing::warn!(chip = %id, "stays on the line: its registration was not seen");
                }
            }
        }
        for part in keyed.chunks(SUSPENDED_AT_ONCE) {
            tracing::warn!(%epoch, chips = part.len(), "missed too many epochs: leaving the line");
            let (ids, keys): (Vec<B256>, Vec<&[u8]>) =
                part.iter().map(|(id, key)| (*id, key.as_ref())).unzip();
            let first = ids.first().copied().unwrap_or_default();
            let words: [&[u8]; 3] = [b"overdue", first.as_slice(), &epoch.0.to_be_bytes()];
            let call = suspendSilentCall { chips: ids, blsKeys: keys.concat().into() };
            self.send(&words, &Intent::call(self.parts.home.registry, &call))?;
        }
        Ok(())
    }

    /// The BLS key of a chip: its own word, or what its registration said.
    fn key_of_chip(
        &self,
        id: ChipId,
        at_hand: Option<&SoftwareChip>,
    ) -> Result<Option<Bytes>, AgentError> {
        if let Some(chip) = at_hand {
            return Ok(Some(chip.bls_key().into()));
        }
        let known: Option<KeyRecord> = self.parts.notebook.find(id.0.as_slice())?;
        Ok(known.map(|known| known.key))
    }

    async fn resume(
        &self,
        epoch: Epoch,
        id: ChipId,
        chip: &SoftwareChip,
    ) -> Result<(), AgentError> {
        tracing::info!(%epoch, chip = %id, "back into service");
        let message = self.message(epoch).await?;
        let key = chip.identity();
        let signature = chip.sign_digest(&message.0).map_err(ProofError::from)?;
        let signed = ChipSignature { x: key.x, y: key.y, r: signature.r, s: signature.s };
        let call = resumeCall { id: id.0, signed, blsKey: chip.bls_key().into() };
        let words: [&[u8]; 3] = [b"resume", id.0.as_slice(), &epoch.0.to_be_bytes()];
        self.send(&words, &Intent::call(self.parts.home.registry, &call))
    }
}
