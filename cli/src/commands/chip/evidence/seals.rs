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
        ensure!(
            signed(&first.seal) != signed(&second.seal),
            "both are of the same round, proof and header"
        );
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

/// What the chip signed; signing it twice is no fault.
fn signed(seal: &Seal) -> (u32, &Bytes, &Bytes) {
    (seal.round, &seal.pi, &seal.header)
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;
    use utnet_primitives::Round;

    /// The same header in another round, or under another proof, is another block.
    #[test]
    fn seals_of_one_header_are_two_when_round_or_proof_differ() {
        let first = sealed(0, 1, 1);

        assert!(equivocation(&first, &sealed(1, 1, 2)).is_ok(), "another round");
        assert!(equivocation(&first, &sealed(0, 2, 2)).is_ok(), "another proof");
    }

    #[test]
    fn signing_the_same_twice_is_no_evidence() {
        let refusal = equivocation(&sealed(0, 1, 1), &sealed(0, 1, 2)).unwrap_err();

        assert_eq!(refusal.to_string(), "both are of the same round, proof and header");
    }

    fn equivocation(first: &SealFile, second: &SealFile) -> Result<Value> {
        let dir = tempfile::tempdir()?;
        let paths = ["first", "second", "out"].map(|name| dir.path().join(name));
        files::write_json(&paths[0], first)?;
        files::write_json(&paths[1], second)?;
        let [first, second, out] = paths;
        Equivocation { first, second, out }.run()
    }

    /// The seal of a header; round, proof and signature as given.
    fn sealed(round: u32, proof: u8, signature: u8) -> SealFile {
        let sidecar = Sidecar::Drawn(DrawnSidecar {
            round: Round(round),
            x: B256::repeat_byte(7),
            y: B256::repeat_byte(8),
            pi: [proof; 81],
            r: B256::repeat_byte(signature),
            s: B256::repeat_byte(signature),
        });
        let extra_data = Bytes::from(sidecar.commitment());
        let header = Header { number: 9, extra_data, ..Default::default() };
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        SealFile { header: bytes.into(), sidecar: sidecar.encode() }
    }
}
