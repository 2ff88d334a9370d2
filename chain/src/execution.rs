//! Executes blocks and calls on the states that the store keeps.

mod alloc;
mod attached;
mod block;
mod commitments;
mod console;
mod evm;
mod explorer;
mod fork;
mod install;
mod issue;
mod logs;
mod memo;
mod moves;
mod notes;
mod overlay;
mod overrides;
mod parity;
mod patch;
mod proof;
mod record;
mod recover;
mod replay;
mod sandbox;
mod state;
mod system;
mod tracing;
mod view;
mod witness;

pub(crate) use alloc::genesis_changes;
pub(crate) use attached::Attached;
pub(crate) use block::{BlockRun, settle};
pub use block::{Executed, ExecutionError, Rewards};
pub use commitments::check_commitments;
pub use console::{CONSOLE, Console, Told};
pub use evm::UtnetEvmFactory;
pub use explorer::{
    Issuance, appearances, call_tree, creator, internal_operations, issuance, revert_output,
};
pub use fork::{
    Answer, BlockStart, Call, Fork, ForkConfig, ForkError, HttpUpstream, Manners, Origin, Upstream,
};
pub use install::{Founders, InstallError, install};
pub use issue::Issue;
pub use logs::CallLog;
pub(crate) use logs::CallLogs;
pub use moves::PrecompileMoves;
pub use notes::{Failure, Notes};
pub use overlay::Overlay;
pub use overrides::OverrideError;
pub(crate) use overrides::override_state;
pub use parity::{
    TraceTypes, block_calls, block_opcodes, parity_block, parity_call, parity_transaction,
    transaction_calls, transaction_opcodes,
};
pub use patch::AccountPatch;
pub(crate) use patch::patch_accounts;
pub use proof::AccountProof;
pub(crate) use record::to_write;
pub use record::{BlockRecord, Foreign, PooledTransaction, Receipt, Transaction};
pub use recover::recover_all;
pub use sandbox::{CallError, Sandbox};
pub use state::StateView;
pub use system::Producer;
pub use tracing::{
    TraceError, intermediate_roots, trace_block, trace_call, trace_foreign, trace_transaction,
};
pub use view::{At, ChainView, ReadError};
pub use witness::{Witness, WitnessError, witness};
