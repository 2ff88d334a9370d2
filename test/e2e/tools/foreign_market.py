#!/usr/bin/env python3
"""Plays the market on a chain that is not ours: on the real anvil, where Deploy.s.sol put the contracts and the precompiles'
fallbacks answer.

Usage: foreign_market.py DATADIR (the programs are those of target/release)
"""

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal

from market import ROOT, Failed, acts, chips, disputes, jobs, main

FOUNDRY = ROOT / "node_modules" / "@foundry-rs"
ANVIL = FOUNDRY / "anvil-linux-amd64" / "bin" / "anvil"
FORGE = FOUNDRY / "forge-linux-amd64" / "bin" / "forge"
DEPLOYER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # of DEV account 0
PRECOMPILES = [f"0x{0x555401 + i:040x}" for i in range(4)]
EPOCHS = 2


def start_anvil(stage):
    """A chain of Osaka's rules that knows nothing of ours."""
    stage.console.step("Chain: anvil, with Osaka's rules")
    words = [ANVIL, "--hardfork", "osaka", "--port", 0]
    stage.rpc = "http://" + stage.start("node", words, r"Listening on (\S+)")
    stage.chain_id = stage.number("eth_chainId")
    found = [address for address in PRECOMPILES if stage.ask("eth_getCode", address, "latest") != "0x"]
    if found:
        raise Failed(f"precompiles of ours on anvil: {found}")


def deploy(stage):
    """The contracts, and the fallbacks of the precompiles."""
    stage.console.step("Contracts: deployed by their script")
    file = ROOT / "target" / "forge" / f"contracts-{stage.rpc.rsplit(':', 1)[1]}.json"
    words = [FORGE, "script", "scripts/solidity/Deploy.s.sol", "--broadcast", "--rpc-url", stage.rpc]
    stage.console.command(["forge", *words[1:]])
    # One transaction after the other: anvil 1.7.1 leaves some of many that come together.
    done = subprocess.run(
        [*map(str, words), "--slow", "--private-key", DEPLOYER_KEY],
        cwd=ROOT, env={**os.environ, "UTNET_CONTRACTS": str(file)}, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        raise Failed(f"the script failed: {done.stdout}{done.stderr}")
    stage.contracts = stage.path("contracts.json")
    shutil.move(file, stage.contracts)
    stage.console.fact(f"{len(json.loads(stage.contracts.read_text())['contracts'])} contracts")
    stage.ask("evm_setIntervalMining", 1)  # from here on time passes; a deployment of many transactions would stall


def compute(stage, rental):
    """A WASM job, from its program to its payment."""
    stage.console.step("Job: words counted by the rented machine")
    job = jobs.submit(stage, rental, "wasm", "--program", jobs.GUEST, "--input", stage.given.text)
    stage.utnet("job", "wait", job, "--until", "posted")
    jobs.show_words(stage, jobs.fetch(stage, rental, "wasm", job))
    stage.utnet("job", "wait", job, "--until", "paid")
    proven = stage.utnet("job", "prove", job)
    stage.console.fact(f"batch {proven['batch']}, leaf {proven['index']}: proven by ResultRollup")


def money(stage, account):
    """Every wei that the vault has is somebody's."""
    held = stage.utnet("vault", "show", account)
    owed = sum(Decimal(held[kind].split()[0]) for kind in ("vaultFree", "vaultLocked"))
    balance = stage.number("eth_getBalance", stage.address("Vault"), "latest")
    if owed * 10**18 != balance:
        raise Failed(f"the vault has {balance} wei and owes {held}")
    stage.console.fact(f"the vault owes what it has: {balance} wei")


def play(stage):
    """From registration to the last payment."""
    acts.chips_on_disk(stage)
    start_anvil(stage)
    deploy(stage)
    acts.register(stage)
    acts.start_services(stage)
    acts.prove(stage, EPOCHS)
    rental = acts.rent(stage)
    compute(stage, rental)
    chips.rented_absence(stage)
    disputes.interval(stage, rental)
    acts.part(stage, rental)
    for account in (acts.operator_address(stage, 1), rental["address"]):
        rating = stage.utnet("show", "rating", account)
        if rating["ratings"] != 1:
            raise Failed(f"{account} was not rated: {rating}")
    money(stage, rental["address"])
    print("played on another chain")


if __name__ == "__main__":
    sys.exit(main(play))
