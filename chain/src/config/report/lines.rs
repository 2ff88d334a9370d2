//! Writes blocks and calls as lines: for people, or as JSON.

use super::{SaidByIndex, Style, said::Said};
use crate::execution::BlockRecord;
use alloy_consensus::{BlockHeader, Transaction as _};
use serde_json::{Value, json};
use std::io::{self, Write};

/// A block that became the head.
pub(super) fn added(
    style: Style,
    block: &BlockRecord,
    said: &SaidByIndex,
    out: &mut dyn Write,
) -> io::Result<()> {
    match style {
        Style::Silent => Ok(()),
        Style::Text => block_text(block, said, out),
        Style::Json => {
            for (index, said) in said.iter().filter(|(_, said)| !said.is_empty()) {
                let hash = block.transactions.get(*index).map(|tx| *tx.tx_hash());
                said_json(json!({ "event": "transaction", "hash": hash }), said, out)?;
            }
            block_json("block", block, out)
        }
    }
}

/// A block that was taken back.
pub(super) fn removed(style: Style, block: &BlockRecord, out: &mut dyn Write) -> io::Result<()> {
    match style {
        Style::Silent => Ok(()),
        Style::Text => {
            writeln!(out, "\n    Taken back: block {} {}", block.header.number, block.hash())?;
            out.flush()
        }
        Style::Json => block_json("removed", block, out),
    }
}

/// A call that is on no chain.
pub(super) fn call(style: Style, method: &str, said: &Said, out: &mut dyn Write) -> io::Result<()> {
    match style {
        Style::Silent => Ok(()),
        Style::Text => {
            writeln!(out, "\n    {method}")?;
            said_text(said, out)?;
            out.flush()
        }
        Style::Json => said_json(json!({ "event": "call", "method": method }), said, out),
    }
}

fn block_text(block: &BlockRecord, said: &SaidByIndex, out: &mut dyn Write) -> io::Result<()> {
    let mut used_before = 0;
    let transactions = block.transactions.iter().zip(&block.receipts);
    for (index, (transaction, receipt)) in transactions.enumerate() {
        let used = receipt.cumulative_gas_used().saturating_sub(used_before);
        used_before = receipt.cumulative_gas_used();
        writeln!(out, "\n    Transaction: {}", transaction.tx_hash())?;
        if transaction.kind().is_create() {
            let created = transaction.signer().create(transaction.nonce());
            writeln!(out, "    Contract created: {created}")?;
        }
        let outcome = if receipt.status() { "" } else { " (reverted)" };
        writeln!(out, "    Gas used: {used}{outcome}")?;
        if let Some(said) = said.get(&index) {
            said_text(said, out)?;
        }
    }
    let header = &block.header;
    writeln!(out, "\n    Block Number: {}", header.number())?;
    writeln!(out, "    Block Hash: {}", header.hash())?;
    writeln!(out, "    Block Time: {}", header.timestamp())?;
    out.flush()
}

fn said_text(said: &Said, out: &mut dyn Write) -> io::Result<()> {
    if !said.console.is_empty() {
        writeln!(out, "    console.log:")?;
    }
    for line in said.console.iter().flat_map(|text| text.split('\n')) {
        writeln!(out, "      {line}")?;
    }
    if let Some(failure) = &said.failure {
        writeln!(out, "    Error: {failure}")?;
    }
    for place in &said.stack {
        writeln!(out, "        at {place}")?;
    }
    if let Some(trace) = &said.trace {
        writeln!(out, "    Calls:")?;
        for line in trace.lines() {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

/// An event with what was said.
fn said_json(mut event: Value, said: &Said, out: &mut dyn Write) -> io::Result<()> {
    let parts = [
        ("console", (!said.console.is_empty()).then(|| json!(said.console))),
        ("failure", said.failure.as_ref().map(|failure| json!(failure))),
        ("stack", (!said.stack.is_empty()).then(|| json!(said.stack))),
        ("trace", said.trace.as_ref().map(|trace| json!(trace))),
    ];
    if let Some(fields) = event.as_object_mut() {
        let parts = parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?)));
        fields.extend(parts);
    }
    writeln!(out, "{event}")?;
    out.flush()
}

fn block_json(kind: &str, block: &BlockRecord, out: &mut dyn Write) -> io::Result<()> {
    let header = &block.header;
    let line = json!({
        "event": kind,
        "number": header.number(),
        "hash": header.hash(),
        "timestamp": header.timestamp(),
        "gasUsed": header.gas_used(),
        "transactions": block.transactions.iter().map(|tx| tx.tx_hash()).collect::<Vec<_>>(),
        "producer": header.beneficiary(),
    });
    writeln!(out, "{line}")?;
    out.flush()
}
