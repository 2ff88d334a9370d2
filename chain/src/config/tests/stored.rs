//! A chain in a folder goes on as it began, whatever the command line says.

use super::{asked, genesis_file, run};
use crate::config::{ExitReason, InitArgs, NodeError, init_chain};
use alloy_primitives::hex;
use serde_json::{Value, json};

#[tokio::test]
async fn a_stored_chain_refuses_flags_that_it_cannot_obey() {
    let folder = tempfile::tempdir().unwrap();
    let datadir = folder.path().to_str().unwrap();
    let flags = ["--no-poci", "--port", "0", "--datadir", datadir, "--timestamp", "1000"];
    run(&flags, async |_| {}).await.0.unwrap();
    run(&[&flags[..], &["--hardfork", "osaka"]].concat(), async |_| {}).await.0.unwrap();

    for (flag, value, told) in [
        ("--block-base-fee-per-gas", "99", "has 1000000000"),
        ("--number", "5", "has 0"),
        ("--chain-id", "5", "has chain id 31337"),
        ("--hardfork", "prague", "other forks"),
    ] {
        let flags = [&flags[..5], &[flag, value]].concat();
        let refused = run(&flags, async |_| {}).await.0.unwrap_err().to_string();
        assert!(refused.starts_with(flag) && refused.contains(told), "{refused}");
    }
    let flags = [&flags[..5], &["--timestamp", "1001"]].concat();
    let refused = run(&flags, async |_| {}).await.0.unwrap_err().to_string();
    assert!(refused.contains("--timestamp 1001: the chain in --datadir has 1000"), "{refused}");
}

/// Neither id nor forks are part of the first block's hash.
#[tokio::test]
async fn a_stored_chain_refuses_other_rules_beside_its_genesis_file() {
    let folder = tempfile::tempdir().unwrap();
    let (file, datadir) = (genesis_file(folder.path()), folder.path().join("chain"));
    let datadir = datadir.to_str().unwrap();
    let flags = ["--init", &file, "--datadir", datadir, "--port", "0"];
    run(&flags, async |_| {}).await.0.unwrap();
    run(&flags, async |_| {}).await.0.unwrap();

    for (flag, value) in [("--chain-id", "5"), ("--hardfork", "prague")] {
        let flags = [&flags[..], &[flag, value]].concat();
        let refused = run(&flags, async |_| {}).await.0.unwrap_err();
        assert!(matches!(refused, NodeError::OtherConfig { .. }), "{flag}: {refused}");
    }
}

#[tokio::test]
async fn a_stored_chain_is_neither_taken_from_poci_nor_given_chips_without() {
    let folder = tempfile::tempdir().unwrap();
    let (under_poci, plain) = (folder.path().join("poci"), folder.path().join("plain"));
    let start = async |datadir: &std::path::Path, more: &[&str]| {
        let flags = ["--port", "0", "--datadir", datadir.to_str().unwrap()];
        run(&[&flags[..], more].concat(), async |_| {}).await.0
    };
    start(&under_poci, &[]).await.unwrap();
    start(&plain, &["--no-poci"]).await.unwrap();

    let without = start(&under_poci, &["--no-poci"]).await;
    let with = start(&plain, &["--chips", folder.path().to_str().unwrap()]).await;

    assert!(matches!(without, Err(NodeError::HasPoci)), "{without:?}");
    assert!(matches!(with, Err(NodeError::NoPoci)), "{with:?}");
}

#[tokio::test]
async fn a_base_fee_before_there_were_any_is_no_reason_to_refuse_the_same_words_again() {
    let folder = tempfile::tempdir().unwrap();
    let datadir = folder.path().to_str().unwrap();
    let flags = ["--no-poci", "--port", "0", "--datadir", datadir];
    let flags = [&flags[..], &["--hardfork", "berlin", "--block-base-fee-per-gas", "1"]].concat();

    for _ in 0..2 {
        run(&flags, async |_| {}).await.0.unwrap();
    }
}

/// A chain of another node as anvil would dump it: without our part.
async fn foreign_dump() -> String {
    let mut packed = Value::Null;
    run(&["--no-poci", "--port", "0", "--timestamp", "1000"], async |address| {
        asked(address.clone(), "anvil_mine", json!([2])).await;
        packed = asked(address, "anvil_dumpState", json!([])).await;
    })
    .await
    .0
    .unwrap();
    let packed = hex::decode(packed.as_str().unwrap()).unwrap();
    let mut document: Value =
        serde_json::from_reader(flate2::read::GzDecoder::new(&packed[..])).unwrap();
    document.as_object_mut().unwrap().remove("utnet").unwrap();
    hex::encode_prefixed(serde_json::to_vec(&document).unwrap())
}

/// The dump's first block stands in the place of the genesis file's.
#[tokio::test]
async fn a_chain_that_was_begun_exactly_starts_again_after_it_loaded_a_dump() {
    let folder = tempfile::tempdir().unwrap();
    let (file, datadir) = (genesis_file(folder.path()), folder.path().join("chain"));
    init_chain(&InitArgs { genesis: file.clone().into(), datadir: datadir.clone() }).unwrap();
    let flags = ["--init", &file, "--datadir", datadir.to_str().unwrap(), "--port", "0"];
    let dump = foreign_dump().await;
    run(&flags, async |address| {
        assert_eq!(asked(address, "anvil_loadState", json!([dump])).await, true);
    })
    .await
    .0
    .unwrap();

    let mut head = Value::Null;
    let (ended, _) = run(&flags, async |address| {
        head = asked(address, "eth_blockNumber", json!([])).await;
    })
    .await;

    ended.unwrap();
    assert_eq!(head, "0x2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_on_disk_starts_without_its_upstream_whoever_is_to_be_shown() {
    let folder = tempfile::tempdir().unwrap();
    let datadir = folder.path().to_str().unwrap();
    let mut url = String::new();
    let flags = async |url: &str, more: &[&str]| {
        let flags = ["--fork-url", url, "--fork-retries", "0", "--datadir", datadir];
        run(&[&flags[..], &["--port", "0"], more].concat(), async |_| {}).await
    };
    run(&["--no-poci", "--port", "0"], async |address| {
        url = format!("http://{address}");
        Box::pin(flags(&url, &["--accounts", "1"])).await.0.unwrap();
    })
    .await
    .0
    .unwrap();

    let (ended, text) = flags(&url, &["--accounts", "2"]).await;

    assert_eq!(ended.unwrap(), ExitReason::Shutdown);
    assert!(text.contains("(10000 UNC)") && text.contains("(? UNC)"), "{text}");
    let (refused, _) = flags(&url, &["--chain-id", "5"]).await;
    assert!(matches!(refused, Err(NodeError::OtherChain { .. })), "{refused:?}");
}
