//! A small chain, begun anew for each input, that answers it; and what every answer must be.

#[path = "../../src/rpc/tests/answers.rs"]
mod answers;

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::runtime::{Builder, Runtime};
use utnet_chain::{
    clock::{Clock, ManualClock},
    engine::{EngineOptions, EngineThread, open},
    explain::Explainer,
    genesis::{ChainSpec, DEV_MNEMONIC, DevGenesis, Limits, dev_accounts},
    rpc::{Desk, RpcSetup, Signers},
};
use utnet_db::Store;
use utnet_primitives::{Gas, Seconds};

/// How long a client waits. Who asks for a million blocks gets as many as are made until then.
const PATIENCE: Duration = Duration::from_secs(2);
/// The clock of the chain.
const START: Seconds = Seconds(1_800_000_000);
/// Gas of a block: enough for everything but loops that go on for long.
const BLOCK_GAS: Gas = Gas(2_000_000);
/// The method whose specification has the code of a node's fault for calls that no block could take.
const SIMULATE: &str = "eth_simulateV1";

/// What happens before an input: contracts are there, and block 1 holds a transaction that logs.
const OPENING: &[u8] = br#"
    {"jsonrpc":"2.0","id":1,"method":"anvil_setCode","params":
        ["0x00000000000000000000000000000000000000a1","0x602a60005260015460010160015560206000a160206000f3"]}
    {"jsonrpc":"2.0","id":2,"method":"anvil_setCode","params":
        ["0x00000000000000000000000000000000000000b2","0x366000600037366000fd"]}
    {"jsonrpc":"2.0","id":3,"method":"eth_sendTransaction","params":
        [{"to":"0x00000000000000000000000000000000000000a1","gas":"0x186a0","nonce":"0x0"}]}
    {"jsonrpc":"2.0","id":4,"method":"eth_getBlockByNumber","params":["0x1",false]}
"#;

/// Whoever is alive answers this, after all that was asked before.
const ALIVE: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"evm_snapshot","params":[]}"#;

/// What all inputs share, since it takes long to make.
struct Stage {
    runtime: Runtime,
    spec: Arc<ChainSpec>,
    signers: Signers,
}

static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let genesis = DevGenesis { poci: None, timestamp: START, ..DevGenesis::default() };
    let genesis = genesis.build().expect("the dev mnemonic is valid");
    Stage {
        runtime: Builder::new_current_thread().enable_time().build().expect("there is a timer"),
        spec: Arc::new(ChainSpec::new(genesis, Limits::DEV).expect("the dev genesis is valid")),
        signers: Signers::new(dev_accounts(DEV_MNEMONIC, 10).expect("the dev mnemonic is valid")),
    }
});

impl Stage {
    fn begin(&self) -> (Desk, EngineThread) {
        let options = EngineOptions { gas_limit: Some(BLOCK_GAS), ..EngineOptions::default() };
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(START));
        let (chain, engine) = open(Store::in_memory(), Arc::clone(&self.spec), options, clock)
            .expect("a store in memory takes a genesis");
        let thread = engine.start().expect("there is a thread");
        let setup = RpcSetup {
            chain,
            signers: self.signers.clone(),
            slots_in_an_epoch: 32,
            explainer: Explainer::default(),
            faults: false,
            forker: None,
            metrics: None,
        };
        (Desk::new(setup).expect("no method is registered twice"), thread)
    }
}

/// Sends an input to a chain of its own. In it `$tx` and `$block` stand for the hashes that are there.
///
/// # Panics
/// When an answer is malformed or tells of a fault of the node, or the node answers no more.
pub fn play(input: &[u8]) {
    let stage = &*STAGE;
    let (mut desk, thread) = stage.begin();
    stage.runtime.block_on(async {
        let opening = desk.ask(OPENING).await;
        let (tx, block) = (hash(opening[2].get(), "result"), hash(opening[3].get(), "hash"));
        let input = replace(&replace(input, b"$tx", tx.as_bytes()), b"$block", block.as_bytes());
        if let Ok(answers) = tokio::time::timeout(PATIENCE, desk.ask(&input)).await {
            for answer in answers {
                judge(&input, answer.get());
            }
        }
        let alive = desk.ask(ALIVE).await;
        assert!(alive.iter().any(|answer| answer.get().contains("\"result\":\"0x")), "{alive:?}");
        desk.close().await;
    });
    thread.join().expect("the engine does not panic");
}

fn judge(input: &[u8], answer: &str) {
    if let Some(fault) = answers::fault(answer) {
        let input = String::from_utf8_lossy(input);
        assert!(input.contains(SIMULATE) && fault.starts_with("a fault"), "{fault}\n{input}");
    }
}

/// The hash in a field of a JSON text.
fn hash(text: &str, field: &str) -> String {
    let start =
        text.find(&format!("\"{field}\":\"0x")).expect("the opening succeeds") + field.len() + 4;
    text[start..start + 66].to_owned()
}

fn replace(bytes: &[u8], name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, others)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(name) {
            replaced.extend_from_slice(value);
            rest = after;
        } else {
            replaced.push(*first);
            rest = others;
        }
    }
    replaced
}

/// The request of a method with this text as its parameters.
pub fn request(method: &str, params: &str) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#).into_bytes()
}
