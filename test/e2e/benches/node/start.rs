//! Measures how long a node takes to its first answer, and what it holds when idle.

use crate::{memory::anonymous_mib, peer::Peer, table::Table};
use anyhow::Result;

/// Starts of each node; the middle one counts.
const ROUNDS: usize = 9;

pub(crate) fn measure(peer: &Peer, table: &mut Table) -> Result<()> {
    let mut times = Vec::with_capacity(ROUNDS);
    let mut memory = 0;
    for _ in 0..ROUNDS {
        let node = peer.start(&[])?;
        times.push(node.started_in);
        memory = anonymous_mib(node.pid())?;
    }
    times.sort_unstable();
    let middle = times[ROUNDS / 2].as_secs_f64() * 1e3;
    table.note("start to first answer, new chain", peer.name, format!("{middle:.0} ms"));
    table.note("idle anonymous memory", peer.name, format!("{memory} MiB"));
    Ok(())
}
