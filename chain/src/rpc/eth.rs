//! Answers the `eth_` namespace, one file per concern.

pub(super) mod block;
pub(super) mod bundle;
pub(super) mod call;
pub(super) mod config;
pub(super) mod estimate;
pub(super) mod fee;
pub(super) mod filter;
pub(super) mod request;
pub(super) mod send;
pub(super) mod simulate;
pub(super) mod state;
pub(super) mod transaction;
