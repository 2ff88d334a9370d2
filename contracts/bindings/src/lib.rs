//! Speak the contracts' ABI in Rust.
