//! Collects what proves that a chip lied, and keeps it as a file that anybody can report.

mod attestations;
mod leaf;
mod seals;

use crate::{files, session::Session};
use anyhow::Result;
use attestations::Attestations;
use clap::{Subcommand, ValueEnum};
use leaf::FalseLeaf;
use seals::{Equivocation, OneSeal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;
use utnet_bindings::ChipEvidence::{Attestation, LeafEvidence, Seal};
use utnet_primitives::ChipId;

#[derive(Debug, Subcommand)]
pub(crate) enum Evidence {
    /// Two attestations of one chip for its next registration, to different operators.
    DoubleAttestation(Attestations),
    /// A leaf that an operator showed in public and that its chip did not sign.
    FalseLeaf(FalseLeaf),
    /// Save who sealed a block of this node, and how.
    Seal(OneSeal),
    /// Two seals of one chip under different blocks of one height: of another header, round or proof.
    Equivocation(Equivocation),
}

impl Evidence {
    pub(super) async fn run(self, session: &Session) -> Result<Value> {
        match self {
            Self::DoubleAttestation(two) => two.run(session).await,
            Self::FalseLeaf(one) => one.run(session).await,
            Self::Seal(one) => one.run(session).await,
            Self::Equivocation(two) => two.run(),
        }
    }
}

/// What a chip can be slashed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// It gave its word twice.
    DoubleAttestation,
    /// Its leaf was not its signature.
    FalseLeaf,
    /// It sealed two blocks of one height.
    Equivocation,
}

/// What is expected where evidence is.
pub(super) const EVIDENCE_FILE: &str = "evidence, as `utnet chip evidence` writes it";

/// Evidence as a file: structures are those of `IChipEvidence`, under the names that they have there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum EvidenceFile {
    DoubleAttestation { chip: ChipId, first: Attestation, second: Attestation },
    FalseLeaf { chip: ChipId, evidence: LeafEvidence },
    Equivocation { chip: ChipId, first: Seal, second: Seal },
}

impl EvidenceFile {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::DoubleAttestation { .. } => Kind::DoubleAttestation,
            Self::FalseLeaf { .. } => Kind::FalseLeaf,
            Self::Equivocation { .. } => Kind::Equivocation,
        }
    }

    /// The chip that is accused.
    pub(super) const fn chip(&self) -> ChipId {
        match self {
            Self::DoubleAttestation { chip, .. }
            | Self::FalseLeaf { chip, .. }
            | Self::Equivocation { chip, .. } => *chip,
        }
    }

    /// Writes it; says what it is.
    fn save(&self, path: &Path) -> Result<Value> {
        files::write_json(path, self)?;
        Ok(json!({ "chip": self.chip(), "evidence": path }))
    }
}
