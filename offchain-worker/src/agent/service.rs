//! Brings suspended chips back: off the line with everybody's knowledge, then onto it again with a fresh signature.

use super::{
    Agent, AgentError,
    availability::{ProofError, chips_at_hand},
};
use crate::decide::service::{Standing, returns};
use alloy_primitives::B256;
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
        self.enlist().await?;
        self.looked = Some(epoch);
        Ok(())
    }

    fn leave_line(
        &self,
        epoch: Epoch,
        chips: &[ChipId],
        at_hand: &BTreeMap<ChipId, SoftwareChip>,
    ) -> Result<(), AgentError> {
        for part in chips.chunks(SUSPENDED_AT_ONCE) {
            tracing::warn!(%epoch, chips = part.len(), "missed too many epochs: leaving the line");
            let ids: Vec<B256> = part.iter().map(|id| id.0).collect();
            let first = ids.first().copied().unwrap_or_default();
            let words: [&[u8]; 3] = [b"overdue", first.as_slice(), &epoch.0.to_be_bytes()];
            let keys = part.iter().filter_map(|id| at_hand.get(id)).flat_map(|chip| chip.bls_key());
            let call = suspendSilentCall { chips: ids, blsKeys: keys.collect::<Vec<u8>>().into() };
            self.send(&words, &Intent::call(self.parts.home.registry, &call))?;
        }
        Ok(())
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
