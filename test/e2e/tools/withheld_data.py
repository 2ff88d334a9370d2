#!/usr/bin/env python3
"""Makes a worker that shows nothing pay for it: its server is gone once its result is posted, the client asks on chain.

Usage: withheld_data.py DATADIR (the programs are those of target/release)
"""

import sys

from market import Failed, acts, jobs, main, until

POSTER = "worker-alpha"


def lapse(stage, job, key):
    """Closes the request as soon as its time is over."""
    try:
        return stage.utnet("job", "lapse", job, "--from", key, is_shown=False)
    except Failed as early:
        if "ResultRollupNotDue" not in str(early):
            raise
        return None


def play(stage):
    """From registration to the refund; nothing is asked of the server that is gone."""
    acts.chips_on_disk(stage)
    acts.start_node(stage)
    acts.register(stage)
    acts.start_services(stage)
    acts.availability(stage, 1)
    rental = acts.rent(stage)
    stage.console.step("A job for a worker that ends as soon as it has named the place of its result")
    job = jobs.submit(stage, rental, "wasm", "--program", jobs.GUEST, "--input", stage.given.text)
    place = stage.utnet("job", "wait", job, "--until", "posted")
    stage.programs[POSTER].kill()
    asked = stage.utnet("job", "request", job, "--from", rental["key"])
    if (asked["batch"], asked["index"]) != (place["batch"], place["index"]):
        raise Failed(f"{asked} was asked for, the result is at {place}")
    closed = until(lambda: lapse(stage, job, rental["key"]), bool)
    if closed is None:
        raise Failed("the request did not lapse")
    stage.utnet("job", "refund", job, "--from", rental["key"])
    ended = stage.utnet("job", "wait", job, "--until", "refunded")
    print(f"withheld: {ended['state']}")


if __name__ == "__main__":
    sys.exit(main(play))
