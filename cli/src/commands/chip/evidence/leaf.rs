//! Finds a false leaf in what an operator sent to open its sample.

use super::EvidenceFile;
use crate::session::Session;
use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolCall as _;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use jsonrpsee::rpc_params;
use serde::Deserialize;
use serde_json::Value;
use std::path::PathBuf;
use utnet_bindings::{
    Availability::{AvailabilityOpening, ChipSignature, openCall},
    ChipEvidence::{BookedLeaves, LeafEvidence},
    PociRegistry::{availabilityMessageCall, standsOnCall},
};
use utnet_jobs::merkle;
use utnet_precompiles::se::{self, SeItem};
use utnet_primitives::{ChipId, SystemContract, availability_leaf, chip_id};

const REGISTRY: SystemContract = SystemContract::PociRegistry;

#[derive(Debug, Args)]
pub(crate) struct FalseLeaf {
    /// The transaction that called `Availability.open`, whether it failed or waits.
    transaction: B256,
    /// File to write.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    input: Bytes,
}

impl FalseLeaf {
    pub(super) async fn run(self, session: &Session) -> Result<Value> {
        let found: Option<Transaction> = session
            .rpc()
            .request("eth_getTransactionByHash", rpc_params![self.transaction])
            .await?;
        let found = found.with_context(|| format!("no transaction {}", self.transaction))?;
        let opening =
            openCall::abi_decode(&found.input).context("the transaction opens no sample")?.opening;
        let (chip, evidence) = accuse(session, &opening).await?;
        EvidenceFile::FalseLeaf { chip, evidence }.save(&self.out)
    }
}

/// The first leaf whose signature is not its chip's, with its own path to the root.
async fn accuse(
    session: &Session,
    opening: &AvailabilityOpening,
) -> Result<(ChipId, LeafEvidence)> {
    let AvailabilityOpening { booked, leaves, nodes, .. } = opening;
    let (operator, epoch) = (booked.operator, booked.epoch);
    let message = session.read(REGISTRY, &availabilityMessageCall { operator, epoch }).await?;
    let is_false = |leaf: &&ChipSignature| !is_signed(&message, leaf);
    let accused = leaves.iter().find(is_false).context("every leaf is truly signed")?;
    let chips = leaves.iter().map(|leaf| chip_of(leaf).0).collect();
    let places = session.read(REGISTRY, &standsOnCall { operator, epoch, chips }).await?;
    ensure!(places.len() == leaves.len(), "the registry names {} places", places.len());

    let placed = || places.iter().copied().zip(leaves);
    let known = placed()
        .map(|(place, leaf)| Ok((usize::try_from(place)?, hash_on(place, leaf))))
        .collect::<Result<Vec<_>>>()?;
    let place = placed().find(|(_, leaf)| *leaf == accused).map(|(place, _)| place);
    let place = usize::try_from(place.unwrap_or_default())?;
    let width = usize::try_from(booked.width)?;
    let path = merkle::path_within(width, &known, nodes, place)
        .context("leaves and nodes do not fit the tree")?;
    let claimed = chip_of(accused);
    let evidence = LeafEvidence {
        booked: BookedLeaves {
            operator,
            epoch,
            leafRoot: booked.leafRoot,
            width: booked.width,
            present: booked.present,
            absent: booked.absent.clone(),
        },
        claimed: claimed.0,
        r: accused.r,
        s: accused.s,
        path,
    };
    Ok((claimed, evidence))
}

fn chip_of(leaf: &ChipSignature) -> ChipId {
    chip_id(&leaf.x, &leaf.y)
}

fn hash_on(place: u32, leaf: &ChipSignature) -> B256 {
    availability_leaf(u64::from(place), chip_of(leaf), &leaf.r, &leaf.s)
}

fn is_signed(message: &B256, leaf: &ChipSignature) -> bool {
    se::verify(&SeItem { digest: message.0, r: leaf.r.0, s: leaf.s.0, x: leaf.x.0, y: leaf.y.0 })
}
