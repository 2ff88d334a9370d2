//! Measures a node that begins with a million accounts beside one that begins with ten: `utnet init`, the
//! start, the start after a kill, and blocks of a hundred changes.

use crate::{
    http::{Prepared, call},
    load::scaled,
    memory::anonymous_mib,
    peer::{Peer, Running},
    table::Table,
    wallet::{Action, dev_accounts, sign_many},
};
use alloy_primitives::{Address, keccak256};
use anyhow::Result;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    time::{Duration, Instant},
};

/// Senders, and transfers of each in a block: each transfer makes a new account.
const SENDERS: u32 = 10;
const PER_SENDER: u64 = 10;
/// Blocks measured.
const BLOCKS: u64 = 200;
/// No node gets more time or memory than this for its blocks.
const LIMIT: Duration = Duration::from_secs(60);
const MOST_MIB: u64 = 4_096;
/// Starts after a kill; the middle one counts.
const RESTARTS: usize = 5;
/// Blocks are made when told.
const FLAGS: &[&str] = &["--no-mining"];

pub(crate) fn measure(peer: &Peer, table: &mut Table) -> Result<()> {
    // A genesis file that does not ask for POCI has none: the flag makes no difference.
    if peer.name == "utnet --no-poci" {
        return Ok(());
    }
    for accounts in [10, scaled(1_000_000)] {
        let home = tempfile::tempdir()?;
        let genesis = home.path().join("genesis.json");
        write_genesis(&genesis, accounts)?;
        begin(peer, accounts, &genesis, table)?;
    }
    Ok(())
}

/// A plain chain by the newest rules; the dev accounts and as many others have money.
fn write_genesis(path: &Path, accounts: u64) -> Result<()> {
    let mut config = json!({ "chainId": 31_337, "terminalTotalDifficulty": 0 });
    for fork in [
        "homestead",
        "eip150",
        "eip155",
        "eip158",
        "byzantium",
        "constantinople",
        "petersburg",
        "istanbul",
        "berlin",
        "london",
    ] {
        config[format!("{fork}Block")] = json!(0);
    }
    for fork in ["shanghai", "cancun", "prague", "osaka"] {
        config[format!("{fork}Time")] = json!(0);
    }
    let mut out = BufWriter::new(File::create(path)?);
    write!(
        out,
        "{{\"config\":{config},\"gasLimit\":\"0x1c9c380\",\"difficulty\":\"0x0\",\"alloc\":{{"
    )?;
    for key in dev_accounts(SENDERS)? {
        write!(out, "\"{}\":{{\"balance\":\"0x21e19e0c9bab2400000\"}},", key.address())?;
    }
    for index in 0..accounts {
        let comma = if index == 0 { "" } else { "," };
        write!(out, "{comma}\"{}\":{{\"balance\":\"0xde0b6b3a7640000\"}}", person(index))?;
    }
    write!(out, "}}}}")?;
    Ok(out.flush()?)
}

fn person(index: u64) -> Address {
    Address::from_word(keccak256(index.to_be_bytes()))
}

fn begin(peer: &Peer, accounts: u64, genesis: &Path, table: &mut Table) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let took = peer.init(genesis, folder.path())?;
    let what = |rest: &str| format!("{accounts} accounts: {rest}");
    let file = genesis.display().to_string();
    let flags = if peer.is_ours() { FLAGS.to_vec() } else { [FLAGS, &["--init", &file]].concat() };
    let node = match peer.start_in(folder, &flags) {
        Ok(node) => node,
        Err(error) => {
            table.note(&what("start"), peer.name, format!("{error}"));
            return Ok(());
        }
    };
    if peer.is_ours() {
        table.note(&what("utnet init"), peer.name, millis(took));
    }
    table.note(&what("start"), peer.name, millis(node.started_in));
    let memory = anonymous_mib(node.pid())?;
    table.note(&what("anonymous memory"), peer.name, format!("{memory} MiB"));
    let times = blocks(&node)?;
    let cut = if (times.len() as u64) < scaled(BLOCKS) {
        format!(" ({} blocks, then cut)", times.len())
    } else {
        String::new()
    };
    let at = |share: usize| times.get(times.len() * share / 100).copied().map(millis);
    for share in [50, 99] {
        let time = at(share).unwrap_or_default() + &cut;
        table.note(&what(&format!("block of 100 new accounts, p{share}")), peer.name, time);
    }
    if peer.is_ours() {
        let (mut node, mut starts) = (node, Vec::new());
        for _ in 0..RESTARTS {
            node = peer.start_in(node.kill()?, &flags)?;
            starts.push(node.started_in);
        }
        starts.sort_unstable();
        table.note(&what("start after a kill"), peer.name, millis(starts[RESTARTS / 2]));
    }
    Ok(())
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// Sorted times of blocks: from the order to make one to the answer, its transactions in the pool. Fewer
/// where the node takes too much memory or time.
fn blocks(node: &Running) -> Result<Vec<Duration>> {
    let (blocks, begun) = (scaled(BLOCKS), Instant::now());
    let mut client = node.client()?;
    let keys = dev_accounts(SENDERS)?;
    let pay = |n: u64| Action::pay(Address::from_word(keccak256(n.to_le_bytes())));
    let mut signed = Vec::new();
    for (sender, key) in (0..).zip(&keys) {
        let fresh = |n| pay(1_000_000_000 * (sender + 1) + n);
        signed.push(sign_many(key, 0, blocks * PER_SENDER, fresh)?.into_iter());
    }
    let mine = Prepared::call("evm_mine", &json!([]));
    let mut times = Vec::new();
    for _ in 0..blocks {
        let raw = signed.iter_mut().flat_map(|all| all.by_ref().take(PER_SENDER as usize));
        let calls: Vec<Value> =
            raw.map(|raw| call("eth_sendRawTransaction", &json!([raw]))).collect();
        client.ask_all(&calls)?;
        let told = Instant::now();
        client.send(&mine)?;
        times.push(told.elapsed());
        if begun.elapsed() > LIMIT || anonymous_mib(node.pid())? > MOST_MIB {
            break;
        }
    }
    times.sort_unstable();
    Ok(times)
}
