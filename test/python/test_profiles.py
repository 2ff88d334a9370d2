"""Holds the dev chain's parameters of `scripts/solidity/Profiles.sol` against those that the node puts into genesis."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "solidity" / "Profiles.sol"
GENESIS = ROOT / "chain" / "src" / "execution" / "install.rs"

# Where the script's sections stand in genesis.
FUNCTIONS = {
    "poci": "registry",
    "challenges": "challenges",
    "escrow": "escrow",
    "ratings": "rating_book",
    "datasets": "datasets",
    "ranking": "ranking",
    "intervals": "interval_court",
    "rollup": "rollup",
    "committee": "committee",
}
UNC = 10**18


def of_script(text):
    """`{(section, field): number}` of the dev profile, which sets one value a line."""
    dev = text[text.index("function dev()") :]
    lines = re.findall(r"^ +all\.(\w+)\.(\w+) = ([\d_.]+)( ether)?;$", dev, re.MULTILINE)
    return {
        (section, field): round(float(number) * UNC) if coin else int(number)
        for section, field, number, coin in lines
    }


def of_genesis(text, function):
    """`{field: number}` of one constructor's call; what is no number is left out."""
    body = re.search(rf"^fn {function}\(.*?^}}", text, re.MULTILINE | re.DOTALL).group()
    found = {}
    for field, unit, divisor, number in re.findall(r"(\w+): (?:(UNC)(?: / (\d+))?|([\d_]+)),", body):
        found[field] = UNC // int(divisor or 1) if unit else int(number)
    return found


class Profiles(unittest.TestCase):
    def test_the_dev_profile_is_what_genesis_has(self):
        script, text = of_script(SCRIPT.read_text()), GENESIS.read_text()
        compared = 0
        for section, function in FUNCTIONS.items():
            genesis = of_genesis(text, function)
            self.assertTrue(genesis, function)
            for field, number in genesis.items():
                of = "ratings" if (section, field) not in script else section
                self.assertEqual(script.get((of, field)), number, f"{function}: {field}")
                compared += 1
        self.assertGreater(compared, 40)

    def test_what_stands_alone_is_what_genesis_has(self):
        dev, text = SCRIPT.read_text().partition("function dev()")[2], GENESIS.read_text()
        self.assertIn(f"all.jobGraceSeconds = {of_genesis(text, 'job_escrow')['graceSeconds']};", dev)
        self.assertIn(f"all.depositBps = {of_genesis(text, 'desk')['depositBps']};", dev)


if __name__ == "__main__":
    unittest.main()
