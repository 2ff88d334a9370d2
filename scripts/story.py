#!/usr/bin/env python3
"""Plays a whole rental on a chain of its own: chips, draws, a rental, three jobs, ratings, and the books.

Starts `utnet node`, `utnet-relayer` and three `utnet-worker`s as processes, shows every step as the command that it is,
and stays up until Ctrl-C (or ends after the summary with --once).
"""

import argparse
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from story import acts  # noqa: E402
from story.console import Console  # noqa: E402
from story.stage import Failed, Stage  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEFAULT_TEXTS = ("/usr/share/common-licenses/GPL-3", "/usr/share/common-licenses/Apache-2.0")


def arguments():
    """What a person asked for; bad values end the program with a sentence."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--once", action="store_true", help="end after the summary")
    parser.add_argument("--datadir", type=pathlib.Path, default=ROOT / ".utnet", help="where state lives")
    parser.add_argument("--port", type=int, default=8545, help="the node's port; 0 takes a free one")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "target" / "release", help="the programs")
    parser.add_argument("--text", type=pathlib.Path, help="text that the jobs read (default: a licence text)")
    parser.add_argument("--model", type=pathlib.Path, help="TorchScript file to run (default: one that is traced)")
    parser.add_argument("--crash", action="store_true", help="kill -9 the chain in the middle, and go on")
    parser.add_argument("--summary", type=pathlib.Path, help="also write the summary as JSON to this file")
    given = parser.parse_args()
    given.text = given.text or next((p for p in map(pathlib.Path, DEFAULT_TEXTS) if p.exists()), None)
    for what, path in (("--text", given.text), ("--model", given.model)):
        if path is not None and not path.is_file():
            parser.error(f"{what}: {path} is not a file")
    if given.text is None:
        parser.error("no licence text found on this machine: give one with --text FILE")
    if not 0 <= given.port < 65_536:
        parser.error(f"--port: {given.port} is not between 0 and 65535")
    for name in ("utnet", "utnet-relayer", "utnet-worker"):
        if not (given.bin / name).is_file():
            parser.error(f"{given.bin / name} is missing: build it with scripts/run")
    return given


def main():
    """Plays, and leaves nothing running behind."""
    given = arguments()
    console = Console()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Stage(given, console) as stage:
        try:
            acts.play(stage)
        except Failed as failure:
            console.failed(failure)
            return 1
        if not given.once:
            console.stay_up(stage)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
