//! Publishes a file: seals it, reserves its fingerprints, and shows them in a later block.

use super::MARKET;
use crate::{amount, files, fingerprint::Fingerprint, session::Session, wallet::KeySource};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue as _;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};
use utnet_bindings::DatasetMarket;
use utnet_jobs::sha256;
use utnet_messages::apply_keystream;
use utnet_primitives::{DatasetId, Gas, Tag, tag};
use zeroize::Zeroizing;

/// Enough for the longest title and pointer.
const PUBLISH_GAS: Gas = Gas(400_000);

#[derive(Debug, Args)]
pub(crate) struct Publication {
    /// The file to publish.
    #[arg(long)]
    file: PathBuf,
    /// What it is, in a few words.
    #[arg(long)]
    title: String,
    /// The licence, for people; its SHA-256 is published.
    #[arg(long)]
    licence: PathBuf,
    /// List price.
    #[arg(long, value_parser = amount::parse_u128)]
    price: u128,
    /// Where buyers will find the sealed file: http(s) or file; that of `--out` if absent.
    #[arg(long)]
    pointer: Option<String>,
    /// Folder for `data`, sealed unless the price is 0, and `secret.json`.
    #[arg(long)]
    out: PathBuf,
    /// Seller: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

/// What a seller keeps of a dataset; only it may read it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretFile {
    pub(super) dataset: DatasetId,
    pub(super) pointer: String,
    pub(super) key: B256,
}

/// What is expected where such a file is.
pub(super) const SECRET_FILE: &str = "secret of a dataset, as `utnet dataset publish` writes it";

/// What it is called in `--out`.
const SECRET_NAME: &str = "secret.json";

/// The key of an earlier try, or a new one: what was published once opens with no other.
fn key_for(path: &Path, dataset: DatasetId) -> Result<Zeroizing<[u8; 32]>> {
    if !path.exists() {
        return fresh_word();
    }
    let kept: SecretFile = files::read_json(path, SECRET_FILE)?;
    ensure!(
        kept.dataset == dataset,
        "{} holds the key of another dataset, {}: it may be the only copy, so it is not replaced; take another --out",
        path.display(),
        kept.dataset
    );
    Ok(Zeroizing::new(kept.key.0))
}

impl Publication {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        let signer = self.from.signer()?;
        let mut data =
            fs::read(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let licence = fs::read(&self.licence)
            .with_context(|| format!("cannot read {}", self.licence.display()))?;
        let print = Fingerprint::of(&data)?;
        let (key, salt) = (key_for(&self.out.join(SECRET_NAME), print.root)?, fresh_word()?);
        if self.price != 0 {
            apply_keystream(&key, &mut data);
        }
        let pointer = self.write(&print, &data, &key)?;
        let publication = DatasetMarket::Publication {
            contentHash: print.content,
            root: print.root.into(),
            size: print.size,
            licenceHash: sha256(&licence),
            price: self.price,
            title: self.title.clone(),
            dataPointer: pointer.clone(),
        };
        let call = DatasetMarket::publishCall { publication, salt: B256::from(*salt) };
        let reservation = reservation(signer.address(), &print, &call.salt);
        let reserve = DatasetMarket::reserveCall { reservation };
        session.send(&signer, MARKET, U256::ZERO, &reserve).await?;
        // Mined in a later block than the reservation, hence in a later second.
        let sent = session.send_ahead(&signer, MARKET, &call, PUBLISH_GAS).await?;
        Ok(json!({
            "dataset": print.root,
            "contentHash": print.content,
            "bytes": print.size,
            "price": amount::show(U256::from(self.price)),
            "pointer": pointer,
            "dir": self.out,
            "transaction": sent.hash,
            "gasUsed": sent.gas_used,
        }))
    }

    /// Writes what the seller serves and what it keeps; where buyers find the former.
    fn write(&self, print: &Fingerprint, data: &[u8], key: &[u8; 32]) -> Result<String> {
        fs::create_dir_all(&self.out)?;
        let path = self.out.join("data");
        fs::write(&path, data).with_context(|| format!("cannot write {}", path.display()))?;
        let here = fs::canonicalize(&path)?;
        let pointer = self.pointer.clone().unwrap_or_else(|| format!("file://{}", here.display()));
        let secret =
            SecretFile { dataset: print.root, pointer: pointer.clone(), key: B256::from(*key) };
        files::write_secret_json(&self.out.join(SECRET_NAME), &secret)?;
        Ok(pointer)
    }
}

/// keccak256(abi.encode(tag "dataset", seller, contentHash, root, salt)).
fn reservation(seller: Address, print: &Fingerprint, salt: &B256) -> B256 {
    let words = (tag(Tag::Dataset), seller, print.content, print.root.0, *salt);
    keccak256(words.abi_encode_params())
}

fn fresh_word() -> Result<Zeroizing<[u8; 32]>> {
    let mut word = Zeroizing::new([0; 32]);
    getrandom::fill(word.as_mut_slice()).context("the machine gives no random bytes")?;
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second run into the same folder used to replace the only copy of a key.
    #[test]
    fn the_key_of_a_dataset_is_used_again_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(SECRET_NAME);
        let (dataset, other) = (DatasetId(B256::repeat_byte(1)), DatasetId(B256::repeat_byte(2)));
        let key = key_for(&path, dataset).unwrap();
        let secret = SecretFile { dataset, pointer: "file:///data".into(), key: B256::from(*key) };
        files::write_secret_json(&path, &secret).unwrap();

        let again = key_for(&path, dataset).unwrap();
        let refused = key_for(&path, other).unwrap_err().to_string();

        assert_eq!(again, key);
        assert!(refused.contains("another dataset") && refused.contains("--out"), "{refused}");
    }
}
