//! Puts our node beside the real anvil: the same transactions give the same traces, and each loads the other's dumps.

mod client;
mod dumps;
mod traces;
