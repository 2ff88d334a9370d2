#!/usr/bin/env python3
"""Recomputes every balance and the supply from raw blocks, receipts and call traces, and compares with what the node says.

Uses nothing of the project: JSON-RPC and arithmetic. Exit code 1 if one wei is missing or too much.
Usage: scripts/audit.py [RPC_URL] [--json]
"""

import json
import sys
import urllib.request
from collections import defaultdict

BURN_SINK = "0x0000000000000000000000000000000000555413"  # Emission.burn
GWEI = 10**9
MOVES = ("CALL", "CREATE", "CREATE2", "SELFDESTRUCT")
BATCH = 100


class Node:
    """A JSON-RPC node, asked in batches."""

    def __init__(self, url):
        self.url = url

    def ask_all(self, requests):
        """The results of (method, params) pairs, in their order."""
        results = []
        for start in range(0, len(requests), BATCH):
            part = requests[start : start + BATCH]
            body = [
                {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
                for i, (method, params) in enumerate(part)
            ]
            request = urllib.request.Request(
                self.url, json.dumps(body).encode(), {"content-type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                answers = {item["id"]: item for item in json.load(answer)}
            for i, (method, params) in enumerate(part):
                if "error" in answers[i]:
                    raise SystemExit(f"{method} {params}: {answers[i]['error']}")
                results.append(answers[i]["result"])
        return results

    def ask(self, method, *params):
        """One result."""
        return self.ask_all([(method, list(params))])[0]


class Ledger:
    """Double entry: every wei that moves leaves one account and enters another, or is issued or burned."""

    def __init__(self):
        self.change = defaultdict(int)
        self.issued = 0
        self.base_fees = 0
        self.blob_fees = 0
        self.lost = 0

    def move(self, source, target, wei):
        """A transfer between accounts."""
        self.change[source.lower()] -= wei
        self.change[target.lower()] += wei

    def fee(self, tx, receipt, block):
        """What a transaction paid for gas: the base fee burns, the rest goes to the producer."""
        used, price = number(receipt["gasUsed"]), number(receipt["effectiveGasPrice"])
        base = number(block.get("baseFeePerGas") or "0x0")
        blobs = number(receipt.get("blobGasUsed") or "0x0") * number(receipt.get("blobGasPrice") or "0x0")
        self.change[tx["from"].lower()] -= used * price + blobs
        self.change[block["miner"].lower()] += used * (price - base)
        self.base_fees += used * base
        self.blob_fees += blobs

    def frame(self, call):
        """Value that moved in a call and in the calls below it; a failed call moves nothing."""
        if call.get("error"):
            return
        wei = number(call.get("value") or "0x0")
        if wei and call["type"] in MOVES:
            if call["type"] == "SELFDESTRUCT" and call["from"].lower() == call["to"].lower():
                self.change[call["from"].lower()] -= wei
                self.lost += wei
            else:
                self.move(call["from"], call["to"], wei)
        for inner in call.get("calls", []):
            self.frame(inner)

    def reward(self, withdrawal):
        """New coins, credited as an EIP-4895 withdrawal in gwei."""
        wei = number(withdrawal["amount"]) * GWEI
        self.change[withdrawal["address"].lower()] += wei
        self.issued += wei


def number(text):
    """A JSON-RPC quantity."""
    return int(text, 16)


def read(node, ledger, head):
    """Enters every block from 1 to the head into the ledger."""
    heights = [hex(h) for h in range(1, head + 1)]
    blocks = node.ask_all([("eth_getBlockByNumber", [h, True]) for h in heights])
    busy = [block for block in blocks if block["transactions"]]
    receipts = node.ask_all([("eth_getBlockReceipts", [block["number"]]) for block in busy])
    traces = node.ask_all(
        [("debug_traceBlockByNumber", [block["number"], {"tracer": "callTracer"}]) for block in busy]
    )
    for block in blocks:
        for withdrawal in block.get("withdrawals") or []:
            ledger.reward(withdrawal)
    for block, of_block, frames in zip(busy, receipts, traces):
        for tx, receipt, frame in zip(block["transactions"], of_block, frames):
            ledger.fee(tx, receipt, block)
            ledger.frame(frame["result"])
    return blocks


def compare(node, ledger, head):
    """Accounts whose balance is not genesis plus change: (account, expected, found)."""
    accounts = sorted(ledger.change)
    before = node.ask_all([("eth_getBalance", [a, "0x0"]) for a in accounts])
    after = node.ask_all([("eth_getBalance", [a, hex(head)]) for a in accounts])
    expected = [number(b) + ledger.change[a] for a, b in zip(accounts, before)]
    return [(a, e, number(f)) for a, e, f in zip(accounts, expected, after) if e != number(f)]


def audit(url):
    """Everything that the audit finds, as a dictionary."""
    node, ledger = Node(url), Ledger()
    head = number(node.ask("eth_blockNumber"))
    read(node, ledger, head)
    wrong = compare(node, ledger, head)
    sink = number(node.ask("eth_getBalance", BURN_SINK, hex(head)))
    change = sum(ledger.change.values())
    expected = ledger.issued - ledger.base_fees - ledger.blob_fees - ledger.lost
    return {
        "head": head,
        "accounts": len(ledger.change),
        "issuedWei": ledger.issued,
        "baseFeesBurnedWei": ledger.base_fees,
        "blobFeesBurnedWei": ledger.blob_fees,
        "burnSinkWei": sink,
        "lostWei": ledger.lost,
        "supplyChangeWei": change - sink,
        "isBalanced": not wrong and change == expected,
        "wrong": [{"account": a, "expected": e, "found": f} for a, e, f in wrong],
    }


def main():
    """Prints the audit."""
    words = [word for word in sys.argv[1:] if word != "--json"]
    found = audit(words[0] if words else "http://127.0.0.1:8545")
    if "--json" in sys.argv:
        print(json.dumps(found, indent=1))
    else:
        unc = lambda wei: f"{wei / 10**18:,.9f} UNC"
        print(f"blocks 1 to {found['head']}, {found['accounts']} accounts touched")
        print(f"issued as rewards     {unc(found['issuedWei'])}")
        print(f"burned as base fees   {unc(found['baseFeesBurnedWei'])}")
        print(f"burned as blob fees   {unc(found['blobFeesBurnedWei'])}")
        print(f"burned by the sink    {unc(found['burnSinkWei'])}")
        print(f"supply changed by     {unc(found['supplyChangeWei'])}")
        for row in found["wrong"]:
            print(f"WRONG {row['account']}: expected {row['expected']}, found {row['found']}")
        print("every balance adds up to the wei" if found["isBalanced"] else "THE BOOKS DO NOT BALANCE")
    return 0 if found["isBalanced"] else 1


if __name__ == "__main__":
    sys.exit(main())
