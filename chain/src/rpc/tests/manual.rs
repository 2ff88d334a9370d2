//! The manual says what the node does.

use super::support::Node;
use crate::rpc::{NAMESPACES, manual};
use serde_json::json;
use std::{collections::BTreeSet, path::Path};

#[test]
fn the_manual_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rpc.md");
    let manual = manual();
    #[expect(clippy::disallowed_methods, reason = "a person who changes the table says so here")]
    if std::env::var("UPDATE_DOCS").is_ok() {
        std::fs::write(&path, &manual).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == manual,
        "docs/rpc.md is stale: UPDATE_DOCS=1 cargo test --release -p utnet-chain manual"
    );
}

#[test]
fn no_name_is_listed_twice() {
    let mut seen = BTreeSet::new();
    for method in NAMESPACES.iter().flat_map(|(_, methods)| *methods) {
        for name in std::iter::once(&method.name).chain(method.aliases) {
            assert!(seen.insert(*name), "{name}");
        }
    }
}

#[tokio::test]
async fn every_listed_name_is_served() {
    let node = Node::instant().await;
    for method in NAMESPACES.iter().flat_map(|(_, methods)| *methods) {
        for name in std::iter::once(&method.name).chain(method.aliases) {
            let answer = node.error_code(name, json!([])).await;
            assert_ne!(answer, Some(-32_601), "{name}");
        }
    }
}
