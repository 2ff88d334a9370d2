"""Tests the scripts that judge others: layers, licences, the audit's ledger, the public RPC tests, mutants, threats, issue."""

import importlib.util
import pathlib
import subprocess
import sys
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from mutants import source  # noqa: E402
from mutants.report import Answers, Report  # noqa: E402


def load(name):
    """A script as a module, whatever its file is called."""
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Licences(unittest.TestCase):
    def test_one_allowed_choice_is_enough(self):
        self.assertTrue(load("check-licences").is_allowed("GPL-3.0 OR MIT"))

    def test_every_part_of_a_conjunction_must_be_allowed(self):
        self.assertFalse(load("check-licences").is_allowed("MIT AND GPL-3.0"))

    def test_exceptions_and_parentheses_are_read(self):
        expression = "(Apache-2.0 WITH LLVM-exception OR GPL-2.0) AND Unicode-3.0"
        self.assertTrue(load("check-licences").is_allowed(expression))


class Layers(unittest.TestCase):
    def test_the_tree_obeys_its_table(self):
        layers = load("check-layers")
        self.assertEqual([*layers.crate_breaches(), *layers.chain_breaches()], [])

    def test_uses_in_comments_and_tests_do_not_count(self):
        text = "// crate::rpc::x\nfn a() {}\n#[cfg(test)]\nmod tests { use crate::rpc::x; }"
        self.assertNotIn("rpc", load("check-layers").without_tests(text))


class Ledger(unittest.TestCase):
    def setUp(self):
        self.ledger = load("audit").Ledger()

    def test_a_failed_call_moves_nothing(self):
        self.ledger.frame({"type": "CALL", "from": "0xA", "to": "0xB", "value": "0x5", "error": "reverted"})
        self.assertEqual(dict(self.ledger.change), {})

    def test_a_call_below_a_failed_one_moves_nothing(self):
        inner = {"type": "CALL", "from": "0xB", "to": "0xC", "value": "0x5"}
        self.ledger.frame({"type": "CALL", "from": "0xA", "to": "0xB", "error": "x", "calls": [inner]})
        self.assertEqual(sum(abs(v) for v in self.ledger.change.values()), 0)

    def test_a_delegatecall_shows_value_but_moves_none(self):
        self.ledger.frame({"type": "DELEGATECALL", "from": "0xA", "to": "0xB", "value": "0x5"})
        self.assertEqual(dict(self.ledger.change), {})

    def test_the_base_fee_burns_and_the_tip_goes_to_the_producer(self):
        self.ledger.fee(
            {"from": "0xA"},
            {"gasUsed": "0xa", "effectiveGasPrice": "0x7"},
            {"miner": "0xM", "baseFeePerGas": "0x4"},
        )
        self.assertEqual(self.ledger.change, {"0xa": -70, "0xm": 30})
        self.assertEqual(self.ledger.base_fees, 40)

    def test_a_contract_that_destroys_itself_into_itself_loses_its_coins(self):
        self.ledger.frame({"type": "SELFDESTRUCT", "from": "0xA", "to": "0xa", "value": "0x5"})
        self.assertEqual((self.ledger.lost, self.ledger.change["0xa"]), (5, -5))


