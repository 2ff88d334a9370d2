//! Do the jobs the chain asks for and report results; keep chips registered and available.

pub mod compute;
pub mod manifest;
pub mod merkle;
pub mod remote;
pub mod store;
