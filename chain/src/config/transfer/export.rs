//! Writes a chain's blocks to a file from which another folder can import them.

use super::{ExportArgs, TransferError, blocks, draft::Draft, open_store};
use crate::{
    engine,
    execution::{ChainView, ReadError},
    genesis::{GenesisError, Limits},
};
use alloy_primitives::B256;
use std::{ops::RangeInclusive, sync::Arc};
use utnet_db::Store;
use utnet_primitives::Height;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// How many blocks.
    pub blocks: u64,
    /// The last of them.
    pub last: Height,
    /// Its hash.
    pub hash: B256,
}

/// Writes blocks to a file.
///
/// # Errors
/// [`TransferError`] when the blocks are not there, cannot be judged by anybody, or the file
/// cannot be written; then the file is as it was.
pub fn export_chain(args: &ExportArgs) -> Result<Exported, TransferError> {
    let store = open_store(&args.datadir)?;
    let Some(spec) = engine::stored_genesis(&store, Limits::DEV)? else {
        return Err(TransferError::NoChain { folder: args.datadir.clone() });
    };
    let view = ChainView::new(store.view()?, Arc::new(spec), None)?;
    let range = range(args, &view)?;
    let mut draft = Draft::create(&args.file)?;
    let mut bytes = Vec::new();
    for height in range.clone().map(Height) {
        bytes.clear();
        blocks::encode(judgeable(&view, height)?, &mut bytes);
        draft.write(&bytes)?;
    }
    draft.finish()?;
    write_genesis(args, &store)?;
    let last = Height(*range.end());
    let header = view.header(last)?.ok_or(ReadError::NoState { height: last })?;
    let blocks = range.end().saturating_sub(*range.start()).saturating_add(1);
    Ok(Exported { blocks, last, hash: header.hash() })
}

fn range(args: &ExportArgs, view: &ChainView) -> Result<RangeInclusive<u64>, TransferError> {
    let head = view.height();
    let (first, last) = (args.first, args.last.unwrap_or(head.0));
    if first > last || last > head.0 {
        return Err(TransferError::Range { first, last, head });
    }
    Ok(first..=last)
}

/// A block as another node's judge takes it.
fn judgeable(view: &ChainView, height: Height) -> Result<crate::execution::Foreign, TransferError> {
    if !view.outside(height)?.is_empty() {
        return Err(TransferError::ChangedOutside { height });
    }
    let block = view.body(height)?.ok_or(ReadError::NoState { height })?;
    Ok(block.into_foreign())
}

fn write_genesis(args: &ExportArgs, store: &Store) -> Result<(), TransferError> {
    let Some(path) = &args.genesis else { return Ok(()) };
    let genesis = serde_json::to_vec(&engine::genesis_file(store)?).map_err(GenesisError::Form)?;
    let mut draft = Draft::create(path)?;
    draft.write(&genesis)?;
    draft.finish()
}
