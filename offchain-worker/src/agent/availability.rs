//! Proves once per epoch which chips are at hand: one aggregate signature, and a root over the chips' own.

mod proof;

pub use proof::{Proof, ProofError, Round, prove};

pub(super) use proof::chips_at_hand;

use super::{Agent, AgentError};
use crate::{
    decide::availability::{Listed, Snapshot, counting},
    notebook::put_in,
    records::{KeyRecord, LeavesRecord},
};
use alloy_primitives::{Address, B256, Bytes};
use utnet_bindings::{
    Availability::{AvailabilityProof, proveCall},
    BeaconHistory::beaconAtCall,
    PociRegistry::{
        availabilityMessageCall, chipOfCall, chipsOfCall, currentEpochCall, isProvenCall,
        snapshotOfCall, widthOfCall,
    },
    states::ChipState,
};
use utnet_client::{BlockRef, Chain, Intent, StorageError};
use utnet_primitives::{AvailabilityRound, ChipId, Epoch, Height, Registry};
use utnet_se::aggregate_keys;

/// Epochs whose proofs are remembered in the outbox.
const REMEMBERED: u64 = 64;

/// The keys of chips on some places, one after the other.
fn keys_of(places: &[u32], list: &[Listed]) -> Vec<u8> {
    let on = |place: &u32| list.iter().find(|chip| chip.index == *place).map(|chip| chip.key);
    places.iter().filter_map(on).flatten().collect()
}

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
        let snapshot =
            self.view(home.registry, &snapshotOfCall { operator: home.operator, epoch }).await?;
        let Ok(aggregate) = <[u8; 48]>::try_from(snapshot.aggregateKey.as_ref()) else {
            return Ok(());
        };
        if snapshot.count == 0 {
            return Ok(());
        }
        let snapshot = Snapshot { aggregate, count: snapshot.count };
        let epoch = Epoch(epoch);
        let (message, width) = (self.message(epoch).await?, self.width(epoch).await?);
        let round = Round { epoch, message, width };
        let list = self.listed().await?;
        let sum = |keys: &[[u8; 48]]| aggregate_keys(keys).ok();
        let places = counting(&list, &snapshot, &sum)
            .ok_or(ProofError::UnknownChips { epoch, count: snapshot.count })?;
        let counted: Vec<_> = list
            .iter()
            .filter(|chip| places.contains(&chip.index))
            .map(|chip| (chip.index, chip.chip))
            .collect();
        let at_hand = chips_at_hand(&folder)?;
        let proof = prove(&round, &counted, &at_hand, self.parts.choices.fault)
            .map_err(ProofError::from)?;
        self.send_proof(&proof, &list)
    }

    /// Sends a proof, and keeps the leaves that its root is over: without them it cannot be opened.
    fn send_proof(&self, proof: &Proof, list: &[Listed]) -> Result<(), AgentError> {
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
                absent: keys_of(absent, list).into(),
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

    /// The operator's list with each chip's state and key.
    pub(super) async fn listed(&self) -> Result<Vec<Listed>, AgentError> {
        let home = &self.parts.home;
        let ids = self.view(home.registry, &chipsOfCall { operator: home.operator }).await?;
        let mut list = Vec::with_capacity(ids.len());
        for id in ids {
            list.extend(self.listed_chip(id, home.operator).await?);
        }
        Ok(list)
    }

    /// `None` for a chip that left for another operator.
    async fn listed_chip(&self, id: B256, operator: Address) -> Result<Option<Listed>, AgentError> {
        let registry = self.parts.home.registry;
        let chip = self.view(registry, &chipOfCall { chip: id }).await?;
        if chip.operator != operator {
            return Ok(None);
        }
        let known: Option<KeyRecord> = self.parts.notebook.find(id.as_slice())?;
        let key = known
            .and_then(|record| <[u8; 48]>::try_from(record.key.as_ref()).ok())
            .ok_or(ProofError::NoKey { chip: ChipId(id) })?;
        Ok(Some(Listed {
            index: chip.index,
            chip: ChipId(id),
            state: ChipState::try_from(chip.state)?,
            registered: Epoch(chip.registeredEpoch),
            key,
        }))
    }
}
