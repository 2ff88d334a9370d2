//! Talks to one chain on behalf of one command: reads, sends and waits, and explains reverts by the contracts' own errors.

use crate::revert;
use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_rpc_types_eth::{Filter, Log};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolEvent};
use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use std::{path::PathBuf, sync::Arc, time::Duration};
use utnet_client::{
    CallRequest, Chain as _, Clock as _, Receipt, Refusal, Rpc, RpcError, SystemClock,
    read_contracts,
};
use utnet_primitives::{Contracts, Gas, Registry, SystemContract};

/// How often a receipt is asked for, and how long in all (30 s): a node that does not mine must not hang a command.
const POLL: Duration = Duration::from_millis(50);
const POLLS: u32 = 600;

/// How often a transaction is signed again because another one took its nonce.
const TRIES: u32 = 20;
/// The largest gas limit since Osaka (EIP-7825).
const MOST_GAS: u64 = 1 << 24;

/// Where a command does its work: a node, and the contracts on its chain.
#[derive(Debug, Default, Args)]
pub(crate) struct Site {
    /// The node to talk to: http:// or ws://.
    #[arg(long, global = true, default_value = "http://127.0.0.1:8545", value_name = "URL")]
    rpc: String,
    /// Where the contracts stand, as scripts/solidity/Deploy.s.sol writes it [default: as in genesis].
    #[arg(long, global = true, value_name = "FILE")]
    contracts: Option<PathBuf>,
}

/// A chain, seen through one node.
#[derive(Debug)]
pub(crate) struct Session {
    rpc: Rpc,
    chain_id: u64,
    contracts: Contracts,
}

/// A transaction that was mined and ran to its end.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) hash: B256,
    pub(crate) block: u64,
    pub(crate) gas_used: u64,
    logs: Vec<Log>,
}

impl Sent {
    /// The first event of a kind that the transaction emitted.
    pub(crate) fn event<E: SolEvent>(&self) -> Option<E> {
        self.logs.iter().find_map(|log| E::decode_log(&log.inner).ok()).map(|log| log.data)
    }
}

impl Session {
    /// Asks the node for its chain id.
    pub(crate) async fn connect(site: &Site) -> Result<Self> {
        let rpc = Rpc::new(&site.rpc, Arc::new(SystemClock))?;
        let chain_id = rpc
            .chain_id()
            .await
            // The url may hold a password: only what may be shown of it is shown.
            .with_context(|| {
                format!("no node answers at {} (start one with `utnet node`)", rpc.url())
            })?;
        let contracts = read_contracts(site.contracts.as_deref(), chain_id)?;
        Ok(Self { rpc, chain_id, contracts })
    }

    pub(crate) const fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    pub(crate) const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    pub(crate) const fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// Where a contract stands.
    pub(crate) fn address(&self, contract: SystemContract) -> Address {
        self.contracts.address(contract)
    }

    /// What chips' messages name.
    pub(crate) fn registry(&self) -> Registry {
        let address = self.address(SystemContract::PociRegistry);
        Registry { chain_id: self.chain_id, address }
    }

    /// Seconds since 1970, as the chain has it.
    pub(crate) async fn now(&self) -> Result<u64> {
        Ok(self.rpc.head().await?.timestamp.0)
    }

    pub(crate) async fn head(&self) -> Result<u64> {
        Ok(self.rpc.head().await?.number.0)
    }

    /// Calls a view function of a system contract.
    pub(crate) async fn read<C: SolCall + Sync>(
        &self,
        contract: SystemContract,
        call: &C,
    ) -> Result<C::Return> {
        let to = self.address(contract);
        match utnet_client::call_contract(&self.rpc, to, call).await {
            Ok(answer) => Ok(answer),
            Err(utnet_client::CallError::Rpc { source, .. }) => {
                Err(explain(source, contract.name(), C::SIGNATURE))
            }
            Err(other) => Err(other).context(contract.name()),
        }
    }

