//! Puts two attestations of one chip side by side.

use super::EvidenceFile;
use crate::{files, session::Session};
use alloy_primitives::{Address, keccak256};
use anyhow::{Context as _, Result};
use clap::Args;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use utnet_bindings::{
    ChipEvidence::Attestation,
    PociRegistry::{ChipRegistration, chipOfCall},
};
use utnet_primitives::{ChipId, SystemContract, chip_id};

#[derive(Debug, Args)]
pub(crate) struct Attestations {
    /// The chip that gave its word twice.
    chip: ChipId,
    /// What `utnet --json chip attest` printed for one operator.
    #[arg(long)]
    first: PathBuf,
    /// What it printed for another.
    #[arg(long)]
    second: PathBuf,
    /// File to write.
    #[arg(long)]
    out: PathBuf,
}

/// What is expected where attestations are.
const ATTESTED: &str = "attestation, as `utnet --json chip attest` prints it";

/// What chips signed for an operator.
#[derive(Debug, Deserialize)]
struct Attested {
    operator: Address,
    chips: Vec<ChipRegistration>,
}

impl Attestations {
    pub(super) async fn run(self, session: &Session) -> Result<Value> {
        let call = chipOfCall { chip: self.chip.0 };
        let known = session.read(SystemContract::PociRegistry, &call).await?;
        let nonce = u64::from(known.registrations);
        let evidence = EvidenceFile::DoubleAttestation {
            chip: self.chip,
            first: attestation(&self.first, self.chip, nonce)?,
            second: attestation(&self.second, self.chip, nonce)?,
        };
        evidence.save(&self.out)
    }
}

/// A chip's word in a file. Both are for the chip's next registration: others bind nobody any more.
fn attestation(path: &Path, chip: ChipId, nonce: u64) -> Result<Attestation> {
    let Attested { operator, chips } = files::read_json(path, ATTESTED)?;
    let found = chips.into_iter().find(|one| chip_id(&one.x, &one.y) == chip);
    let found = found.with_context(|| format!("{} says nothing of {chip}", path.display()))?;
    Ok(Attestation {
        operator,
        blsKeyHash: keccak256(&found.blsKey),
        nonce,
        deadline: found.deadline,
        r: found.r,
        s: found.s,
    })
}
