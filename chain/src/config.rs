//! Starts a node as its command line says, and brings chains in and out of its data folder.

mod accounts;
mod args;
mod banner;
mod error;
mod explaining;
mod fork;
mod genesis;
mod node;
mod output;
mod report;
mod state;
mod transfer;
mod values;

pub use args::{LogFormat, LogSettings, NodeArgs};
pub use error::NodeError;
pub use node::{ExitReason, run_node};
pub use transfer::{
    ExportArgs, Exported, Flaw, ImportArgs, Imported, InitArgs, Initialised, TransferError,
    export_chain, import_chain, init_chain,
};

#[cfg(test)]
mod tests;
