#!/usr/bin/env python3
"""Catches a worker that lies: a committee computes its result again, the leaf falls, the client is refunded.

Usage: wrong_worker.py DATADIR (the programs are those of target/release)
"""

import sys

from market import Failed, acts, jobs, main


def play(stage):
    """From registration to the refund."""
    acts.chips_on_disk(stage)
    acts.start_node(stage)
    acts.register(stage)
    acts.start_relayer(stage)
    for name, account, _ in acts.OPERATORS:
        dial = ("--fault", "wrong-result") if name == "alpha" else ()
        acts.start_worker(stage, name, account, *dial)
    acts.availability(stage, 1)
    rental = acts.rent(stage)
    stage.console.step("A job for the worker that lies")
    job = jobs.submit(stage, rental, "wasm", "--program", jobs.GUEST, "--input", stage.given.text)
    stage.utnet("job", "wait", job, "--until", "posted")
    stage.utnet("job", "challenge", job, "--from", rental["key"])
    verdict = stage.utnet("job", "verdict", job)
    if verdict["state"] != "Overturned":
        raise Failed(f"the lie was not caught: {verdict}")
    stage.utnet("job", "refund", job, "--from", rental["key"])
    ended = stage.utnet("job", "wait", job, "--until", "refunded")
    agreeing, weight = verdict["committee"]["agreeing"], verdict["committee"]["weight"]
    stage.console.fact(f"{agreeing} of {weight} votes found {verdict['found']}, not {verdict['claimed']}")
    print(f"caught: {ended['state']}")


if __name__ == "__main__":
    sys.exit(main(play))
