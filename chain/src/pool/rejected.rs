//! Says why a transaction did not enter the pool.

use alloy_primitives::{Address, U256};

/// Why a transaction did not enter the pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// The pool holds this very transaction.
    #[error("already known")]
    AlreadyKnown,
    /// The account has used this nonce.
    #[error("nonce too low: next nonce {next}, tx nonce {got}")]
    NonceTooLow {
        /// Nonce of the transaction.
        got: u64,
        /// Nonce that the account needs next.
        next: u64,
    },
    /// No account ever needs this nonce (EIP-2681).
    #[error("nonce has max value: {}", u64::MAX)]
    NonceMax,
    /// The nonce is so far ahead that the pool does not wait for the gap to be filled.
    #[error("nonce too high: next nonce {next}, tx nonce {got}")]
    NonceTooHigh {
        /// Nonce of the transaction.
        got: u64,
        /// Nonce that the account needs next.
        next: u64,
    },
    /// The nonce is taken in the pool, and tip and fee cap are not both raised by ten percent.
    #[error(
        "replacement transaction underpriced: tip {tip} of {least_tip}, fee {fee} of {least_fee}"
    )]
    ReplacementUnderpriced {
        /// Tip offered, wei per gas.
        tip: u128,
        /// Tip needed, wei per gas.
        least_tip: u128,
        /// Fee cap offered, wei per gas.
        fee: u128,
        /// Fee cap needed, wei per gas.
        least_fee: u128,
    },
    /// The pool is full and this transaction pays less than all in it.
    #[error("transaction underpriced: the pool is full")]
    PoolFull,
    /// The price is below the least that this node accepts.
    #[error("transaction underpriced: gas price {got}, least accepted {least}")]
    BelowMinimum {
        /// Effective price offered, wei per gas.
        got: u128,
        /// Least price, wei per gas.
        least: u128,
    },
    /// The fee cap is below the base fee, so an instantly mining node could never include it.
    #[error("max fee per gas less than block base fee: maxFeePerGas: {cap}, baseFee: {base_fee}")]
    FeeCapBelowBaseFee {
        /// Fee cap, wei per gas.
        cap: u128,
        /// Base fee of the next block, wei per gas.
        base_fee: u64,
    },
    /// The tip is above the fee cap.
    #[error("max priority fee per gas higher than max fee per gas: tip {tip}, cap {cap}")]
    TipAboveFeeCap {
        /// Tip, wei per gas.
        tip: u128,
        /// Fee cap, wei per gas.
        cap: u128,
    },
    /// The account cannot pay value and fees.
    #[error("insufficient funds for gas * price + value: have {have} want {want}")]
    InsufficientFunds {
        /// Balance, in wei.
        have: U256,
        /// Most that the transaction may cost, in wei.
        want: U256,
    },
    /// The gas limit does not cover what every transaction of this form costs.
    #[error("intrinsic gas too low: have {have}, want {want}")]
    IntrinsicGas {
        /// Gas limit.
        have: u64,
        /// Least gas, including the floor of EIP-7623.
        want: u64,
    },
    /// The gas limit is above the block's.
    #[error("exceeds block gas limit: have {have}, limit {limit}")]
    AboveBlockGasLimit {
        /// Gas limit of the transaction.
        have: u64,
        /// Gas limit of the block.
        limit: u64,
    },
    /// The gas limit is above EIP-7825's cap.
    #[error("transaction gas limit too high (cap: {cap}, tx: {have})")]
    AboveTransactionGasCap {
        /// Gas limit of the transaction.
        have: u64,
        /// The cap.
        cap: u64,
    },
    /// The transaction is for another chain.
    #[error("invalid chain id for signer: have {have} want {want}")]
    WrongChainId {
        /// Chain id of the transaction.
        have: u64,
        /// Chain id of this chain.
        want: u64,
    },
    /// The fork that brings this type of transaction is not active.
    #[error("transaction type {transaction_type} not supported")]
    TypeNotSupported {
        /// EIP-2718 type byte.
        transaction_type: u8,
    },
    /// The creation code is longer than EIP-3860 allows.
    #[error("max initcode size exceeded: code size {bytes}, limit {limit}")]
    InitCodeTooLong {
        /// Length of the creation code.
        bytes: usize,
        /// Longest allowed.
        limit: usize,
    },
    /// The sender has code that is no EIP-7702 delegation (EIP-3607).
    #[error("sender not an eoa: address {sender}")]
    SenderIsContract {
        /// The sender.
        sender: Address,
    },
    /// A blob transaction has too many blobs, or none.
    #[error("blob transaction with {count} blobs: between 1 and {most} are allowed")]
    BlobCount {
        /// Blobs in the transaction.
        count: usize,
        /// Most that are allowed.
        most: u64,
    },
    /// The blob fee cap is below the blob base fee.
    #[error("max fee per blob gas less than block blob gas fee: cap {cap}, fee {fee}")]
    BlobFeeCapTooLow {
        /// Blob fee cap, wei per blob gas.
        cap: u128,
        /// Blob base fee of the next block, wei per blob gas.
        fee: u128,
    },
    /// The sidecar's proofs do not fit its commitments and hashes.
    #[error("invalid blob sidecar")]
    BlobProof,
    /// The sidecar has the other fork's form (one proof per blob before Osaka, cell proofs since).
    #[error("blob sidecar of the wrong version: cell proofs are {}", if *cells_expected { "expected" } else { "not allowed yet" })]
    BlobSidecarVersion {
        /// Whether the active fork wants cell proofs (EIP-7594).
        cells_expected: bool,
    },
    /// An EIP-7702 transaction without authorisations.
    #[error("EIP-7702 transaction with empty auth list")]
    NoAuthorizations,
    /// The sender is asserted but not impersonated.
    #[error("no signature for {sender}, and it is not impersonated")]
    NotImpersonated {
        /// The sender.
        sender: Address,
    },
    /// The state could not be read; says nothing about the transaction.
    #[error("the state could not be read")]
    StateUnreadable,
}

impl Rejected {
    /// Whether the same transaction may be accepted later without any change to it.
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::PoolFull
                | Self::FeeCapBelowBaseFee { .. }
                | Self::BlobFeeCapTooLow { .. }
                | Self::InsufficientFunds { .. }
                | Self::StateUnreadable
        )
    }
}
