"""Asks the tests about each mutant: who notices it? Keeps the answers, so that a run that was cut goes on."""

import collections
import hashlib
import json
import pathlib
import re
import subprocess

from mutants import source
from mutants.tree import BASE, Broken, Tree

# Longer than any suite takes on a busy machine; a mutant that never ends is noticed.
SECONDS_EACH = 3600
# What compares addresses with hashes of the code, which mutants are compiled to otherwise.
BY_CODE = "areTheHashesOfTheCode"
TEST_CONTRACT = re.compile(r"^contract\s+(\w+)", re.M)


class Judge:
    """The tests of the tree, and what they said so far."""

    def __init__(self, tree: Tree, part: str, is_quick: bool = False):
        self.tree, self.is_quick = tree, is_quick
        self.noticed = collections.defaultdict(collections.Counter)
        self.results = tree.folder / f"results-{part}.jsonl"
        self.suites = self._suites()
        self._digests = {file: self._digest_of(file) for file in self.suites}
        self.known = self._known()

    def _suites(self) -> dict[pathlib.Path, set[pathlib.Path]]:
        """Unit and attack tests, with the contracts that each of them reaches; figures of gas are no judges, nor is what
        stands where the hash of optimised code says."""
        tests = self.tree.root / "test" / "solidity"
        files = [*(tests / "unit").rglob("*.t.sol"), *(tests / "attack").rglob("*.t.sol")]
        return {file: self._reached(file) for file in sorted(files) if not file.stem.endswith(("Gas.t", "Deploy.t"))}

    def _reached(self, file: pathlib.Path) -> set[pathlib.Path]:
        seen, todo = set(), [file]
        while todo:
            here = todo.pop()
            if here in seen or not here.is_file():
                continue
            seen.add(here)
            for name in source.IMPORT.findall(here.read_text()):
                if name.startswith(("contracts/", "scripts/", "test/")):
                    todo.append(self.tree.root / name)
                elif name.startswith("."):
                    todo.append((here.parent / name).resolve())
        return seen

    def needed(self, mutants: list[source.Mutant]) -> set[pathlib.Path]:
        """All files that the tests of some mutants are made of."""
        paths = {self.tree.root / mutant.path for mutant in mutants}
        return set().union(*(reached for reached in self.suites.values() if reached & paths))

    def baseline(self, mutants: list[source.Mutant]) -> None:
        """All who will be asked must be content with the code as it is; who was is not asked again."""
        content = self.tree.folder / "content.txt"
        known = set(content.read_text().split()) if content.is_file() else set()
        asked = [file for file in self.suites if any(self.tree.root / mutant.path in self.suites[file] for mutant in mutants)]
        new = {file: key for file in asked if (key := self._state_of(file)) not in known}
        failing = sorted(self._failing(0, [contract for file in new for contract in contracts_of(file)])) if new else []
        if failing:
            raise Broken("these tests fail without a mutant: " + ", ".join(failing))
        content.write_text("\n".join(known | set(new.values())))

    def _state_of(self, file: pathlib.Path) -> str:
        """A test file with all that it reaches."""
        digest = hashlib.sha256(str(file).encode())
        for path in sorted(self.suites[file]):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def knows(self, mutant: source.Mutant) -> bool:
        """Whether `judge` would ask nobody: for a quick judge it is enough that somebody noticed."""
        return self.is_quick and bool(self.known.get(self._key_of(mutant), {}).get("by"))

    def _key_of(self, mutant: source.Mutant) -> str:
        text = self.tree.sources[self.tree.root / mutant.path]
        return hashlib.sha256(f"{mutant.name}\0{text}".encode()).hexdigest()[:24]

    def judge(self, mutant: source.Mutant) -> dict:
        """Who notices a mutant: attack tests are all asked about guards, unit tests only when nobody else notices.

        A quick judge asks nobody more once somebody notices, and first those who noticed most in that file, or name the contract
        most often. An answer holds while the mutant's file is as it was; a test is asked again when it, or what it shares, changed.
        """
        key = self._key_of(mutant)
        answer = self.known.get(key) or {"key": key, "name": mutant.name, "asked": {}, "by": []}
        before = json.dumps(answer)
        reaching = [file for file, reached in self.suites.items() if self.tree.root / mutant.path in reached]
        near = sorted(reaching, key=lambda file: distance(file, mutant))
        attacks = [file for file in near if "attack" in file.parts]
        if self.is_quick:
            before_others = [name for name, _ in self.noticed[mutant.path].most_common(3)]
            likely = [file for file in near if str(file.relative_to(self.tree.root)) in before_others]
            likely = likely or sorted(near, key=lambda file: file.read_text().count(mutant.contract))[-3:]
            for files in (likely, [file for file in near if distance(file, mutant)[0] == 0]):
                if not answer["by"]:
                    self._ask(mutant, answer, files, "--fail-fast")
        elif mutant.kind in ("guard", "modifier"):
            self._ask(mutant, answer, attacks)
        if not answer["by"]:
            self._ask(mutant, answer, [file for file in near if "unit" in file.parts], "--fail-fast")
        if not answer["by"]:
            self._ask(mutant, answer, attacks, "--fail-fast")
        self.noticed[mutant.path].update({test.partition("::")[0] for test in answer["by"]})
        if json.dumps(answer) != before:
            self.known[key] = answer
            with self.results.open("a") as out:
                out.write(json.dumps(answer) + "\n")
        return answer

    def _ask(self, mutant: source.Mutant, answer: dict, files: list[pathlib.Path], *options: str) -> None:
        """Asks those of some test files that were not asked before, and notes what they said."""
        names = {str(file.relative_to(self.tree.root)): file for file in files}
        stale = {name: file for name, file in names.items() if answer["asked"].get(name) != self._digests[file]}
        contracts = [contract for file in stale.values() for contract in contracts_of(file)]
        if not contracts:
            return
        answer["by"] = [test for test in answer["by"] if test.partition("::")[0] not in stale]
        noticed = self._failing(mutant.number, contracts, *options)
        answer["by"] = sorted({*answer["by"], *noticed})
        # A run that ended with the first failure has not asked the others.
        spoke = {test.partition("::")[0] for test in noticed} if noticed and options else set(stale)
        answer["asked"] |= {name: self._digests[file] for name, file in stale.items() if name in spoke}

    def _digest_of(self, file: pathlib.Path) -> str:
        digest = hashlib.sha256()
        for path in sorted(path for path in self.suites[file] if "test" in path.relative_to(self.tree.root).parts):
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    def _known(self) -> dict[str, dict]:
        lines = [line for file in self.tree.folder.glob("results-*.jsonl") for line in file.read_text().splitlines()]
        return {answer["key"]: answer for answer in map(json.loads, lines)}

    def _failing(self, number: int, contracts: list[str], *options: str) -> set[str]:
        """Tests of some contracts that fail under a mutant, as `path::Contract::test`."""
        coinbase = f"0x{BASE | number:040x}"
        only = "^(" + "|".join(sorted(set(contracts))) + ")$"
        try:
            done = self.tree.forge(
                "test", "--json", "--block-coinbase", coinbase, "--match-contract", only,
                "--no-match-test", BY_CODE, *options,
                seconds=SECONDS_EACH,
            )
        except subprocess.TimeoutExpired:
            return {"a test that never ends"}
        try:
            suites = json.loads(done.stdout[done.stdout.index("{") :])
        except ValueError as error:
            raise Broken(f"forge said nothing of use of mutant {number}:\n{done.stdout[-500:]}{done.stderr[-1500:]}") from error
        failed = set()
        for suite, result in suites.items():
            for test, outcome in result["test_results"].items():
                if outcome["status"] == "Failure":
                    failed.add(f"{suite.replace(':', '::')}::{test.partition('(')[0]}")
        return failed


def contracts_of(file: pathlib.Path) -> list[str]:
    """The contracts of a test file; those without tests do no harm."""
    return TEST_CONTRACT.findall(file.read_text())


def distance(file: pathlib.Path, mutant: source.Mutant) -> tuple[int, str]:
    """Tests named after a contract come first."""
    return (0 if file.name.startswith(pathlib.Path(mutant.path).stem) else 1, file.name)
