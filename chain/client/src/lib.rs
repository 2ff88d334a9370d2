//! Follows a chain and sends to it, reliably: log cursor, durable outbox, nonces, fee bumps.
//!
//! Everything here knows a chain through the trait [`Chain`]: the real one is [`Rpc`], the one of the tests
//! is [`simulation::RecordingChain`]. Time comes in as a [`Clock`]. What is stored is in `docs/formats.md`.

mod backoff;
mod call;
mod chain;
mod clock;
mod cursor;
mod deployment;
mod outbox;
mod rpc;
pub mod simulation;
pub mod storage;

pub use backoff::Backoff;
pub use call::{CallError, call_contract};
pub use chain::{BlockRef, CallRequest, Chain, Fees, Receipt};
pub use clock::{Clock, ManualClock, SystemClock};
pub use cursor::{CursorError, LogCursor, Move, News, next_move};
pub use deployment::{DeploymentError, read_contracts};
pub use outbox::{
    Attempt, Dispatcher, Entry, Failure, Flight, Intent, IntentKey, MinedIn, Outbox, OutboxError,
    Policy, Purpose, Seen, Stage, Status, Step, next_step, plan,
};
pub use rpc::{Refusal, Rpc, RpcError};
pub use storage::StorageError;
