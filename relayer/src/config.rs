//! Reads the settings: a TOML file, overridden by flags. Secrets are named by file, never given.

use crate::inbox::Room;
use alloy_primitives::Address;
use serde::Deserialize;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// Settings as somebody gave them; absent ones are not given here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Node's JSON-RPC url, http or ws
    #[arg(long, value_name = "URL")]
    pub rpc: Option<String>,
    /// Address to listen on [default: 127.0.0.1:0]
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<SocketAddr>,
    /// Folder of database and keys [default: utnet-relayer]
    #[arg(long, value_name = "DIR")]
    pub datadir: Option<PathBuf>,
    /// File of the account's key [default: account.key in the data folder]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// File of the inbox's key [default: inbox.key in the data folder]
    #[arg(long, value_name = "FILE")]
    pub inbox_key_file: Option<PathBuf>,
    /// Where the contracts stand, as scripts/solidity/Deploy.s.sol writes it [default: as in genesis]
    #[arg(long, value_name = "FILE")]
    pub contracts: Option<PathBuf>,
    /// `RpoiEscrow` contract [default: that of the contracts]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "contracts")]
    pub escrow: Option<Address>,
    /// Unchecked messages at once [default: 1024]
    #[arg(long, value_name = "COUNT")]
    pub most_waiting: Option<u64>,
    /// Rejected and submitted messages that are remembered, of each that many [default: 10000]
    #[arg(long, value_name = "COUNT")]
    pub most_remembered: Option<u64>,
    /// Log filter, such as `info` or `utnet_relayer=debug` [default: info]
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
    /// Log lines as JSON
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub json_logs: Option<bool>,
}

/// Settings as they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Node's JSON-RPC url.
    pub rpc: String,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Folder of database and keys.
    pub datadir: PathBuf,
    /// File of the account's key.
    pub key_file: PathBuf,
    /// File of the inbox's key.
    pub inbox_key_file: PathBuf,
    /// Where the contracts stand, unless they do as in genesis.
    pub contracts: Option<PathBuf>,
    /// The escrow, if not that of the contracts.
    pub escrow: Option<Address>,
    /// How many messages are kept.
    pub room: Room,
    /// Log filter.
    pub log: String,
    /// Log lines as JSON.
    pub json_logs: bool,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadConfig {
    /// The file could not be read.
    #[error("settings file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML, or has a setting that we do not know.
    #[error("settings file {}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        #[source]
        source: Box<toml::de::Error>,
    },
}

impl Settings {
    /// Reads a TOML file; names are those of the flags with `_` for `-`.
    ///
    /// # Errors
    /// [`BadConfig`] when it is not there or has a setting that we do not know.
    pub fn read(path: &Path) -> Result<Self, BadConfig> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| BadConfig::Io { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|source| BadConfig::Form { path: path.to_owned(), source: Box::new(source) })
    }

    /// These settings, and `others` where these are silent.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        // Whose flag says the one does not want the other of the file.
        let is_placed = self.contracts.is_some() || self.escrow.is_some();
        let (contracts, escrow) =
            if is_placed { (None, None) } else { (others.contracts, others.escrow) };
        Self {
            rpc: self.rpc.or(others.rpc),
            listen: self.listen.or(others.listen),
            datadir: self.datadir.or(others.datadir),
            key_file: self.key_file.or(others.key_file),
            inbox_key_file: self.inbox_key_file.or(others.inbox_key_file),
            contracts: self.contracts.or(contracts),
            escrow: self.escrow.or(escrow),
            most_waiting: self.most_waiting.or(others.most_waiting),
            most_remembered: self.most_remembered.or(others.most_remembered),
            log: self.log.or(others.log),
            json_logs: self.json_logs.or(others.json_logs),
        }
    }

    /// Fills in the defaults.
    #[must_use]
    pub fn into_config(self) -> Config {
        let room = Room::default();
        let datadir = self.datadir.unwrap_or_else(|| "utnet-relayer".into());
        Config {
            rpc: self.rpc.unwrap_or_else(|| "http://127.0.0.1:8545".to_owned()),
            listen: self.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into()),
            key_file: self.key_file.unwrap_or_else(|| datadir.join("account.key")),
            inbox_key_file: self.inbox_key_file.unwrap_or_else(|| datadir.join("inbox.key")),
            contracts: self.contracts,
            escrow: self.escrow,
            room: Room {
                waiting: self.most_waiting.unwrap_or(room.waiting),
                remembered: self.most_remembered.unwrap_or(room.remembered),
            },
            log: self.log.unwrap_or_else(|| "info".to_owned()),
            json_logs: self.json_logs.unwrap_or_default(),
            datadir,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_override_the_file_and_the_file_the_defaults() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("relayer.toml");
        std::fs::write(&path, "rpc = \"ws://node:1\"\nlisten = \"127.0.0.1:9\"").expect("ours");
        let flags = Settings { rpc: Some("http://flag:1".to_owned()), ..Settings::default() };

        let config = flags.or(Settings::read(&path).expect("good")).into_config();

        assert_eq!(config.rpc, "http://flag:1");
        assert_eq!(config.listen.port(), 9);
        assert_eq!(config.room, Room::default());
    }

    #[test]
    fn a_flag_that_says_where_the_escrow_stands_overrides_the_file() {
        let file = Settings { escrow: Some(Address::repeat_byte(1)), ..Settings::default() };
        let flags = Settings { contracts: Some("there.json".into()), ..Settings::default() };

        let config = flags.or(file).into_config();

        assert_eq!((config.contracts, config.escrow), (Some("there.json".into()), None));
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("relayer.toml");
        std::fs::write(&path, "private_key = \"0x01\"").expect("ours");
        let error = Settings::read(&path).expect_err("unknown");
        assert!(format!("{error:?}").contains("private_key"));
    }

    #[test]
    fn by_default_only_this_machine_is_served() {
        assert!(Settings::default().into_config().listen.ip().is_loopback());
    }
}
