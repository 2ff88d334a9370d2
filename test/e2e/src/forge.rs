//! Gives forge a project of its own.

use crate::{needed, ours};
use anyhow::Result;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A forge project in a temporary folder, with our wrapper as its compiler.
#[derive(Debug)]
pub struct Project {
    folder: tempfile::TempDir,
    forge: PathBuf,
}

impl Project {
    /// A project with these of our test contracts.
    ///
    /// # Errors
    /// When forge, the compiler or a contract is missing.
    pub fn new(contracts: &[&str]) -> Result<Self> {
        let forge = needed("node_modules/@foundry-rs/forge-linux-amd64/bin/forge", "npm ci")?;
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join("src"))?;
        for contract in contracts {
            let file = ours(&format!("test/e2e/tools/{contract}"))?;
            std::fs::copy(file, folder.path().join("src").join(contract))?;
        }
        let settings = format!(
            "[profile.default]\ntest = \"src\"\nsolc = \"{}\"\noffline = true\nauto_detect_solc = false\nevm_version = \"osaka\"\n",
            ours("scripts/solc")?.display()
        );
        std::fs::write(folder.path().join("foundry.toml"), settings)?;
        Ok(Self { folder, forge })
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The command that runs forge in it.
    pub fn forge(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.forge);
        command.args(args).current_dir(self.path());
        command
    }
}
