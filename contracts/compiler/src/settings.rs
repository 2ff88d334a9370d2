//! Reads how to compile from `foundry.toml`, so that forge and this tool agree.

use anyhow::Context;
use foundry_compilers::artifacts::{
    BytecodeHash, EvmVersion, Settings, SettingsMetadata, output_selection::OutputSelection,
    remappings::Remapping,
};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The part of `foundry.toml` that decides what the compiler writes.
#[derive(Debug)]
pub(crate) struct Foundry {
    /// Root of the repository.
    pub(crate) root: PathBuf,
    profile: Profile,
}

#[derive(Debug, Deserialize)]
struct File {
    profile: Profiles,
}

#[derive(Debug, Deserialize)]
struct Profiles {
    default: Profile,
}

#[derive(Debug, Deserialize)]
struct Profile {
    src: PathBuf,
    solc: PathBuf,
    evm_version: String,
    optimizer: bool,
    optimizer_runs: usize,
    remappings: Vec<String>,
}

impl Foundry {
    /// Reads the default profile.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(root.join("foundry.toml")).context("no foundry.toml here")?;
        let file: File = toml::from_str(&text).context("foundry.toml lacks what is needed")?;
        Ok(Self { root: root.to_path_buf(), profile: file.profile.default })
    }

    /// The compiler's executable.
    pub(crate) fn solc(&self) -> PathBuf {
        self.root.join(&self.profile.solc)
    }

    /// The folder of the contracts.
    pub(crate) fn sources(&self) -> PathBuf {
        self.root.join(&self.profile.src)
    }

    /// What the compiler is asked for: ABI and creation code, without metadata.
    pub(crate) fn compiler_settings(&self) -> anyhow::Result<Settings> {
        let wanted = ["abi", "evm.bytecode.object"].map(str::to_owned);
        let mut settings = Settings::new(OutputSelection::common_output_selection(wanted));
        settings.optimizer.enabled = Some(self.profile.optimizer);
        settings.optimizer.runs = Some(self.profile.optimizer_runs);
        settings.metadata = Some(SettingsMetadata::new(BytecodeHash::None, false));
        settings.evm_version =
            Some(self.profile.evm_version.parse::<EvmVersion>().map_err(anyhow::Error::msg)?);
        settings.remappings = self
            .profile
            .remappings
            .iter()
            .map(|text| text.parse::<Remapping>().context("bad remapping"))
            .collect::<anyhow::Result<_>>()?;
        Ok(settings)
    }
}
