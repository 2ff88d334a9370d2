//! Says what can be asked of a node of the other chain, and how that may fail.

use super::Origin;
use alloy_primitives::{B256, Keccak256, TxHash};
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};
use std::{fmt::Debug, io, path::PathBuf};

/// A node of the other chain: a real one over HTTP, or one that a test plays.
pub trait Upstream: Debug + Send + Sync {
    /// Asks several things at once; each gets its own answer.
    ///
    /// # Errors
    /// When there is no answer at all.
    fn ask(&self, calls: &[Call]) -> Result<Vec<Answer>, ForkError>;

    /// Where it is.
    fn url(&self) -> String;

    /// Believes only nodes that have this block from now on.
    fn expect(&self, origin: Origin);

    /// Asks at another place from now on.
    ///
    /// # Errors
    /// When that is no URL.
    fn set_url(&self, url: &str) -> Result<(), ForkError>;
}

/// The JSON text of a result, or why there is none.
pub type Answer = Result<Box<RawValue>, ForkError>;

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The method.
    pub method: &'static str,
    /// Its parameters, a list.
    pub params: Value,
    /// Whether the answer is the same for ever, unless it is null.
    pub is_kept: bool,
}

impl Call {
    /// A request whose answer never changes.
    pub const fn kept(method: &'static str, params: Value) -> Self {
        Self { method, params, is_kept: true }
    }

    /// A request whose answer may be another next time.
    pub const fn fresh(method: &'static str, params: Value) -> Self {
        Self { method, params, is_kept: false }
    }

    /// Under what the answer is kept: keccak256(method, 0, parameters).
    pub(super) fn key(&self) -> B256 {
        let mut hash = Keccak256::new();
        hash.update(self.method);
        hash.update([0]);
        hash.update(self.params.to_string());
        hash.finalize()
    }
}

/// Why the other chain could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForkError {
    /// That is no address of a node.
    #[error("the fork's URL must begin with http:// or https://: {why}")]
    Url {
        /// What is wrong.
        why: String,
    },
    /// There is no answer, or no sensible one.
    #[error("the forked chain's node at {node} does not answer: {why}")]
    Unreachable {
        /// Scheme and host: the rest of a URL may be a secret.
        node: String,
        /// What happened last.
        why: String,
    },
    /// No node gives an answer, or a sensible one.
    #[error("the forked chain's node at {node} does not answer: {why}; nor do {others} others")]
    NoneAnswers {
        /// Scheme and host of the one that is asked first.
        node: String,
        /// What happened there.
        why: String,
        /// How many others were asked.
        others: usize,
    },
    /// The node says no.
    #[error("the forked chain's node refuses {method}: {message} (code {code})")]
    Refused {
        /// What was asked.
        method: &'static str,
        /// JSON-RPC's code.
        code: i32,
        /// Its reason.
        message: String,
    },
    /// The answer has another form than Ethereum's.
    #[error("the forked chain's node answers {method} in a form that is not Ethereum's: {source}")]
    Malformed {
        /// What was asked.
        method: &'static str,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Fewer answers came than questions went.
    #[error("the forked chain's node answered only a part of a batch")]
    Unpaired,
    /// The block is not there.
    #[error("block {number} is not on the forked chain (its head is {head})")]
    NoBlock {
        /// What was asked for.
        number: i64,
        /// The other chain's head.
        head: u64,
    },
    /// No block has the transaction within which to fork.
    #[error("transaction {hash} is in no block of the forked chain")]
    NoTransaction {
        /// Its hash.
        hash: TxHash,
    },
    /// The transaction within which to fork is elsewhere.
    #[error(
        "transaction {hash} is not in block {number} of the forked chain, after which this chain begins"
    )]
    NotInBlock {
        /// Its hash.
        hash: TxHash,
        /// The block after the fork.
        number: u64,
    },
    /// A block and a transaction are named.
    #[error(
        "the fork's URL names block {number}, and a transaction names another: give one of them"
    )]
    BlockAndTransaction {
        /// The block in the URL.
        number: i64,
    },
    /// Two addresses of nodes name different blocks.
    #[error("the fork's URLs name different blocks: {one} and {other}")]
    TwoBlocks {
        /// What the first says.
        one: i64,
        /// What a later one says.
        other: i64,
    },
    /// What is kept on disk cannot be used.
    #[error("{} cannot be used", path.display())]
    Cache {
        /// File or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The system gives no thread.
    #[error("no thread for the fork's requests")]
    Thread(#[from] io::Error),
}

/// Reads the text of an answer.
pub(super) fn parse<T: DeserializeOwned>(
    method: &'static str,
    answer: &RawValue,
) -> Result<T, ForkError> {
    serde_json::from_str(answer.get()).map_err(|source| ForkError::Malformed { method, source })
}
