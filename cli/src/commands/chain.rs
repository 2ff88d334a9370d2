//! Brings chains in and out of a data folder that no node has open.

use anyhow::Result;
use serde_json::{Value, json};
use std::io;
use utnet_chain::config::{
    ExportArgs, ImportArgs, InitArgs, export_chain, import_chain, init_chain,
};

/// Begins a chain from a genesis file.
pub(crate) fn init(args: &InitArgs) -> Result<Value> {
    let chain = init_chain(args)?;
    Ok(json!({"genesis": chain.genesis, "chainId": chain.chain_id, "poci": chain.has_poci}))
}

/// Judges the blocks of files and takes them; tells on stderr how far it is.
pub(crate) async fn import(args: &ImportArgs) -> Result<Value> {
    let found = Box::pin(import_chain(args, &mut io::stderr())).await?;
    Ok(json!({
        "imported": found.imported,
        "known": found.known,
        "head": found.head.0,
        "hash": found.hash,
    }))
}

/// Writes blocks to a file.
pub(crate) fn export(args: &ExportArgs) -> Result<Value> {
    let written = export_chain(args)?;
    Ok(json!({"exported": written.blocks, "last": written.last.0, "hash": written.hash}))
}
