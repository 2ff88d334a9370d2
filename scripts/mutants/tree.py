"""Makes a copy of the contracts that holds all mutants at once: which one is on, the tests' coinbase says.

So the compiler runs once, not once for each mutant. Number 0 is the code as it is.
"""

import collections
import hashlib
import json
import os
import pathlib
import re
import subprocess
from collections.abc import Iterable

from mutants import source

# Neither declarations nor what the compiler alone checks.
LEFT_OUT = ("interfaces", "types")
# Their address is the hash of their code: with a mutant in it, they, and what they are made of, stand elsewhere.
BY_HASH = "contracts/src/precompiles/fallback"
# What is asked is asked of the code before it is optimized: less to compile. Assembly alone keeps the care for its stack, which
# is too deep without it.
QUICKLY = """optimizer = false
optimizer_details = { yul = true, yulDetails = { stackAllocation = true, optimizerSteps = ":" } }"""
# Coinbases of mutants: far from every account that a test uses.
BASE = 0x6D7574616E74 << 96

SWITCH = """// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

library Mutation {
    function isOff(uint256 number) internal pure returns (bool) { return _chosen() != number; }
    function isOn(uint256 number) internal pure returns (bool) { return _chosen() == number; }
    function _chosen() private pure returns (uint256) {
        function() internal view returns (uint256) read = _read;
        function() internal pure returns (uint256) readPure;
        assembly { readPure := read }
        return readPure();
    }
    function _read() private view returns (uint256) { return uint160(address(block.coinbase)) & type(uint64).max; }
}
"""

# OpenZeppelin's guard in our words, since its halves are private: `nonReentrant` and its twin.
GUARD = """// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Mutation} from "./Mutation.sol";

abstract contract ReentrancyGuardTransient {
    error ReentrancyGuardReentrantCall();

    bool private transient _isEntered;

    modifier nonReentrant() {
        _enter();
        _;
        _isEntered = false;
    }

    modifier nonReentrantUnless(uint256 mutant) {
        if (Mutation.isOff(mutant)) _enter();
        _;
        if (Mutation.isOff(mutant)) _isEntered = false;
    }

    function _enter() private {
        if (_isEntered) revert ReentrancyGuardReentrantCall();
        _isEntered = true;
    }
}
"""
GUARD_IMPORT = "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol"


class Broken(Exception):
    """The tree does not compile, or its tests fail without a mutant."""


