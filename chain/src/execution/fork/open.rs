//! Finds the block at which a chain forks off, from the other chain's node or from what is kept.

use super::{
    Fork,
    cache::CacheFile,
    http::{HttpUpstream, Manners},
    kept::Kept,
    upstream::{Call, ForkError, Upstream, parse},
};
use alloy_consensus::{Header, Sealed};
use alloy_primitives::{B256, TxHash, U64};
use serde::Deserialize;
use serde_json::json;
use std::path::{Path, PathBuf};

/// What is forked, and how its node is asked.
#[derive(Clone, Debug)]
pub struct ForkConfig {
    /// Where nodes are, each asked when those before it do not answer; `URL@NUMBER` names the block, too.
    pub urls: Vec<String>,
    /// The block; negative counts back from the latest, `None` is the latest.
    pub block: Option<i64>,
    /// A transaction: its block is made again up to and including it, on the block before.
    pub transaction: Option<TxHash>,
    /// The other chain's id, if it need not be asked for.
    pub chain_id: Option<u64>,
    /// Where the fork begins, if the chain of our own has begun already.
    pub known: Option<Origin>,
    /// How the node is asked.
    pub manners: Manners,
    /// Folder in which answers are kept; `None` keeps them in memory.
    pub cache: Option<PathBuf>,
}

/// Where a fork begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The other chain's id.
    pub chain_id: u64,
    /// The last block that both chains share.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

/// The block that a transaction is in; none while it waits.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mined {
    block_number: Option<U64>,
}

impl Fork {
    /// Begins a fork. A chain that has begun, and a block that is kept, need no answer of the node.
    ///
    /// # Errors
    /// When the node does not answer, or has no such block.
    pub fn open(config: &ForkConfig) -> Result<Self, ForkError> {
        let split: Vec<_> = config.urls.iter().map(|url| split(url)).collect();
        let mut named = split.iter().filter_map(|(_, block)| *block);
        let first = named.next();
        if let (Some(one), Some(other)) = (first, named.find(|other| Some(*other) != first)) {
            return Err(ForkError::TwoBlocks { one, other });
        }
        if let (Some(number), Some(_)) = (first, config.transaction) {
            return Err(ForkError::BlockAndTransaction { number });
        }
        let urls: Vec<_> = split.iter().map(|(url, _)| *url).collect();
        let upstream = HttpUpstream::new(&urls, config.manners.clone())?;
        let block = config.block.or(first);
        Self::over(Box::new(upstream), &ForkConfig { block, ..config.clone() })
    }

    /// The same over any upstream; the URLs play no part.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn over(upstream: Box<dyn Upstream>, config: &ForkConfig) -> Result<Self, ForkError> {
        let origin = match (config.known.or_else(|| remembered(config)), config.transaction) {
            (Some(origin), _) => origin,
            (None, Some(transaction)) => {
                let block = Some(number(height_before(&*upstream, transaction)?));
                find(&*upstream, &ForkConfig { block, ..config.clone() })?
            }
            (None, None) => find(&*upstream, config)?,
        };
        upstream.expect(origin);
        let file = match &config.cache {
            Some(folder) => Some(CacheFile::open(&path(folder, &origin))?),
            None => None,
        };
        let kept = Kept::new(upstream, file);
        let answer = kept.one(header_call(origin.number))?;
        let (_, header) = header(&answer, origin.number)?;
        if header.hash() != origin.hash {
            let head = header.number;
            return Err(ForkError::NoBlock { number: number(origin.number), head });
        }
        let mut fork = Self::new(kept, origin, header);
        fork.start = config.transaction.map(|last| fork.read_start(last)).transpose()?;
        Ok(fork)
    }
}

/// Splits the block off a URL.
fn split(url: &str) -> (&str, Option<i64>) {
    let parts = url.rsplit_once('@');
    parts.and_then(|(url, number)| Some((url, Some(number.parse().ok()?)))).unwrap_or((url, None))
}

/// The kept fork of that chain at that block, the newest if there are several.
fn remembered(config: &ForkConfig) -> Option<Origin> {
    let (chain_id, number) = (config.chain_id?, u64::try_from(config.block?).ok()?);
    let folder = config.cache.as_ref()?.join(chain_id.to_string());
    let newest = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let (height, hash) = name.strip_suffix(".fork")?.split_once('-')?;
            let fits = height.parse() == Ok(number);
            Some((
                fits.then(|| entry.metadata()?.modified()).transpose().ok()??,
                hash.parse().ok()?,
            ))
        })
        .max_by_key(|(modified, _)| *modified)?;
    Some(Origin { chain_id, number, hash: newest.1 })
}

/// The file of a fork: `<chain id>/<number>-<hash>.fork`.
fn path(folder: &Path, origin: &Origin) -> PathBuf {
    let name = format!("{}-{}.fork", origin.number, origin.hash);
    folder.join(origin.chain_id.to_string()).join(name)
}

/// The height of the block before that of a transaction.
fn height_before(upstream: &dyn Upstream, hash: TxHash) -> Result<u64, ForkError> {
    const METHOD: &str = "eth_getTransactionByHash";
    let asked = upstream.ask(&[Call::fresh(METHOD, json!([hash]))])?;
    let answer = asked.into_iter().next().ok_or(ForkError::Unpaired)??;
    let found: Option<Mined> = parse(METHOD, &answer)?;
    let height = found.and_then(|found| found.block_number).map(|number| number.to::<u64>());
    height.and_then(|height| height.checked_sub(1)).ok_or(ForkError::NoTransaction { hash })
}

fn find(upstream: &dyn Upstream, config: &ForkConfig) -> Result<Origin, ForkError> {
    let calls = [Call::fresh("eth_chainId", json!([])), Call::fresh("eth_blockNumber", json!([]))];
    let answers = upstream.ask(&calls)?;
    let [id, head] = <[_; 2]>::try_from(answers).map_err(|_fewer| ForkError::Unpaired)?;
    let id: U64 = parse("eth_chainId", &id?)?;
    let head: U64 = parse("eth_blockNumber", &head?)?;
    let head = head.to();
    let wanted = config.block.unwrap_or_else(|| number(head));
    let absolute = if wanted < 0 { number(head).saturating_add(wanted) } else { wanted };
    let absent = ForkError::NoBlock { number: wanted, head };
    let Some(height) = u64::try_from(absolute).ok().filter(|height| *height <= head) else {
        return Err(absent);
    };
    let answer = upstream.ask(&[header_call(height)])?.pop().ok_or(ForkError::Unpaired)??;
    let (_, header) = header(&answer, head)?;
    Ok(Origin {
        chain_id: config.chain_id.unwrap_or_else(|| id.to()),
        number: height,
        hash: header.hash(),
    })
}

pub(super) fn header_call(height: u64) -> Call {
    Call::kept("eth_getBlockByNumber", json!([U64::from(height), false]))
}

/// The header that an answer shows, with the number it has.
fn header(
    answer: &serde_json::value::RawValue,
    head: u64,
) -> Result<(u64, Sealed<Header>), ForkError> {
    let found: Option<alloy_rpc_types_eth::Header> = parse("eth_getBlockByNumber", answer)?;
    let found = found.ok_or_else(|| ForkError::NoBlock { number: number(head), head })?;
    Ok((found.inner.number, Sealed::new_unchecked(found.inner, found.hash)))
}

fn number(height: u64) -> i64 {
    i64::try_from(height).unwrap_or(i64::MAX)
}
