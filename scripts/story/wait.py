"""Waits for other programs to act, by asking again."""

import time

PAUSE_SECONDS = 0.2


def until(ask, is_good, seconds=60):
    """What `ask` answers once it is good; None if that takes too long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ask()
        if is_good(found):
            return found
        time.sleep(PAUSE_SECONDS)
    return None
