//! Starts the node as alloy's users start anvil: by `AnvilInstance`, which reads anvil's output and passes anvil's flags.

use alloy_node_bindings::Anvil;
use alloy_primitives::hex;
use anyhow::{Result, ensure};
use e2e::{ALICE, ALICE_KEY, BOB, cast, needed};
use std::path::{Path, PathBuf};

/// A link called `anvil` to our program, in this folder.
fn as_anvil(folder: &Path) -> Result<PathBuf> {
    let binary = needed("target/release/utnet", "cargo build --release -p utnet-cli")?;
    let link = folder.join("anvil");
    std::os::unix::fs::symlink(binary, &link)?;
    Ok(link)
}

#[test]
fn an_anvil_instance_finds_port_keys_and_accounts() -> Result<()> {
    let folder = tempfile::tempdir()?;

    let anvil = Anvil::at(as_anvil(folder.path())?).try_spawn()?;

    ensure!(anvil.port() != 0, "the port that was taken");
    ensure!(anvil.keys().len() == 10 && anvil.addresses().len() == 10);
    ensure!(anvil.addresses()[0].to_string() == ALICE);
    ensure!(hex::encode_prefixed(anvil.keys()[0].to_bytes()) == ALICE_KEY);
    let client = cast(&anvil.endpoint(), &["client"])?;
    ensure!(client.starts_with("anvil/v1.7.1"), "{client}");
    ensure!(cast(&anvil.ws_endpoint(), &["chain-id"])? == "31337");
    Ok(())
}

#[test]
fn an_anvil_instance_passes_what_its_builder_can_say() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("anvil.ipc").display().to_string();
    let flags = ["--accounts", "3", "--balance", "7", "--order", "fifo", "--hardfork", "prague"];

    let anvil = Anvil::at(as_anvil(folder.path())?)
        .chain_id(1_234)
        .block_time_f64(0.1)
        .mnemonic("legal winner thank year wave sausage worth useful legal winner thank yellow")
        .ipc_path(&socket)
        .args(flags)
        .try_spawn()?;

    ensure!(anvil.chain_id() == 1_234 && anvil.keys().len() == 3);
    let url = anvil.endpoint();
    ensure!(cast(&socket, &["chain-id"])? == "1234");
    let account = anvil.addresses()[2].to_string();
    ensure!(cast(&url, &["balance", &account, "--ether"])?.starts_with("7.0"));
    let key = hex::encode_prefixed(anvil.keys()[2].to_bytes());
    // Answers when the receipt is there: blocks come by themselves.
    cast(&url, &["send", BOB, "--value", "1", "--private-key", &key])?;
    ensure!(cast(&url, &["balance", BOB])? == "1");
    Ok(())
}

#[test]
fn a_node_lives_on_although_nobody_reads_its_output_any_more() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut anvil = Anvil::at(as_anvil(folder.path())?).try_spawn()?;

    // alloy has closed its end of the pipe: every block is printed to nobody.
    for _ in 0..3 {
        cast(&anvil.endpoint(), &["send", BOB, "--value", "1", "--private-key", ALICE_KEY])?;
    }

    ensure!(cast(&anvil.endpoint(), &["block-number"])? == "3");
    ensure!(anvil.child_mut().try_wait()?.is_none(), "it must still run");
    Ok(())
}
