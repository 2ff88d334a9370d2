//! Calls that fail say why and where, when the contract's artifact is known.

use super::support::{ALICE, Node, PARROT};
use crate::{
    engine::Note,
    explain::{Artifacts, Explainer},
};
use alloy_primitives::{Address, hex, keccak256};
use alloy_sol_types::{Panic, Revert, SolError};
use serde_json::{Value, json};
use std::{fs, path::Path};

const SOURCE: &str = "contract Tiny {
    error Never(uint256 why);
    function fail() external {
        revert Never(7);
    }
}
";

/// Code that reverts with `Never(7)`, one instruction per part.
fn tiny() -> String {
    let never = hex::encode(&keccak256("Never(uint256)")[..4]);
    format!("63{never}60e01b5f52600760045260245ffd")
}

/// A project with one contract, as forge leaves it.
fn project(folder: &Path) {
    let offset = SOURCE.find("revert").unwrap();
    let map = format!("{offset}:15:3:-{}", ";".repeat(10));
    let artifact = json!({
        "abi": [{"type": "error", "name": "Never", "inputs": [{"name": "why", "type": "uint256"}]}],
        "bytecode": {"object": "0x"},
        "deployedBytecode": {"object": format!("0x{}", tiny()), "sourceMap": map},
        "metadata": {"settings": {"compilationTarget": {"src/Tiny.sol": "Tiny"}}},
        "id": 3,
    });
    let build =
        json!({"id": "x", "source_id_to_path": {"3": "src/Tiny.sol"}, "language": "Solidity"});
    for (file, text) in [
        ("src/Tiny.sol", SOURCE.to_owned()),
        ("out/Tiny.sol/Tiny.json", artifact.to_string()),
        ("out/build-info/x.json", build.to_string()),
        ("out/broken.json", "{".to_owned()),
    ] {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
}

async fn call(
    node: &Node,
    to: Address,
    data: impl AsRef<[u8]>,
) -> jsonrpsee::types::ErrorObjectOwned {
    let call = json!({"from": ALICE, "to": to, "data": hex::encode_prefixed(data)});
    node.refusal("eth_call", json!([call])).await
}

#[tokio::test]
async fn a_failure_is_placed_in_the_message_and_its_data_stays() {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path());
    let artifacts = Artifacts::in_folder(&folder.path().join("out")).unwrap();
    let node = Node::explaining(Explainer::new(Some(artifacts), None)).await;
    let contract = node.place(&format!("0x{}", tiny())).await;

    for method in ["eth_call", "eth_estimateGas", "eth_sendTransaction"] {
        let refused = node.refusal(method, json!([{"from": ALICE, "to": contract}])).await;

        let expected = "execution reverted: Never(why: 7)\n    at Tiny.fail (src/Tiny.sol:4)";
        assert_eq!((refused.code(), refused.message()), (3, expected), "{method}");
        let data: Value = serde_json::from_str(refused.data().unwrap().get()).unwrap();
        assert_eq!(data.as_str().unwrap().len(), 2 + 2 * 36, "{data}");
    }
}

#[tokio::test]
async fn artifacts_that_come_later_are_read_when_they_are_needed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let artifacts = Artifacts::in_folder(&out).unwrap();
    let node = Node::explaining(Explainer::new(Some(artifacts), None)).await;
    let contract = node.place(&format!("0x{}", tiny())).await;
    let before = call(&node, contract, []).await;
    assert!(before.message().contains("a contract without artifact at"), "{before:?}");

    project(folder.path());

    let after = call(&node, contract, []).await;
    assert!(after.message().ends_with("at Tiny.fail (src/Tiny.sol:4)"), "{after:?}");
}

#[tokio::test]
async fn without_artifacts_messages_are_gethss_words() {
    let node = Node::instant().await;
    let parrot = node.place(PARROT).await;

    let refused = call(&node, parrot, Revert::from("unlucky").abi_encode()).await;
    assert_eq!(refused.message(), "execution reverted: unlucky");
    let refused = call(&node, parrot, [1, 2, 3, 4]).await;
    assert_eq!(refused.message(), "execution reverted");
}

#[tokio::test]
async fn the_log_hears_of_failed_calls_and_of_what_is_told_to_the_console() {
    let node = Node::instant().await;
    let mut notes = node.chain.notes();
    let parrot = node.place(PARROT).await;
    let console = crate::execution::CONSOLE;

    node.ask("eth_call", json!([{"to": console, "data": "0x0102"}])).await;
    call(&node, parrot, Panic { code: alloy_primitives::U256::from(0x12) }.abi_encode()).await;

    let Note::Call(first) = notes.try_recv().unwrap() else { panic!("a call's") };
    assert_eq!((first.method, first.told.calls.len(), &first.failure), ("eth_call", 1, &None));
    let Note::Call(second) = notes.try_recv().unwrap() else { panic!("a call's") };
    let words = "reverted: panic: division or modulo by zero (0x12)";
    assert_eq!(second.failure.as_deref(), Some(words));
}
