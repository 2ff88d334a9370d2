"""The act of an interval: some seconds of the rental are disputed."""

from story.stage import Failed
from story.wait import until

SECONDS = 10


def interval(stage, rental):
    """The renter says that the machine was not there; its rent and a bond wait; the operator's worker contradicts."""
    stage.console.step(f"Interval: {SECONDS} seconds of use are disputed, their rent waits")
    start = stage.utnet("rental", "show", rental["id"], is_shown=False)["startedAt"]
    opened = stage.utnet(
        "dispute", "open", rental["id"], "--from-second", start, "--to-second", start + SECONDS,
        "--evidence", "no answer to ten pings", "--from", rental["key"],
    )  # fmt: skip
    if opened["state"] != "Open":
        raise Failed(f"the dispute did not open: {opened}")
    show = lambda: stage.utnet("dispute", "show", rental["id"], is_shown=False)  # noqa: E731
    answered = until(show, lambda found: found["state"] == "Contested")
    if answered is None:
        raise Failed(f"the operator's worker did not answer: {show()}")
    stage.outcome("disputed interval", f"contradicted in time: the rent of {SECONDS} seconds waits for the renter")
