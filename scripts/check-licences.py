#!/usr/bin/env python3
"""Checks every crate that is linked: its licence is on the list, it comes from the registry, its version is fixed.

What cargo-deny would do, without the minutes that compiling it takes (docs/decisions/0002-licence-check.md).
"""

import json
import re
import subprocess
import sys

ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "MPL-2.0+",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}
# Crates whose manifest names no usable expression, with the reason.
EXPLAINED = {}


def is_allowed(expression):
    """Whether an SPDX expression can be met from the list: AND needs all, OR needs one."""
    text = expression.replace("/", " OR ")
    tokens = re.findall(r"\(|\)|[^\s()]+(?:\s+WITH\s+[^\s()]+)?", text)
    terms = [
        token if token in ("(", ")") else token.lower() if token in ("AND", "OR") else str(token in ALLOWED)
        for token in tokens
    ]
    return eval(" ".join(terms), {"__builtins__": {}})  # only True, False, and, or, ( and ) are left


def main():
    """Prints every crate that breaks a rule; exit code 1 if there is one."""
    raw = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    bad = []
    packages = json.loads(raw)["packages"]
    for package in packages:
        name = f"{package['name']} {package['version']}"
        licence = package["license"]
        if package["name"] in EXPLAINED:
            continue
        if not licence or not is_allowed(licence):
            bad.append(f"{name}: licence {licence!r} is not on the list")
        source = package["source"]
        if source and not source.startswith("registry+"):
            bad.append(f"{name}: comes from {source.split('+')[0]}, not from the registry")
        if source is None:
            bad.extend(
                f"{name}: {used['name']} has the wildcard version *"
                for used in package["dependencies"]
                if used["req"] == "*" and not used.get("path")
            )
    for line in sorted(bad):
        print(line)
    print(f"licences: {len(packages)} crates, " + ("ok" if not bad else f"{len(bad)} faults"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
