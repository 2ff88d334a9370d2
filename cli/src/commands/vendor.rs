//! Vouches for chips: builds the tree of a batch and posts its root.

use crate::{
    commands::chip::open_chips,
    files, merkle,
    session::{Session, Site},
    wallet::KeySource,
};
use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::SolValue as _;
use anyhow::{Result, bail};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;
use utnet_bindings::VendorRegistry;
use utnet_primitives::{ChipId, SystemContract};
use utnet_se::SecurityEngine as _;

#[derive(Debug, Subcommand)]
pub(crate) enum Vendor {
    /// Build the tree over genuine chips; the file holds the root and each chip's path to it.
    Batch {
        /// Folder of chip folders; repeat it for several.
        #[arg(long, required = true)]
        chips: Vec<PathBuf>,
        /// Model of all of them.
        #[arg(long, default_value_t = 1)]
        model: u32,
        /// The vendor's account, which will post the root.
        #[arg(long)]
        vendor: Address,
        /// File to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Post a batch's root on chain.
    Post {
        /// The batch file.
        #[arg(long)]
        batch: PathBuf,
        /// Sender, an admitted vendor: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Take a batch back: nobody can register chips of it, and those that are registered can be quarantined.
    Revoke {
        /// The batch file.
        #[arg(long)]
        batch: PathBuf,
        /// Sender, its vendor or the governor: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Say whether an account may vouch for chips.
    Show {
        /// The account.
        vendor: Address,
    },
}

/// What is expected where a batch is.
pub(crate) const BATCH_FILE: &str = "batch, as `utnet vendor batch` writes it";

/// A vendor's batch: what operators need to register its chips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchFile {
    pub(crate) vendor: Address,
    pub(crate) model: u32,
    pub(crate) root: B256,
    pub(crate) chips: Vec<ChipPath>,
}

/// One chip of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChipPath {
    pub(crate) chip: ChipId,
    pub(crate) serial: String,
    pub(crate) path: Vec<B256>,
}

impl BatchFile {
    /// The id under which the registry keeps it: keccak256(abi.encode(vendor, model, root, chips)).
    pub(crate) fn id(&self) -> B256 {
        keccak256((self.vendor, self.model, self.root, self.count()).abi_encode())
    }

    /// A chip's path to the root.
    pub(crate) fn path_of(&self, chip: ChipId) -> Option<Vec<B256>> {
        self.chips.iter().find(|listed| listed.chip == chip).map(|listed| listed.path.clone())
    }

    fn count(&self) -> u32 {
        u32::try_from(self.chips.len()).unwrap_or(u32::MAX)
    }
}

impl Vendor {
    pub(crate) async fn run(self, site: &Site) -> Result<Value> {
        match self {
            Self::Batch { chips, model, vendor, out } => {
                let batch = build(&chips, model, vendor)?;
                files::write_json(&out, &batch)?;
                Ok(
                    json!({ "batch": batch.id(), "root": batch.root, "chips": batch.count(), "file": out }),
                )
            }
            Self::Post { batch, from } => {
                post(site, &files::read_json(&batch, BATCH_FILE)?, &from).await
            }
            Self::Revoke { batch, from } => {
                revoke(site, &files::read_json(&batch, BATCH_FILE)?, &from).await
            }
            Self::Show { vendor } => {
                let session = Session::connect(site).await?;
                let call = VendorRegistry::isVendorCall { account: vendor };
                let is_vendor = session.read(SystemContract::VendorRegistry, &call).await?;
                Ok(json!({ "vendor": vendor, "isAdmitted": is_vendor }))
            }
        }
    }
}

fn build(dirs: &[PathBuf], model: u32, vendor: Address) -> Result<BatchFile> {
    let mut chips = Vec::new();
    for dir in dirs {
        chips.extend(open_chips(dir)?);
    }
    if let Some(other) = chips.iter().find(|chip| chip.model() != model) {
        bail!("chip {} is of model {}, the batch of model {model}", other.serial(), other.model());
    }
    let leaves: Vec<_> = chips
        .iter()
        .map(|chip| {
            let identity = chip.identity();
            merkle::leaf(&identity.x, &identity.y, model, &keccak256(chip.serial()))
        })
        .collect();
    let Some((root, paths)) = merkle::tree(&leaves) else { bail!("a batch needs a chip") };
    let chips = chips
        .iter()
        .zip(paths)
        .map(|(chip, path)| ChipPath {
            chip: chip.chip_id(),
            serial: chip.serial().to_owned(),
            path,
        })
        .collect();
    Ok(BatchFile { vendor, model, root, chips })
}

async fn post(site: &Site, batch: &BatchFile, from: &KeySource) -> Result<Value> {
    let session = Session::connect(site).await?;
    let signer = from.signer()?;
    if signer.address() != batch.vendor {
        bail!("the batch names vendor {}, but {from} is {}", batch.vendor, signer.address());
    }
    let call = VendorRegistry::postBatchCall {
        root: batch.root,
        model: batch.model,
        chips: batch.count(),
    };
    let sent =
        session.send(&signer, SystemContract::VendorRegistry, Default::default(), &call).await?;
    Ok(json!({
        "batch": batch.id(),
        "root": batch.root,
        "chips": batch.count(),
        "transaction": sent.hash,
        "block": sent.block,
        "gasUsed": sent.gas_used,
    }))
}

async fn revoke(site: &Site, batch: &BatchFile, from: &KeySource) -> Result<Value> {
    let session = Session::connect(site).await?;
    let call = VendorRegistry::revokeBatchCall { batch: batch.id() };
    let sent = session
        .send(&from.signer()?, SystemContract::VendorRegistry, Default::default(), &call)
        .await?;
    Ok(json!({
        "batch": batch.id(),
        "chips": batch.count(),
        "transaction": sent.hash,
        "gasUsed": sent.gas_used,
    }))
}
