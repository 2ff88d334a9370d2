//! Proves once per epoch which chips are at hand: one aggregate signature, and a root over the chips' own.

mod proof;

pub use proof::{Proof, ProofError, Round, prove};

pub(super) use proof::chips_at_hand;

use super::{Agent, AgentError};
use crate::{
    notebook::put_in,
    records::{KeyRecord, LeavesRecord},
};
use alloy_primitives::{B256, Bytes};
use utnet_bindings::{
    Availability::{AvailabilityProof, proveCall},
    BeaconHistory::beaconAtCall,
    PociRegistry::{
        availabilityMessageCall, countedOnCall, currentEpochCall, isProvenCall, snapshotOfCall,
        widthOfCall,
    },
};
use utnet_client::{BlockRef, Chain, Intent, StorageError};
use utnet_primitives::{AvailabilityRound, ChipId, Epoch, Height, Registry};

/// Epochs whose proofs are remembered in the outbox.
const REMEMBERED: u64 = 64;

/// Places of the list that are asked for in one call: some 5,000 gas each, far below what any node grants.
const PLACES_AT_ONCE: usize = 512;

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_availability(&self, _head: &BlockRef) -> Result<(), AgentError> {
        let Some(folder) = self.parts.choices.chips.clone() else { return Ok(()) };
        let home = self.parts.home;
        let epoch = self.view(home.registry, &currentEpochCall {}).await?;
        let words: [&[u8]; 2] = [b"available", &epoch.to_be_bytes()];
        let is_proven = isProvenCall { operator: home.operator, epoch };
        if self.is_sent(&words)? || self.view(home.registry, &is_proven).await? {
            return Ok(());
        }
        let call = snapshotOfCall { operator: home.operator, epoch };
        let count = self.view(home.registry, &call).await?.count;
        if count == 0 {
            return Ok(());
        }
        let epoch = Epoch(epoch);
        let (message, width) = (self.message(epoch).await?, self.width(epoch).await?);
        let round = Round { epoch, message, width };
        let counted = self.counted(epoch, width).await?;
        if u32::try_from(counted.len()) != Ok(count) {
            return Err(ProofError::OtherCount { epoch, count, named: counted.len() }.into());
        }
        let at_hand = chips_at_hand(&folder)?;
        let proof = prove(&round, &counted, &at_hand, self.parts.choices.fault)
            .map_err(ProofError::from)?;
        let absent = self.keys_of(&proof.leaves.absent, &counted)?;
        self.send_proof(&proof, absent)
    }

    /// The chips that count in an epoch, with their places in the operator's list, ascending.
    async fn counted(&self, epoch: Epoch, width: u32) -> Result<Vec<(u32, ChipId)>, AgentError> {
        let home = &self.parts.home;
        let places: Vec<u32> = (0..width).collect();
        let mut counted = Vec::new();
        for asked in places.chunks(PLACES_AT_ONCE) {
            let (operator, places) = (home.operator, asked.to_vec());
            let call = countedOnCall { operator, epoch: epoch.0, places };
            let chips = self.view(home.registry, &call).await?;
            let on_places = asked.iter().copied().zip(chips);
            let taken = on_places.filter(|(_, chip)| !chip.is_zero());
            counted.extend(taken.map(|(place, chip)| (place, ChipId(chip))));
        }
        Ok(counted)
    }

    /// The keys of the chips on some of these places, one after the other.
    fn keys_of(&self, places: &[u32], counted: &[(u32, ChipId)]) -> Result<Bytes, AgentError> {
        let mut keys = Vec::new();
        for (_, chip) in counted.iter().filter(|(place, _)| places.contains(place)) {
            let known: Option<KeyRecord> = self.parts.notebook.find(chip.0.as_slice())?;
            keys.extend(known.ok_or(ProofError::NoKey { chip: *chip })?.key);
        }
        Ok(keys.into())
    }

    /// Sends a proof, and keeps the leaves that its root is over: without them it cannot be opened.
    fn send_proof(&self, proof: &Proof, absent_keys: Bytes) -> Result<(), AgentError> {
        let LeavesRecord { epoch, absent, .. } = &proof.leaves;
        let Some(signature) = proof.signature else {
            tracing::warn!(%epoch, absent = absent.len(), "no chip is at hand");
            return Ok(());
        };
        tracing::info!(%epoch, absent = absent.len(), "availability proven");
        let home = &self.parts.home;
        let call = proveCall {
            proof: AvailabilityProof {
                operator: home.operator,
                epoch: epoch.0,
                absent: absent_keys,
                signature: signature.to_vec().into(),
                leafRoot: proof.leaf_root(),
            },
            authority: Bytes::new(),
        };
        let words = |epoch: u64| [b"available".to_vec(), epoch.to_be_bytes().to_vec()];
        let txn = self.parts.notebook.begin()?;
        if let Some(old) = epoch.0.checked_sub(REMEMBERED) {
            self.forget_in(&txn, &words(old).each_ref().map(Vec::as_slice))?;
        }
        // One that was refused may have been for a list, or for chips, that are not those of now.
        let words = words(epoch.0);
        let words = words.each_ref().map(Vec::as_slice);
        self.forget_in(&txn, &words)?;
        self.send_in(&txn, &words, &Intent::call(home.availability, &call))?;
        put_in(&txn, &proof.leaves)?;
        txn.commit().map_err(StorageError::from)?;
        self.parts.outbox.wake();
        Ok(())
    }

    /// What the chips sign. Made here from the epoch's beacon, so that a node can never choose the bytes; compared with the
    /// registry's own, so that no signature is wasted.
    pub(super) async fn message(&self, epoch: Epoch) -> Result<B256, AgentError> {
        let home = &self.parts.home;
        let height = epoch.0.saturating_mul(self.parts.choices.epoch_blocks).saturating_sub(1);
        let beacon = self.beacon_at(Height(height)).await?;
        let registry = Registry { chain_id: home.chain_id, address: home.registry };
        let round = AvailabilityRound { registry, operator: home.operator, epoch, beacon };
        let ours = round.message();
        let call = availabilityMessageCall { operator: home.operator, epoch: epoch.0 };
        let theirs = self.view(home.registry, &call).await?;
        if ours == theirs {
            Ok(ours)
        } else {
            Err(ProofError::OtherMessage { epoch, theirs, ours }.into())
        }
    }

    /// PREVRANDAO of a block.
    pub(super) async fn beacon_at(&self, height: Height) -> Result<B256, AgentError> {
        self.view(self.parts.home.beacons, &beaconAtCall { height: height.0 }).await
    }

    /// Places of the operator's list when its chips began to count, free ones included.
    async fn width(&self, epoch: Epoch) -> Result<u32, AgentError> {
        let home = &self.parts.home;
        let call = widthOfCall { operator: home.operator, epoch: epoch.0 };
        self.view(home.registry, &call).await
    }
}
