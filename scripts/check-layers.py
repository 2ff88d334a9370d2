#!/usr/bin/env python3
"""Checks who uses whom: crates by the layer table, modules of the chain crate by their order.

The table stands in ARCHITECTURE.md; this script is what enforces it. Exit code 1 names each breach.
"""

import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Crate -> crates of ours that it may name. Development dependencies obey the same line.
LAYERS = {
    "utnet-primitives": set(),
    "utnet-precompiles": set(),
    "utnet-compile": set(),
    "utnet-se": {"utnet-primitives"},
    "utnet-db": {"utnet-primitives"},
    "utnet-bindings": {"utnet-primitives"},
    "utnet-client": {"utnet-bindings", "utnet-primitives"},
    "utnet-messages": {"utnet-bindings", "utnet-primitives"},
    "utnet-chain": {
        "utnet-db",
        "utnet-primitives",
        "utnet-precompiles",
        "utnet-se",
        "utnet-bindings",
    },
    "utnet-relayer": {"utnet-client", "utnet-messages", "utnet-bindings", "utnet-primitives"},
    "utnet-jobs": {"utnet-bindings", "utnet-primitives"},
    "utnet-worker": {
        "utnet-jobs",
        "utnet-client",
        "utnet-messages",
        "utnet-bindings",
        "utnet-primitives",
        "utnet-precompiles",
        "utnet-se",
    },
    "utnet-cli": None,  # everything but e2e and the programs of others: it needs no PyTorch
    "e2e": None,  # everything
}

# Inside chain/src a module uses only those to its left.
CHAIN_MODULES = [
    "clock",
    "genesis",
    "execution",
    "explain",
    "poci",
    "pool",
    "miner",
    "engine",
    "rpc",
    "config",
]


def crates():
    """Yields (folder, parsed Cargo.toml) of every workspace member."""
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]
    for member in workspace["members"]:
        yield ROOT / member, tomllib.loads((ROOT / member / "Cargo.toml").read_text())


def dependency_names(manifest):
    """Every dependency that a manifest names, of any kind and platform."""
    tables = [manifest, *manifest.get("target", {}).values()]
    for table in tables:
        for kind in ("dependencies", "dev-dependencies", "build-dependencies"):
            yield from table.get(kind, {})


def crate_breaches():
    """Each use of a crate that the table does not allow."""
    ours = set(LAYERS)
    for folder, manifest in crates():
        name = manifest["package"]["name"]
        if name not in LAYERS:
            yield f"{folder.relative_to(ROOT)}: crate {name} has no line in the layer table"
            continue
        allowed = LAYERS[name]
        if allowed is None:
            allowed = ours - {name} - (set() if name == "e2e" else {"e2e", "utnet-worker", "utnet-relayer"})
        for used in sorted(set(dependency_names(manifest)) & ours - allowed):
            yield f"{folder.relative_to(ROOT)}/Cargo.toml: {name} must not use {used}"


def without_tests(text):
    """Source without comments and without its test modules, which may look anywhere."""
    text = re.sub(r"//[^\n]*", "", text)
    return re.split(r"#\[cfg\(test\)\]", text, maxsplit=1)[0]


def chain_breaches():
    """Each use, inside the chain crate, of a module to the right of the user's own."""
    src = ROOT / "chain" / "src"
    for file in sorted(src.rglob("*.rs")):
        parts = file.relative_to(src).parts
        module = parts[0].removesuffix(".rs")
        if module not in CHAIN_MODULES or file.name == "tests.rs" or "tests" in parts[:-1]:
            continue
        own = CHAIN_MODULES.index(module)
        code = without_tests(file.read_text())
        used = set(re.findall(r"\bcrate::(\w+)", code))
        for group in re.findall(r"\bcrate::\{([^;]*)\}", code):
            used |= set(re.findall(r"(?:^|,)\s*(\w+)", re.sub(r"\{[^{}]*\}", "", group)))
        for other in sorted(used & set(CHAIN_MODULES)):
            if CHAIN_MODULES.index(other) > own:
                yield f"{file.relative_to(ROOT)}: {module} must not use {other}"


def main():
    """Prints every breach; exit code 1 if there is one."""
    breaches = [*crate_breaches(), *chain_breaches()]
    for breach in breaches:
        print(breach)
    if breaches:
        print(f"{len(breaches)} breaches of the layer table (ARCHITECTURE.md)")
        return 1
    print("layers: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
