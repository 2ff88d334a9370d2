#!/usr/bin/env python3
"""Has chips slashed by what they signed: two attestations, and two seals of one height by the real node.

Usage: evidence.py DATADIR (the programs are those of target/release)
"""

import json
import sys

from market import Failed, acts, main

NAME, ACCOUNT, _ = acts.OPERATORS[0]
OTHER = "0x00000000000000000000000000000000000000aa"
REPORTER = "dev:9"


def slashed(stage, kind, chip):
    """Reports evidence of a kind and looks at what it cost."""
    evidence = stage.path(f"{kind}.json")
    found = stage.utnet("chip", "report", kind, "--evidence", evidence, "--from", REPORTER)
    if (found["chip"], found["state"]) != (chip, "Slashed"):
        raise Failed(f"chip {chip} was not slashed: {found}")
    stage.console.fact(f"chip {chip}: {found['burned']} burned, {found['reward']} to the reporter")
    try:
        stage.utnet("chip", "report", kind, "--evidence", evidence, "--from", REPORTER)
    except Failed as refused:
        stage.console.fact(f"a second time: {refused}")
        return
    raise Failed(f"chip {chip} was slashed twice")


def attested(stage, operator):
    """What the chips of the first operator sign for an operator, as a file."""
    words = ["--chips", stage.path("chips", NAME), "--batch", stage.path("batch.json")]
    path = stage.path(f"attested-{operator[-4:]}.json")
    path.write_text(json.dumps(stage.utnet("chip", "attest", *words, "--operator", operator)))
    return path


def double_attestation(stage, chip):
    """The chip promises itself to two operators."""
    stage.console.step("Double attestation: one chip gives its word to two operators")
    first, second = (attested(stage, who) for who in (acts.operator_address(stage, ACCOUNT), OTHER))
    out = stage.path("double-attestation.json")
    stage.utnet(
        "chip", "evidence", "double-attestation", chip, "--first", first, "--second", second, "--out", out
    )
    slashed(stage, "double-attestation", chip)


def seal(stage, height, name):
    """Saves the seal of a block; who sealed it."""
    path = stage.path(name)
    return path, stage.utnet("chip", "evidence", "seal", height, "--out", path)["chip"]


def equivocation(stage):
    """The node takes its last block back and makes another one: its chip sealed both."""
    stage.console.step("Equivocation: the node replaces a block that its chip has sealed")
    stage.ask("evm_setIntervalMining", 0)
    head = stage.number("eth_blockNumber")
    first, chip = seal(stage, head, "first.json")
    stage.ask("utn_faultReorg", 1)
    second, again = seal(stage, head, "second.json")
    stage.ask("evm_setIntervalMining", 1)
    if chip != again:
        raise Failed(f"chip {chip} sealed block {head}, then chip {again}: the draw depends on the block itself")
    out = stage.path("equivocation.json")
    stage.utnet("chip", "evidence", "equivocation", "--first", first, "--second", second, "--out", out)
    slashed(stage, "equivocation", chip)


def play(stage):
    """Both, on chips that are in service."""
    acts.chips_on_disk(stage)
    acts.start_node(stage, "--faults")
    acts.register(stage)
    acts.reach_epoch(stage, stage.number("eth_blockNumber") // acts.EPOCH + 2)
    equivocation(stage)
    listed = stage.utnet("chip", "list", acts.operator_address(stage, ACCOUNT), is_shown=False)["chips"]
    double_attestation(stage, next(chip["chip"] for chip in listed if chip["state"] == "Active"))
    print("both liars slashed")


if __name__ == "__main__":
    sys.exit(main(play))
