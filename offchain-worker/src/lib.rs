//! Do the jobs the chain asks for and report results; keep chips registered and available.

pub mod agent;
pub mod compute;
pub mod config;
pub mod decide;
pub mod epochs;
pub mod https;
pub mod notebook;
pub mod records;
pub mod service;
pub mod store;

#[cfg(test)]
mod testing;
