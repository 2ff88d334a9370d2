"""Sets the stage of `scripts/story` for a test that plays a story of its own on it."""

import pathlib
import sys
import types

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts"))

from story import acts, chips, disputes, jobs  # noqa: E402, F401
from story.console import Console  # noqa: E402
from story.stage import Failed, Stage  # noqa: E402
from story.wait import until  # noqa: E402, F401


def main(play):
    """Plays once, in the folder that the command line names; answers with the exit code."""
    given = types.SimpleNamespace(
        datadir=pathlib.Path(sys.argv[1]),
        bin=ROOT / "target" / "release",
        port=0,
        text=ROOT / "LICENSE-APACHE",
        model=None,
        crash=False,
        summary=None,
    )
    with Stage(given, Console()) as stage:
        try:
            play(stage)
        except Failed as failure:
            stage.console.failed(failure)
            return 1
    return 0
