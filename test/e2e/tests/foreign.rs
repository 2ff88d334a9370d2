//! Deploys the protocol to a chain that is not ours, the real anvil, and plays it there by the fallbacks: a chip that forge
//! registers, then a market with the real programs.

use anyhow::{Context, Result, ensure};
use e2e::{
    ALICE, ALICE_KEY, cast, needed, root, run,
    stories::{python, stage},
};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
};

/// Blocks in an epoch of the deployment.
const EPOCH: u64 = 16;

/// An anvil that dies with the test.
struct Anvil {
    child: Child,
    url: String,
    /// Where the deployment says what stands where.
    contracts: PathBuf,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // It may have died already, and the file may not be there; there is nobody to tell.
        self.child.kill().ok();
        self.child.wait().ok();
        std::fs::remove_file(&self.contracts).ok();
    }
}

impl Anvil {
    fn start() -> Result<Self> {
        let binary = needed("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil", "npm ci")?;
        let mut command = Command::new(binary);
        command.args(["--hardfork", "osaka", "--port", "0"]).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let listening =
            lines.find_map(|line| line.ok()?.strip_prefix("Listening on ").map(str::to_owned));
        // Reads on, so that anvil never waits for a full pipe.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let address = listening.context("anvil ended before it listened")?;
        let port = address.rsplit(':').next().context("an address has a port")?;
        let contracts = root().join(format!("target/forge/contracts-{port}.json"));
        Ok(Self { child, url: format!("http://{address}"), contracts })
    }

    fn cast(&self, args: &[&str]) -> Result<String> {
        cast(&self.url, args)
    }

    /// Runs one of our scripts and sends what it asks for, one transaction after the other: anvil 1.7.1 leaves some of many
    /// that come together.
    fn script(&self, name: &str, args: &[&str]) -> Result<String> {
        let forge = needed("node_modules/@foundry-rs/forge-linux-amd64/bin/forge", "npm ci")?;
        let mut command = Command::new(forge);
        command.env("UTNET_CONTRACTS", &self.contracts);
        command.current_dir(root()).args(["script", &format!("scripts/solidity/{name}.s.sol")]);
        command.args(args).args([
            "--broadcast",
            "--slow",
            "--rpc-url",
            &self.url,
            "--private-key",
            ALICE_KEY,
        ]);
        run(&mut command)
    }

    /// Where a contract stands.
    fn address(&self, contract: &str) -> Result<String> {
        let all: Value = serde_json::from_slice(&std::fs::read(&self.contracts)?)?;
        let address = all["contracts"][contract].as_str();
        address.map(str::to_owned).with_context(|| format!("no {contract} in {all}"))
    }

    /// Makes blocks up to the second one of the next epoch.
    fn enter_the_next_epoch(&self) -> Result<()> {
        let number: u64 = self.cast(&["block-number"])?.parse()?;
        let blocks = EPOCH - number % EPOCH + 1;
        self.cast(&["rpc", "anvil_mine", &format!("{blocks:#x}")])?;
        Ok(())
    }
}

#[test]
fn a_chip_registers_and_proves_its_availability_on_anvil() -> Result<()> {
    let anvil = Anvil::start()?;
    anvil.script("Deploy", &[])?;
    let (vendors, registry) = (anvil.address("VendorRegistry")?, anvil.address("PociRegistry")?);
    let availability = anvil.address("Availability")?;
    for address in
        ["0x0000000000000000000000000000000000555401", "0x0000000000000000000000000000000000555402"]
    {
        ensure!(anvil.cast(&["code", address])? == "0x", "a precompile of ours on anvil");
    }

    anvil.script("TryChip", &["--sig", "register(address,address)", &vendors, &registry])?;
    let chips = anvil.cast(&["call", &registry, "chipsOf(address)(bytes32[])", ALICE])?;
    let chip = chips.trim_matches(['[', ']']);
    anvil.enter_the_next_epoch()?;
    anvil.script("TryChip", &["--sig", "prove(address,address)", &registry, &availability])?;

    let epoch = anvil.cast(&["call", &registry, "currentEpoch()(uint64)"])?;
    let asked = ["call", &registry, "wasPresent(bytes32,uint64)(bool)", chip, &epoch];
    ensure!(anvil.cast(&asked)? == "true", "chip {chip} in epoch {epoch}");
    ensure!(anvil.cast(&["call", &registry, "powerOf(address)(uint128)", ALICE])? == "1");
    Ok(())
}

/// Registration, availability, a rental from its orders to its payment, a job computed and paid.
#[test]
fn a_rental_and_a_job_are_played_on_anvil() -> Result<()> {
    let _alone = stage();
    let folder = tempfile::tempdir()?;

    let said = python("test/e2e/tools/foreign_market.py", &[&folder.path().display().to_string()])?;

    ensure!(said.contains("played on another chain"), "{said}");
    Ok(())
}
