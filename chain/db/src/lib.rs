//! Keep the chain on disk: reth-db's traits, tables and encodings over MDBX.
//!
//! Layers, each using only those before it: [`traits`], [`tables`], [`codec`], [`mdbx`] and
//! [`memory`] (backends of the same traits), `journal`, [`layered`] (recent commits in a journal and in
//! memory, before the file), `provider` (blocks and states), `trie` (roots and
//! proofs), [`Store`] (what the node uses). Every stored byte is drawn in `docs/formats.md`.

extern crate alloc;

pub mod codec;
mod error;
mod flat;
mod journal;
mod layer;
pub mod layered;
pub mod mdbx;
pub mod memory;
mod provider;
mod pruning;
mod state;
mod store;
pub mod tables;
pub mod traits;
mod trie;
mod turn;

pub use error::DbError;
pub use mdbx::{FileStats, OpenOptions, TableStats};
pub use provider::{BlockWrite, StoredBlock, StoredTransaction};
pub use pruning::{History, Kept, Pruning};
pub use reth_primitives_traits::{Account, Bytecode, SealedHeader};
pub use state::{AccountChange, AccountUpdate, StateChanges};
pub use store::{
    AccountProof, BlockCheck, Fault, GenesisState, Graft, HistoricalView, SCHEMA, StorageProof,
    Store, View, maintain,
};
pub use tables::{Receipt, TransactionSigned};