    /// Calls a view function of any contract.
    pub(crate) async fn read_at<C: SolCall + Sync>(
        &self,
        to: Address,
        call: &C,
    ) -> Result<C::Return> {
        match utnet_client::call_contract(&self.rpc, to, call).await {
            Ok(answer) => Ok(answer),
            Err(utnet_client::CallError::Rpc { source, .. }) => {
                Err(explain(source, &to.to_string(), C::SIGNATURE))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Sends a call to any contract and waits until it is mined.
    pub(crate) async fn send_at<C: SolCall>(
        &self,
        from: &PrivateKeySigner,
        to: Address,
        call: &C,
    ) -> Result<Sent> {
        self.send_bytes(from, to, U256::ZERO, call.abi_encode().into())
            .await
            .map_err(|error| explain_send(error, &to.to_string(), C::SIGNATURE))
    }

    /// Sends a call to a system contract and waits until it is mined.
    pub(crate) async fn send<C: SolCall>(
        &self,
        from: &PrivateKeySigner,
        contract: SystemContract,
        value: U256,
        call: &C,
    ) -> Result<Sent> {
        let to = self.address(contract);
        self.send_bytes(from, to, value, call.abi_encode().into())
            .await
            .map_err(|error| explain_send(error, contract.name(), C::SIGNATURE))
    }

    /// As [`Self::send`], with this much gas instead of an estimate: for a call that is refused in the newest block and
    /// good in the next.
    pub(crate) async fn send_ahead<C: SolCall>(
        &self,
        from: &PrivateKeySigner,
        contract: SystemContract,
        call: &C,
        gas: Gas,
    ) -> Result<Sent> {
        let request = CallRequest {
            from: Some(from.address()),
            to: TxKind::Call(self.address(contract)),
            value: U256::ZERO,
            input: call.abi_encode().into(),
        };
        self.send_request(from, &request, gas)
            .await
            .map_err(|error| explain_send(error, contract.name(), C::SIGNATURE))
    }

    /// Sends coins.
    pub(crate) async fn transfer(
        &self,
        from: &PrivateKeySigner,
        to: Address,
        value: U256,
    ) -> Result<Sent> {
        self.send_bytes(from, to, value, Bytes::new())
            .await
            .map_err(|error| explain_send(error, "transfer", ""))
    }

    async fn send_bytes(
        &self,
        from: &PrivateKeySigner,
        to: Address,
        value: U256,
        input: Bytes,
    ) -> Result<Sent, SendError> {
        let request =
            CallRequest { from: Some(from.address()), to: TxKind::Call(to), value, input };
        let gas = with_margin(self.rpc.estimate_gas(&request).await?);
        self.send_request(from, &request, gas).await
    }

    async fn send_request(
        &self,
        from: &PrivateKeySigner,
        request: &CallRequest,
        gas: Gas,
    ) -> Result<Sent, SendError> {
        let hash = self.offer(from, request, gas).await?;
        let receipt = self.wait_for(hash).await?;
        if !receipt.is_success() {
            // The state has moved on; the same call now may say why it fails.
            self.rpc.call(request).await?;
            return Err(SendError::Failed(hash));
        }
        Ok(Sent {
            hash,
            block: receipt.block_number.0,
            gas_used: receipt.gas_used.0,
            logs: receipt.logs,
        })
    }

    /// Signs and sends; takes the next nonce when another program of the same account was faster.
    async fn offer(
        &self,
        from: &PrivateKeySigner,
        request: &CallRequest,
        gas: Gas,
    ) -> Result<B256, RpcError> {
        let mut tries = 0;
        loop {
            let fees = self.rpc.fees().await?;
            let tx = TxEip1559 {
                chain_id: self.chain_id,
                nonce: self.rpc.mined_nonce(from.address()).await?,
                // A tenth more: the beacon of the real block may lead through other branches.
                gas_limit: gas.0.saturating_add(gas.0 / 10),
                max_fee_per_gas: fees.max_fee(),
                max_priority_fee_per_gas: fees.tip,
                to: request.to,
                value: request.value,
                access_list: Default::default(),
                input: request.input.clone(),
            };
            tries += 1;
            match self.rpc.send_raw(&sign(from, tx)).await {
                Err(error) if tries < TRIES && is_race(&error) => SystemClock.sleep(POLL).await,
                answer => return answer,
            }
        }
    }

    async fn wait_for(&self, hash: B256) -> Result<Receipt, SendError> {
        for _ in 0..POLLS {
            if let Some(receipt) = self.rpc.receipt(hash).await? {
                return Ok(receipt);
            }
            SystemClock.sleep(POLL).await;
        }
        Err(SendError::NotMined(hash))
    }

    /// The chain's time after so many seconds.
    pub(crate) async fn after(&self, seconds: u64) -> Result<u64> {
        let now = self.now().await?;
        now.checked_add(seconds).with_context(|| format!("{seconds} s from now is no time"))
    }

    /// Events of a system contract since genesis, oldest first; `topic1` filters by the first indexed field.
    pub(crate) async fn events<E: SolEvent>(
        &self,
        contract: SystemContract,
        topic1: Option<B256>,
    ) -> Result<Vec<(E, Log)>> {
        let mut filter = Filter::new()
            .address(self.address(contract))
            .event_signature(E::SIGNATURE_HASH)
            .from_block(0);
        if let Some(topic) = topic1 {
            filter = filter.topic1(topic);
        }
        let logs = self.rpc.logs(&filter).await?;
        logs.into_iter()
            .map(|log| {
                let event = E::decode_log(&log.inner)
                    .with_context(|| format!("{} has another form", E::SIGNATURE))?;
                Ok((event.data, log))
            })
            .collect()
    }
}

/// Why a transaction did not do its work.
#[derive(Debug)]
enum SendError {
    Rpc(RpcError),
    Failed(B256),
    NotMined(B256),
}

impl From<RpcError> for SendError {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

/// An estimate and a quarter more, as far as a transaction may go: the state may move on before the call is mined.
fn with_margin(estimate: Gas) -> Gas {
    let more = estimate.0.saturating_add(estimate.0 / 4);
    Gas(more.min(MOST_GAS.max(estimate.0)))
}

/// Whether another transaction of the same account took the nonce meanwhile.
fn is_race(error: &RpcError) -> bool {
    matches!(error.refusal(), Some(Refusal::NonceTooLow | Refusal::Underpriced))
}

fn sign(from: &PrivateKeySigner, tx: TxEip1559) -> Bytes {
    let signature =
        from.sign_hash_sync(&tx.signature_hash()).expect("a local key signs every hash");
    TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into()
}

fn explain_send(error: SendError, contract: &str, signature: &str) -> anyhow::Error {
    match error {
        SendError::Rpc(error) => explain(error, contract, signature),
        SendError::Failed(hash) => {
            anyhow!("{contract}: transaction {hash} failed; trace it with debug_traceTransaction")
        }
        SendError::NotMined(hash) => anyhow!(
            "{contract}: transaction {hash} was sent and is not mined after 30 s (does the node mine?); \
             it may still be: look for its receipt before you do this again"
        ),
    }
}

/// A revert in the words of the contract's error; anything else as the node said it.
fn explain(error: RpcError, contract: &str, signature: &str) -> anyhow::Error {
    let call = match signature.split('(').next().unwrap_or_default() {
        "" => contract.to_owned(),
        function => format!("{contract}.{function}"),
    };
    match error.revert_data() {
        Some(data) => anyhow!("{call} reverted: {}", revert::explain(data)),
        None => anyhow::Error::new(error).context(call),
    }
}
