//! Proves the behaviour that clients rely on, through real sockets.

mod batches;
mod calls;
mod dev;
mod errors;
mod events;
mod ipc;
mod manual;
mod rules;
mod sending;
mod support;
mod tracing;
mod utn;
