//! Opens a node on a free port and speaks to it.

use crate::{
    clock::{Clock, ManualClock},
    engine::{Chain, EngineOptions, open},
    execution::{Fork, ForkConfig, Founders, Issue, Manners, install},
    explain::Explainer,
    genesis::{ChainSpec, DEV_MNEMONIC, DevGenesis, Limits, SEALER_KEY, dev_accounts, fork_off},
    miner::MiningMode,
    poci::{Chips, Sealer},
    rpc::{Desk, MetricsConfig, RpcConfig, RpcServer, RpcSetup, Signers, serve},
};
use alloy_genesis::Genesis;
use alloy_primitives::{Address, address};
use alloy_signer_local::PrivateKeySigner;
use jsonrpsee::{
    core::{ClientError, client::ClientT, params::ArrayParams},
    http_client::{HttpClient, HttpClientBuilder},
    types::ErrorObjectOwned,
    ws_client::{WsClient, WsClientBuilder},
};
use serde_json::Value;
use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use utnet_db::{Pruning, Store};
use utnet_primitives::{Gas, Seconds};

/// The wall clock of every test.
const START: Seconds = Seconds(1_800_000_000);
/// A free port of this machine.
const LOCAL: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));
pub(super) const ALICE: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub(super) const BOB: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");

/// Runtime code that emits one log: topic 42, no data.
pub(super) const LOGGER: &str = "0x602a60006000a100";
/// Runtime code that reverts with its calldata.
pub(super) const PARROT: &str = "0x36600060003736 6000fd";

/// A node that answers on a free port of this machine.
pub(super) struct Node {
    pub(super) http: HttpClient,
    pub(super) chain: Chain,
    server: RpcServer,
}

impl Node {
    pub(super) async fn start(mining: MiningMode) -> Self {
        Self::start_at(mining, None).await
    }

    pub(super) async fn start_at(mining: MiningMode, ipc: Option<PathBuf>) -> Self {
        let genesis = DevGenesis { poci: None, timestamp: START, ..DevGenesis::default() };
        let options = EngineOptions { mining, ..EngineOptions::default() };
        Self::open(genesis.build().unwrap(), options, ipc).await
    }

    /// A node that does not keep everything.
    pub(super) async fn keeping(pruning: Pruning) -> Self {
        let genesis = DevGenesis { poci: None, timestamp: START, ..DevGenesis::default() };
        let options = EngineOptions { pruning, ..EngineOptions::default() };
        Self::open(genesis.build().unwrap(), options, None).await
    }

    /// A node that knows contracts.
    pub(super) async fn explaining(explainer: Explainer) -> Self {
        let genesis = DevGenesis { poci: None, timestamp: START, ..DevGenesis::default() };
        let options = EngineOptions::default();
        Self::open_with(genesis.build().unwrap(), options, explainer, |_| {}).await
    }

    /// A node whose chain goes on from the head of another one's, which it asks over HTTP.
    pub(super) async fn fork_of(upstream: &Self) -> Self {
        let manners = Manners {
            headers: Vec::new(),
            retries: 0,
            backoff: Duration::ZERO,
            timeout: Duration::from_secs(60),
        };
        let config = ForkConfig {
            urls: vec![format!("http://{}", upstream.address())],
            block: None,
            transaction: None,
            chain_id: None,
            known: None,
            manners,
            cache: None,
        };
        let begin = move || {
            let fork = Fork::open(&config).unwrap();
            fork.prefetch_routine().unwrap();
            fork
        };
        let fork = tokio::task::spawn_blocking(begin).await.unwrap();
        let dev = DevGenesis { poci: None, timestamp: START, ..DevGenesis::default() };
        let mut genesis = dev.build().unwrap();
        fork_off(&mut genesis, fork.head(), fork.origin().chain_id).unwrap();
        let options = EngineOptions { fork: Some(Arc::new(fork)), ..EngineOptions::default() };
        Self::open(genesis, options, None).await
    }

    /// A node whose blocks the genesis sealer makes.
    pub(super) async fn poci() -> Self {
        Self::poci_keeping(Pruning::default()).await
    }

    /// The same, without older history.
    pub(super) async fn poci_keeping(pruning: Pruning) -> Self {
        let dev = DevGenesis { timestamp: START, ..DevGenesis::default() };
        let mut genesis = dev.build().unwrap();
        let issue = Issue::default();
        install(&mut genesis, &Founders { governor: ALICE, vendors: vec![ALICE], issue }).unwrap();
        let key = PrivateKeySigner::from_bytes(&SEALER_KEY).unwrap();
        let sealer = Sealer::new(Chips::default(), Some(key));
        let options = EngineOptions { sealer, pruning, ..EngineOptions::default() };
        Self::open(genesis, options, None).await
    }

