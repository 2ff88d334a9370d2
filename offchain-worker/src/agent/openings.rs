//! Opens, once its sample is drawn, what the chips signed in the epoch before.

use super::{Agent, AgentError, Fault};
use crate::{
    decide::openings::{SampleRules, Step, next_step, opening},
    notebook::remove_in,
    records::LeavesRecord,
};
use utnet_bindings::{
    Availability::{openCall, sampleDelayCall, sampleSizeCall},
    PociRegistry::{isOpenedCall, isProvenCall},
};
use utnet_client::{BlockRef, Chain, Intent, StorageError};
use utnet_primitives::{Epoch, Gas, Registry, SampleInput};

/// What 16 openings may use at most: who shows a false leaf on purpose does not wait for an estimate, which is a refusal.
const FALSE_OPENING_GAS: Gas = Gas(2_000_000);

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_openings(&self, head: &BlockRef) -> Result<(), AgentError> {
        let epochs = self.parts.notebook.keys::<LeavesRecord>()?;
        if epochs.is_empty() {
            return Ok(());
        }
        let rules = self.sample_rules().await?;
        for key in epochs {
            let Ok(epoch) = <[u8; 8]>::try_from(key.as_slice()).map(u64::from_be_bytes) else {
                continue;
            };
            match next_step(Epoch(epoch), &rules, head.number) {
                Step::Wait => {}
                Step::Open if rules.size == 0 => {}
                Step::Open => self.open(Epoch(epoch), &rules).await?,
                Step::Forget => self.forget_leaves(epoch)?,
            }
        }
        Ok(())
    }

    async fn sample_rules(&self) -> Result<SampleRules, AgentError> {
        let availability = self.parts.home.availability;
        Ok(SampleRules {
            epoch_blocks: self.parts.choices.epoch_blocks,
            delay_blocks: self.view(availability, &sampleDelayCall {}).await?,
            size: self.view(availability, &sampleSizeCall {}).await?.into(),
        })
    }

    async fn open(&self, epoch: Epoch, rules: &SampleRules) -> Result<(), AgentError> {
        let (home, fault) = (self.parts.home, self.parts.choices.fault);
        let number = epoch.0.to_be_bytes();
        let words: [&[u8]; 2] = [b"open", &number];
        if fault == Some(Fault::NoOpening) || self.is_sent(&words)? {
            return Ok(());
        }
        let (operator, epoch_number) = (home.operator, epoch.0);
        let is_proven = isProvenCall { operator, epoch: epoch_number };
        let is_opened = isOpenedCall { operator, epoch: epoch_number };
        if !self.view(home.registry, &is_proven).await?
            || self.view(home.registry, &is_opened).await?
        {
            return Ok(());
        }
        let registry = Registry { chain_id: home.chain_id, address: home.registry };
        let beacon = self.beacon_at(rules.beacon_of(epoch)).await?;
        let seed = SampleInput { registry, operator, epoch, beacon }.seed();
        let record: Option<LeavesRecord> = self.parts.notebook.find(&number)?;
        let opening = record.and_then(|record| opening(&record, operator, &seed, rules.size));
        let Some(opening) = opening else { return Ok(()) };
        tracing::info!(%epoch, leaves = opening.leaves.len(), "opening the sample");
        let intent = Intent::call(home.availability, &openCall { opening });
        let intent = match fault {
            Some(Fault::FalseLeaf) => intent.with_gas(FALSE_OPENING_GAS),
            _ => intent,
        };
        self.send(&words, &intent)
    }

    fn forget_leaves(&self, epoch: u64) -> Result<(), AgentError> {
        let number = epoch.to_be_bytes();
        let txn = self.parts.notebook.begin()?;
        self.forget_in(&txn, &[b"open", &number])?;
        remove_in::<LeavesRecord>(&txn, &number)?;
        Ok(txn.commit().map_err(StorageError::from)?)
    }
}
