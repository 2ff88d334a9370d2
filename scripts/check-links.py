#!/usr/bin/env python3
"""Checks that every relative link in the Markdown pages, and every path they name in code marks, exists."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# `folder/…` in code marks, when its first part is a folder of ours.
NAMED = re.compile(r"`([A-Za-z0-9_.-]+/[A-Za-z0-9_./-]*)`")
# Made by the scripts, not kept in the tree.
MADE = ("target", "node_modules", ".libtorch", ".utnet", ".cache")


def pages():
    """Every Markdown page that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def missing(page):
    """Each target on a page that does not exist."""
    text = page.read_text()
    for target in LINK.findall(text):
        path = target.split("#")[0]
        if path and "://" not in path and not path.startswith("mailto:"):
            if not (page.parent / path).exists():
                yield target
    for named in NAMED.findall(text):
        first = named.split("/")[0]
        if first in MADE or not (ROOT / first).is_dir():
            continue
        if not (ROOT / named).exists():
            yield named


def main():
    """Prints every dead link; exit code 1 if there is one."""
    dead = [(page, target) for page in pages() for target in missing(page)]
    for page, target in dead:
        print(f"{page.relative_to(ROOT)}: {target} does not exist")
    print("links: ok" if not dead else f"{len(dead)} dead links")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
