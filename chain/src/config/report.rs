//! Prints a line per block and transaction, as anvil does.

use crate::{
    engine::{Chain, HeadEvent},
    execution::BlockRecord,
};
use alloy_consensus::{BlockHeader, Transaction as _};
use serde_json::json;
use std::io::{self, Write};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// How blocks are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Not at all.
    Silent,
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Prints every new block until the chain ends or the output breaks.
pub(super) async fn follow(
    chain: &Chain,
    mut heads: Receiver<HeadEvent>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    loop {
        match heads.recv().await {
            Ok(event) => print(&event, style, out)?,
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "blocks were made faster than they are printed");
                heads = chain.heads();
            }
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

fn print(event: &HeadEvent, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match (style, event) {
        (Style::Silent, _) => Ok(()),
        (Style::Text, HeadEvent::Added(record)) => print_block(record, out),
        (Style::Text, HeadEvent::Removed(record)) => {
            writeln!(out, "\n    Taken back: block {} {}", record.header.number, record.hash())
        }
        (Style::Json, HeadEvent::Added(record)) => print_json("block", record, out),
        (Style::Json, HeadEvent::Removed(record)) => print_json("removed", record, out),
    }
}

fn print_block(record: &BlockRecord, out: &mut dyn Write) -> io::Result<()> {
    let mut used_before = 0;
    for (transaction, receipt) in record.transactions.iter().zip(&record.receipts) {
        let used = receipt.cumulative_gas_used().saturating_sub(used_before);
        used_before = receipt.cumulative_gas_used();
        writeln!(out, "\n    Transaction: {}", transaction.tx_hash())?;
        if transaction.kind().is_create() {
            let created = transaction.signer().create(transaction.nonce());
            writeln!(out, "    Contract created: {created}")?;
        }
        let outcome = if receipt.status() { "" } else { " (reverted)" };
        writeln!(out, "    Gas used: {used}{outcome}")?;
    }
    let header = &record.header;
    writeln!(out, "\n    Block Number: {}", header.number())?;
    writeln!(out, "    Block Hash: {}", header.hash())?;
    writeln!(out, "    Block Time: {}", header.timestamp())?;
    out.flush()
}

fn print_json(kind: &str, record: &BlockRecord, out: &mut dyn Write) -> io::Result<()> {
    let header = &record.header;
    let line = json!({
        "event": kind,
        "number": header.number(),
        "hash": header.hash(),
        "timestamp": header.timestamp(),
        "gasUsed": header.gas_used(),
        "transactions": record.transactions.iter().map(|tx| tx.tx_hash()).collect::<Vec<_>>(),
        "producer": header.beneficiary(),
    });
    writeln!(out, "{line}")?;
    out.flush()
}
