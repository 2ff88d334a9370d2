//! Sells a dataset with the real programs: published, bargained for, delivered, opened, rated; copies refused, silence refunded.

use anyhow::{Context, Result, ensure};
use e2e::{ALICE, BOB, Node, needed, run};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Alice sells, Bob buys.
const SELLER: &str = "dev:0";
const BUYER: &str = "dev:1";

/// More seconds than any side has.
const LONG: &str = "1000";

/// A node, and a folder for what the parties keep.
struct Market {
    node: Node,
    folder: tempfile::TempDir,
}

impl Market {
    fn open() -> Result<Self> {
        let market = Self { node: Node::start()?, folder: tempfile::tempdir()? };
        let data: Vec<u8> = (0..200_000u32).flat_map(u32::to_be_bytes).collect();
        fs::write(market.path("plain"), data)?;
        fs::write(market.path("licence"), "Train with it.")?;
        market.utnet(&["vault", "deposit", "--amount", "10", "--from", BUYER])?;
        market.utnet(&["key", "sealing", "--out", &market.name("sealing.key")])?;
        Ok(market)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn utnet(&self, args: &[&str]) -> Result<Value> {
        let binary = needed("target/release/utnet", "cargo build --release -p utnet-cli")?;
        let url = self.node.http();
        let said = run(Command::new(binary).args(args).args(["--json", "--rpc", &url]))?;
        serde_json::from_str(&said).with_context(|| format!("no JSON: {said}"))
    }

    /// Publishes a file; its dataset.
    fn publish(&self, file: &str, price: &str, out: &str, from: &str) -> Result<String> {
        let (file, licence, out) = (self.name(file), self.name("licence"), self.name(out));
        let published = self.utnet(&[
            "dataset",
            "publish",
            "--file",
            &file,
            "--title",
            "numbers",
            "--licence",
            &licence,
            "--price",
            price,
            "--out",
            &out,
            "--from",
            from,
        ])?;
        Ok(published["dataset"].as_str().context("an id")?.to_owned())
    }

    fn deliver(&self, out: &str) -> Result<Value> {
        let secret = Path::new(&self.name(out)).join("secret.json").display().to_string();
        self.utnet(&["dataset", "deliver", "--secret", &secret, "--buyer", BOB, "--from", SELLER])
    }

    fn buy(&self, dataset: &str) -> Result<Value> {
        let key = self.name("sealing.key");
        self.utnet(&["dataset", "buy", dataset, "--sealing-key", &key, "--from", BUYER])
    }

    fn fetch(&self, dataset: &str) -> Result<Value> {
        let (key, out) = (self.name("sealing.key"), self.name("opened"));
        self.utnet(&[
            "dataset",
            "open",
            dataset,
            "--buyer",
            BOB,
            "--sealing-key",
            &key,
            "--out",
            &out,
        ])
    }

    fn free(&self, account: &str) -> Result<Value> {
        Ok(self.utnet(&["vault", "show", account])?["free"].clone())
    }
}

#[test]
fn a_dataset_is_bargained_for_delivered_opened_and_rated() -> Result<()> {
    let market = Market::open()?;
    let dataset = market.publish("plain", "3", "sold", SELLER)?;
    let (offer, key) = (market.name("offer.json"), market.name("sealing.key"));
    market.utnet(&[
        "dataset",
        "offer",
        &dataset,
        "--to",
        ALICE,
        "--price",
        "2",
        "--sealing-key",
        &key,
        "--out",
        &offer,
        "--from",
        BUYER,
    ])?;

    let sold = market.utnet(&["dataset", "accept", "--offer", &offer, "--from", SELLER])?;
    ensure!(sold["state"] == "Paid" && sold["price"] == "2 UNC", "{sold}");
    ensure!(market.fetch(&dataset).is_err(), "nothing is delivered yet");
    ensure!(fs::read(market.path("sold/data"))? != fs::read(market.path("plain"))?, "sealed");
    market.deliver("sold")?;
    market.fetch(&dataset)?;
    ensure!(fs::read(market.path("opened"))? == fs::read(market.path("plain"))?, "as it was");
    let settled = market.utnet(&["dataset", "acknowledge", &dataset, "--from", BUYER])?;
    ensure!(settled["state"] == "Settled", "{settled}");
    market.utnet(&["dataset", "rate", &dataset, "--score", "90", "--from", BUYER])?;

    ensure!(market.free(ALICE)? == "1.98 UNC", "2 less the burned fee of 1 %");
    ensure!(market.free(BOB)? == "8 UNC");
    let listed = market.utnet(&["dataset", "list"])?;
    ensure!(listed[0]["dataset"] == dataset && listed[0]["ratings"] == 1, "{listed}");
    Ok(())
}

#[test]
fn a_copy_is_refused_and_a_silent_seller_refunds() -> Result<()> {
    let market = Market::open()?;
    let dataset = market.publish("plain", "3", "sold", SELLER)?;

    let copied = market.publish("plain", "1", "copied", BUYER);
    ensure!(copied.is_err_and(|error| error.to_string().contains("DatasetMarketDuplicate")));
    market.buy(&dataset)?;
    ensure!(market.free(BOB)? == "7 UNC", "locked");
    market.node.cast(&["rpc", "evm_increaseTime", LONG])?;
    market.node.cast(&["rpc", "evm_mine"])?;
    let poked = market.utnet(&["dataset", "poke", &dataset, "--buyer", BOB, "--from", "dev:2"])?;

    ensure!(poked["state"] == "Refunded", "{poked}");
    ensure!(market.free(BOB)? == "10 UNC", "all back");
    Ok(())
}

#[test]
fn free_data_is_everybodys_and_changed_data_is_nobodys() -> Result<()> {
    let market = Market::open()?;
    let dataset = market.publish("plain", "0", "shared", SELLER)?;
    let out = market.name("opened");
    let open = ["dataset", "open", dataset.as_str(), "--out", out.as_str()];

    market.utnet(&open)?;
    ensure!(fs::read(market.path("opened"))? == fs::read(market.path("plain"))?, "as it was");
    let mut data = fs::read(market.path("shared/data"))?;
    data[100_000] ^= 1;
    fs::write(market.path("shared/data"), data)?;

    let refused = market.utnet(&open);
    ensure!(refused.is_err_and(|error| error.to_string().contains("is other data")));
    Ok(())
}
