//! Saves the seals of blocks, and puts two of one height side by side.

use super::EvidenceFile;
use crate::{files, session::Session};
use alloy_consensus::Header;
use alloy_primitives::{Bytes, U64};
use alloy_rlp::{Decodable as _, Encodable as _};
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use jsonrpsee::rpc_params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use utnet_bindings::ChipEvidence::Seal;
use utnet_primitives::{ChipId, DrawnSidecar, Sidecar};

#[derive(Debug, Args)]
pub(crate) struct OneSeal {
    /// The block's height.
    height: u64,
    /// File to write.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Equivocation {
    /// A seal, as `utnet chip evidence seal` saves it, of one node.
    #[arg(long)]
    first: PathBuf,
    /// Another seal of the same height, of another node or of the same one before it changed its mind.
    #[arg(long)]
    second: PathBuf,
    /// File to write.
    #[arg(long)]
    out: PathBuf,
}

/// What is expected where a seal is.
const SEAL_FILE: &str = "seal, as `utnet chip evidence seal` writes it";

/// A block's header and the proof of its producer, as the node has them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealFile {
    /// RLP, extraData included.
    header: Bytes,
    /// The bytes whose keccak256 is extraData.
    sidecar: Bytes,
}

impl OneSeal {
    pub(super) async fn run(self, session: &Session) -> Result<Value> {
        let height = rpc_params![U64::from(self.height)];
        let header: Bytes = session.rpc().request("debug_getRawHeader", height.clone()).await?;
        let sidecar: Option<Bytes> = session.rpc().request("utn_sidecar", height).await?;
        let sidecar = sidecar.with_context(|| format!("block {} has no seal", self.height))?;
        let file = SealFile { header, sidecar };
        let read = file.read().with_context(|| format!("block {}", self.height))?;
        files::write_json(&self.out, &file)?;
        Ok(json!({ "chip": read.chip, "height": read.height, "seal": self.out }))
    }
}

impl Equivocation {
    pub(super) fn run(self) -> Result<Value> {
        let (first, second) = (load(&self.first)?, load(&self.second)?);
        ensure!(
            first.chip == second.chip,
            "chip {} sealed one and chip {} the other",
            first.chip,
            second.chip
        );
        ensure!(
            first.height == second.height,
            "one seals block {}, the other block {}",
            first.height,
            second.height
        );
        ensure!(first.seal.header != second.seal.header, "both seal the same block");
        let (chip, first, second) = (first.chip, first.seal, second.seal);
        EvidenceFile::Equivocation { chip, first, second }.save(&self.out)
    }
}

/// A seal that was read.
struct Sealed {
    chip: ChipId,
    height: u64,
    seal: Seal,
}

fn load(path: &Path) -> Result<Sealed> {
    let file: SealFile = files::read_json(path, SEAL_FILE)?;
    file.read().with_context(|| path.display().to_string())
}

impl SealFile {
    /// Takes the seal apart as `ChipEvidence` wants it: the chip signed the header without its extraData.
    fn read(&self) -> Result<Sealed> {
        let mut rest = self.header.as_ref();
        let mut header = Header::decode(&mut rest).context("the header does not decode")?;
        ensure!(rest.is_empty(), "{} bytes follow the header", rest.len());
        let sidecar = Sidecar::decode(&self.sidecar)?;
        ensure!(
            header.extra_data.as_ref() == sidecar.commitment().as_slice(),
            "the header commits to another seal"
        );
        let Sidecar::Drawn(drawn) = sidecar else { bail!("the genesis sealer sealed it, no chip") };
        header.extra_data = Bytes::new();
        let mut bare = Vec::with_capacity(header.length());
        header.encode(&mut bare);
        Ok(Sealed { chip: drawn.chip(), height: header.number, seal: seal(&drawn, bare) })
    }
}

fn seal(drawn: &DrawnSidecar, header: Vec<u8>) -> Seal {
    Seal {
        round: drawn.round.0,
        pi: drawn.pi.into(),
        header: header.into(),
        r: drawn.r,
        s: drawn.s,
    }
}
