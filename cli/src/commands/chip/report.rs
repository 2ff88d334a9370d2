//! Has a chip slashed by what it signed.

use super::{
    challenge::keys_of,
    evidence::{EVIDENCE_FILE, EvidenceFile, Kind},
    standing::state_of,
};
use crate::{
    amount, files,
    session::{Sent, Session},
    wallet::KeySource,
};
use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use utnet_bindings::{ChipEvidence, PociRegistry};
use utnet_primitives::SystemContract;

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// What the chip did.
    #[arg(value_enum)]
    kind: Kind,
    /// What proves it, as `utnet chip evidence` writes it.
    #[arg(long)]
    evidence: PathBuf,
    /// Who reports: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

impl Report {
    pub(super) async fn run(self, session: &Session) -> Result<Value> {
        let evidence: EvidenceFile = files::read_json(&self.evidence, EVIDENCE_FILE)?;
        ensure!(
            evidence.kind() == self.kind,
            "{} proves another fault: {:?}",
            self.evidence.display(),
            evidence.kind()
        );
        let chip = evidence.chip();
        let keys = keys_of(session, chip).await?;
        let [x, y] = keys.identity;
        let accused = ChipEvidence::Accused { x, y, blsKey: keys.bls };
        let sent = match evidence {
            EvidenceFile::DoubleAttestation { first, second, .. } => {
                let call = ChipEvidence::doubleAttestationCall { accused, first, second };
                self.send(session, &call).await?
            }
            EvidenceFile::FalseLeaf { evidence, .. } => {
                let call = ChipEvidence::falseLeafCall { accused, evidence };
                self.send(session, &call).await?
            }
            EvidenceFile::Equivocation { first, second, .. } => {
                let call = ChipEvidence::equivocationCall { accused, first, second };
                self.send(session, &call).await?
            }
        };
        let slashed = sent
            .event::<PociRegistry::ChipSlashed>()
            .context("the registry announced no slashing")?;
        Ok(json!({
            "chip": chip,
            "operator": slashed.operator,
            "state": state_of(session, chip).await?,
            "burned": amount::show(slashed.burned),
            "reward": amount::show(slashed.reward),
            "transaction": sent.hash,
            "gasUsed": sent.gas_used,
        }))
    }

    async fn send(&self, session: &Session, call: &impl SolCall) -> Result<Sent> {
        session.send(&self.from.signer()?, SystemContract::ChipEvidence, U256::ZERO, call).await
    }
}
