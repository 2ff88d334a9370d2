//! Executes blocks and calls on the states that the store keeps.

mod record;
mod sandbox;
mod view;

pub use record::{BlockRecord, Foreign, PooledTransaction, Receipt, Transaction};
pub use sandbox::{CallError, OverrideError, Sandbox};
pub use view::{AccountProof, At, ChainView, ReadError, StateView};
