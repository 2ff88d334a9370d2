//! The node's flags, and what it writes for shells and readers.

use super::process::{ALICE, Node, refused_node, said, text, utnet_with};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

/// Everything that anvil 1.7.1 lists and that is about this chain, as scripts pass it.
const ANVILS_FLAGS: &str = "--accounts 3 --balance 1.5 --chain-id 99 --derivation-path m/44'/60'/0'/0/ \
    --hardfork cancun --gas-limit 20000000 --code-size-limit 50000 --block-base-fee-per-gas 7 \
    --gas-price 1 --disable-min-priority-fee --enable-tx-gas-limit --no-cors --host 127.0.0.1 \
    --host 127.0.0.2 --max-transactions 5 --slots-in-an-epoch 2 --order fifo --timestamp 1700000000 \
    --number 7 --threads 2 --steps-tracing --print-traces --disable-console-log --auto-impersonate \
    --disable-default-create2-deployer --disable-pool-balance-checks --no-request-size-limit \
    --memory-limit 100000000 --transaction-block-keeper 9 --prune-history 5 --max-persisted-states 3 \
    --preserve-historical-states --color never --no-rate-limit --compute-units-per-second 9 \
    --network ethereum";

#[test]
fn anvils_flags_are_accepted_and_mean_the_same() -> Result<()> {
    let flags: Vec<&str> = ANVILS_FLAGS.split_whitespace().collect();
    let node = Node::start(&flags)?;

    ensure!(node.ask("eth_chainId", json!([]))? == "0x63");
    ensure!(node.height()? == 7);
    let first = node.ask("eth_getBlockByNumber", json!(["latest", false]))?;
    ensure!(first["timestamp"] == "0x6553f100" && first["baseFeePerGas"] == "0x7", "{first}");
    ensure!(first["gasLimit"] == "0x1312d00");
    ensure!(node.ask("eth_getBalance", json!([ALICE, "latest"]))? == "0x14d1120d7b160000");
    let deployer = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
    ensure!(node.ask("eth_getCode", json!([deployer, "latest"]))? == "0x");
    let info = node.ask("anvil_nodeInfo", json!([]))?;
    ensure!(info["hardFork"] == "cancun" && info["transactionOrder"] == "fifo", "{info}");
    ensure!(node.banner.contains("Accepted, without effect here: "), "{}", node.banner);
    Ok(())
}

#[test]
fn a_seeded_phrase_is_the_one_that_anvil_makes() -> Result<()> {
    let ours = Node::start(&["--mnemonic-seed-unsafe", "342"])?;
    let anvils = Node::anvil(&["--mnemonic-seed-unsafe", "342"])?;

    let accounts = |node: &Node| node.ask("eth_accounts", json!([]));
    let lower = |accounts: Value| accounts.to_string().to_lowercase();
    ensure!(lower(accounts(&ours)?) == lower(accounts(&anvils)?));
    Ok(())
}

#[test]
fn a_log_filter_that_means_nothing_is_refused() -> Result<()> {
    let text = refused_node(&["--log-filter", "utnet_chain=[loudly"])?;
    ensure!(text.contains("--log-filter utnet_chain=[loudly"), "{text}");
    Ok(())
}

#[test]
fn a_folder_of_chips_that_is_not_there_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (missing, file) = (folder.path().join("missing"), folder.path().join("file"));
    std::fs::write(&file, "no folder")?;
    for (path, reason) in [(missing, "No such file or directory"), (file, "Not a directory")] {
        let path = text(&path)?;
        let told = refused_node(&["--chips", path])?;
        ensure!(told.contains(&format!("--chips {path} cannot be read")), "{told}");
        ensure!(told.contains(reason) && told.contains("utnet chip new"), "{told}");
    }
    Ok(())
}

#[test]
fn a_folder_without_chips_is_taken_and_told() -> Result<()> {
    let folder = tempfile::tempdir()?;

    let node = Node::under_poci(&["--chips", text(folder.path())?])?;

    let log = node.log()?;
    ensure!(log.contains("no chip is in the folders of --chips so far"), "{log}");
    Ok(())
}

#[test]
fn shells_get_completions_and_readers_a_page() -> Result<()> {
    let text = |args: &[&str]| -> Result<String> {
        let run = utnet_with(args)?;
        ensure!(run.status.success(), "{args:?}: {}", said(&run.stderr));
        Ok(said(&run.stdout))
    };
    for shell in ["bash", "zsh", "fish"] {
        let completions = text(&["completions", shell])?;
        ensure!(completions.contains("fork-url"), "{shell}");
    }
    let page = text(&["man", "node"])?;
    ensure!(page.contains(".TH") && page.contains("fork\\-url"), "{page}");
    let help = text(&["node", "--help"])?;
    for heading in
        ["Accounts:", "Chain:", "Mining:", "Server:", "Limits:", "Fork of another chain:"]
    {
        ensure!(help.contains(heading), "{heading} is not in\n{help}");
    }
    Ok(())
}
