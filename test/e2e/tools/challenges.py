#!/usr/bin/env python3
"""Asks chips whether they are there: one answers, one is away and suspended, one comes back in time.

Usage: challenges.py DATADIR (the programs are those of target/release)
"""

import sys

from market import Failed, acts, main, until
from story import chips

ALPHA, BETA = acts.OPERATORS[:2]
CHALLENGER = chips.CHALLENGER


def free(stage, account):
    """A DEV account's free balance in the vault, in UNC."""
    shown = stage.utnet("vault", "show", acts.operator_address(stage, account), is_shown=False)
    return float(shown["free"].split()[0])


def away(stage, name, number):
    """Takes a chip's folder away; where it was, and where it is."""
    folder = sorted(stage.path("chips", name).iterdir())[number]
    aside = stage.path("away", folder.name)
    folder.rename(aside)
    return folder, aside


def play(stage):
    """Three chips, three ends."""
    acts.chips_on_disk(stage)
    acts.start_node(stage)
    acts.register(stage)
    for name, account, _ in (ALPHA, BETA):
        acts.start_worker(stage, name, account)
    acts.reach_epoch(stage, stage.number("eth_blockNumber") // acts.EPOCH + 1)

    before = free(stage, ALPHA[1])
    chips.answered(stage, chips.chip_on(stage, ALPHA[1], 0)["chip"])
    if not free(stage, ALPHA[1]) > before:
        raise Failed("the bond of an answered challenge is not the operator's")

    stage.console.step("Away: nobody answers for a chip whose folder is gone")
    away(stage, BETA[0], 3)
    before = free(stage, 6)
    chips.unanswered(stage, chips.chip_on(stage, BETA[1], 3)["chip"])
    if not free(stage, 6) > before:
        raise Failed("the challenger was not paid")

    stage.console.step("Back in time: the worker answers once the folder is there again")
    folder, aside = away(stage, BETA[0], 2)
    late = chips.chip_on(stage, BETA[1], 2)["chip"]
    stage.utnet("chip", "challenge", late, "--from", CHALLENGER)
    if until(lambda: late in chips.calls_for_help(stage), bool) is None:
        raise Failed(f"the worker did not say that it cannot answer for chip {late}")
    aside.rename(folder)
    closed = until(lambda: chips.shown(stage, late), lambda found: found["challenge"] is None)
    if closed is None or closed["bond"] != chips.BOND:
        raise Failed(f"chip {late} came back and did not answer: {chips.shown(stage, late)}")
    print("answered, suspended, answered late")


if __name__ == "__main__":
    sys.exit(main(play))
