//! Speaks JSON-RPC with a node over http or ws, and tries again when the line fails.

mod error;
mod transport;

pub use error::{Refusal, RpcError};

use crate::{Backoff, BlockRef, CallRequest, Chain, Clock, Fees, Receipt};
use alloy_primitives::{Address, B256, Bytes, TxHash, U64, U128, U256};
use alloy_rpc_types_eth::{FeeHistory, Filter, Log};
use jsonrpsee::{core::params::ArrayParams, rpc_params};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::sync::Arc;
use transport::Transport;
use utnet_primitives::{Gas, Height};

/// A node, known by its url.
#[derive(Clone, Debug)]
pub struct Rpc {
    transport: Arc<Transport>,
    clock: Arc<dyn Clock>,
    backoff: Backoff,
}

impl Rpc {
    /// A node at `http://…` or `ws://…`; nothing is sent yet.
    ///
    /// # Errors
    /// [`RpcError::BadUrl`] for any other url.
    pub fn new(url: &str, clock: Arc<dyn Clock>) -> Result<Self, RpcError> {
        Self::with_backoff(url, clock, Backoff::default())
    }

    /// As [`Self::new`], with other waits between tries.
    ///
    /// # Errors
    /// [`RpcError::BadUrl`] for any other url.
    pub fn with_backoff(
        url: &str,
        clock: Arc<dyn Clock>,
        backoff: Backoff,
    ) -> Result<Self, RpcError> {
        Ok(Self { transport: Arc::new(Transport::new(url)?), clock, backoff })
    }

    /// The node's url as it may be shown: scheme, host and port only.
    #[must_use]
    pub fn url(&self) -> &str {
        self.transport.url()
    }

    /// Any method; tried again while the line fails, never when the node refused.
    ///
    /// # Errors
    /// [`RpcError`] with the method, the url and the reason.
    pub async fn request<R: DeserializeOwned + Send>(
        &self,
        method: &'static str,
        params: ArrayParams,
    ) -> Result<R, RpcError> {
        let mut failures = 0;
        loop {
            let error = match self.transport.request(method, params.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            failures += 1;
            let wait = error.is_retryable().then(|| self.backoff.after(failures)).flatten();
            let Some(wait) = wait else { return Err(error) };
            tracing::debug!(method, url = self.url(), failures, ?wait, "no answer, trying again");
            self.clock.sleep(wait).await;
        }
    }

    /// Runs a call in the state after block `height`.
    ///
    /// # Errors
    /// [`RpcError`] when the node is unreachable or the call reverts.
    pub async fn call_at(&self, request: &CallRequest, height: Height) -> Result<Bytes, RpcError> {
        self.request("eth_call", rpc_params![request, U64::from(height.0)]).await
    }

    /// Runs a call in the newest state, but in a block of that height.
    ///
    /// # Errors
    /// [`RpcError`] when the node is unreachable, the call reverts, or the node overrides no blocks.
    pub async fn call_in_block(
        &self,
        request: &CallRequest,
        number: Height,
    ) -> Result<Bytes, RpcError> {
        let (state, block) = (json!({}), json!({ "number": U64::from(number.0) }));
        self.request("eth_call", rpc_params![request, "latest", state, block]).await
    }

    /// Logs that match a filter over a range of blocks.
    ///
    /// # Errors
    /// [`RpcError`] when the node is unreachable or finds the range too wide.
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, RpcError> {
        self.request("eth_getLogs", rpc_params![filter]).await
    }

    /// Base fees and tips of the last `blocks` blocks.
    ///
    /// # Errors
    /// [`RpcError`] when the node is unreachable.
    pub async fn fee_history(&self, blocks: u64) -> Result<FeeHistory, RpcError> {
        let percentiles: [f64; 0] = [];
        self.request("eth_feeHistory", rpc_params![U64::from(blocks), "latest", percentiles]).await
    }

    fn missing(&self, method: &'static str, what: &'static str) -> RpcError {
        RpcError::Missing { method, url: self.url().into(), what }
    }
}

impl Chain for Rpc {
    async fn chain_id(&self) -> Result<u64, RpcError> {
        let id: U64 = self.request("eth_chainId", rpc_params![]).await?;
        Ok(id.to())
    }

    async fn head(&self) -> Result<BlockRef, RpcError> {
        let method = "eth_getBlockByNumber";
        let head: Option<BlockRef> = self.request(method, rpc_params!["latest", false]).await?;
        head.ok_or_else(|| self.missing(method, "the newest block"))
    }

    async fn block_at(&self, height: Height) -> Result<Option<BlockRef>, RpcError> {
        self.request("eth_getBlockByNumber", rpc_params![U64::from(height.0), false]).await
    }

    async fn logs_of(&self, block: B256, filter: &Filter) -> Result<Vec<Log>, RpcError> {
        self.logs(&filter.clone().at_block_hash(block)).await
    }

    async fn call(&self, request: &CallRequest) -> Result<Bytes, RpcError> {
        self.request("eth_call", rpc_params![request, "latest"]).await
    }

    async fn estimate_gas(&self, request: &CallRequest) -> Result<Gas, RpcError> {
        let gas: U64 = self.request("eth_estimateGas", rpc_params![request, "latest"]).await?;
        Ok(Gas(gas.to()))
    }

    async fn fees(&self) -> Result<Fees, RpcError> {
        let history = self.fee_history(1).await?;
        // One entry more than blocks: the last is the next block's.
        let next = history.base_fee_per_gas.last().copied();
        let base_fee = next.ok_or_else(|| self.missing("eth_feeHistory", "a base fee"))?;
        let tip: U128 = self.request("eth_maxPriorityFeePerGas", rpc_params![]).await?;
        Ok(Fees { base_fee, tip: tip.to() })
    }

    async fn mined_nonce(&self, account: Address) -> Result<u64, RpcError> {
        let nonce: U64 =
            self.request("eth_getTransactionCount", rpc_params![account, "latest"]).await?;
        Ok(nonce.to())
    }

    async fn balance(&self, account: Address) -> Result<U256, RpcError> {
        self.request("eth_getBalance", rpc_params![account, "latest"]).await
    }

    async fn send_raw(&self, raw: &Bytes) -> Result<TxHash, RpcError> {
        self.request("eth_sendRawTransaction", rpc_params![raw]).await
    }

    async fn receipt(&self, hash: TxHash) -> Result<Option<Receipt>, RpcError> {
        self.request("eth_getTransactionReceipt", rpc_params![hash]).await
    }
}
