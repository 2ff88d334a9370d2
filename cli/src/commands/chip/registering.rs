//! Lets chips attest to an operator, and registers them.

use super::open_chips;
use crate::{
    commands::vendor::{BATCH_FILE, BatchFile},
    files,
    session::Session,
    wallet::KeySource,
};
use alloy_primitives::{Address, U256, keccak256};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use utnet_bindings::{PociRegistry, VendorRegistry};
use utnet_primitives::{ChipAttestation, Registry, SystemContract, possession_context};
use utnet_se::{SecurityEngine, SoftwareChip};

/// How long an attestation is good for, in seconds.
const ATTESTATION_SECONDS: u64 = 3_600;

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
    let chips = registrations(session, registering, operator).await?;
    Ok(json!({ "operator": operator, "chips": chips }))
}

async fn registrations(
    session: &Session,
    registering: &Registering,
    operator: Address,
) -> Result<Vec<PociRegistry::ChipRegistration>> {
    let batch: BatchFile = files::read_json(&registering.batch, BATCH_FILE)?;
    let deadline = session.after(ATTESTATION_SECONDS).await?;
    let mut list = Vec::new();
    for chip in open_chips(&registering.chips)? {
        let known = session
            .read(
                SystemContract::PociRegistry,
                &PociRegistry::chipOfCall { chip: chip.chip_id().into() },
            )
            .await?;
        let attestation = ChipAttestation {
            operator,
            bls_key_hash: keccak256(chip.bls_key()),
            nonce: u64::from(known.registrations),
            deadline,
        };
        list.push(registration(session.registry(), &chip, &batch, attestation)?);
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

/// Sends what chips sign for the sender.
pub(super) async fn register(
    session: &Session,
    registering: &Registering,
    from: &KeySource,
) -> Result<Value> {
    let signer = from.signer()?;
    let operator = signer.address();
    let chips = registrations(session, registering, operator).await?;
    let vrf = open_chips(&registering.chips)?.iter().find_map(SecurityEngine::vrf_key);
    let bond = bond_of(session, &registering.batch, chips.len()).await?;
    let count = chips.len();
    let call =
        PociRegistry::registerCall { chips, vrfKey: vrf.map(Into::into).unwrap_or_default() };
    let sent = session.send(&signer, SystemContract::PociRegistry, bond, &call).await?;
    Ok(json!({
        "operator": operator,
        "chips": count,
        "bond": crate::amount::show(bond),
        "transaction": sent.hash,
        "block": sent.block,
        "gasUsed": sent.gas_used,
    }))
}

/// Bonds of that many chips of the batch's model, in wei.
async fn bond_of(session: &Session, batch: &Path, chips: usize) -> Result<U256> {
    let model = files::read_json::<BatchFile>(batch, BATCH_FILE)?.model;
    let phi =
        session.read(SystemContract::VendorRegistry, &VendorRegistry::phiOfCall { model }).await?;
    let per_phi =
        session.read(SystemContract::PociRegistry, &PociRegistry::bondPerPhiCall {}).await?;
    Ok(U256::from(per_phi) * U256::from(phi) * U256::from(chips))
}
