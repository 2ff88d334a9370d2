//! Sends signed transactions in batches over several connections and waits until all are mined.

use crate::{
    http::{Client, Prepared, call, quantity},
    machine::core_time,
    peer::Running,
};
use alloy_primitives::Address;
use anyhow::Result;
use serde_json::json;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Connections that send at the same time.
pub(crate) const CONNECTIONS: usize = 4;
/// Transactions in one batch.
const BATCH: usize = 250;
/// Without progress for so long, the rest is left behind.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at the nonces.
const PAUSE: Duration = Duration::from_millis(10);

static IS_QUICK: AtomicBool = AtomicBool::new(false);

/// Divides every load by ten from now on.
pub(crate) fn be_quick() {
    IS_QUICK.store(true, Ordering::Relaxed);
}

/// A load of `full`, or a tenth of it.
pub(crate) fn scaled(full: u64) -> u64 {
    if IS_QUICK.load(Ordering::Relaxed) { full / 10 } else { full }
}

/// One account's transactions, in order of their nonces.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) sender: Address,
    /// The nonce of the first.
    pub(crate) first: u64,
    pub(crate) transactions: Vec<String>,
}

/// What became of a load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Transactions mined per second, from the first byte sent to the last one mined.
    pub(crate) per_second: f64,
    /// Transactions that were accepted and never mined.
    pub(crate) left_behind: u64,
    /// What a transaction took of a core, in microseconds.
    pub(crate) core_micros: f64,
}

/// Sends all, each account's over one connection, and waits for their blocks.
pub(crate) fn run(node: &Running, streams: &[Stream]) -> Result<Outcome> {
    let plans: Vec<Vec<Prepared>> = (0..CONNECTIONS)
        .map(|connection| {
            let mine = streams.iter().skip(connection).step_by(CONNECTIONS);
            requests(&mine.collect::<Vec<_>>())
        })
        .collect();
    let clients = (0..CONNECTIONS).map(|_| node.client()).collect::<Result<Vec<_>>>()?;
    let (begun, before) = (Instant::now(), core_time(node.pid())?);
    thread::scope(|scope| {
        let senders: Vec<_> = clients
            .into_iter()
            .zip(&plans)
            .map(|(client, plan)| scope.spawn(move || send_all(client, plan)))
            .collect();
        senders.into_iter().try_for_each(|sender| sender.join().expect("a sender panicked"))
    })?;
    let (mined, last) = wait(node, streams, begun)?;
    let sent: u64 = streams.iter().map(|stream| stream.transactions.len() as u64).sum();
    let took = core_time(node.pid())?.saturating_sub(before);
    Ok(Outcome {
        per_second: mined as f64 / last.as_secs_f64(),
        left_behind: sent - mined,
        core_micros: took.as_secs_f64() * 1e6 / mined.max(1) as f64,
    })
}

/// Batches that take from all accounts in turn.
fn requests(streams: &[&Stream]) -> Vec<Prepared> {
    let longest = streams.iter().map(|stream| stream.transactions.len()).max().unwrap_or_default();
    let calls: Vec<_> = (0..longest)
        .flat_map(|n| streams.iter().filter_map(move |stream| stream.transactions.get(n)))
        .map(|raw| call("eth_sendRawTransaction", &json!([raw])))
        .collect();
    calls.chunks(BATCH).map(Prepared::batch).collect()
}

fn send_all(mut client: Client, plan: &[Prepared]) -> Result<()> {
    for request in plan {
        client.send(request)?;
    }
    Ok(())
}

/// How many transactions are mined in the end, and when the last one was, counted from `begun`.
fn wait(node: &Running, streams: &[Stream], begun: Instant) -> Result<(u64, Duration)> {
    let calls: Vec<_> = streams
        .iter()
        .map(|stream| call("eth_getTransactionCount", &json!([stream.sender, "latest"])))
        .collect();
    let wanted: u64 = streams.iter().map(|stream| stream.transactions.len() as u64).sum();
    let before: u64 = streams.iter().map(|stream| stream.first).sum();
    let mut client = node.client()?;
    let (mut mined, mut last) = (0, begun.elapsed());
    while mined < wanted && begun.elapsed() < last + PATIENCE {
        let nonces = client.ask_all(&calls)?;
        let now = nonces.iter().map(quantity).sum::<Result<u64>>()? - before;
        if now > mined {
            (mined, last) = (now, begun.elapsed());
        }
        thread::sleep(PAUSE);
    }
    Ok((mined, last))
}