class Conformance(unittest.TestCase):
    def test_a_missing_suite_is_named(self):
        words = [SCRIPTS / "conformance", "--suite", "/nowhere", "--bin", "/bin/sh"]
        done = subprocess.run(words, capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/nowhere/rpc_compat.py", done.stderr)


class Mutants(unittest.TestCase):
    def mutants(self, body, modifiers=()):
        text = "contract C {\n function f() external {\n" + body + "\n }\n}\n"
        found = source.find(text, set(modifiers))
        for number, mutant in enumerate(found, 1):
            mutant.number = number
        return found, source.render(text, found)

    def changes(self, body):
        return [mutant.change for mutant in self.mutants(body)[0]]

    def test_each_alternative_of_a_guard_is_a_mutant(self):
        found, planted = self.mutants("if (a == 0 || (b && c)) revert No(a);")
        self.assertEqual([mutant.change for mutant in found], ["without `a == 0`", "without `(b && c)`"])
        self.assertIn("if (((a == 0) && Mutation.isOff(1)) || (((b && c)) && Mutation.isOff(2))) revert", planted)

    def test_a_condition_that_does_not_revert_is_no_guard(self):
        self.assertEqual(self.changes("if (a) return;"), [])

    def test_a_boundary_keeps_its_operands(self):
        _, planted = self.mutants("if (f(a, b) + 1 <= c.d[e] && g) h();")
        self.assertIn("(Mutation.isOn(1) ? f(a, b) + 1 < c.d[e] : f(a, b) + 1 <= c.d[e]) && g", planted)

    def test_shifts_arrows_loops_comments_and_assembly_have_no_boundary(self):
        body = 'x = 1 << 2; for (i = 0; i < n; ++i) {} // a < b\n assembly ("memory-safe") { if lt(a, b) {} } string s = "a < b";'
        self.assertEqual(self.changes(body), [])

    def test_a_sum_is_added_to_or_taken_from(self):
        _, planted = self.mutants("if (a) b.c[d] += e;")
        self.assertIn("{ if (Mutation.isOn(1)) { b.c[d] -= e; } else { b.c[d] += e; } }", planted)

    def test_a_requiring_call_can_be_left_out(self):
        _, planted = self.mutants("_requireOwner(x);\n y = _requireless(z);")
        self.assertIn("if (Mutation.isOff(1)) _requireOwner(x);", planted)
        self.assertNotIn("isOff(2)", planted)

    def test_a_modifier_gets_a_twin_that_a_mutant_leaves_out(self):
        text = "contract C {\n modifier only() { _check(); _; }\n function f() external only { g(); }\n}"
        found = source.find(text, source.own_modifiers(text))
        self.assertIn("without `only`", [mutant.change for mutant in found])
        self.assertIn("modifier onlyUnless(uint256 mutant)", source.twins(text))


class MutationPage(unittest.TestCase):
    PAGE = """
| Vault | 1 | 0 | 0 | 0 | 0 | 1 | 1234567 |
| Committee | 1 | 0 | 0 | 0 | 1 | 0 | 1234567 |
| Gone | 1 | 0 | 0 | 0 | 1 | 0 | 1234567 |

## Survivors

| Where | Change | Why it may live |
|---|---|---|
| Vault.deposit | without `a \\|\\| b` | old |
| Gone.call | without `c` | old |
"""

    def setUp(self):
        self.vault = self.mutant("Vault", "contracts/src/rental/Vault.sol", "deposit", "without `a`")
        self.committee = self.mutant("Committee", "contracts/src/jobs/Committee.sol", "draw", "without `b`")
        self.everywhere = [self.vault, self.committee]

    @staticmethod
    def mutant(contract, path, function, change):
        one = source.Mutant("guard", 0, 0, [], lambda *_: "", change, contract, function)
        one.path = path
        return one

    def test_a_run_replaces_the_contracts_that_it_asked_about_and_keeps_the_others(self):
        judged = [(self.committee, {"by": []})]
        report = Report(SCRIPTS.parent, judged, Answers(pathlib.Path("none")))
        page = report.write("", [], self.everywhere, self.PAGE, False)
        self.assertIn("| Vault | 1 | 0 | 0 | 0 | 0 | 1 | 1234567 |", page)
        self.assertIn("| Vault.deposit | without `a \\|\\| b` | **not answered** |", page)
        self.assertIn("| Committee | 1 | 0 | 0 | 0 | 0 | 1 | ", page)
        self.assertIn("| Committee.draw | without `b` | **not answered** |", page)
        self.assertIn("Changed since they were asked about: ", page)

    def test_a_contract_that_is_gone_is_forgotten(self):
        report = Report(SCRIPTS.parent, [], Answers(pathlib.Path("none")))
        page = report.write("", [], self.everywhere, self.PAGE, False)
        self.assertNotIn("| Gone", page)


class Threats(unittest.TestCase):
    def test_a_test_that_is_gone_is_named(self):
        page = "`unit/Vault.t.sol::test_nothing` and `test/python/test_scripts.py::test_a_test_that_is_gone_is_named`"
        self.assertEqual(load("check-security").missing(page, SCRIPTS.parent), ["unit/Vault.t.sol::test_nothing"])


class IssueVectors(unittest.TestCase):
    def test_the_kept_heights_are_what_the_script_computes(self):
        made = subprocess.run([sys.executable, SCRIPTS / "issue-vectors.py"], capture_output=True, check=True)
        kept = SCRIPTS.parent / "test/vectors/issue_heights.json"
        self.assertEqual(made.stdout, kept.read_bytes())


if __name__ == "__main__":
    unittest.main()
