//! The manual says what the node does.

use super::support::Node;
use crate::rpc::{NAMESPACES, manual};
use jsonrpsee::{
    core::{ClientError, client::ClientT, params::ArrayParams},
    types::error::{
        INTERNAL_ERROR_CODE, INVALID_PARAMS_CODE, INVALID_REQUEST_CODE, METHOD_NOT_FOUND_CODE,
        OVERSIZED_REQUEST_CODE, OVERSIZED_RESPONSE_CODE, PARSE_ERROR_CODE,
        TOO_BIG_BATCH_REQUEST_CODE, TOO_BIG_BATCH_RESPONSE_CODE, TOO_MANY_SUBSCRIPTIONS_CODE,
    },
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

/// A name that some node, the standard or wallets know.
#[derive(Debug, Deserialize)]
struct Known {
    name: String,
    /// Who knows it.
    sources: Vec<String>,
    /// Why it is not served here.
    reason: Option<String>,
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn known_names() -> Vec<Known> {
    let text = std::fs::read_to_string(root("test/vectors/rpc_names.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The manual's last section: each name that others know, and why it is not here if it is not.
fn reference() -> String {
    let names = known_names();
    let here = names.iter().filter(|known| known.reason.is_none()).count();
    let mut text = format!(
        "\n## Names that others know\n\nThe execution APIs, anvil, hardhat, ganache, reth, geth and wallets know {} \
         names (`engine_*` and other chains' apart, as listed in `test/vectors/rpc_names.json`); {here} are served \
         here.\n\n| Name | Known to | Here |\n|---|---|---|\n",
        names.len()
    );
    for known in names {
        let here = known.reason.map_or_else(|| "yes".to_owned(), |reason| format!("no: {reason}"));
        text.push_str(&format!("| `{}` | {} | {here} |\n", known.name, known.sources.join(", ")));
    }
    text
}

#[test]
fn the_manual_is_what_the_table_says() {
    let path = root("docs/rpc.md");
    let manual = manual() + &reference();
    #[expect(clippy::disallowed_methods, reason = "a person who changes the table says so here")]
    if std::env::var("UPDATE_DOCS").is_ok() {
        std::fs::write(&path, &manual).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == manual,
        "docs/rpc.md is stale: UPDATE_DOCS=1 cargo test --release -p utnet-chain manual"
    );
}

/// All numbers in the first column of the manual's table of codes, and the ranges that it names.
fn listed_codes() -> Vec<RangeInclusive<i32>> {
    let manual = manual();
    let table = manual.split_once("| Error code |").unwrap().1.split_once("\n\n").unwrap().0;
    let first_columns = table.lines().skip(2).filter_map(|row| row.split('|').nth(1));
    let entries = first_columns.flat_map(|column| column.split(','));
    let number = |text: &str| text.trim().parse::<i32>().unwrap();
    let range = |entry: &str| match entry.split_once(" to ") {
        Some((one, other)) => {
            let (one, other) = (number(one), number(other));
            one.min(other)..=one.max(other)
        }
        None => number(entry)..=number(entry),
    };
    entries.map(range).collect()
}

/// All sources below a folder, tests apart.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            text += &sources(&path);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text += &std::fs::read_to_string(&path).unwrap();
        }
    }
    text
}

#[test]
fn the_manual_tells_every_code_of_an_error() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rpc"));
    let constants = sources.lines().filter_map(|line| line.split_once(": i32 = "));
    let ours = constants.map(|(_, code)| code.trim_end_matches(';').replace('_', ""));
    let mut codes: Vec<i32> = ours.map(|code| code.parse().unwrap()).collect();
    assert!(codes.contains(&-32_005) && codes.contains(&5_760), "{codes:?}");
    // Those of JSON-RPC's library.
    codes.extend([PARSE_ERROR_CODE, INVALID_REQUEST_CODE, METHOD_NOT_FOUND_CODE]);
    codes.extend([INVALID_PARAMS_CODE, INTERNAL_ERROR_CODE, TOO_MANY_SUBSCRIPTIONS_CODE]);
    codes.extend([OVERSIZED_REQUEST_CODE, OVERSIZED_RESPONSE_CODE]);
    codes.extend([TOO_BIG_BATCH_REQUEST_CODE, TOO_BIG_BATCH_RESPONSE_CODE]);

    let listed = listed_codes();

    for code in codes {
        assert!(listed.iter().any(|range| range.contains(&code)), "{code} is not in the manual");
    }
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

#[tokio::test]
async fn every_name_that_others_know_is_served_or_has_a_reason() {
    let node = Node::instant().await;
    // Subscriptions are not served over HTTP.
    let client = node.ws().await;
    let mut wrong = Vec::new();
    for known in known_names() {
        let answer = client.request::<Value, _>(&known.name, ArrayParams::new()).await;
        let is_unknown = matches!(answer, Err(ClientError::Call(error)) if error.code() == -32_601);
        match (is_unknown, &known.reason) {
            (true, None) => wrong.push(format!("{} is not served and has no reason", known.name)),
            (false, Some(_)) => wrong.push(format!("{} is served: delete its reason", known.name)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "test/vectors/rpc_names.json: {wrong:#?}");
}

#[test]
fn every_name_is_on_the_list_of_known_names_unless_it_is_ours() {
    let known: BTreeSet<String> = known_names().into_iter().map(|known| known.name).collect();
    for method in NAMESPACES.iter().flat_map(|(_, methods)| *methods) {
        for name in std::iter::once(&method.name).chain(method.aliases) {
            assert!(known.contains(*name) || name.starts_with("utn_"), "{name}");
        }
    }
}
