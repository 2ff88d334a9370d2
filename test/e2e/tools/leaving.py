#!/usr/bin/env python3
"""Takes a chip off the chain: it earns nothing any more, its bond comes back; so does what a committee's seats had.

Usage: leaving.py DATADIR (the programs are those of target/release)
"""

import sys
from decimal import Decimal

from market import Failed, acts, main, until
from story import chips

NAME, ACCOUNT, _ = acts.OPERATORS[0]
LEAVES_THE_LINE = 12  # epochs: look-back, and eight in which a false leaf can be shown


def coins(text):
    """The number of an amount in UNC."""
    return Decimal(text.split()[0])


def free(stage):
    """The operator's free balance in the vault, in UNC."""
    account = acts.operator_address(stage, ACCOUNT)
    return coins(stage.utnet("vault", "show", account, is_shown=False)["free"])


def refused(stage, *words):
    """Why a command is refused."""
    try:
        stage.utnet(*words)
    except Failed as refusal:
        return str(refusal)
    raise Failed(f"{words} was not refused")


def leave(stage):
    """A chip leaves, waits, and has its bond back."""
    stage.console.step("Leaving: a chip without a rental")
    chip = chips.chip_on(stage, ACCOUNT, 1)["chip"]
    left = stage.utnet("chip", "leave", chip, "--from", f"dev:{ACCOUNT}")
    if left["state"] != "Exiting":
        raise Failed(f"a chip that leaves is {left['state']}")
    early = refused(stage, "chip", "finish", chip, "--from", f"dev:{ACCOUNT}")
    if "PociRegistryExitPending" not in early:
        raise Failed(f"finished at once: {early}")
    stage.ask("evm_increaseTime", left["finishFrom"] - left["now"])
    stage.ask("anvil_mine", LEAVES_THE_LINE * acts.EPOCH)
    before = free(stage)
    gone = stage.utnet("chip", "finish", chip, "--from", f"dev:{ACCOUNT}")
    if gone["state"] != "Exited" or free(stage) - before != coins(gone["withdrawable"]):
        raise Failed(f"left: {gone}, {free(stage) - before} UNC came back")


def retire(stage):
    """What the worker had at stake for seats."""
    stage.console.step("Leaving: the stake for committees")
    account = acts.operator_address(stage, ACCOUNT)
    seen = lambda: stage.utnet("operator", "seats", "show", account, is_shown=False)  # noqa: E731
    staked = until(seen, lambda found: coins(found["free"]) > 0)
    if staked is None:
        raise Failed("the worker enlisted for no seat")
    stage.programs[f"worker-{NAME}"].stop()
    before = free(stage)
    retired = stage.utnet("operator", "seats", "retire", "--from", f"dev:{ACCOUNT}")
    if coins(retired["free"]) != 0 or free(stage) - before != coins(staked["free"]):
        raise Failed(f"retired: {retired}, {free(stage) - before} UNC came back of {staked}")


def play(stage):
    """A chip and a stake come back to their owner."""
    acts.chips_on_disk(stage)
    acts.start_node(stage)
    acts.register(stage)
    acts.start_worker(stage, NAME, ACCOUNT)
    retire(stage)
    leave(stage)
    account = acts.operator_address(stage, ACCOUNT)
    said = refused(stage, "operator", "fuel", "fill", account, "--amount", "1", "--from", f"dev:{ACCOUNT}")
    if "FuelBookNotUsed" not in said:
        raise Failed(f"fuel on a chain that burns none: {said}")
    print("bond and stake are back")


if __name__ == "__main__":
    sys.exit(main(play))
