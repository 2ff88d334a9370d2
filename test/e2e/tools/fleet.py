#!/usr/bin/env python3
"""Registers a large fleet, lets its worker prove and open it, and bounds what that costs on the real node.

Usage: fleet.py DATADIR (the programs are those of target/release); UTNET_FLEET is the number of chips, 512 without it.
"""

import os
import sys

from market import Failed, acts, main, until

OPERATOR, OTHER = 1, 2  # DEV accounts: of the fleet, and of another operator with two chips
AT_ONCE = 32  # chips in one transaction
FLEET = int(os.environ.get("UTNET_FLEET", "512"))
EPOCH = 16 if FLEET <= 512 else 300  # blocks, as on the dev chain and the main chain: all of the last group comes in one
PATIENCE = 60 + FLEET // 10  # seconds that a worker has for an epoch
COMMAND_SECONDS = 180 + FLEET // 4

PROOF = 180_800  # with 512 chips; any fleet's stays within 5 % of it
MOST_PROOF = 200_000
MOST_OPENING = 303_000  # with as many hashes as 512 chips need on average, and one in a hundred for draws that meet a chip twice
AVERAGE, NODE = 68, 940  # hashes; gas of each that a draw needs more or less
FIRST = 17_500  # more for the first opening of 256 epochs
AVAILABILITY = "0x0000000000000000000000000000000000555422"
MOST_EACH = 200_000  # of a chip in a batch
# Of a chip that comes alone: whose, by the place in its folder. The fleet just fills the line's tree: the next chip grows
# it by a level, and has a branch to itself.
ALONE = (
    ("one chip more, which grows the line's tree", OPERATOR, FLEET, 500_000),
    ("one chip more", OPERATOR, FLEET + 1, 360_000),
    ("one chip, the first of another operator", OTHER, 0, 650_000),
    ("one chip more of that one", OTHER, 1, 360_000),
)


def group(stage, name, numbers, account=OPERATOR):
    """A folder that shows some of an operator's chips."""
    folder = stage.path("groups", name, "x").parent
    for number in numbers:
        chip = f"chip-{number:03}"
        (folder / chip).symlink_to(chips_of(stage, account) / chip)
    return folder


def chips_of(stage, account):
    """The folder of all chips of an operator."""
    return stage.path("chips", {OPERATOR: "fleet", OTHER: "other"}[account])


def batch(stage, name, *folders):
    """The vendor's root over the chips of folders, posted; its file."""
    path = stage.path(f"{name}.json")
    words = [word for folder in folders for word in ("--chips", folder)]
    vendor = acts.operator_address(stage, acts.VENDOR)
    stage.utnet("vendor", "batch", *words, "--vendor", vendor, "--out", path)
    stage.utnet("vendor", "post", "--batch", path, "--from", acts.dev(acts.VENDOR))
    return path


def register(stage, folder, genuine, account=OPERATOR):
    """Registers a folder of chips; the gas of each transaction."""
    words = ["--chips", folder, "--batch", genuine, "--from", acts.dev(account)]
    return [sent["gasUsed"] for sent in stage.utnet("chip", "register", *words)["transactions"]]


def reach(stage, epoch, block=0):
    """Mines up to a block of an epoch."""
    acts.reach_block(stage, epoch * EPOCH + block)


def muster(stage):
    """Registers the fleet in three epochs, so that its chips do not all begin to count at once. Gas of each transaction, and
    what comes later: the chips that come alone, and what says that they are genuine."""
    stage.console.step(f"Registration: {FLEET} chips, {AT_ONCE} in a transaction")
    groups = {"first": range(AT_ONCE), "second": range(AT_ONCE, 2 * AT_ONCE), "rest": range(2 * AT_ONCE, FLEET)}
    folders = {name: group(stage, name, numbers) for name, numbers in groups.items()}
    ones = [group(stage, f"one-{account}-{number}", [number], account) for _, account, number, _ in ALONE]
    files = {name: batch(stage, name, folders[name]) for name in ("first", "second")}
    files["rest"] = batch(stage, "rest", folders["rest"], *ones)
    gas = {}
    for epoch, name in enumerate(groups):
        reach(stage, epoch)
        gas[name] = register(stage, folders[name], files[name])
    if stage.number("eth_blockNumber") // EPOCH != 2:
        raise Failed(f"the registration did not end in epoch 2: block {stage.number('eth_blockNumber')}")
    return gas, (ones, files["rest"])


