//! Lets chips attest to an operator, and registers them, a fleet in as many transactions as it takes.

use super::open_chips;
use crate::{
    commands::vendor::{BATCH_FILE, BatchFile},
    files,
    session::Session,
    wallet::KeySource,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::PathBuf};
use utnet_bindings::{PociRegistry, VendorRegistry};
use utnet_primitives::{ChipAttestation, Registry, SystemContract, possession_context};
use utnet_se::{SecurityEngine, SoftwareChip};

const REGISTRY: SystemContract = SystemContract::PociRegistry;

/// How long an attestation is good for, in seconds.
const ATTESTATION_SECONDS: u64 = 3_600;

/// Chips in one transaction: some 190,000 gas each, half of what a transaction may use when its limit has a margin.
const AT_ONCE: usize = 32;

#[derive(Debug, clap::Args)]
pub(crate) struct Registering {
    /// Folder of chip folders.
    #[arg(long)]
    chips: PathBuf,
    /// The vendor's batch file.
    #[arg(long)]
    batch: PathBuf,
}

/// What chips sign for an operator.
pub(super) async fn attest(
    session: &Session,
    registering: &Registering,
    operator: Address,
) -> Result<Value> {
    let (chips, batch) = (open_chips(&registering.chips)?, registering.batch()?);
    let chips = registrations(session, &chips, &batch, operator).await?;
    Ok(json!({ "operator": operator, "chips": chips }))
}

impl Registering {
    fn batch(&self) -> Result<BatchFile> {
        files::read_json(&self.batch, BATCH_FILE)
    }
}

async fn registrations(
    session: &Session,
    chips: &[SoftwareChip],
    batch: &BatchFile,
    operator: Address,
) -> Result<Vec<PociRegistry::ChipRegistration>> {
    let deadline = session.after(ATTESTATION_SECONDS).await?;
    let mut list = Vec::new();
    for chip in chips {
        let call = PociRegistry::chipOfCall { chip: chip.chip_id().into() };
        let known = session.read(REGISTRY, &call).await?;
        let attestation = ChipAttestation {
            operator,
            bls_key_hash: keccak256(chip.bls_key()),
            nonce: u64::from(known.registrations),
            deadline,
        };
        list.push(registration(session.registry(), chip, batch, attestation)?);
    }
    Ok(list)
}

fn registration(
    registry: Registry,
    chip: &SoftwareChip,
    batch: &BatchFile,
    attestation: ChipAttestation,
) -> Result<PociRegistry::ChipRegistration> {
    let path = batch
        .path_of(chip.chip_id())
        .with_context(|| format!("chip {} is not in the vendor's batch", chip.serial()))?;
    let signature = chip.sign_digest(&attestation.digest(registry).0)?;
    let context = possession_context(registry, attestation.operator, chip.chip_id());
    let identity = chip.identity();
    Ok(PociRegistry::ChipRegistration {
        x: identity.x,
        y: identity.y,
        serialHash: keccak256(chip.serial()),
        batch: batch.id(),
        path,
        r: signature.r,
        s: signature.s,
        deadline: attestation.deadline,
        blsKey: chip.bls_key().into(),
        possession: chip.bls_prove_possession(&context.0)?.into(),
        wrappedKeys: chip.wrapped_keys().to_bytes().into(),
    })
}

/// Sends what chips sign for the sender. Those that are its own already are left out, so that a fleet of which only a part
/// came in is completed by the same command.
pub(super) async fn register(
    session: &Session,
    registering: &Registering,
    from: &KeySource,
) -> Result<Value> {
    let signer = from.signer()?;
    let operator = signer.address();
    let (mut chips, batch) = (open_chips(&registering.chips)?, registering.batch()?);
    let mut vrf = new_vrf_key(session, &chips, operator).await?;
    let known: Vec<B256> = session.read(REGISTRY, &PociRegistry::chipsOfCall { operator }).await?;
    let known: BTreeSet<B256> = known.into_iter().collect();
    chips.retain(|chip| !known.contains(&chip.chip_id().0));
    let (bond, mut rows, mut gas) = (bond_of_one(session, batch.model).await?, Vec::new(), 0_u64);
    for part in chips.chunks(AT_ONCE) {
        let chips = registrations(session, part, &batch, operator).await?;
        let call = PociRegistry::registerCall { chips, vrfKey: std::mem::take(&mut vrf) };
        let sent = session.send(&signer, REGISTRY, bond * U256::from(part.len()), &call).await?;
        gas = gas.saturating_add(sent.gas_used);
        rows.push(json!({
            "chips": part.len(),
            "transaction": sent.hash,
            "block": sent.block,
            "gasUsed": sent.gas_used,
        }));
    }
    Ok(json!({
        "operator": operator,
        "chips": chips.len(),
        "bond": crate::amount::show(bond * U256::from(chips.len())),
        "transactions": rows,
        "gasUsed": gas,
    }))
}

/// The VRF key that one of the chips holds; empty if the registry has it, or none holds one.
async fn new_vrf_key(
    session: &Session,
    chips: &[SoftwareChip],
    operator: Address,
) -> Result<Bytes> {
    let held: Bytes =
        chips.iter().find_map(SecurityEngine::vrf_key).map(Into::into).unwrap_or_default();
    let known = session.read(REGISTRY, &PociRegistry::vrfKeyOfCall { operator }).await?;
    Ok(if held == known { Bytes::new() } else { held })
}

/// Bond of a chip of a model, in wei.
async fn bond_of_one(session: &Session, model: u32) -> Result<U256> {
    let phi =
        session.read(SystemContract::VendorRegistry, &VendorRegistry::phiOfCall { model }).await?;
    let per_phi = session.read(REGISTRY, &PociRegistry::bondPerPhiCall {}).await?;
    Ok(U256::from(per_phi) * U256::from(phi))
}
