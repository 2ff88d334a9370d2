//! Says why a simulation was given up.

use crate::execution::{ExecutionError, OverrideError, ReadError};
use alloy_primitives::Address;
use utnet_primitives::{Gas, Height, Seconds};

/// Why a simulation was given up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateFault {
    /// A block must come after the one before it.
    #[error("block numbers must be in order: {asked} <= {before}")]
    NumberOrder {
        /// The number asked for.
        asked: u64,
        /// The number before.
        before: Height,
    },
    /// A block must be later than the one before it.
    #[error("block timestamps must be in order: {asked} <= {before}")]
    TimestampOrder {
        /// The timestamp asked for.
        asked: Seconds,
        /// The timestamp before.
        before: Seconds,
    },
    /// The last block is too far from the first.
    #[error("too many blocks: at most {most}")]
    TooManyBlocks {
        /// How many there may be, gaps included.
        most: u64,
    },
    /// A block holds too many calls, or all together do.
    #[error("too many calls: at most {most}")]
    TooManyCalls {
        /// How many there may be.
        most: usize,
    },
    /// The block has no room for a call.
    #[error("block gas limit reached: call {index} asks for {asked}, {left} is left")]
    BlockGas {
        /// Position in the block.
        index: usize,
        /// Gas that the call asks for.
        asked: u64,
        /// Gas that is left.
        left: u64,
    },
    /// All calls together used too much gas.
    #[error("the calls of a simulation may use {cap} in all")]
    GasCap {
        /// How much they may use.
        cap: Gas,
    },
    /// A call's nonce is not the sender's next, or the sender has none left.
    #[error("nonce {asked} of address {sender} is not the next: {next}")]
    Nonce {
        /// Sender of the call.
        sender: Address,
        /// Its nonce.
        asked: u64,
        /// The sender's next nonce.
        next: u64,
    },
    /// A call offers less than the base fee.
    #[error(
        "max fee per gas less than block base fee: address {sender}, maxFeePerGas: {offered}, baseFee: {base_fee}"
    )]
    BelowBaseFee {
        /// Sender of the call.
        sender: Address,
        /// Its fee cap, in wei per gas.
        offered: u128,
        /// The base fee, in wei per gas.
        base_fee: u64,
    },
    /// A call names another chain.
    #[error("call {index}: chainId does not match node's (have={asked}, want={own})")]
    OtherChain {
        /// Position in the block.
        index: usize,
        /// The chain id of the call.
        asked: u64,
        /// The chain id of this chain.
        own: u64,
    },
    /// The fields of a call do not go together.
    #[error("call {index}: {why}")]
    Unfit {
        /// Position in the block.
        index: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// State overrides cannot be applied.
    #[error(transparent)]
    Override(#[from] OverrideError),
    /// Precompiles cannot be moved.
    #[error("precompiles cannot be moved: {0}")]
    Precompiles(Box<str>),
    /// A call is not valid at its place, or a block cannot be executed.
    #[error(transparent)]
    Execution(Box<ExecutionError>),
    /// The state could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}
