//! Proves the behaviour that clients rely on, through real sockets.

mod answers;
mod anything;
mod batches;
mod calls;
mod debug;
mod dev;
mod dumps;
mod errors;
mod events;
mod explaining;
mod faults;
mod forked;
mod ipc;
mod limits;
mod manual;
mod metrics;
mod parity;
mod pruned;
mod rules;
mod sending;
mod support;
mod tracing;
mod utn;
mod wallet;
