//! `utnet db`: what it tells of a good store, of a damaged one, and of one that is not there.

use super::process::{ALICE, BOB, Node, found, refused, said, text, utnet_with};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use utnet_db::{
    OpenOptions,
    mdbx::MdbxDatabase,
    tables::AccountsHistory,
    traits::{Database, DbTxMut},
};

const COMMANDS: [&str; 4] = ["stats", "check", "repair", "compact"];

/// A chain of ten blocks with a payment each, that no node has open.
fn closed() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let mut node = Node::start(&["--datadir", text(folder.path())?])?;
    for _ in 0..10 {
        node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}]))?;
    }
    ensure!(node.end("TERM")?.success());
    Ok(folder)
}

fn db(command: &str, folder: &Path) -> Result<Value> {
    found(&["db", command, "--datadir", text(folder)?])
}

fn file(folder: &Path) -> std::path::PathBuf {
    folder.join(utnet_db::mdbx::FILE)
}

/// The node goes on with the chain of a folder.
fn goes_on(folder: &Path, height: u64) -> Result<()> {
    let node = Node::start(&["--datadir", text(folder)?])?;
    ensure!(node.height()? == height);
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}]))?;
    ensure!(node.height()? == height + 1);
    Ok(())
}

#[test]
fn a_good_store_is_measured_checked_compacted_and_left_alone_by_a_repair() -> Result<()> {
    let folder = closed()?;
    let folder = folder.path();

    let stats = db("stats", folder)?;
    ensure!(stats["diskBytes"].as_u64() >= stats["usedBytes"].as_u64(), "{stats}");
    let tables = stats["tables"].as_array().context("tables are listed")?;
    let headers = tables.iter().find(|table| table["table"] == "Headers");
    ensure!(headers.context("blocks have headers")?["entries"] == 11, "{stats}");
    let checked = db("check", folder)?;
    ensure!(checked["faults"] == json!([]) && checked["firstBlock"] == 0, "{checked}");
    ensure!(checked["head"] == 10 && checked["keptFrom"]["state"] == 0, "{checked}");
    let repaired = db("repair", folder)?;
    ensure!(repaired["blocksTakenBack"] == 0 && repaired["oldFile"].is_null(), "{repaired}");
    let compacted = db("compact", folder)?;
    ensure!(compacted["bytesNow"].as_u64() <= compacted["bytesBefore"].as_u64(), "{compacted}");
    ensure!(db("check", folder)? == checked);
    goes_on(folder, 10)
}

#[test]
fn people_get_lines() -> Result<()> {
    let folder = closed()?;
    for (command, part) in [("stats", "diskBytes"), ("check", "faults      none")] {
        let run = utnet_with(&["db", command, "--datadir", text(folder.path())?])?;
        let lines = said(&run.stdout);
        ensure!(run.status.success() && lines.contains(part), "{lines}");
    }
    Ok(())
}

#[test]
fn a_damaged_store_is_told_with_the_remedy_and_mended_by_it() -> Result<()> {
    let home = closed()?;
    let folder = text(home.path())?;
    let opened = MdbxDatabase::open(home.path(), OpenOptions::default())?;
    let tx = opened.tx_mut()?;
    tx.clear::<AccountsHistory>()?;
    tx.commit()?;
    drop(opened);

    let told = refused(&["db", "check", "--datadir", folder])?;
    let remedy = format!("mend what can be with: utnet db repair --datadir {folder}");
    ensure!(told.contains(&format!("{folder} holds")) && told.contains(&remedy), "{told}");
    let repaired = db("repair", home.path())?;

    ensure!(repaired["faults"].as_array().is_some_and(|faults| !faults.is_empty()), "{repaired}");
    ensure!(repaired["head"] == 10 && repaired["oldFile"] == "mdbx.dat.damaged", "{repaired}");
    ensure!(home.path().join("mdbx.dat.damaged").exists());
    ensure!(db("check", home.path())?["faults"] == json!([]));
    goes_on(home.path(), 10)
}

#[test]
fn a_file_that_is_no_store_is_refused_by_every_command_and_left_as_it_is() -> Result<()> {
    let home = closed()?;
    let path = file(home.path());
    let whole = std::fs::read(&path)?;
    let garbage = vec![0x5a; whole.len()];
    for bytes in [&garbage[..], &whole[..100]] {
        std::fs::write(&path, bytes)?;
        for command in COMMANDS {
            let told = refused(&["db", command, "--datadir", text(home.path())?])?;
            ensure!(told.contains(text(home.path())?), "{command}: {told}");
            ensure!(std::fs::read(&path)? == bytes, "{command} changed the file");
        }
    }
    Ok(())
}

#[test]
fn a_folder_without_a_chain_is_refused_and_stays_empty() -> Result<()> {
    let home = tempfile::tempdir()?;
    let missing = home.path().join("missing");
    for command in COMMANDS {
        for folder in [home.path(), &missing] {
            let told = refused(&["db", command, "--datadir", text(folder)?])?;
            ensure!(told.contains(text(folder)?), "{command}: {told}");
        }
        ensure!(std::fs::read_dir(home.path())?.next().is_none(), "{command} left something");
    }
    Ok(())
}

#[test]
fn a_store_that_a_node_has_open_is_left_to_it() -> Result<()> {
    let home = closed()?;
    let node = Node::start(&["--datadir", text(home.path())?])?;

    for command in COMMANDS {
        let told = refused(&["db", command, "--datadir", text(home.path())?])?;
        ensure!(told.contains("is in use by process"), "{command}: {told}");
    }

    ensure!(node.height()? == 10);
    Ok(())
}

#[test]
fn a_chain_that_was_loaded_from_a_dump_is_sound() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let dump = folder.path().join("dump.json");
    for (index, with_past) in ["--no-mining", "--preserve-historical-states"].iter().enumerate() {
        let mut node = Node::start(&["--dump-state", text(&dump)?, with_past])?;
        for _ in 0..5 {
            node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}]))?;
            node.ask("evm_mine", json!([]))?;
        }
        let height = node.height()?;
        ensure!(node.end("TERM")?.success());
        let home = folder.path().join(index.to_string());
        let mut loaded = Node::start(&["--datadir", text(&home)?, "--load-state", text(&dump)?])?;
        loaded.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}]))?;
        ensure!(loaded.height()? == height + 1);
        ensure!(loaded.end("TERM")?.success());

        let checked = db("check", &home)?;

        ensure!(checked["faults"] == json!([]) && checked["head"] == height + 1, "{checked}");
        db("compact", &home)?;
        ensure!(db("check", &home)? == checked);
        goes_on(&home, height + 1)?;
    }
    Ok(())
}
