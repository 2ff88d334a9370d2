//! Says what a follower and a sender need from a chain, and nothing more.

use crate::RpcError;
use alloy_primitives::{Address, B256, Bytes, TxHash, TxKind, U256};
use alloy_rpc_types_eth::{Filter, Log};
use serde::{Deserialize, Serialize};
use std::future::Future;
use utnet_primitives::{Gas, Height, Seconds};

/// A chain as one node shows it. Implemented by [`crate::Rpc`] and by [`crate::simulation::RecordingChain`].
pub trait Chain: Send + Sync {
    /// EIP-155 chain id.
    fn chain_id(&self) -> impl Future<Output = Result<u64, RpcError>> + Send;

    /// The newest block.
    fn head(&self) -> impl Future<Output = Result<BlockRef, RpcError>> + Send;

    /// The canonical block of a height, `None` above the head.
    fn block_at(
        &self,
        height: Height,
    ) -> impl Future<Output = Result<Option<BlockRef>, RpcError>> + Send;

    /// The logs of one block (by hash, so that a reorganisation cannot mix two) that match a filter.
    fn logs_of(
        &self,
        block: B256,
        filter: &Filter,
    ) -> impl Future<Output = Result<Vec<Log>, RpcError>> + Send;

    /// Runs a call in the newest state without changing it.
    fn call(&self, request: &CallRequest) -> impl Future<Output = Result<Bytes, RpcError>> + Send;

    /// Gas that a transaction would need in the newest state.
    fn estimate_gas(
        &self,
        request: &CallRequest,
    ) -> impl Future<Output = Result<Gas, RpcError>> + Send;

    /// What a transaction should offer to enter the next block.
    fn fees(&self) -> impl Future<Output = Result<Fees, RpcError>> + Send;

    /// Transactions of an account in the newest state: the next nonce, pool not counted.
    fn mined_nonce(&self, account: Address) -> impl Future<Output = Result<u64, RpcError>> + Send;

    /// What an account has in the newest state, in wei.
    fn balance(&self, account: Address) -> impl Future<Output = Result<U256, RpcError>> + Send;

    /// Offers a signed transaction (EIP-2718 bytes) to the pool.
    fn send_raw(&self, raw: &Bytes) -> impl Future<Output = Result<TxHash, RpcError>> + Send;

    /// The receipt of a transaction in the canonical chain.
    fn receipt(
        &self,
        hash: TxHash,
    ) -> impl Future<Output = Result<Option<Receipt>, RpcError>> + Send;
}

/// A block, as much of it as links the chain and prices a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockRef {
    /// Height.
    #[serde(with = "height")]
    pub number: Height,
    /// Hash of the header.
    pub hash: B256,
    /// Hash of the block before.
    pub parent_hash: B256,
    /// Seconds since 1970.
    #[serde(with = "seconds")]
    pub timestamp: Seconds,
}

/// A call or a transaction that is only tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRequest {
    /// Who calls; the node's default if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Address>,
    /// Who is called, or a creation.
    #[serde(default, skip_serializing_if = "TxKind::is_create")]
    pub to: TxKind,
    /// Wei sent along.
    pub value: U256,
    /// Calldata, or creation code.
    pub input: Bytes,
}

/// What a transaction should offer, in wei per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// Base fee of the next block.
    pub base_fee: u128,
    /// Tip that enters the next block.
    pub tip: u128,
}

impl Fees {
    /// Twice the base fee and the tip: stays includable for six full blocks.
    #[must_use]
    pub const fn max_fee(&self) -> u128 {
        self.base_fee.saturating_mul(2).saturating_add(self.tip)
    }
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The transaction.
    pub transaction_hash: TxHash,
    /// The block that holds it.
    pub block_hash: B256,
    /// That block's height.
    #[serde(with = "height")]
    pub block_number: Height,
    /// 1: it ran; 0: it reverted and only paid for gas.
    #[serde(with = "alloy_serde::quantity")]
    pub status: u64,
    /// Gas used.
    #[serde(with = "gas")]
    pub gas_used: Gas,
    /// The address of a created contract.
    #[serde(default)]
    pub contract_address: Option<Address>,
    /// What it emitted.
    #[serde(default)]
    pub logs: Vec<Log>,
}

impl Receipt {
    /// Whether the transaction ran to its end.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status == 1
    }
}

macro_rules! quantity_as_hex {
    ($module:ident, $quantity:ident) => {
        mod $module {
            use super::$quantity;
            use serde::{Deserializer, Serializer};

            pub(super) fn serialize<S: Serializer>(
                quantity: &$quantity,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                alloy_serde::quantity::serialize(&quantity.0, serializer)
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$quantity, D::Error> {
                alloy_serde::quantity::deserialize(deserializer).map($quantity)
            }
        }
    };
}
quantity_as_hex!(height, Height);
quantity_as_hex!(seconds, Seconds);
quantity_as_hex!(gas, Gas);
