//! Makes key files and tells whose they are.

use crate::wallet::{self, KeySource};
use alloy_signer_local::PrivateKeySigner;
use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Draw a new account and write its key to a file that only you may read.
    New {
        /// File to write; must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write a DEV account's key to a file, for programs that take key files. Everybody knows it.
    Dev {
        /// Account of the dev mnemonic.
        index: u32,
        /// File to write; must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Tell the address of a key.
    Address {
        /// dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Make a P-256 key for sealed messages (HPKE).
    Sealing {
        /// File to write; must not exist.
        #[arg(long)]
        out: PathBuf,
    },
}

impl Key {
    pub(crate) fn run(self) -> Result<Value> {
        match self {
            Self::New { out } => {
                let address = wallet::write_key(&out, &PrivateKeySigner::random())?;
                Ok(json!({ "address": address, "file": out }))
            }
            Self::Dev { index, out } => {
                let address = wallet::write_key(&out, &KeySource::Dev(index).signer()?)?;
                Ok(
                    json!({ "address": address, "file": out, "note": "DEV key: everybody knows it" }),
                )
            }
            Self::Address { from } => Ok(json!({ "address": from.signer()?.address() })),
            Self::Sealing { out } => crate::sealing::make(&out),
        }
    }
}
