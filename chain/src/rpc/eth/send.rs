//! Sends transactions to the pool, and signs for the dev accounts.

use crate::{
    engine::api::{Origin, Submission},
    execution::PooledTransaction,
    rpc::{
        Context,
        args::Args,
        error::RpcError,
        eth::{estimate, request::to_env},
        objects::ReceiptObject,
        signers::assert_sender,
        table::methods,
        values::Small,
    },
};
use alloy_consensus::{
    SignableTransaction, TypedTransaction,
    transaction::{Recovered, SignerRecoverable},
};
use alloy_dyn_abi::TypedData;
use alloy_eips::{
    BlockNumberOrTag,
    eip2718::{Decodable2718, Encodable2718},
};
use alloy_primitives::{Address, B256, Bytes, TxHash};
use alloy_rpc_types_eth::TransactionRequest;
use serde::Serialize;
use serde_json::{Map, Value};
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::error::RecvError;

methods! {
    ask "eth_sendRawTransaction", Ethereum, "Sends a signed transaction: `bytes`." => send_raw;
    ask "eth_sendTransaction" | "eth_sendUnsignedTransaction", Ethereum, "Fills, signs and sends a transaction of a dev or impersonated account: `transaction`." => send;
    ask "eth_sendRawTransactionSync", Geth, "Sends a signed transaction and answers with its receipt: `bytes, milliseconds to wait`." => send_raw_sync;
    ask "eth_sendTransactionSync", Anvil, "Sends a dev account's transaction and answers with its receipt: `transaction, milliseconds to wait`." => send_sync;
    work "eth_signTransaction", Ethereum, "Fills and signs a dev account's transaction: `transaction`." => sign_transaction;
    work "eth_fillTransaction", Ethereum, "Fills nonce, fees and gas where they are left out, and signs nothing: `transaction`." => fill_transaction;
    now "eth_sign", Ethereum, "Signs a message with EIP-191's prefix: `address, message`." => sign;
    now "personal_sign", Geth, "Signs a message with EIP-191's prefix: `message, address`." => personal_sign;
    now "eth_signTypedData_v4" | "eth_signTypedData" | "eth_signTypedData_v3", Anvil, "Signs EIP-712 data: `address, typed data`." => sign_typed_data;
}

/// How long the synchronous methods wait when the caller does not say, in milliseconds.
const WAIT_MS: u64 = 30_000;
/// The longest that a caller may ask for, in milliseconds.
const MOST_WAIT_MS: u64 = 600_000;

async fn send_raw(context: Arc<Context>, mut args: Args) -> Result<TxHash, RpcError> {
    let submission = decode(&args.take::<Bytes>("transaction")?)?;
    Ok(context.chain.submit(submission).await?)
}

/// A signed transaction with the sender that its signature names.
pub(in crate::rpc) fn decode(bytes: &Bytes) -> Result<Submission, RpcError> {
    let transaction =
        PooledTransaction::decode_2718_exact(bytes).map_err(RpcError::MalformedTransaction)?;
    let sender = transaction.recover_signer().map_err(|_forged| RpcError::NoSender)?;
    let transaction = Recovered::new_unchecked(transaction, sender);
    Ok(Submission { transaction, origin: Origin::Signed })
}

async fn send(context: Arc<Context>, mut args: Args) -> Result<TxHash, RpcError> {
    context.send_request(args.take("transaction")?).await
}

async fn send_raw_sync(context: Arc<Context>, mut args: Args) -> Result<ReceiptObject, RpcError> {
    let submission = decode(&args.take::<Bytes>("transaction")?)?;
    let wait = args.find("timeout")?.map_or(WAIT_MS, |Small(wait)| wait);
    let heads = context.chain.heads();
    let hash = context.chain.submit(submission).await?;
    receipt_of(&context, heads, hash, wait).await
}

async fn send_sync(context: Arc<Context>, mut args: Args) -> Result<ReceiptObject, RpcError> {
    let request = args.take("transaction")?;
    let wait = args.find("timeout")?.map_or(WAIT_MS, |Small(wait)| wait);
    let heads = context.chain.heads();
    let hash = context.send_request(request).await?;
    receipt_of(&context, heads, hash, wait).await
}

type Heads = tokio::sync::broadcast::Receiver<crate::engine::api::HeadEvent>;

/// Waits for the block that takes a transaction.
async fn receipt_of(
    context: &Context,
    mut heads: Heads,
    hash: B256,
    wait_ms: u64,
) -> Result<ReceiptObject, RpcError> {
    let milliseconds = wait_ms.min(MOST_WAIT_MS);
    let waiting = async {
        loop {
            if let Some(receipt) = context.find_receipt(hash)? {
                return Ok(receipt);
            }
            if let Err(RecvError::Closed) = heads.recv().await {
                return Err(crate::engine::api::EngineError::Stopped.into());
            }
        }
    };
    tokio::time::timeout(Duration::from_millis(milliseconds), waiting)
        .await
        .map_err(|_elapsed| RpcError::NotMinedInTime { hash, milliseconds })?
}

fn sign_transaction(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    let (sender, transaction) = context.fill(args.take("transaction")?)?;
    Ok(context.signers.sign(sender, transaction)?.encoded_2718().into())
}

/// A transaction without its signature, as bytes to sign and as an object.
#[derive(Debug, Serialize)]
struct Filled {
    raw: Bytes,
    tx: Map<String, Value>,
}

