//! Holds the rules of one chain: its id, its forks, its blob parameters, POCI.

use alloy_consensus::{Header, Sealed};
use alloy_eips::eip7840::BlobParams;
use alloy_evm::revm::primitives::hardfork::SpecId;
use alloy_genesis::Genesis;
use utnet_primitives::{Height, PociSchedule, Seconds};

/// The rules of one chain.
#[derive(Clone, Debug)]
pub struct ChainSpec {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The genesis file.
    pub genesis: Genesis,
    /// Who may make blocks; `None` on a plain dev chain.
    pub poci: Option<PociSchedule>,
    /// Limits that dev chains lift.
    pub limits: Limits,
    /// The genesis block.
    pub header: Sealed<Header>,
}

/// A chain's rules with the header and state of its block 0.
pub type BuiltGenesis = ChainSpec;

/// Limits of Ethereum that dev chains lift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// EIP-7825's cap of 2^24 gas per transaction holds from Osaka on.
    pub has_transaction_gas_cap: bool,
    /// Longest code of a contract, in bytes; `None` is EIP-170's 24,576.
    pub code_bytes: Option<usize>,
}

impl ChainSpec {
    /// The rules of the EVM in a block.
    pub fn evm_spec(&self, height: Height, timestamp: Seconds) -> SpecId {
        todo!()
    }

    /// The blob parameters in a block; `None` before Cancun.
    pub fn blob_params(&self, timestamp: Seconds) -> Option<BlobParams> {
        todo!()
    }
}
