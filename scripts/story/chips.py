"""The act of absence: a chip that is there answers whoever asks; one whose folder is taken away shows, and pays."""

import contextlib

from story.stage import Failed
from story.wait import until

CHALLENGER = "dev:6"
BOND = "1 UNC"  # of a chip that answered whoever asked; an epoch that it missed costs none of it
BETA, AWAY = 2, 3  # DEV account of the operator, place of the chip that is taken away


def absence(stage):
    """Take one chip's folder away: its absence shows, and nobody answers for it."""
    there = chip_on(stage, 1, 0)
    answered(stage, there["chip"])
    stage.console.step("Absence: one chip of beta is taken away, and challenged")
    with without(stage, "beta", BETA, AWAY, sorted(stage.path("chips", "beta").iterdir())[-1]):
        unanswered(stage, chip_on(stage, BETA, AWAY)["chip"])


def rented_absence(stage):
    """Take a rented chip's folder away: its absence shows, and its epoch's rent is not earned."""
    from story import acts

    name, account, _ = acts.OPERATORS[0]
    stage.console.step(f"Absence: one of the chips that {name} rents out is taken away")
    with without(stage, name, account, *rented_chip(stage, name, account)) as epoch:
        pass
    acts.reach_epoch(stage, epoch + 1)  # until it is over, an epoch may still be proven


@contextlib.contextmanager
def without(stage, name, account, place, folder):
    """While a chip's folder is away: the next epoch's proof names its place as absent; gives that epoch."""
    from story import acts

    aside = stage.path("away", folder.name)
    folder.rename(aside)
    try:
        operator = acts.operator_address(stage, account)
        epoch = stage.number("eth_blockNumber") // acts.EPOCH + 1
        acts.reach_epoch(stage, epoch)
        found = until(lambda: [p for p in acts.proofs_of(stage, epoch) if p["operator"] == operator], bool)
        if not found or found[0]["absent"] != [place]:
            raise Failed(f"{name}'s proof of epoch {epoch} should name chip {place} as absent: {found}")
        stage.console.fact(f"epoch {epoch}: {name} proves {found[0]['present']} chips, absent {found[0]['absent']}")
        yield epoch
    finally:
        aside.rename(folder)


def rented_chip(stage, name, account):
    """The last one of an operator's chips that is rented out: its place, and its folder."""
    from story import acts

    listed = stage.utnet("chip", "list", acts.operator_address(stage, account), is_shown=False)["chips"]
    rented = [chip for chip in listed if chip["rentals"]][-1]
    folders = sorted(stage.path("chips", name).iterdir())
    held = stage.utnet("chip", "show", stage.path("chips", name), is_shown=False)
    ids = [chip["chip"] for chip in held]
    return rented["index"], folders[ids.index(rented["chip"])]


def chip_on(stage, account, place):
    """A chip of a DEV account's list."""
    from story import acts

    listed = stage.utnet("chip", "list", acts.operator_address(stage, account), is_shown=False)["chips"]
    return next(chip for chip in listed if chip["index"] == place)


def answered(stage, chip):
    """Asks a chip that is there; its worker answers, and its operator has the bond."""
    stage.console.step("Challenge: anybody asks one chip, with a bond")
    asked = stage.utnet("chip", "challenge", chip, "--from", CHALLENGER)
    closed = until(lambda: shown(stage, chip), lambda found: found["challenge"] is None)
    if closed is None or closed["bond"] != BOND:
        raise Failed(f"chip {chip} did not answer: {shown(stage, chip)}")
    stage.console.fact(f"answered: the bond of {asked['bond']} is the operator's")


def unanswered(stage, chip):
    """Asks a chip that is away; after the deadline it is suspended, and the challenger is paid."""
    from story import acts

    asked = stage.utnet("chip", "challenge", chip, "--from", CHALLENGER)
    if until(lambda: chip in calls_for_help(stage), bool) is None:
        raise Failed(f"beta's worker did not say that it cannot answer for chip {chip}")
    reach = asked["deadlineBlock"] + 1
    acts.reach_epoch(stage, reach // acts.EPOCH)
    acts.reach_block(stage, reach)
    closed = stage.utnet("chip", "expire", chip, "--from", CHALLENGER)
    if closed["state"] != "Suspended":
        raise Failed(f"chip {chip} did not answer and is {closed['state']}")
    stage.console.fact(f"suspended: {closed['burned']} of its bond burned, {closed['reward']} to the challenger")


def calls_for_help(stage):
    """What beta's worker said of challenged chips that are not at hand."""
    lines = stage.programs["worker-beta"].log.read_text(errors="replace").splitlines()
    return "\n".join(line for line in lines if "not at hand" in line)


def shown(stage, chip):
    """A chip as the chain has it."""
    return stage.utnet("chip", "show", chip, is_shown=False)
