#!/usr/bin/env python3
"""Catches a worker that hands over no access: opened in public, it costs its bond. Then a renter complains falsely.

Usage: bad_handover.py DATADIR (the programs are those of target/release)
"""

import sys

from market import Failed, acts, main

LIAR, HONEST = 1, 2  # DEV accounts of the operators
BOND, RATING_BOND = 2.4, 0.24  # 20 % and 2 % of the rent: 2 chips, 600 s, 0.01 each


def renter(stage, name):
    """A renter with funds."""
    folder = stage.path("rentals", name, "x").parent
    found = {"key": folder / "renter.key", "folder": folder}
    found["address"] = stage.utnet("key", "new", "--out", found["key"])["address"]
    stage.utnet("dev", "fund", found["address"], "--amount", 500)
    stage.utnet("vault", "deposit", "--amount", 300, "--from", found["key"])
    return found


def free(stage, address):
    """An account's free balance in the vault."""
    return float(stage.utnet("vault", "show", address, is_shown=False)["free"].split()[0])


def complain(stage, rental, *more):
    """What the court finds, once the worker has handed over."""
    words = ["rental", "complain", rental["id"], "--sealing-key", rental["sealing"], "--from", rental["key"]]
    return stage.utnet(*words, *more)


def expect(stage, what, found, expected):
    """Compares."""
    if found != expected:
        raise Failed(f"{what}: {found}, expected {expected}")
    stage.console.fact(f"{what}: {found}")


def refuses(stage, what, ask):
    """That a command fails; what it says."""
    try:
        ask()
    except Failed as refusal:
        stage.console.fact(f"{what}: {refusal}")
        return str(refusal)
    raise Failed(f"{what}: was not refused")


def the_operator_lies(stage):
    """A hand-over that holds nothing."""
    stage.console.step("A hand-over without an access")
    rental = acts.match(stage, renter(stage, "cheated"), LIAR)
    out = rental["folder"] / "access.json"
    words = ["rental", "access", rental["id"], "--sealing-key", rental["sealing"], "--out", out]
    said = refuses(stage, "opening it", lambda: stage.utnet(*words))
    if "not good" not in said:
        raise Failed(f"another reason: {said}")
    operator = acts.operator_address(stage, LIAR)
    before = free(stage, operator)
    judged = complain(stage, rental)
    expect(stage, "fault", judged["fault"], "Malformed")
    expect(stage, "state", judged["rental"]["state"], "Cancelled")
    expect(stage, "the renter's", round(free(stage, rental["address"]), 6), 300 + BOND / 2 + RATING_BOND)
    expect(stage, "the operator's gain", round(free(stage, operator) - before, 6), RATING_BOND)
    refuses(stage, "a second complaint", lambda: complain(stage, rental))
    folder = rental["folder"]
    words = ["rental", "open", "--ask", folder / "ask.json", "--bid", folder / "bid.json", "--deposit", 20]
    words += ["--sealing-key", rental["sealing"], "--from", rental["key"]]
    said = refuses(stage, "its sealing key for another rental", lambda: stage.utnet(*words))
    if "for one rental" not in said:
        raise Failed(f"another reason: {said}")
    stage.console.fact(f"gas of the complaint: {judged['gasUsed']}")


def the_renter_lies(stage):
    """A good hand-over, and a complaint all the same."""
    stage.console.step("A good hand-over, and a complaint all the same")
    stage.utnet("vault", "deposit", "--amount", 100, "--from", acts.dev(HONEST))
    rental = acts.match(stage, renter(stage, "lying"), HONEST)
    out = rental["folder"] / "access.json"
    words = ["rental", "access", rental["id"], "--sealing-key", rental["sealing"], "--out", out]
    stage.utnet(*words)
    said = refuses(stage, "the command line warns", lambda: complain(stage, rental))
    if "is good" not in said:
        raise Failed(f"another reason: {said}")
    operator = acts.operator_address(stage, HONEST)
    before = free(stage, operator)
    judged = complain(stage, rental, "--anyway")
    expect(stage, "fault", judged["fault"], "None")
    expect(stage, "state", judged["rental"]["state"], "Active")
    expect(stage, "the operator's gain", round(free(stage, operator) - before, 6), RATING_BOND)
    stage.console.fact(f"gas of the complaint: {judged['gasUsed']}")


def play(stage):
    """From registration to both verdicts."""
    acts.chips_on_disk(stage)
    acts.start_node(stage)
    acts.register(stage)
    for name, account, _ in acts.OPERATORS:
        dial = ("--fault", "bad-handover") if account == LIAR else ()
        acts.start_worker(stage, name, account, *dial)
    acts.availability(stage, 1)
    stage.utnet("vault", "deposit", "--amount", 100, "--from", acts.dev(LIAR))
    the_operator_lies(stage)
    the_renter_lies(stage)
    print("both liars paid")


if __name__ == "__main__":
    sys.exit(main(play))
