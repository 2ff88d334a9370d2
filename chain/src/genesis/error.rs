//! Says what is wrong with a genesis file, by the name of the field.

/// Why a genesis file makes no chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// The file is not JSON of geth's form.
    #[error("genesis: {0}")]
    Form(#[source] serde_json::Error),
    /// Our section has an unknown, missing or ill-typed field.
    #[error("genesis: config.utnet: {0}")]
    Utnet(#[source] serde_json::Error),
    /// A parameter is out of its range.
    #[error("genesis: config.utnet.{field} is {value}, at least {least} is needed")]
    TooSmall {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// The least that is allowed.
        least: u64,
    },
    /// A sealer of zero address could never seal.
    #[error("genesis: config.utnet.sealer is the zero address")]
    NoSealer,
    /// POCI needs a fork that has PREVRANDAO, withdrawals and beacon roots.
    #[error("genesis: config.utnet needs osakaTime 0")]
    PociBeforeOsaka,
    /// Nothing tells at which block proof of work ended.
    #[error(
        "genesis: config.terminalTotalDifficulty above zero needs config.mergeNetsplitBlock, the first block after the merge"
    )]
    UnknownMergeBlock,
    /// The fee of blobs, which is divided by both, could not be computed.
    #[error("genesis: config.blobSchedule.{fork}.{field} is {value}, at least {least} is needed")]
    BlobsTooFew {
        /// The fork.
        fork: Box<str>,
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// The least that is allowed.
        least: u64,
    },
    /// Under POCI epochs count from block 0.
    #[error("genesis: number is {number}, but under POCI it must be 0: give --no-poci")]
    NumberNotZero {
        /// What the file says.
        number: u64,
    },
    /// The mnemonic is no BIP-39 sentence, or the account index is out of range.
    #[error("genesis: dev accounts: {0}")]
    Mnemonic(#[from] alloy_signer_local::LocalSignerError),
}
