//! Fetches a dataset, opens it, and checks it against its fingerprints.

use super::{MARKET, dataset_of, sale};
use crate::{fingerprint::Fingerprint, sealing, session::Session};
use alloy_primitives::Address;
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};
use utnet_bindings::DatasetMarket;
use utnet_messages::{DatasetKey, Sealed, apply_keystream, open_dataset_key};
use utnet_primitives::DatasetId;

/// How long a server may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Args)]
pub(crate) struct Opening {
    /// The dataset.
    dataset: DatasetId,
    /// The buyer; not needed for free data.
    #[arg(long, requires = "sealing_key")]
    buyer: Option<Address>,
    /// The buyer's sealing key.
    #[arg(long, requires = "buyer")]
    sealing_key: Option<PathBuf>,
    /// File to write the plain data to.
    #[arg(long)]
    out: PathBuf,
}

impl Opening {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        let events =
            session.events::<DatasetMarket::DatasetPublished>(MARKET, Some(self.dataset.into()));
        let (published, _) = events.await?.pop().context("no such dataset is published")?;
        let print = Fingerprint {
            content: published.publication.contentHash,
            root: self.dataset,
            size: published.publication.size,
        };
        let data = match (&self.buyer, &self.sealing_key) {
            (Some(buyer), Some(path)) => {
                let key = self.delivered(session, *buyer, path).await?;
                let mut data = fetch(&key.data_pointer, print.size).await?;
                apply_keystream(&key.key, &mut data);
                data
            }
            _ => {
                let kept = dataset_of(session, self.dataset).await?;
                ensure!(kept.isFree, "the dataset is not free: give --buyer and --sealing-key");
                let pointer = self.plain(session, published.publication.dataPointer).await?;
                fetch(&pointer, print.size).await?
            }
        };
        Fingerprint::check(&data, &print).context("what was fetched and opened is other data")?;
        fs::write(&self.out, &data)
            .with_context(|| format!("cannot write {}", self.out.display()))?;
        Ok(json!({ "dataset": self.dataset, "bytes": print.size, "file": self.out }))
    }

    /// The key that the seller delivered last.
    async fn delivered(
        &self,
        session: &Session,
        buyer: Address,
        sealing_key: &Path,
    ) -> Result<DatasetKey> {
        let id = sale::sale_id(session, self.dataset, buyer).await?;
        let events = session.events::<DatasetMarket::KeyDelivered>(MARKET, Some(id.into()));
        let (sealed, _) = events.await?.pop().context("the seller has delivered nothing yet")?;
        let sealed = Sealed { enc: sealed.enc, ciphertext: sealed.ciphertext };
        open_dataset_key(&sealed, &sale::market(session), id, &sealing::load(sealing_key)?)
            .context("the delivered key cannot be opened")
    }

    /// Where free data is: what its seller shared last, or published.
    async fn plain(&self, session: &Session, published: String) -> Result<String> {
        let events =
            session.events::<DatasetMarket::DatasetShared>(MARKET, Some(self.dataset.into()));
        Ok(events.await?.pop().map_or(published, |(shared, _)| shared.dataPointer))
    }
}

/// Bytes behind a pointer, exactly as many as were published: a server cannot fill the memory.
async fn fetch(pointer: &str, size: u64) -> Result<Vec<u8>> {
    let data = match pointer.split_once("://") {
        Some(("file", path)) => read(Path::new(path), size)?,
        Some(("http" | "https", _)) => download(pointer, size).await?,
        _ => bail!("the data is at {pointer:?}, which is neither http(s) nor file"),
    };
    let found = u64::try_from(data.len())?;
    ensure!(found == size, "{found} bytes or more at {pointer:?}, not {size}");
    Ok(data)
}

fn read(path: &Path, size: u64) -> Result<Vec<u8>> {
    let file = fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut data = Vec::new();
    file.take(size.saturating_add(1)).read_to_end(&mut data)?;
    Ok(data)
}

async fn download(url: &str, size: u64) -> Result<Vec<u8>> {
    // Somebody else in this process may have chosen already; either choice is good.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let client =
        reqwest::Client::builder().connect_timeout(PATIENCE).read_timeout(PATIENCE).build()?;
    let mut answer = client.get(url).send().await?.error_for_status()?;
    let mut data = Vec::new();
    while let Some(part) = answer.chunk().await? {
        data.extend_from_slice(&part);
        ensure!(u64::try_from(data.len())? <= size, "more than {size} bytes at {url}");
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_to_its_published_size_and_one_byte_more() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        fs::write(&path, [7; 100]).unwrap();

        assert_eq!(read(&path, 100).unwrap().len(), 100);
        assert_eq!(read(&path, 10).unwrap().len(), 11);
    }

    #[tokio::test]
    async fn a_pointer_of_another_kind_or_size_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        fs::write(&path, [7; 100]).unwrap();
        let pointer = format!("file://{}", path.display());

        assert!(fetch(&pointer, 100).await.is_ok());
        assert!(fetch(&pointer, 99).await.is_err());
        assert!(fetch("ftp://host/data", 100).await.is_err());
        assert!(fetch("/etc/passwd", 100).await.is_err());
    }
}
