//! Makes chips, shows them, lets them attest to an operator, and registers them.

use crate::{
    commands::vendor::{BATCH_FILE, BatchFile},
    files,
    session::Session,
    wallet::KeySource,
};
use alloy_primitives::{Address, B256, U256, hex, keccak256};
use anyhow::{Context as _, Result, ensure};
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use utnet_bindings::{PociRegistry, VendorRegistry, states::ChipState};
use utnet_primitives::{
    ChipAttestation, Registry, SystemContract, possession_context, system_address,
};
use utnet_se::{SecurityEngine, SoftwareChip, SystemEntropy, open_all};

/// How long an attestation is good for, in seconds.
const ATTESTATION_SECONDS: u64 = 3_600;

#[derive(Debug, Subcommand)]
pub(crate) enum Chip {
    /// Make chips: folders that stand for TPUs with a security engine. The first one also carries the operator's VRF key.
    New {
        /// Folder that will hold one folder a chip.
        #[arg(long)]
        dir: PathBuf,
        /// How many.
        #[arg(long, default_value_t = 1)]
        count: u32,
        /// Model number in the registry's table; it decides the power.
        #[arg(long, default_value_t = 1)]
        model: u32,
        /// Start of the serial numbers.
        #[arg(long, default_value = "UT")]
        serial: String,
    },
    /// Show what a folder of chips holds; never a private key.
    Show {
        /// Folder of chip folders.
        dir: PathBuf,
    },
    /// Let chips sign that an operator may register them; prints the registration.
    Attest {
        #[command(flatten)]
        registering: Registering,
        /// Account that will register them.
        #[arg(long)]
        operator: Address,
    },
    /// Register all chips of a folder for the sender, in one transaction, bonds included.
    Register {
        #[command(flatten)]
        registering: Registering,
        /// Sender, the operator: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// List the chips that an operator registered, with their states.
    List {
        /// The operator.
        operator: Address,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Registering {
    /// Folder of chip folders.
    #[arg(long)]
    chips: PathBuf,
    /// The vendor's batch file.
    #[arg(long)]
    batch: PathBuf,
}

impl Chip {
    pub(crate) async fn run(self, rpc: &str) -> Result<Value> {
        match self {
            Self::New { dir, count, model, serial } => make(&dir, count, model, &serial),
            Self::Show { dir } => show(&dir),
            Self::Attest { registering, operator } => {
                let session = Session::connect(rpc).await?;
                let chips = registrations(&session, &registering, operator).await?;
                Ok(json!({ "operator": operator, "chips": chips }))
            }
            Self::Register { registering, from } => register(rpc, &registering, &from).await,
            Self::List { operator } => list(rpc, operator).await,
        }
    }
}

fn make(dir: &Path, count: u32, model: u32, serial: &str) -> Result<Value> {
    ensure!(count > 0, "--count must be at least 1");
    let mut ids = Vec::new();
    for index in 0..count {
        let folder = dir.join(format!("chip-{index:03}"));
        let mut chip = SoftwareChip::create(
            &folder,
            &format!("{serial}-{index:03}"),
            model,
            &mut SystemEntropy,
        )
        .with_context(|| format!("cannot make {}", folder.display()))?;
        if index == 0 {
            chip.create_vrf_key(&mut SystemEntropy)?;
        }
        ids.push(chip.chip_id());
    }
    Ok(json!({ "dir": dir, "chips": ids }))
}

fn show(dir: &Path) -> Result<Value> {
    let chips = open_chips(dir)?;
    Ok(Value::Array(chips.iter().map(describe).collect()))
}

fn describe(chip: &SoftwareChip) -> Value {
    let identity = chip.identity();
    json!({
        "chip": chip.chip_id(),
        "serial": chip.serial(),
        "model": chip.model(),
        "x": identity.x,
        "y": identity.y,
        "blsKey": hex::encode_prefixed(chip.bls_key()),
        "vrfKey": chip.vrf_key().map(hex::encode_prefixed),
    })
}

/// Opens a folder of chips; an empty one is an error.
pub(crate) fn open_chips(dir: &Path) -> Result<Vec<SoftwareChip>> {
    let chips = open_all(dir).with_context(|| format!("chips in {}", dir.display()))?;
    ensure!(!chips.is_empty(), "{} holds no chip folders", dir.display());
    Ok(chips)
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

async fn register(rpc: &str, registering: &Registering, from: &KeySource) -> Result<Value> {
    let session = Session::connect(rpc).await?;
    let signer = from.signer()?;
    let operator = signer.address();
    let chips = registrations(&session, registering, operator).await?;
    let vrf = open_chips(&registering.chips)?.iter().find_map(SecurityEngine::vrf_key);
    let bond = bond_of(&session, &registering.batch, chips.len()).await?;
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

async fn list(rpc: &str, operator: Address) -> Result<Value> {
    let session = Session::connect(rpc).await?;
    let ids: Vec<B256> =
        session.read(SystemContract::PociRegistry, &PociRegistry::chipsOfCall { operator }).await?;
    let mut rows = Vec::new();
    for id in ids {
        let chip = session
            .read(SystemContract::PociRegistry, &PociRegistry::chipOfCall { chip: id })
            .await?;
        let state: u8 =
            session.read(SystemContract::PociRegistry, &PociRegistry::stateOfCall { id }).await?;
        rows.push(json!({
            "index": chip.index,
            "chip": id,
            "state": ChipState::try_from(state)?,
            "phi": chip.phi,
            "misses": chip.misses,
            "rentals": chip.rentals,
        }));
    }
    let registry = system_address(SystemContract::PociRegistry);
    Ok(json!({ "operator": operator, "registry": registry, "chips": rows }))
}
