//! Reads and writes whole blocks and states, over any [`crate::traits::Database`].

pub(crate) mod blocks;
pub(crate) mod history;
pub(crate) mod kept;
pub(crate) mod logs;
pub(crate) mod prune;
pub(crate) mod state;
pub(crate) mod unwind;

pub use blocks::{BlockWrite, StoredBlock, StoredTransaction};
