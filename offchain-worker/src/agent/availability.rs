//! Proves once per epoch which chips are at hand: one aggregate signature, and a root over the chips' own.

use super::{Agent, AgentError, Home};
use crate::{
    decide::availability::{Listed, Snapshot, counting},
    records::KeyRecord,
};
use alloy_primitives::{Address, B256};
use std::{collections::BTreeMap, path::Path};
use utnet_bindings::{
    Availability::{AvailabilityProof, proveCall},
    BeaconHistory::beaconAtCall,
    PociRegistry::{
        availabilityMessageCall, chipOfCall, chipsOfCall, currentEpochCall, isProvenCall,
        snapshotOfCall,
    },
    states::ChipState,
};
use utnet_client::{BlockRef, Chain, Intent, StorageError};
use utnet_jobs::merkle;
use utnet_primitives::{AvailabilityRound, ChipId, Epoch, Registry, availability_leaf};
use utnet_se::{Fault, SecurityEngine, SoftwareChip, aggregate, aggregate_keys};

/// Epochs whose proofs are remembered in the outbox.
const REMEMBERED: u64 = 64;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// A chip or the aggregation failed.
    #[error(transparent)]
    Chip(#[from] Fault),
    /// The registry would check another message: other parameters, or a node that wants something else signed.
    #[error("epoch {epoch}: the registry's message is {theirs}, ours {ours}")]
    OtherMessage {
        /// The epoch.
        epoch: Epoch,
        /// What the node says.
        theirs: B256,
        /// What our own parameters give.
        ours: B256,
    },
    /// Which chips count could not be found out.
    #[error("epoch {epoch}: no choice of chips gives the registry's aggregate of {count}")]
    UnknownChips {
        /// The epoch.
        epoch: Epoch,
        /// How many count.
        count: u32,
    },
    /// The key that a chip was registered with was not seen, or has not 48 bytes.
    #[error("the registration of chip {chip} was not seen")]
    NoKey {
        /// The chip.
        chip: ChipId,
    },
    /// The folder of chips cannot be listed.
    #[error("cannot list the folder of chips")]
    Folder(#[from] std::io::Error),
}

/// A proof as the registry takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Places of absent chips, ascending.
    pub absent: Vec<u32>,
    /// Aggregate of the present chips, 96 bytes; `None` when all are absent: then nothing can be proven.
    pub signature: Option<[u8; 96]>,
    /// Root over the present chips' P-256 signatures.
    pub leaf_root: B256,
}

/// Signs `message` with every chip that counts and is at hand.
///
/// # Errors
/// [`Fault`] when a chip does not sign.
pub fn prove<S: SecurityEngine>(
    counting: &[(u32, ChipId)],
    at_hand: &BTreeMap<ChipId, S>,
    message: &B256,
) -> Result<Proof, Fault> {
    let (mut absent, mut parts, mut leaves) = (Vec::new(), Vec::new(), Vec::new());
    for (index, id) in counting {
        let Some(chip) = at_hand.get(id) else {
            absent.push(*index);
            continue;
        };
        parts.push(chip.bls_sign(message.as_slice())?);
        let own = chip.sign_digest(&message.0)?;
        leaves.push(availability_leaf(u64::from(*index), *id, &own.r, &own.s));
    }
    let signature = if parts.is_empty() { None } else { Some(aggregate(&parts)?) };
    // The tree over availability leaves is built like that over results.
    let leaf_root = merkle::root(&leaves).unwrap_or_default();
    Ok(Proof { absent, signature, leaf_root })
}

/// The keys of chips on some places, one after the other.
fn keys_of(places: &[u32], list: &[Listed]) -> Vec<u8> {
    let on = |place: &u32| list.iter().find(|chip| chip.index == *place).map(|chip| chip.key);
    places.iter().filter_map(on).flatten().collect()
}

/// The chips of a folder, by id. A folder that does not open is an absent chip.
pub(super) fn chips_at_hand(folder: &Path) -> Result<BTreeMap<ChipId, SoftwareChip>, ProofError> {
    let mut chips = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        match SoftwareChip::open_read_only(&path) {
            Ok(chip) => {
                chips.insert(chip.chip_id(), chip);
            }
            Err(error) => tracing::warn!(%error, folder = %path.display(), "chip does not open"),
        }
    }
    Ok(chips)
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
        let message = self.message(Epoch(epoch)).await?;
        let list = self.listed().await?;
        let sum = |keys: &[[u8; 48]]| aggregate_keys(keys).ok();
        let places = counting(&list, &snapshot, &sum)
            .ok_or(ProofError::UnknownChips { epoch: Epoch(epoch), count: snapshot.count })?;
        let counted: Vec<_> = list
            .iter()
            .filter(|chip| places.contains(&chip.index))
            .map(|chip| (chip.index, chip.chip))
            .collect();
        let at_hand = chips_at_hand(&folder)?;
        let proof = prove(&counted, &at_hand, &message).map_err(ProofError::from)?;
        self.send_proof(&home, epoch, proof, &list)
    }

    fn send_proof(
        &self,
        home: &Home,
        epoch: u64,
        proof: Proof,
        list: &[Listed],
    ) -> Result<(), AgentError> {
        let Some(signature) = proof.signature else {
            tracing::warn!(epoch, absent = proof.absent.len(), "no chip is at hand");
            return Ok(());
        };
        tracing::info!(epoch, absent = proof.absent.len(), "availability proven");
        let proof = AvailabilityProof {
            operator: home.operator,
            epoch,
            absent: keys_of(&proof.absent, list).into(),
            signature: signature.to_vec().into(),
            leafRoot: proof.leaf_root,
        };
        let call = proveCall { proof, authority: alloy_primitives::Bytes::new() };
        let words = |epoch: u64| [b"available".to_vec(), epoch.to_be_bytes().to_vec()];
        if let Some(old) = epoch.checked_sub(REMEMBERED) {
            let txn = self.parts.notebook.begin()?;
            self.forget_in(&txn, &words(old).each_ref().map(Vec::as_slice))?;
            txn.commit().map_err(StorageError::from)?;
        }
        let intent = Intent::call(home.availability, &call);
        self.send(&words(epoch).each_ref().map(Vec::as_slice), &intent)
    }

    /// What the chips sign. Made here from the epoch's beacon, so that a node can never choose the bytes; compared with the
    /// registry's own, so that no signature is wasted.
    pub(super) async fn message(&self, epoch: Epoch) -> Result<B256, AgentError> {
        let home = &self.parts.home;
        let height = epoch.0.saturating_mul(self.parts.choices.epoch_blocks).saturating_sub(1);
        let beacon = self.view(home.beacons, &beaconAtCall { height }).await?;
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
