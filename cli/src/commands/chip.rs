//! Makes chips, shows them, registers them, asks for them, takes them away, and reports those that lied.

mod challenge;
mod evidence;
mod leaving;
mod registering;
mod report;
mod standing;

use crate::{
    session::{Session, Site},
    wallet::KeySource,
};
use alloy_primitives::{Address, hex};
use anyhow::{Context as _, Result, ensure};
use challenge::{Challenge, Expire};
use clap::Subcommand;
use evidence::Evidence;
use leaving::Leaving;
use registering::Registering;
use report::Report;
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    str::FromStr,
};
use utnet_primitives::ChipId;
use utnet_se::{SecurityEngine, SoftwareChip, SystemEntropy, open_all};

#[derive(Debug, Subcommand)]
pub(crate) enum Chip {
    /// Make chips: folders that stand for TPUs with a security engine. The first one also carries the operator's VRF key.
    New {
        /// Folder that will hold one folder a chip.
        #[arg(long)]
        dir: PathBuf,
        /// How many.
        #[arg(long, default_value_t = 1)]
        count: u32,
        /// Model number in the registry's table; it decides the power.
        #[arg(long, default_value_t = 1)]
        model: u32,
        /// Start of the serial numbers.
        #[arg(long, default_value = "UT")]
        serial: String,
    },
    /// Show what a folder of chips holds, never a private key; or a registered chip: its state, the epochs that were proven
    /// and opened, its misses, and who asks for it.
    Show {
        /// Folder of chip folders, or the id of a chip.
        #[arg(value_name = "DIR|CHIP")]
        what: Shown,
    },
    /// Let chips sign that an operator may register them; prints the registration.
    Attest {
        #[command(flatten)]
        registering: Registering,
        /// Account that will register them.
        #[arg(long)]
        operator: Address,
    },
    /// Register the chips of a folder that are not the sender's yet, 32 in a transaction, bonds included.
    Register {
        #[command(flatten)]
        registering: Registering,
        /// Sender, the operator: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// List the chips that an operator registered, with their states.
    List {
        /// The operator.
        operator: Address,
    },
    /// Ask a chip, with a bond, whether it is there: one that is answers and earns the bond for its operator, one that is not
    /// is suspended.
    Challenge(Challenge),
    /// Close a challenge that was not answered in time: the challenger has the bond back and a part of the chip's.
    Expire(Expire),
    /// Take a chip off the chain: it earns nothing from now on, and its bond is free after a wait. Operator.
    Leave(Leaving),
    /// Free the bond of a chip that left and has waited; `utnet vault withdraw` pays it out. Anyone.
    Finish(Leaving),
    /// Make a suspended chip leave that missed more than 144 epochs; a tenth of its bond burns. Anyone.
    Expel(Leaving),
    /// Collect what proves that a chip lied.
    #[command(subcommand)]
    Evidence(Evidence),
    /// Have a chip slashed by evidence; a tenth of its bond is the sender's.
    Report(Report),
}

/// A folder of chips, or a chip on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Folder(PathBuf),
    Registered(ChipId),
}

impl FromStr for Shown {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let id = text.starts_with("0x").then(|| text.parse().ok()).flatten();
        Ok(id.map_or_else(|| Self::Folder(text.into()), Self::Registered))
    }
}

impl Chip {
    pub(crate) async fn run(self, site: &Site) -> Result<Value> {
        match self {
            Self::New { dir, count, model, serial } => make(&dir, count, model, &serial),
            Self::Show { what: Shown::Folder(dir) } => show(&dir),
            online => online.run_on(&Session::connect(site).await?).await,
        }
    }

    /// What needs a chain.
    async fn run_on(self, session: &Session) -> Result<Value> {
        match self {
            Self::Show { what: Shown::Registered(chip) } => standing::show(session, chip).await,
            Self::Attest { registering, operator } => {
                registering::attest(session, &registering, operator).await
            }
            Self::Register { registering, from } => {
                registering::register(session, &registering, &from).await
            }
            Self::List { operator } => standing::list(session, operator).await,
            Self::Challenge(challenge) => challenge.run(session).await,
            Self::Expire(expire) => expire.run(session).await,
            Self::Leave(leaving) => leaving.leave(session).await,
            Self::Finish(leaving) => leaving.finish(session).await,
            Self::Expel(leaving) => leaving.expel(session).await,
            Self::Evidence(evidence) => evidence.run(session).await,
            Self::Report(report) => report.run(session).await,
            Self::New { .. } | Self::Show { .. } => Ok(Value::Null),
        }
    }
}

fn make(dir: &Path, count: u32, model: u32, serial: &str) -> Result<Value> {
    ensure!(count > 0, "--count must be at least 1");
    let mut ids = Vec::new();
    for index in 0..count {
        let folder = dir.join(format!("chip-{index:03}"));
        let mut chip = SoftwareChip::create(
            &folder,
            &format!("{serial}-{index:03}"),
            model,
            &mut SystemEntropy,
        )
        .with_context(|| format!("cannot make {}", folder.display()))?;
        if index == 0 {
            chip.create_vrf_key(&mut SystemEntropy)?;
        }
        ids.push(chip.chip_id());
    }
    Ok(json!({ "dir": dir, "chips": ids }))
}

fn show(dir: &Path) -> Result<Value> {
    let chips = open_chips(dir)?;
    Ok(Value::Array(chips.iter().map(describe).collect()))
}

fn describe(chip: &SoftwareChip) -> Value {
    let identity = chip.identity();
    json!({
        "chip": chip.chip_id(),
        "serial": chip.serial(),
        "model": chip.model(),
        "x": identity.x,
        "y": identity.y,
        "blsKey": hex::encode_prefixed(chip.bls_key()),
        "vrfKey": chip.vrf_key().map(hex::encode_prefixed),
    })
}

/// Opens a folder of chips; an empty one is an error.
pub(crate) fn open_chips(dir: &Path) -> Result<Vec<SoftwareChip>> {
    let chips = open_all(dir).with_context(|| format!("chips in {}", dir.display()))?;
    ensure!(!chips.is_empty(), "{} holds no chip folders", dir.display());
    Ok(chips)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_looked_up_and_anything_else_is_a_folder() {
        let id = format!("0x{}", "1b".repeat(32));
        let chip = id.parse().expect("32 bytes");
        assert_eq!(id.parse(), Ok(Shown::Registered(chip)));
        for folder in ["chips", "0x1b", &"1b".repeat(32)] {
            assert_eq!(folder.parse(), Ok(Shown::Folder(folder.into())), "{folder}");
        }
    }
}
