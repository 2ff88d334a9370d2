#!/usr/bin/env python3
"""Rents for a token of another's making: from its admission to the last unit that leaves the vault. Before that, what a
rental in coin costs that silence settles.

Usage: token_rental.py DATADIR (the programs are those of target/release)
"""

import json
import subprocess
import sys

from market import ROOT, Failed, acts, main, until

OPERATOR, GOVERNOR = 1, 0  # DEV accounts
MOST_GAS = 620_000  # aim: 600,000; where a chip missed an epoch meanwhile, its refund comes on top
FORGE = ROOT / "node_modules/@foundry-rs/forge-linux-amd64/bin/forge"
CAST = ROOT / "node_modules/@foundry-rs/cast-linux-amd64/bin/cast"
MNEMONIC = "test test test test test test test test test test test junk"


def tool(words, **more):
    """The output of a program that must succeed."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise Failed(f"{words[1]}: {done.stderr or done.stdout}")
    return done.stdout


def deploy(stage):
    """A token made with OpenZeppelin's parts; all of it is the governor's."""
    project = stage.path("token", "src", "TestDollar.sol").parent.parent
    source = ROOT / "test/e2e/tools/TestDollar.sol"
    (project / "src" / source.name).write_text(source.read_text())
    settings = {
        "solc": str(ROOT / "scripts/solc"),
        "remappings": [f"@openzeppelin/contracts/={ROOT}/node_modules/@openzeppelin/contracts/"],
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    lines += ["offline = true", "auto_detect_solc = false", 'evm_version = "osaka"']
    (project / "foundry.toml").write_text("[profile.default]\n" + "\n".join(lines) + "\n")
    words = [FORGE, "create", "src/TestDollar.sol:TestDollar", "--broadcast", "--json"]
    words += ["--rpc-url", stage.rpc, "--mnemonic", MNEMONIC]
    return json.loads(tool(words, cwd=project))["deployedTo"]


def give(stage, token, account, amount):
    """Tokens of the governor's for an account; in pieces."""
    words = [CAST, "send", token, "transfer(address,uint256)", account, amount * 10**6]
    tool([*words, "--rpc-url", stage.rpc, "--mnemonic", MNEMONIC])


def renter(stage, name):
    """An account with coin for gas."""
    folder = stage.path("rentals", name, "x").parent
    found = {"key": folder / "renter.key", "folder": folder}
    found["address"] = stage.utnet("key", "new", "--out", found["key"])["address"]
    stage.utnet("dev", "fund", found["address"], "--amount", 50)
    return found


def free(stage, account, token):
    """An account's free balance of a token in the vault, in pieces."""
    found = stage.utnet("vault", "show", account, "--token", token, is_shown=False)["free"]
    number, symbol = found.split(" ", 1)
    if symbol != "TUSD":
        raise Failed(f"another symbol: {found}")
    return float(number)


def expect(stage, what, found, expected):
    """Compares."""
    if found != expected:
        raise Failed(f"{what}: {found}, expected {expected}")
    stage.console.fact(f"{what}: {found}")


def a_rental_that_silence_settles(stage, name):
    """Opened, handed over, acknowledged, settled by a poke: what each of the four takes, and all of them."""
    stage.console.step(f"Gas of a rental in coin: {name}")
    party = renter(stage, name)
    stage.utnet("vault", "deposit", "--amount", 20, "--from", party["key"])
    stage.utnet("vault", "deposit", "--amount", 20, "--from", acts.dev(OPERATOR))
    opened = acts.match(stage, party, OPERATOR, duration=5, deposit=1)
    access = ["--sealing-key", opened["sealing"], "--out", opened["folder"] / "access.json"]
    stage.utnet("rental", "access", opened["id"], *access)
    started = stage.utnet("rental", "acknowledge", opened["id"], "--from", party["key"])
    stage.utnet("dev", "wait", 24)  # time and no blocks: chips would miss the epochs that pass
    settled = until(lambda: settle(stage, opened["id"]), bool, 90)
    if settled is None:
        raise Failed("nobody settled")
    rows = {row["call"]: row["most"] for row in stage.utnet("show", "gas", is_shown=False)}
    gas = {"open": opened["gasUsed"], "hand-over": rows["RpoiEscrow.commitHandover"]}
    gas |= {"acknowledge": started["gasUsed"], "settle": settled["gasUsed"]}
    stage.console.fact(f"gas: {gas}, in all {sum(gas.values())}")
    return sum(gas.values())


