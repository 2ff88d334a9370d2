"""The summary: balances before and after that add up to the wei, gas per step, blocks, ratings, losses."""

import json
import subprocess
import sys

from story.stage import ROOT, Failed

UNC = 10**18

# What a whole story plays, by the names under which acts note how they ended.
ACTS = ("disputed result", "inference order", "disputed interval", "absent chip", "dataset bought")


def balances(stage):
    """Balance of every DEV account and of the vault, in wei, with the height."""
    head = stage.ask("eth_blockNumber")
    accounts = [address for address, _ in stage.dev_accounts()]
    return {"head": int(head, 16), "wei": {a: stage.number("eth_getBalance", a, head) for a in accounts}}


def summary(stage, rental, before):
    """Everything on one page; the independent audit must agree."""
    from story import acts

    stage.console.step("Summary")
    missing = [act for act in ACTS if act not in stage.outcomes]
    if missing:
        raise Failed(f"acts that came to no end: {', '.join(missing)}")
    stage.console.table([(act, stage.outcomes[act]) for act in ACTS], ("act", "outcome"))
    found = audit(stage)
    gas = stage.utnet("show", "gas")
    rows = [(row["call"], row["count"], row["least"], row["most"]) for row in gas]
    stage.console.table(rows, ("call", "count", "least gas", "most gas"))
    acts.draws(stage)
    ratings = [rating(stage, who) for who in (acts.operator_address(stage, 1), rental["address"])]
    money(stage, before, found)
    if stage.given.summary:
        page = {"acts": stage.outcomes, "audit": found, "gas": gas, "ratings": ratings, "rental": rental["id"]}
        page |= {"losses": rental["losses"], "jobs": rental["jobs"], "rpc": stage.rpc}
        stage.given.summary.write_text(json.dumps(page, indent=1) + "\n")


def audit(stage):
    """scripts/audit.py over the whole chain: raw blocks, receipts and traces."""
    words = [sys.executable, ROOT / "scripts" / "audit.py", stage.rpc, "--json"]
    stage.console.command(["scripts/audit.py", stage.rpc])
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"the books do not balance: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def rating(stage, account):
    """What the rating book says of a party."""
    found = stage.utnet("show", "rating", account)
    stage.console.fact(f"rating {found['rating']} from {found['ratings']} rentals, weight {found['weight']}")
    return found


def money(stage, before, found):
    """Who has more, who has less, what was issued and burned."""
    after = balances(stage)
    rows = [
        (account, f"{wei / UNC:,.6f}", f"{after['wei'][account] / UNC:,.6f}")
        for account, wei in before["wei"].items()
        if wei != after["wei"][account]
    ]
    stage.console.table(rows, ("balance in UNC", f"block {before['head']}", f"block {after['head']}"))
    stage.console.fact(f"issued {found['issuedWei'] / UNC:,.9f} UNC, "
                       f"burned {(found['baseFeesBurnedWei'] + found['burnSinkWei']) / UNC:,.9f} UNC")
    stage.console.fact(f"{found['accounts']} accounts over {found['head']} blocks add up to the wei")
