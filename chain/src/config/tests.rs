//! The command line means what anvil's means, and says what is wrong with it.

mod stored;

use super::{ExitReason, NodeArgs, NodeError, accounts::DevAccounts, node::serve, run_node};
use crate::{
    clock::SystemClock,
    config::{InitArgs, init_chain},
    engine::{self, EngineOptions, test_support},
    genesis::DevGenesis,
};
use clap::Parser;
use jsonrpsee::{core::client::ClientT, http_client::HttpClientBuilder, rpc_params};
use parking_lot::Mutex;
use serde_json::json;
use std::{
    io::{self, Write},
    net::TcpListener,
    sync::Arc,
};
use utnet_db::{Pruning, Store};

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    node: NodeArgs,
}

fn parse(flags: &[&str]) -> Result<NodeArgs, clap::Error> {
    Cli::try_parse_from(std::iter::once(&"node").chain(flags)).map(|cli| cli.node)
}

/// An output that can be read while it is written.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock()).into_owned()
    }

    /// Waits until the node has printed this.
    async fn wait_for(&self, part: &str) {
        while !self.text().contains(part) {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until the node says where it listens.
    async fn address(&self) -> String {
        loop {
            let text = self.text();
            let said = text.lines().find_map(|line| line.strip_prefix("Listening on "));
            if let Some(address) = said {
                return address.to_owned();
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Runs a node until `work`, which is given its address, is done.
async fn run(
    flags: &[&str],
    work: impl AsyncFnOnce(String),
) -> (Result<ExitReason, NodeError>, String) {
    let output = Output::default();
    let reader = output.clone();
    let shutdown = async move { work(reader.address().await).await };
    let mut writer = output.clone();
    let ended = Box::pin(run_node(parse(flags).unwrap(), &mut writer, shutdown)).await;
    (ended, output.text())
}

async fn block_number(address: String) -> String {
    let client = HttpClientBuilder::default().build(format!("http://{address}")).unwrap();
    client.request("eth_blockNumber", rpc_params![]).await.unwrap()
}

#[test]
fn history_is_kept_unless_a_flag_bounds_it() {
    let pruning = |flags: &[&str]| parse(flags).unwrap().prune.pruning();
    let (window, all) = (Some(10_000), None);

    assert_eq!(pruning(&[]), Pruning::default());
    assert_eq!(pruning(&["--prune", "archive"]), Pruning::default());
    let full = Pruning { state: window, receipts: all, bodies: all };
    assert_eq!(pruning(&["--prune", "full"]), full);
    let minimal = Pruning { state: window, receipts: window, bodies: window };
    assert_eq!(pruning(&["--prune", "minimal"]), minimal);
    let own = pruning(&["--prune", "minimal", "--prune.state", "64", "--prune.receipts", "99"]);
    assert_eq!(own, Pruning { state: Some(64), receipts: Some(99), bodies: window });
    let lone = pruning(&["--prune.bodies", "100"]);
    assert_eq!(lone, Pruning { bodies: Some(100), ..Pruning::default() });
    for part in ["--prune.state", "--prune.receipts", "--prune.bodies"] {
        let refused = parse(&[part, "63"]).unwrap_err().to_string();
        assert!(refused.contains("63 is not in 64.."), "{refused}");
    }
}

#[tokio::test]
async fn a_dump_needs_what_pruning_would_remove() {
    let args = parse(&["--prune", "minimal", "--dump-state", "nowhere.json"]).unwrap();
    let ended = run_node(args, &mut Output::default(), async {}).await;
    assert!(matches!(ended, Err(NodeError::PrunedDump)));
}

#[test]
fn an_anvil_command_line_is_accepted() {
    let aliases = "--no-console-log --no-create2 --no-priority-fee --tx-gas-limit --jobs 2 --verbosity \
        --enable-trace-printing --hardfork spuriousDragon --ipcpath here";
    parse(&aliases.split_whitespace().collect::<Vec<_>>()).unwrap();
    for fork in ["Prague", "CANCUN", "bpo1", "Bpo2", "muirGlacier"] {
        parse(&["--hardfork", fork]).unwrap();
    }
    let line = "--port 0 --accounts 3 --balance 1.5 --chain-id 1 --block-time 0.5 --mixed-mining \
        --gas-limit 1000000 --steps-tracing --auto-impersonate --order fifo --prune-history \
        --transaction-block-keeper 64 --silent --ipc --host 0.0.0.0 --hardfork osaka --no-cors \
        --block-base-fee-per-gas 7 --gas-price 1 --code-size-limit 50000 --timestamp 9 -j 2";
    let flags: Vec<&str> = line.split_whitespace().collect();
    parse(&flags).unwrap();
}

#[test]
fn a_wrong_value_is_told_with_its_flag_and_what_was_expected() {
    for (flag, value, expected) in [
        ("--port", "70000", "0..=65535"),
        ("--accounts", "many", "--accounts"),
        ("--balance", "rich", "expected an amount"),
        ("--mnemonic", "one two three", "BIP-39"),
        ("--derivation-path", "here", "expected a path"),
        ("--block-time", "0", "expected seconds"),
        ("--chain-id", "0", "not in 1.."),
        ("--order", "random", "fees"),
        ("--hardfork", "dragon", "osaka"),
        ("--host", "everywhere", "--host"),
        ("--gas-limit", "3", "21000.."),
        ("--epoch-blocks", "3", "4..=4095"),
    ] {
        let error = parse(&[flag, value]).unwrap_err().to_string();
        assert!(error.contains(flag) && error.contains(expected), "{error}");
    }
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    parse(&["--no-mining", "--block-time", "1"]).unwrap_err();
    parse(&["--durable"]).unwrap_err();
    parse(&["--no-poci", "--chips", "here"]).unwrap_err();
    parse(&["--no-poci", "--epoch-blocks", "300"]).unwrap_err();
    parse(&["--init", "genesis.json", "--epoch-blocks", "300"]).unwrap_err();
}

#[tokio::test]
async fn the_banner_holds_what_anvils_parsers_look_for() {
    let (ended, text) = run(&["--no-poci", "--port", "0", "--accounts", "2"], async |_| {}).await;

    assert_eq!(ended.unwrap(), ExitReason::Shutdown);
    let mut lines = text.lines();
    assert!(lines.any(|line| line == "Private Keys"), "{text}");
    let key = "(0) 0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    assert!(lines.any(|line| line == key), "{text}");
    assert!(lines.any(|line| line.starts_with("Listening on 127.0.0.1:")), "{text}");
}

#[tokio::test]
async fn a_silent_node_prints_nothing() {
    let output = Output::default();
    let mut writer = output.clone();
    let args = parse(&["--no-poci", "--port", "0", "--silent"]).unwrap();

    Box::pin(run_node(args, &mut writer, async {})).await.unwrap();

    assert_eq!(output.text(), "");
}

#[tokio::test]
async fn a_node_whose_engine_has_ended_ends() {
    let args = parse(&["--no-poci", "--port", "0"]).unwrap();
    let accounts = DevAccounts::new(&args.accounts).unwrap();
    let spec = Arc::new(test_support::plain_spec());
    let options = EngineOptions::default();
    let (chain, engine) =
        engine::open(Store::in_memory(), spec, options, Arc::new(SystemClock)).unwrap();
    drop(engine);

    let shutdown = std::future::pending::<()>();
    let ended = serve(&args, &accounts, &chain, &mut io::sink(), shutdown).await;

    assert_eq!(ended.unwrap(), ExitReason::EngineEnded);
}

#[tokio::test]
async fn a_busy_port_is_told() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    let args = parse(&["--no-poci", "--port", &port]).unwrap();

    let refused = Box::pin(run_node(args, &mut io::sink(), async {})).await.unwrap_err();

    let text = refused.to_string();
    assert!(text.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{text}");
}

#[tokio::test]
async fn a_chain_in_a_folder_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let datadir = folder.path().to_str().unwrap();
    let flags = ["--no-poci", "--port", "0", "--datadir", datadir];
    let mine = async |address: String| {
        let client = HttpClientBuilder::default().build(format!("http://{address}")).unwrap();
        client.request::<(), _>("anvil_mine", rpc_params![3]).await.unwrap();
    };
    run(&flags, mine).await.0.unwrap();

    let mut number = String::new();
    run(&flags, async |address| number = block_number(address).await).await.0.unwrap();

    assert_eq!(number, "0x3");
}

#[tokio::test]
async fn settings_and_keys_are_written_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.json");
    let flags = ["--no-poci", "--port", "0", "--config-out", file.to_str().unwrap()];

    run(&flags, async |_| {}).await.0.unwrap();

    let text = std::fs::read_to_string(file).unwrap();
    let written: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written["private_keys"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told_with_its_flag() {
    let args = parse(&["--port", "0", "--init", "/nowhere/genesis.json"]).unwrap();
    let refused = Box::pin(run_node(args, &mut io::sink(), async {})).await.unwrap_err();
    assert!(refused.to_string().starts_with("--init /nowhere/genesis.json"), "{refused}");
}

/// What a node prints when `log("seven", 7)` is told to the console in a transaction and in a call,
/// up to a part that must come.
async fn told(flags: &[&str], last: &str) -> String {
    let output = Output::default();
    let (reader, mut writer) = (output.clone(), output.clone());
    let args = parse(&[&["--no-poci", "--port", "0"], flags].concat()).unwrap();
    let shutdown = async {
        tell_the_console(reader.address().await).await;
        reader.wait_for(last).await;
    };
    Box::pin(run_node(args, &mut writer, shutdown)).await.unwrap();
    output.text()
}

async fn tell_the_console(address: String) {
    let client = HttpClientBuilder::default().build(format!("http://{address}")).unwrap();
    let word = |hex: &str| format!("{hex:0>64}");
    let text = format!("736576656e{}", "0".repeat(54));
    let data = ["0xb60e72cc", &word("40"), &word("7"), &word("5"), &text].concat();
    let from = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let call = json!({ "from": from, "to": crate::execution::CONSOLE, "data": data });
    client.request::<String, _>("eth_sendTransaction", rpc_params![&call]).await.unwrap();
    client.request::<String, _>("eth_call", rpc_params![&call]).await.unwrap();
}

#[tokio::test]
async fn what_contracts_tell_the_console_is_printed() {
    let text = told(&[], "    eth_call\n    console.log:\n      seven 7\n").await;
    assert_eq!(text.matches("    console.log:\n      seven 7\n").count(), 2, "{text}");
}

#[tokio::test]
async fn the_console_can_be_switched_off() {
    let text = told(&["--disable-console-log"], "Block Time:").await;
    assert!(text.contains("Transaction:") && !text.contains("seven"), "{text}");
}

#[tokio::test]
async fn what_is_said_can_be_read_by_programs() {
    let text = told(&["--json"], r#""event":"call""#).await;
    let events = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    let is_told = |event: &serde_json::Value| event["console"] == json!(["seven 7"]);
    let said: Vec<_> = events.filter(is_told).map(|event| event["event"].clone()).collect();
    assert_eq!(said, [json!("transaction"), json!("call")]);
}

#[tokio::test]
async fn calls_are_printed_as_a_tree() {
    let text = told(&["--print-traces"], "eth_call").await;
    assert!(text.contains("    Calls:\n      ["), "{text}");
    assert!(text.contains("console::log(seven 7)"), "{text}");
}

/// What a method answers.
async fn asked(address: String, method: &str, params: serde_json::Value) -> serde_json::Value {
    let client = HttpClientBuilder::default().build(format!("http://{address}")).unwrap();
    let mut list = rpc_params![];
    for param in params.as_array().unwrap() {
        list.insert(param).unwrap();
    }
    client.request(method, list).await.unwrap()
}

/// A genesis file of a plain chain, on which nobody has anything.
fn genesis_file(folder: &std::path::Path) -> String {
    let dev = DevGenesis { poci: None, accounts: 0, ..DevGenesis::default() };
    let path = folder.join("genesis.json");
    std::fs::write(&path, serde_json::to_string(&dev.build().unwrap()).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_plain_genesis_file_obeys_the_flags_and_funds_the_accounts_that_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = genesis_file(folder.path());
    let flags =
        ["--init", &file, "--balance", "7", "--port", "0", "--block-base-fee-per-gas", "99"];
    let (mut balance, mut block, mut info) = Default::default();

    let (ended, text) = run(&[&flags[..], &["--hardfork", "Prague"]].concat(), async |address| {
        let alice = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        balance = asked(address.clone(), "eth_getBalance", json!([alice, "latest"])).await;
        block = asked(address.clone(), "eth_getBlockByNumber", json!(["0x0", false])).await;
        info = asked(address, "anvil_nodeInfo", json!([])).await;
    })
    .await;

    ended.unwrap();
    assert_eq!(balance, format!("{:#x}", 7_000_000_000_000_000_000_u64));
    assert_eq!((&block["baseFeePerGas"], &info["hardFork"]), (&json!("0x63"), &json!("prague")));
    assert!(text.contains("(0) 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 (7 UNC)"), "{text}");
}

#[tokio::test]
async fn a_chain_that_was_begun_exactly_stays_so_and_nobody_is_shown_rich() {
    let folder = tempfile::tempdir().unwrap();
    let (file, datadir) = (genesis_file(folder.path()), folder.path().join("chain"));
    let init = InitArgs { genesis: file.clone().into(), datadir: datadir.clone() };
    let begun = init_chain(&init).unwrap().genesis;
    let mut hash = serde_json::Value::Null;

    let flags = ["--init", &file, "--datadir", datadir.to_str().unwrap(), "--port", "0"];
    let (ended, text) = run(&flags, async |address| {
        hash = asked(address, "eth_getBlockByNumber", json!(["0x0", false])).await["hash"].clone();
    })
    .await;

    ended.unwrap();
    assert_eq!(hash, begun.to_string());
    assert!(text.contains("(0 UNC)") && !text.contains("(10000 UNC)"), "{text}");
}

#[tokio::test]
async fn chips_are_refused_where_there_is_no_poci() {
    let folder = tempfile::tempdir().unwrap();
    let chips = folder.path().to_str().unwrap();
    let args = parse(&["--port", "0", "--chips", chips, "--hardfork", "shanghai"]).unwrap();

    let refused = Box::pin(run_node(args, &mut io::sink(), async {})).await.unwrap_err();

    assert!(matches!(refused, NodeError::NoPoci), "{refused}");
}

#[test]
fn under_anvils_name_a_chain_is_plain_unless_the_flags_speak_of_poci() {
    let is_plain = |flags: &[&str]| parse(flags).unwrap().as_anvil().poci.no_poci;

    assert!(is_plain(&[]) && is_plain(&["--number", "5"]));
    assert!(!is_plain(&["--chips", "here"]) && !is_plain(&["--epoch-blocks", "32"]));
}
