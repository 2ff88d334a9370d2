//! Reads and builds genesis: the rules of a chain and the state it starts from.

mod spec;

pub use spec::{BuiltGenesis, ChainSpec, Limits};
