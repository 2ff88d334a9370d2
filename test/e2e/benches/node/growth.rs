//! Measures what a growing chain costs: block rate, memory, disk, and whether history answers.

use crate::{
    http::{Client, Prepared, call, quantity},
    load::scaled,
    machine::core_time,
    memory::{anonymous_mib, disk_mib},
    peer::{Peer, Running},
    table::Table,
    wallet::{Action, dev_accounts, sign_many},
};
use alloy_primitives::{Address, keccak256};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Senders, which is also transfers per block divided by five.
const SENDERS: u32 = 10;
const PER_SENDER: u64 = 5;
const TRANSFERS: u64 = SENDERS as u64 * PER_SENDER;
/// No node gets more time than this; what it had made by then counts.
const LIMIT: Duration = Duration::from_secs(180);

pub(crate) fn measure(peer: &Peer, table: &mut Table) -> Result<()> {
    let blocks = scaled(2_000);
    let requests = requests(blocks)?;
    let node = peer.start(&["--no-mining"])?;
    grow(&node, peer, &requests, table)
}

/// One batch a block: fifty transfers to new accounts, and the order to make the block.
fn requests(blocks: u64) -> Result<Vec<Prepared>> {
    let keys = dev_accounts(SENDERS)?;
    let signed = keys
        .iter()
        .map(|key| {
            let to = |n| stranger(key.address(), n);
            sign_many(key, 0, blocks * PER_SENDER, |n| Action::pay(to(n)))
        })
        .collect::<Result<Vec<_>>>()?;
    let block = |height: usize| {
        let from = height * PER_SENDER as usize;
        let of_all = signed.iter().flat_map(|all| &all[from..from + PER_SENDER as usize]);
        let mut calls: Vec<_> =
            of_all.map(|raw| call("eth_sendRawTransaction", &json!([raw]))).collect();
        calls.push(call("evm_mine", &json!([])));
        Prepared::batch(&calls)
    };
    Ok((0..blocks as usize).map(block).collect())
}

fn stranger(sender: Address, n: u64) -> Address {
    Address::from_word(keccak256([sender.as_slice(), &n.to_be_bytes()].concat()))
}

fn grow(node: &Running, peer: &Peer, requests: &[Prepared], table: &mut Table) -> Result<()> {
    let mut client = node.client()?;
    let (begun, mut ends) = (Instant::now(), Vec::new());
    let (mut peak, mut cores) = (0, vec![core_time(node.pid())?]);
    for request in requests {
        client.send(request)?;
        ends.push(begun.elapsed());
        if ends.len().is_multiple_of((requests.len() / 10).max(1)) {
            cores.push(core_time(node.pid())?);
        }
        if ends.len().is_multiple_of(50) {
            peak = peak.max(anonymous_mib(node.pid())?);
            if begun.elapsed() > LIMIT {
                break;
            }
        }
    }
    let (made, span) = (ends.len(), (requests.len() / 10).min(ends.len() / 2).max(1));
    let rate = |from: usize, to: usize| span as f64 / (ends[to - 1] - ends[from]).as_secs_f64();
    let what = format!("{} blocks of {TRANSFERS} transfers to new accounts", requests.len());
    let cut = if made < requests.len() { format!(" (cut at {made})") } else { String::new() };
    let (first, last) = (rate(0, span + 1), rate(made - span - 1, made));
    table.note(&format!("{what}: first blocks"), peer.name, format!("{first:.0}/s"));
    table.note(&format!("{what}: last blocks"), peer.name, format!("{last:.0}/s{cut}"));
    let tenth = |of: &[Duration]| match of {
        [from, to] => (*to - *from).as_secs_f64() * 1e3 / span as f64,
        _ => f64::NAN,
    };
    let (early, late) =
        (tenth(&cores[..2.min(cores.len())]), tenth(&cores[cores.len().saturating_sub(2)..]));
    let figure = format!("{early:.2} ms, {late:.2} ms");
    table.note(
        &format!("{what}: of cores, a block of the first tenth and the last"),
        peer.name,
        figure,
    );
    table.note(&format!("{what}: peak anonymous memory"), peer.name, format!("{peak} MiB"));
    let disk = disk_mib(node.folder())?;
    table.note(&format!("{what}: disk"), peer.name, format!("{disk} MiB"));
    let answered = history(&mut client, made as u64)?;
    table.note(&format!("{what}: historic balances answered"), peer.name, answered);
    Ok(())
}

/// Asks for the balance of the account that a block paid first, one block earlier and there.
fn history(client: &mut Client, blocks: u64) -> Result<String> {
    let sender = dev_accounts(1)?.remove(0).address();
    let (mut right, mut asked) = (0, 0);
    for height in (1..=blocks).step_by(((blocks / 100) as usize).max(1)) {
        let account = stranger(sender, (height - 1) * PER_SENDER);
        let at = |height: u64| call("eth_getBalance", &json!([account, format!("{height:#x}")]));
        let answers = client.ask_all(&[at(height - 1), at(height)])?;
        asked += 1;
        right += u32::from(answers[0] == "0x0" && answers[1] == "0x1");
    }
    Ok(format!("{right} of {asked}"))
}

/// A million empty blocks in one call.
pub(crate) fn empty_blocks(peer: &Peer, table: &mut Table) -> Result<()> {
    let blocks = scaled(1_000_000);
    let node = peer.start(&["--no-mining"])?;
    let mut client = node.client()?;
    // In steps, so that a slow node can be stopped.
    let (begun, step) = (Instant::now(), blocks / 100);
    let mut made = 0;
    while made < blocks && begun.elapsed() < LIMIT / 3 {
        client.ask("anvil_mine", &json!([format!("{step:#x}")]))?;
        made += step;
    }
    let height = quantity(&client.ask("eth_blockNumber", &Value::Array(Vec::new()))?)?;
    ensure!(height == made, "the head is at {height}, not at {made}");
    let rate = made as f64 / begun.elapsed().as_secs_f64();
    let what = format!("anvil_mine, {blocks} empty blocks");
    let seconds = blocks as f64 / rate;
    let cut =
        if made < blocks { format!(" (by the rate of the first {made})") } else { String::new() };
    table.note(&what, peer.name, format!("{seconds:.1} s{cut}"));
    Ok(())
}