fn fill_transaction(context: &Context, args: &mut Args) -> Result<Filled, RpcError> {
    let (_, transaction) = context.fill(args.take("transaction")?)?;
    let raw = transaction.encoded_for_signing().into();
    let tx = match serde_json::to_value(&transaction).map_err(RpcError::Unwritable)? {
        Value::Object(mut fields) => {
            // The standard wants the price of every type under this name, too.
            let price = fields.get("gasPrice").or_else(|| fields.get("maxFeePerGas")).cloned();
            fields.extend(price.map(|price| ("gasPrice".to_owned(), price)));
            fields
        }
        _ => Map::new(),
    };
    Ok(Filled { raw, tx })
}

impl Context {
    /// Fills, signs and sends a transaction.
    pub(in crate::rpc) async fn send_request(
        self: &Arc<Self>,
        request: TransactionRequest,
    ) -> Result<TxHash, RpcError> {
        // One at a time, so that two requests without a nonce do not take the same one.
        let _turn = self.sending.lock().await;
        let filler = Arc::clone(self);
        let submission = tokio::task::spawn_blocking(move || filler.prepare(request)).await??;
        Ok(self.chain.submit(submission).await?)
    }

    /// A transaction object as the pool wants it: filled, and signed or asserted.
    pub(in crate::rpc) fn prepare(
        &self,
        request: TransactionRequest,
    ) -> Result<Submission, RpcError> {
        let (sender, transaction) = self.fill(request)?;
        if self.signers.has(sender) {
            let transaction = self.signers.sign(sender, transaction)?;
            return Ok(Submission { transaction, origin: Origin::Signed });
        }
        if !self.chain.settings().is_impersonated(&sender) {
            return Err(RpcError::NoSigner(sender));
        }
        let transaction = assert_sender(sender, transaction)?;
        Ok(Submission { transaction, origin: Origin::Asserted })
    }

    /// Who sends a transaction: the first dev account where it does not say.
    pub(in crate::rpc) fn sender_of(&self, request: &TransactionRequest) -> Address {
        let first = || self.signers.accounts().first().copied().unwrap_or_default();
        request.from.unwrap_or_else(first)
    }

    /// Fills nonce, fees and gas where the caller left them out.
    fn fill(
        &self,
        mut request: TransactionRequest,
    ) -> Result<(Address, TypedTransaction), RpcError> {
        let sender = self.sender_of(&request);
        let chain_id = self.chain.spec().chain_id;
        if request.chain_id.is_some_and(|id| id != chain_id) {
            return Err(RpcError::Unfit("chainId is not this chain's"));
        }
        request.from = Some(sender);
        request.chain_id = Some(chain_id);
        if request.nonce.is_none() {
            request.nonce = Some(self.pending_nonce(sender)?);
        }
        request.to = request.to.or(Some(alloy_primitives::TxKind::Create));
        request.normalize_input();
        self.fill_fees(&mut request)?;
        if request.gas.is_none() {
            request.gas = Some(self.estimate(&request)?);
        }
        let transaction = request.build_consensus_tx();
        let transaction =
            transaction.map_err(|incomplete| RpcError::IncompleteRequest(incomplete.error))?;
        Ok((sender, transaction))
    }

    fn fill_fees(&self, request: &mut TransactionRequest) -> Result<(), RpcError> {
        let view = self.view()?;
        if request.sidecar.is_some() {
            request.populate_blob_hashes();
        }
        if request.blob_versioned_hashes.is_some() && request.max_fee_per_blob_gas.is_none() {
            request.max_fee_per_blob_gas = Some(self.next_blob_fee(&view).saturating_mul(2));
        }
        let suggested = self.suggested_tip(&view);
        let base = self.next_base_fee(&view);
        let wants_two = request.max_fee_per_gas.or(request.max_priority_fee_per_gas).is_some();
        if base.is_none() && wants_two {
            return Err(RpcError::Unfit("before London a transaction has one price: gasPrice"));
        }
        let (Some(base), None) = (base, request.gas_price) else {
            request.gas_price.get_or_insert(suggested);
            return Ok(());
        };
        let tip = match (request.max_priority_fee_per_gas, request.max_fee_per_gas) {
            (Some(tip), _) => tip,
            (None, Some(most)) => suggested.min(most),
            (None, None) => suggested,
        };
        request.max_priority_fee_per_gas = Some(tip);
        // Twice the base fee lasts for six full blocks, as ethers and geth reckon.
        request
            .max_fee_per_gas
            .get_or_insert_with(|| u128::from(base).saturating_mul(2).saturating_add(tip));
        Ok(())
    }

    fn estimate(&self, request: &TransactionRequest) -> Result<u64, RpcError> {
        let next = BlockNumberOrTag::Pending.into();
        let mut sandbox = self.sandbox_before(request, next, None, None)?;
        let gas = estimate::gas(&mut sandbox, request);
        let transaction = to_env(request, &sandbox)?;
        self.tell("eth_sendTransaction", &mut sandbox, &transaction, gas)
    }
}

fn sign(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    let (address, message): (Address, Bytes) = (args.take("address")?, args.take("message")?);
    Ok(context.signers.sign_message(address, &message)?.as_bytes().into())
}

fn personal_sign(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    let (message, address): (Bytes, Address) = (args.take("message")?, args.take("address")?);
    Ok(context.signers.sign_message(address, &message)?.as_bytes().into())
}

fn sign_typed_data(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    let (address, data): (Address, TypedData) = (args.take("address")?, args.take("typedData")?);
    Ok(context.signers.sign_hash(address, data.eip712_signing_hash()?)?.as_bytes().into())
}
