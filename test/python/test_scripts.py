"""Tests the scripts that judge others: the layer check, the licence check, the audit's ledger, the public RPC tests."""

import importlib.util
import pathlib
import subprocess
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


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


if __name__ == "__main__":
    unittest.main()
