//! Brings chains in and out of a data folder: genesis, blocks from files, blocks to a file.
//!
//! All of it works on a folder that no node has open; a node serves the folder afterwards.

mod args;
mod blocks;
mod draft;
mod error;
mod export;
mod import;
mod init;

pub use args::{ExportArgs, ImportArgs, InitArgs};
pub use error::{Flaw, TransferError};
pub use export::{Exported, export_chain};
pub use import::{Imported, import_chain};
pub use init::{Initialised, init_chain};

use std::path::Path;
use utnet_db::{OpenOptions, Store};

/// Opens the store of a folder that must be there.
fn open_store(folder: &Path) -> Result<Store, TransferError> {
    if !folder.is_dir() {
        return Err(TransferError::NoChain { folder: folder.to_owned() });
    }
    Ok(Store::open(folder, OpenOptions::default())?)
}

#[cfg(test)]
mod tests;
