//! Owns the chain: the one task that changes it, and the handle through which all others do.

pub mod api;