    /// A plain node whose server is set up otherwise.
    pub(super) async fn serving(mining: MiningMode, change: impl FnOnce(&mut RpcConfig)) -> Self {
        let genesis = DevGenesis { poci: None, timestamp: START, ..DevGenesis::default() };
        let options = EngineOptions { mining, ..EngineOptions::default() };
        Self::open_with(genesis.build().unwrap(), options, Explainer::default(), change).await
    }

    async fn open(genesis: Genesis, options: EngineOptions, ipc: Option<PathBuf>) -> Self {
        Self::open_with(genesis, options, Explainer::default(), |config| config.ipc = ipc).await
    }

    async fn open_with(
        genesis: Genesis,
        options: EngineOptions,
        explainer: Explainer,
        change: impl FnOnce(&mut RpcConfig),
    ) -> Self {
        let setup = RpcSetup { explainer, faults: true, ..setup(genesis, options) };
        let chain = setup.chain.clone();
        let mut config = RpcConfig::new(LOCAL);
        change(&mut config);
        let server = serve(setup, config).await.unwrap();
        let url = format!("http://{}", server.address());
        let http = HttpClientBuilder::default().build(url).unwrap();
        Self { http, chain, server }
    }

    pub(super) async fn instant() -> Self {
        Self::start(MiningMode::Instant).await
    }

    pub(super) async fn manual() -> Self {
        Self::start(MiningMode::Manual).await
    }

    pub(super) async fn ws(&self) -> WsClient {
        WsClientBuilder::default().build(format!("ws://{}", self.server.address())).await.unwrap()
    }

    /// Where it answers.
    pub(super) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Its metrics, as Prometheus gets them.
    pub(super) async fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.server.metrics().unwrap()).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    /// Closes its doors.
    pub(super) async fn close(self) {
        self.server.close().await;
    }

    /// The result of a method that must succeed.
    pub(super) async fn ask(&self, method: &str, params: Value) -> Value {
        self.http
            .request(method, list(params))
            .await
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The error of a method that must fail.
    pub(super) async fn refusal(&self, method: &str, params: Value) -> ErrorObjectOwned {
        match self.http.request::<Value, _>(method, list(params)).await {
            Err(ClientError::Call(error)) => error,
            other => panic!("{method} should be refused: {other:?}"),
        }
    }

    /// The code of the error that a method answers with, if it does.
    pub(super) async fn error_code(&self, method: &str, params: Value) -> Option<i32> {
        match self.http.request::<Value, _>(method, list(params)).await {
            Err(ClientError::Call(error)) => Some(error.code()),
            _ => None,
        }
    }

    /// Puts code at a fresh address.
    pub(super) async fn place(&self, code: &str) -> Address {
        let address = Address::repeat_byte(0xc0);
        let code = code.replace(' ', "");
        self.ask("anvil_setCode", serde_json::json!([address, code])).await;
        address
    }
}

/// A chain in memory with an engine at work, behind doors that are still closed.
fn setup(genesis: Genesis, options: EngineOptions) -> RpcSetup {
    let spec = ChainSpec::new(genesis, Limits::DEV).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(START));
    let (chain, engine) = open(Store::in_memory(), Arc::new(spec), options, clock).unwrap();
    engine.start().unwrap();
    RpcSetup {
        chain,
        signers: Signers::new(dev_accounts(DEV_MNEMONIC, 10).unwrap()),
        slots_in_an_epoch: 32,
        explainer: Explainer::default(),
        faults: false,
        forker: None,
        metrics: Some(MetricsConfig { listen: LOCAL, database: None }),
    }
}

/// A client within this process of a plain chain whose blocks hold two million gas.
pub(super) fn desk() -> Desk {
    let genesis = DevGenesis { poci: None, timestamp: START, ..DevGenesis::default() };
    let options = EngineOptions { gas_limit: Some(Gas(2_000_000)), ..EngineOptions::default() };
    Desk::new(setup(genesis.build().unwrap(), options)).unwrap()
}

pub(super) fn list(params: Value) -> ArrayParams {
    let mut list = ArrayParams::new();
    for param in params.as_array().expect("parameters are a list") {
        list.insert(param).unwrap();
    }
    list
}

/// A quantity as a number.
pub(super) fn number(value: &Value) -> u64 {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} should be a quantity"));
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}