def settle(stage, rental):
    """Pokes; None while nothing is due."""
    try:
        found = stage.utnet("rental", "poke", rental, "--from", acts.dev(GOVERNOR), is_shown=False)
    except Failed as early:
        if "NothingDue" not in str(early):
            raise
        return None
    return found if found["state"] == "Settled" else None


def a_rental_in_a_token(stage):
    """All parties' money is the token; only gas is coin."""
    stage.console.step("A token: admitted, deposited")
    token = deploy(stage)
    stage.utnet("vault", "admit", token, "--from", acts.dev(GOVERNOR))
    party = renter(stage, "dollars")
    operator = acts.operator_address(stage, OPERATOR)
    governor = acts.operator_address(stage, GOVERNOR)
    for account, key in ((party["address"], party["key"]), (operator, acts.dev(OPERATOR))):
        give(stage, token, account, 100)
        stage.utnet("vault", "deposit", "--token", token, "--amount", 100, "--from", key)
    before = stage.utnet("vault", "show", operator, is_shown=False)["free"]
    acts.availability(stage, 1)  # for an epoch that a late worker missed nothing is paid
    opened = acts.match(stage, party, OPERATOR, duration=600, deposit=20, money=("--token", token))
    expect(stage, "rent", opened["rent"], "12 TUSD")
    expect(stage, "left of the renter's", free(stage, party["address"], token), 100 - 20 - 12 - 0.24)
    access = opened["folder"] / "access.json"
    stage.utnet("rental", "access", opened["id"], "--sealing-key", opened["sealing"], "--out", access)
    stage.utnet("rental", "acknowledge", opened["id"], "--from", party["key"])
    acts.part(stage, {**opened, "access": access})
    shares = {name: free(stage, account, token) for name, account in (
        ("renter", party["address"]), ("operator", operator), ("purse", governor))}  # fmt: skip
    stage.console.fact(f"shares: {shares}")
    expect(stage, "all of them", round(sum(shares.values()), 6), 200.0)
    if not (shares["purse"] > 0 and shares["operator"] > 100):
        raise Failed(f"the operator earned nothing, or the purse got no fee: {shares}")
    expect(stage, "the operator's coin", stage.utnet("vault", "show", operator, is_shown=False)["free"], before)
    leave(stage, token, party, operator)


def leave(stage, token, party, operator):
    """Dismissed or not, what is in the vault goes out."""
    stage.console.step("The token is dismissed; what is there leaves")
    stage.utnet("vault", "dismiss", token, "--from", acts.dev(GOVERNOR))
    for key in (party["key"], acts.dev(OPERATOR), acts.dev(GOVERNOR)):
        stage.utnet("vault", "withdraw", "--token", token, "--from", key)
    left = stage.utnet("vault", "show", operator, "--token", token)
    expect(stage, "left in the vault", (left["vaultFree"], left["vaultLocked"]), ("0 TUSD", "0 TUSD"))


def play(stage):
    """From registration to both ends."""
    acts.chips_on_disk(stage)
    acts.start_node(stage)
    acts.register(stage)
    acts.start_relayer(stage)
    for name, account, _ in acts.OPERATORS:
        acts.start_worker(stage, name, account)
    acts.availability(stage, 1)
    a_rental_that_silence_settles(stage, "the first one, which fills empty slots of the burn sink")
    gas = a_rental_that_silence_settles(stage, "a later one")
    if gas > MOST_GAS:
        raise Failed(f"a rental takes {gas} gas, {MOST_GAS} is the most")
    a_rental_in_a_token(stage)
    print("paid in dollars")


if __name__ == "__main__":
    sys.exit(main(play))
