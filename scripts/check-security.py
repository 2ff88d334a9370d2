#!/usr/bin/env python3
"""Checks that every test named in docs/security.md exists: `file.t.sol::name` below test/solidity, `crate/path.rs::name` else.

Exit code 1 names each that does not.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`([\w/.-]+\.(?:sol|rs|py))::(\w+)`")


def missing(text: str, root: pathlib.Path) -> list[str]:
    """The tests that a page names and the tree does not have."""
    lost = []
    for path, name in NAMED.findall(text):
        file = root / ("test/solidity" if path.endswith(".sol") else "") / path
        declared = rf"\b(?:function|fn|def)\s+{re.escape(name)}\s*\("
        if not file.is_file() or not re.search(declared, file.read_text()):
            lost.append(f"{path}::{name}")
    return lost


def main() -> int:
    """Reads the page and says what it found."""
    text = PAGE.read_text()
    lost = missing(text, ROOT)
    for test in lost:
        print(f"{PAGE.relative_to(ROOT)} names a test that does not exist: {test}")
    print(f"threats: {len(NAMED.findall(text))} tests named, {len(lost)} missing")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