def proven(stage, epoch):
    """Waits for the proof of an epoch, in which all chips are there; its gas."""
    found = until(lambda: acts.proofs_of(stage, epoch), bool, PATIENCE)
    if not found or (found[0]["present"], found[0]["absent"]) != (FLEET, []):
        raise Failed(f"epoch {epoch}: {FLEET} chips should be proven: {found}")
    receipt = stage.ask("eth_getTransactionReceipt", found[0]["transaction"])
    return int(receipt["gasUsed"], 16)


def opened(stage, epoch):
    """Lets the sample of an epoch be drawn, and waits until it is opened: the gas, and how many hashes lead to the root."""
    reach(stage, epoch + 1, acts.SAMPLE_DELAY)
    drawn = stage.number("eth_blockNumber")
    if until(lambda: [row for row in acts.proofs_of(stage, epoch) if row["opened"]], bool, PATIENCE) is None:
        raise Failed(f"epoch {epoch} was not opened")
    for height in range(drawn + 1, stage.number("eth_blockNumber") + 1):
        for tx in stage.ask("eth_getBlockByNumber", hex(height), True)["transactions"]:
            receipt = stage.ask("eth_getTransactionReceipt", tx["hash"])
            if (tx["to"] or "").lower() == AVAILABILITY and receipt["status"] == "0x1":
                return int(receipt["gasUsed"], 16), nodes(bytes.fromhex(tx["input"][2:]))
    raise Failed(f"no transaction after block {drawn} opened epoch {epoch}")


def nodes(call):
    """The length of the last list of an opening: `open((booked, uncounted, leaves, nodes))`."""
    word = lambda place: int.from_bytes(call[4 + place : 36 + place], "big")  # noqa: E731
    opening = word(0)
    return word(opening + word(opening + 3 * 32))


def bound(stage, what, gas, most):
    """Shows what a call took, and fails above the most."""
    stage.console.fact(f"gas: {what}: {gas:,} (at most {most:,})")
    if gas > most:
        raise Failed(f"{what} takes {gas} gas, {most} is the most")


def prove(stage):
    """Three epochs proven and two opened; the first of each writes words that later ones find."""
    stage.console.step("Availability: one signature for the whole fleet, sixteen leaves opened")
    acts.start_worker(stage, "fleet", OPERATOR)
    proofs, openings = [], []
    for epoch in (3, 4, 5):
        reach(stage, epoch)
        proofs.append(proven(stage, epoch))
        if len(proofs) > 1:
            openings.append(opened(stage, epoch - 1))
    return proofs, openings


def judge(stage, gas, singles, proofs, openings):
    """Holds every call to its most."""
    stage.console.step(f"Gas of {FLEET} chips")
    for name, batches in gas.items():
        for kind, spent in {"least": min(batches), "most": max(batches)}.items():
            bound(stage, f"register {AT_ONCE} chips, {name}, {kind}, each", spent // AT_ONCE, MOST_EACH)
    for (what, _, _, most), single in zip(ALONE, singles, strict=True):
        bound(stage, f"register {what}", single, most)
    for epoch, proof in enumerate(proofs, 3):
        bound(stage, f"prove epoch {epoch}", proof, min(MOST_PROOF, PROOF * 105 // 100))
    for (gas_used, hashes), more in zip(openings, (FIRST, 0), strict=True):
        most = MOST_OPENING + (hashes - AVERAGE) * NODE + more
        bound(stage, f"open 16 with {hashes} hashes{', first' if more else ''}", gas_used, most)


def play(stage):
    """From chips on disk to the gas of each call."""
    stage.console.step(f"Chips: {FLEET + len(ALONE)} software security engines on disk")
    stage.command_seconds = COMMAND_SECONDS
    for account, count in ((OPERATOR, FLEET + 2), (OTHER, 2)):
        stage.utnet("chip", "new", "--dir", chips_of(stage, account), "--count", count)
    words = [stage.binary("utnet"), "node", "--datadir", stage.path("chain"), "--port", 0]
    words += ["--chips", chips_of(stage, OPERATOR), "--epoch-blocks", EPOCH]
    listening = stage.start("node", words, r"Listening on (\S+)")
    stage.rpc = f"http://{listening}"

    gas, (ones, genuine) = muster(stage)
    proofs, openings = prove(stage)
    singles = [register(stage, one, genuine, account)[0] for one, (_, account, _, _) in zip(ones, ALONE, strict=True)]

    judge(stage, gas, singles, proofs, openings)
    print(f"{FLEET} chips proven and opened")


if __name__ == "__main__":
    sys.exit(main(play))
