"""The act of an interval: some seconds of the rental are disputed."""

from story.stage import Failed

OPERATOR = "dev:1"  # alpha, whose machine is rented
SECONDS = 10


def interval(stage, rental):
    """The renter says that the machine was not there; its rent and a bond wait; the operator agrees."""
    stage.console.step(f"Interval: {SECONDS} seconds of use are disputed, their rent waits")
    start = stage.utnet("rental", "show", rental["id"], is_shown=False)["startedAt"]
    opened = stage.utnet(
        "dispute", "open", rental["id"], "--from-second", start, "--to-second", start + SECONDS,
        "--evidence", "no answer to ten pings", "--from", rental["key"],
    )  # fmt: skip
    if opened["state"] != "Open":
        raise Failed(f"the dispute did not open: {opened}")
    conceded = stage.utnet("dispute", "concede", rental["id"], "--from", OPERATOR)
    forgiven = stage.utnet("rental", "show", rental["id"], is_shown=False)["forgivenInDisputes"]
    if conceded["state"] != "None" or forgiven == "0 UNC":
        raise Failed(f"the operator conceded and {forgiven} is forgiven: {conceded}")
    stage.outcome("disputed interval", f"conceded: the rent of {SECONDS} seconds, {forgiven}, is the renter's")
