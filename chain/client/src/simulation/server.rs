//! Serves the simulated chain over JSON-RPC, for tests of programs that take a url.

use super::RecordingChain;
use crate::{CallRequest, Chain, RpcError};
use alloy_primitives::{Address, Bytes, TxHash, U64, U128};
use alloy_rpc_types_eth::Filter;
use jsonrpsee::{
    RpcModule,
    core::RegisterMethodError,
    server::{ServerBuilder, ServerHandle},
    types::{ErrorObjectOwned, Params},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{future::Future, io, net::SocketAddr, sync::Arc};
use utnet_primitives::Height;

type Answered = Result<Value, ErrorObjectOwned>;

/// Serves a chain on a free port of this machine, http and ws, until the handle is dropped or stopped.
///
/// # Errors
/// The system's, when there is no port.
pub async fn serve(chain: RecordingChain) -> io::Result<(SocketAddr, ServerHandle)> {
    let server = ServerBuilder::new().build("127.0.0.1:0").await?;
    let address = server.local_addr()?;
    let module = module(chain).map_err(io::Error::other)?;
    Ok((address, server.start(module)))
}

fn module(chain: RecordingChain) -> Result<RpcModule<RecordingChain>, RegisterMethodError> {
    let mut module = RpcModule::new(chain);
    register(&mut module, "eth_chainId", async |chain, _params| {
        answer(chain.chain_id().await.map(U64::from))
    })?;
    register(&mut module, "eth_getBlockByNumber", async |chain, params| {
        match first::<String>(&params)?.as_str() {
            "latest" => answer(chain.head().await),
            number => answer(chain.block_at(height(number)?).await),
        }
    })?;
    register(&mut module, "eth_getLogs", async |chain, params| {
        let filter = first::<Filter>(&params)?;
        let block = filter.get_block_hash().unwrap_or_default();
        answer(chain.logs_of(block, &filter).await)
    })?;
    register(&mut module, "eth_call", async |chain, params| {
        answer(chain.call(&first::<CallRequest>(&params)?).await)
    })?;
    register(&mut module, "eth_estimateGas", async |chain, params| {
        let gas = chain.estimate_gas(&first::<CallRequest>(&params)?).await;
        answer(gas.map(|gas| U64::from(gas.0)))
    })?;
    register(&mut module, "eth_getTransactionCount", async |chain, params| {
        answer(chain.mined_nonce(first::<Address>(&params)?).await.map(U64::from))
    })?;
    register(&mut module, "eth_getBalance", async |chain, params| {
        answer(chain.balance(first::<Address>(&params)?).await)
    })?;
    register(&mut module, "eth_sendRawTransaction", async |chain, params| {
        answer(chain.send_raw(&first::<Bytes>(&params)?).await)
    })?;
    register(&mut module, "eth_getTransactionReceipt", async |chain, params| {
        answer(chain.receipt(first::<TxHash>(&params)?).await)
    })?;
    register_fees(&mut module)?;
    Ok(module)
}

fn register_fees(module: &mut RpcModule<RecordingChain>) -> Result<(), RegisterMethodError> {
    register(module, "eth_feeHistory", async |chain, _params| {
        let base_fee = U128::from(chain.fees().await.map_err(refusal)?.base_fee);
        Ok(json!({
            "oldestBlock": "0x0",
            "baseFeePerGas": [base_fee, base_fee],
            "gasUsedRatio": [0.5],
        }))
    })?;
    register(module, "eth_maxPriorityFeePerGas", async |chain, _params| {
        answer(chain.fees().await.map(|fees| U128::from(fees.tip)))
    })
}

fn register<F>(
    module: &mut RpcModule<RecordingChain>,
    method: &'static str,
    run: impl Fn(Arc<RecordingChain>, Params<'static>) -> F + Clone + Send + Sync + 'static,
) -> Result<(), RegisterMethodError>
where
    F: Future<Output = Answered> + Send + 'static,
{
    module.register_async_method(method, move |params, chain, _extensions| {
        run(chain, params.into_owned())
    })?;
    Ok(())
}

fn first<T: DeserializeOwned>(params: &Params<'_>) -> Result<T, ErrorObjectOwned> {
    params.sequence().next()
}

fn height(number: &str) -> Result<Height, ErrorObjectOwned> {
    let invalid = |_no_number| ErrorObjectOwned::owned(-32_602, "no block number", None::<()>);
    let number: U64 = number.parse().map_err(invalid)?;
    Ok(Height(number.to()))
}

fn answer<T: Serialize>(answer: Result<T, RpcError>) -> Answered {
    answer.map(|value| json!(value)).map_err(refusal)
}

fn refusal(error: RpcError) -> ErrorObjectOwned {
    match error {
        RpcError::Refused { code, message, data, .. } => {
            ErrorObjectOwned::owned(code, message, data)
        }
        lost => ErrorObjectOwned::owned(-32_005, lost.to_string(), None::<()>),
    }
}
