//! Runs the chain: execution, POCI, pool, mining, JSON-RPC.
//!
//! A module uses only those before it: clock, genesis, execution, explain, poci, pool, miner, engine, rpc,
//! config. Everybody outside speaks to [`engine::api::Chain`].

pub mod clock;
pub mod config;
pub mod engine;
pub mod execution;
pub mod explain;
pub mod genesis;
pub mod miner;
pub mod poci;
pub mod pool;
pub mod rpc;