class Tree:
    """The copy under `target/mutants` and the mutants in it."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.folder = root / "target" / "mutants"
        self.sources = {path: path.read_text() for path in self._files()}
        self.mutants = self._find()
        self.dropped: list[source.Mutant] = []
        self._drop_again()
        self.needed: set[pathlib.Path] = set()

    def _files(self) -> list[pathlib.Path]:
        files = sorted((self.root / "contracts" / "src").rglob("*.sol"))
        if any("block.coinbase" in path.read_text() for path in files):
            raise Broken("a contract reads block.coinbase, by which mutants are chosen: choose another way")
        return files

    def _find(self) -> dict[pathlib.Path, list[source.Mutant]]:
        names = {name for text in self.sources.values() for name in source.own_modifiers(text)} | {"nonReentrant"}
        found = {}
        fixed = self._reached(path for path in self.sources if str(path.relative_to(self.root)).startswith(BY_HASH))
        for path, text in self.sources.items():
            mutable = path.relative_to(self.root / "contracts" / "src").parts[0] not in LEFT_OUT and path not in fixed
            found[path] = source.find(text, names) if mutable else []
        for path, mutants in found.items():
            seen = collections.Counter()
            for mutant in mutants:
                mutant.path = str(path.relative_to(self.root))
                seen[mutant.name] += 1
                if (times := seen[mutant.name]) > 1:
                    mutant.change += f" ({times})"
                mutant.number = number_of(mutant)
        return found

    def _reached(self, paths: Iterable[pathlib.Path]) -> set[pathlib.Path]:
        """Files and all that they import from ours."""
        seen, todo = set(), list(paths)
        while todo:
            here = todo.pop()
            if here in self.sources and here not in seen:
                seen.add(here)
                todo += [(here.parent / name).resolve() for name in source.IMPORT.findall(self.sources[here])]
        return seen

    def all(self) -> list[source.Mutant]:
        """The mutants that compile, by number."""
        return [mutant for mutants in self.mutants.values() for mutant in mutants]

    def plant(self) -> None:
        """Writes what is needed of the tree; what is as it was keeps its time, so that forge does not compile it again."""
        for name in ("scripts/solc", "node_modules"):
            link = self.folder / name
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(self.root / name)
        settings = (self.root / "foundry.toml").read_text()
        settings = re.sub(r'deny = "\w+"', 'deny = "never"', settings).replace("optimizer = true", QUICKLY)
        write(self.folder / "foundry.toml", settings)
        for name in ("test", "contracts/abi", "scripts/solidity"):
            mirror(self.root / name, self.folder / name, self.needed)
        write(self.folder / "contracts/src/mutation/Mutation.sol", SWITCH)
        write(self.folder / "contracts/src/mutation/ReentrancyGuardTransient.sol", GUARD)
        for path, text in self.sources.items():
            copy = self.folder / path.relative_to(self.root)
            if path in self.needed or copy.is_file():
                write(copy, self._planted(path, text))

    def _planted(self, path: pathlib.Path, text: str) -> str:
        text = source.render(text, self.mutants[path])
        up = "../" * (len(path.relative_to(self.root / "contracts" / "src").parts) - 1) or "./"
        text = text.replace(GUARD_IMPORT, f"{up}mutation/ReentrancyGuardTransient.sol")
        text = source.twins(text)
        if "Mutation." not in text:
            return text
        importing = f'\nimport {{Mutation}} from "{up}mutation/Mutation.sol";\n'
        return re.sub(r"(pragma solidity [^;]+;\n)", lambda m: m[1] + importing, text, count=1)

    def build(self, needed: Iterable[pathlib.Path]) -> None:
        """Compiles those tests and contracts of the tree; a function that the mutants make too deep for the stack loses them, and
        is named."""
        self.needed |= set(needed)
        while True:
            self.plant()
            done = self.forge("build")
            if done.returncode == 0:
                lost = {mutant.path: [] for mutant in self.dropped}
                for mutant in self.dropped:
                    lost[mutant.path].append(mutant.name)
                write(self.folder / "dropped.json", json.dumps({path: [self._digest(path), lost[path]] for path in lost}))
                return
            output = done.stdout + done.stderr
            at = re.search(r"--> (contracts/src/[\w/]+\.sol):(\d+):", output)
            if at is None or not self._drop(*at.groups()):
                raise Broken("the tree of mutants does not compile:\n" + output[-3000:])
            print(f"  {at[1]}:{at[2]} of the tree does not compile with its mutants: planted without them", flush=True)

    def _digest(self, path: str) -> str:
        return hashlib.sha256(self.sources[self.root / path].encode()).hexdigest()

    def _drop_again(self) -> None:
        """Gives up what an earlier run had to, in files that are as they were."""
        kept = self.folder / "dropped.json"
        for path, (digest, names) in json.loads(kept.read_text()).items() if kept.is_file() else ():
            if self.root / path not in self.sources or digest != self._digest(path):
                continue
            mutants = self.mutants[self.root / path]
            self.dropped += [mutant for mutant in mutants if mutant.name in names]
            self.mutants[self.root / path] = [mutant for mutant in mutants if mutant.name not in names]

    def _drop(self, path: str, line: str) -> bool:
        """Gives up the mutants of the function around a line: first its comparisons, then all."""
        planted = (self.folder / path).read_text()
        masked = source.mask(planted)
        place = sum(len(text) for text in planted.splitlines(keepends=True)[: int(line)])
        name = ""
        for match in source.HEADER.finditer(masked):
            if match.start() < place:
                name = next(filter(None, match.groups()))
        mutants = self.mutants[self.root / path]
        inside = [mutant for mutant in mutants if mutant.function == name]
        lost = [mutant for mutant in inside if mutant.kind == "boundary"] or inside
        self.mutants[self.root / path] = [mutant for mutant in mutants if mutant not in lost]
        self.dropped += lost
        return bool(lost)

    def forge(self, *arguments: str, seconds: int | None = None) -> subprocess.CompletedProcess:
        """Runs forge on the tree, without the bound on code."""
        environment = os.environ | {
            "FOUNDRY_CODE_SIZE_LIMIT": "1000000",
            "FOUNDRY_FUZZ_RUNS": os.environ.get("FOUNDRY_FUZZ_RUNS", "100"),
            "NO_COLOR": "1",
        }
        command = [os.environ["FORGE"], *arguments, "--root", str(self.folder)]
        return subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=seconds, check=False
        )


def write(path: pathlib.Path, text: str) -> None:
    """Writes a file unless it says the same already."""
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def number_of(mutant: source.Mutant) -> int:
    """A number that stays while anything else changes, so that only what changed is compiled again."""
    return int.from_bytes(hashlib.sha256(f"{mutant.path}\0{mutant.name}".encode()).digest()[:6])


def mirror(origin: pathlib.Path, copy: pathlib.Path, needed: set[pathlib.Path]) -> None:
    """Brings a folder up to another, of whose Solidity it holds what is needed or was, touching only what differs."""
    for path in sorted(origin.rglob("*")):
        if "snapshots" in path.parts or "target" in path.parts:
            continue
        there = copy / path.relative_to(origin)
        if path.suffix == ".json" or path.suffix == ".sol" and (path in needed or there.is_file()):
            write(there, path.read_text())
    for path in sorted(copy.rglob("*.sol")):
        if not (origin / path.relative_to(copy)).is_file():
            path.unlink()
