#!/usr/bin/env python3
"""Lets an operator be silent for epochs: its chips are drawn no more, and its worker brings them back by itself.

Usage: silent_operator.py DATADIR (the programs are those of target/release)
"""

import sys

from market import Failed, acts, main, until

NAME, ACCOUNT, CHIPS = acts.OPERATORS[0]
SILENT_EPOCHS = 5
BACK_AFTER = 2  # epochs off the line: openings still read the old term


def states(stage, operator):
    """The states of an operator's chips, each once."""
    chips = stage.utnet("chip", "list", operator, is_shown=False)["chips"]
    if len(chips) != CHIPS:
        raise Failed(f"{CHIPS} chips were registered, these are listed: {chips}")
    return {chip["state"] for chip in chips}


def present_since(stage, epoch):
    """How many chips the proofs since an epoch say are present, each number once."""
    rows = stage.utnet("show", "availability", is_shown=False) or []
    return {row["present"] for row in rows if row["epoch"] >= epoch}


def wait_for(stage, what, ask, expected):
    """Waits until a question has the expected answer."""
    if until(ask, lambda found: found == expected) is None:
        raise Failed(f"{what}: {ask()}, expected {expected}")
    stage.console.fact(f"{what}: {expected}")


def play(stage):
    """From registration over silence to service."""
    acts.chips_on_disk(stage)
    acts.start_node(stage)
    acts.register(stage)
    operator = acts.operator_address(stage, ACCOUNT)

    stage.console.step("Silence: epochs pass, nobody proves anything")
    stage.utnet("dev", "mine", SILENT_EPOCHS * acts.EPOCH)
    wait_for(stage, "states without anybody's call", lambda: states(stage, operator), {"Suspended"})
    if stage.number("utn_power", operator) == 0:
        raise Failed("the chips left the line although nobody called suspendSilent")

    stage.console.step("Return: the worker starts")
    acts.start_worker(stage, NAME, ACCOUNT)
    wait_for(stage, "power once the worker has looked", lambda: stage.number("utn_power", operator), 0)
    acts.reach_epoch(stage, stage.number("eth_blockNumber") // acts.EPOCH + BACK_AFTER)
    wait_for(stage, "states when the old term is over", lambda: states(stage, operator), {"Active"})
    epoch = stage.number("eth_blockNumber") // acts.EPOCH + 1
    acts.reach_epoch(stage, epoch)
    wait_for(stage, "chips present from then on", lambda: present_since(stage, epoch), {CHIPS})
    print("back in service")


if __name__ == "__main__":
    sys.exit(main(play))
