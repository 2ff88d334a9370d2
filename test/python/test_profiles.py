"""Holds the parameters of `scripts/solidity/Profiles.sol` against genesis, of the dev chain, and docs/protocol.md, of main."""

import pathlib
import re
import unittest
from fractions import Fraction

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "solidity" / "Profiles.sol"
EXECUTION = ROOT / "chain" / "src" / "execution"
DEV_CHAIN = ROOT / "chain" / "src" / "genesis" / "dev.rs"
PROTOCOL = ROOT / "docs" / "protocol.md"

# Where the script's sections stand in genesis.
FUNCTIONS = {
    "poci": "registry",
    "openings": "availability",
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

# The rows of the table whose main values are numbers, and the fields that they name, in its order.
ROWS = {
    "E epochBlocks": ["poci.epochBlocks"],
    "L lookbackEpochs": ["poci.lookbackEpochs"],
    "bondPerPhi": ["poci.bondPerPhi"],
    "exitSeconds": ["poci.exitSeconds"],
    "missesToSuspend": ["poci.missesToSuspend"],
    "sampleSize k, sampleDelay": ["openings.sampleSize", "openings.sampleDelay"],
    "challenge: bond, answerBlocks": ["challenges.bond", "challenges.answerBlocks"],
    "tiered schedule n1, n2, n3, β": ["tiered.n1", "tiered.n2", "tiered.n3", "tiered.betaWad"],
    "hand-over, acknowledge": ["escrow.handoverSeconds", "escrow.acknowledgeSeconds"],
    "notice": ["escrow.noticeSeconds"],
    "disputed interval": ["intervals.answerSeconds", "intervals.committeeSeconds", "intervals.seats"],
    "rating commit, reveal": ["escrow.commitSeconds", "escrow.revealSeconds"],
    "operator bond, least deposit": [
        "escrow.operatorBondBps",
        "depositBps",
        "escrow.ratingBondBps",
        "escrow.marketFeeBps",
    ],
    "post bond, challenge bond": ["rollup.postBond", "rollup.challengeBond"],
    "fee of a request for data": ["rollup.dataFee"],
    "challenge window": ["rollup.challengeSeconds", "rollup.serveSeconds"],
    "committee: commitments": [
        "committee.commitSeconds",
        "committee.revealSeconds",
        "committee.appealSeconds",
    ],
    "committee: seats": [
        "rollup.seats",
        "committee.appealSeats",
        "committee.minSeats",
        "committee.maxAttempts",
    ],
    "seat bond, seat fee": ["committee.seatBond", "committee.seatFee"],
    "draw delay": ["committee.drawDelayBlocks"],
    "rating prior": [
        "ratings.priorScore",
        "ratings.priorWeight",
        "ratings.pairCap",
        "ratings.pairPeriodSeconds",
        "ratings.halfLifeSeconds",
    ],
    "datasets": [
        "datasets.deliverSeconds",
        "datasets.acknowledgeSeconds",
        "datasets.ratingSeconds",
        "datasets.marketFeeBps",
    ],
    "ranking: unit weight": [
        "ranking.unitWeight",
        "ranking.windowEpochs",
        "ranking.halfLifeSeconds",
    ],
    "cap of the schedule": ["tiered.capGwei"],
    "job grace": ["jobGraceSeconds"],
}
UNITS = {"ether": UNC, "days": 86_400, "hours": 3600, "minutes": 60, None: 1}
LITERAL = re.compile(r"([\d_.]+(?:e\d+)?)(?: (ether|days|hours|minutes))?")


def number_of(literal):
    """What a literal of the script is worth, or None of what is none."""
    found = LITERAL.fullmatch(literal)
    return found and Fraction(found[1].replace("_", "")) * UNITS[found[2]]


def of_script(text, profile):
    """`{field: number}`, the field with its section, of a profile's function and those that it calls."""
    body = re.search(rf"^    function {profile}\(.*?^    \}}", text, re.MULTILINE | re.DOTALL).group()
    found = {}
    for called in re.findall(r"(\w+)\((?:all)?\);", body):
        found |= of_script(text, called)
    for left, right in re.findall(r"^ +(\(?all\..+?) = (.+?);$", body, re.MULTILINE):
        fields = [field.strip().removeprefix("all.") for field in left.strip("()").split(",")]
        if right.startswith("TieredSchedule"):
            named = re.findall(r"(\w+): ([^,}]+)", right)
            fields, values = [f"{fields[0]}.{name}" for name, _ in named], [value for _, value in named]
        else:
            values = right.strip("()").split(", ")
        found |= {field: number_of(value) for field, value in zip(fields, values, strict=True)}
    return found


def body_of(text, function):
    return re.search(rf"^fn {function}\(.*?^}}", text, re.MULTILINE | re.DOTALL).group()


def constants_of(text):
    """`{name: number}` of a file's constants of plain numbers."""
    found = re.findall(r"^(?:pub(?:\(\w+\))? )?const (\w+): \w+ = ([\d_]+);", text, re.MULTILINE)
    return {name: int(number) for name, number in found}


def of_genesis(text, function):
    """`{field: number}` of one constructor's call; what is neither a number nor a constant is left out."""
    constants, found = constants_of(text), {}
    pattern = r"(\w+): (?:(UNC)(?: / (\d+))?|([\d_]+)|([A-Z][A-Z_]+)(?:\.min\(.+\))?),"
    for field, unit, divisor, number, name in re.findall(pattern, body_of(text, function)):
        if unit:
            found[field] = UNC // int(divisor or 1)
        elif number or name in constants:
            found[field] = int(number) if number else constants[name]
    return found


def of_table(text):
    """`{row: numbers}` of the main column; where it says "the same", those of the dev chain."""
    table = text[text.index("Parameters of the dev chain (main values beside)") :]
    table = table[: table.index("\n**On other chains**")]
    rows = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3:
            dev, main = ([number_in(part) for part in cell.split(", ")] for cell in cells[1:])
            same = [at for at, part in enumerate(main) if part == "the same"]
            rows[cells[0]] = main[: same[0]] + dev[same[0] :] if same else main
    return rows


def number_in(text):
    """What a number with its unit is worth, in the script's units; "the same" is left."""
    found = re.match(r"([\d,.]+)( UNC| %)?", text)
    if not found:
        return text
    return Fraction(found[1].replace(",", "")) * {" UNC": UNC, " %": 100}.get(found[2], 1)


def in_units(fields, numbers):
    """Of the table's numbers those that the script has in other units."""
    for field, number in zip(fields, numbers, strict=True):
        if field == "tiered.betaWad":
            yield number * UNC
        elif field == "tiered.capGwei":
            yield number / 10**9
        else:
            yield number


class Profiles(unittest.TestCase):
    def test_the_dev_profile_is_what_genesis_has(self):
        script, text = of_script(SCRIPT.read_text(), "dev"), (EXECUTION / "install.rs").read_text()
        compared = 0
        for section, function in FUNCTIONS.items():
            genesis = of_genesis(text, function)
            self.assertTrue(genesis, function)
            for field, number in genesis.items():
                of = section if f"{section}.{field}" in script else "ratings"
                self.assertEqual(script.get(f"{of}.{field}"), number, f"{function}: {field}")
                compared += 1
        self.assertGreater(compared, 43)

    def test_what_stands_alone_is_what_genesis_has(self):
        script, text = of_script(SCRIPT.read_text(), "dev"), (EXECUTION / "install.rs").read_text()
        self.assertEqual(script["jobGraceSeconds"], of_genesis(text, "job_escrow")["graceSeconds"])
        self.assertEqual(script["depositBps"], of_genesis(text, "desk")["depositBps"])
        lookback = re.search(r"lookback_epochs: (\d+),", DEV_CHAIN.read_text())
        self.assertEqual(script["poci.lookbackEpochs"], int(lookback[1]))

    def test_the_tiered_schedule_is_what_genesis_has(self):
        script = of_script(SCRIPT.read_text(), "dev")
        body = body_of((EXECUTION / "issue.rs").read_text(), "tiered")
        for tier in ("n1", "n2", "n3"):
            number = re.search(rf"{tier}: ([\d_]+),", body)[1]
            self.assertEqual(script[f"tiered.{tier}"], int(number), tier)
        divisor = re.search(r"betaWad: U256::from\(UNC / ([\d_]+)\)", body)[1]
        self.assertEqual(script["tiered.betaWad"], UNC // int(divisor))
        cap = re.search(r"capGwei: ([\d_]+) \* u128::from\(UNC_GWEI\)", body)[1]
        self.assertEqual(script["tiered.capGwei"], int(cap) * 10**9)

    def test_the_main_profile_is_what_the_protocol_says(self):
        script = of_script(SCRIPT.read_text(), "main")
        table = of_table(PROTOCOL.read_text())
        for start, fields in ROWS.items():
            rows = [numbers for row, numbers in table.items() if row.startswith(start)]
            self.assertEqual(len(rows), 1, start)
            said = list(in_units(fields, rows[0]))
            self.assertEqual(said, [script[field] for field in fields], start)


if __name__ == "__main__":
    unittest.main()
