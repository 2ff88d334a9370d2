#!/usr/bin/env python3
"""Catches operators that claim more than their chips sign: one never opens its samples, one shows a false leaf.

The honest one's worker is killed between its proof and its opening, and opens nevertheless.
Usage: openings.py DATADIR (the programs are those of target/release)
"""

import sys

from market import Failed, acts, main, until

HONEST, MUTE, FALSE = acts.OPERATORS
FAULTS = {MUTE[0]: ("--fault", "no-opening"), FALSE[0]: ("--fault", "false-leaf")}
AVAILABILITY = "0x0000000000000000000000000000000000555422"
REPORTER = "dev:9"
TO_SUSPEND = 3  # epochs missed in a row


def proof_of(stage, operator, epoch):
    """An operator's proof of an epoch, once it is there."""
    mine = lambda: [row for row in acts.proofs_of(stage, epoch) if row["operator"] == operator]  # noqa: E731
    found = until(mine, bool)
    if found is None:
        raise Failed(f"{operator} did not prove epoch {epoch}")
    return found[0]


def states(stage, operator):
    """The states of an operator's chips by place."""
    return [chip["state"] for chip in stage.utnet("chip", "list", operator, is_shown=False)["chips"]]


def opened(stage, operator, epoch):
    """Waits in the window until an operator has opened an epoch."""
    acts.reach_block(stage, (epoch + 1) * acts.EPOCH + acts.SAMPLE_DELAY)
    if until(lambda: proof_of(stage, operator, epoch)["opened"], bool) is None:
        raise Failed(f"{operator} did not open epoch {epoch}")
    stage.console.fact(f"epoch {epoch}: opened by {operator}")


def false_opening(stage, operator, since):
    """The transaction by which an operator showed its leaves, and which the contract refused."""

    def refused():
        for height in range(since, stage.number("eth_blockNumber") + 1):
            for tx in stage.ask("eth_getBlockByNumber", hex(height), True)["transactions"]:
                is_his = tx["from"].lower() == operator.lower() and (tx["to"] or "").lower() == AVAILABILITY
                if is_his and stage.ask("eth_getTransactionReceipt", tx["hash"])["status"] == "0x0":
                    return tx["hash"]
        return None

    found = until(refused, bool)
    if found is None:
        raise Failed(f"{operator} showed no false leaf")
    return found


def slash(stage, operator, epoch):
    """Reports the false leaf of an epoch."""
    stage.console.step("Evidence: the false leaf was shown in public")
    shown = false_opening(stage, operator, (epoch + 1) * acts.EPOCH)
    evidence = stage.path("false-leaf.json")
    stage.utnet("chip", "evidence", "false-leaf", shown, "--out", evidence)
    slashed = stage.utnet("chip", "report", "false-leaf", "--evidence", evidence, "--from", REPORTER)
    if slashed["state"] != "Slashed" or slashed["operator"].lower() != operator.lower():
        raise Failed(f"the liar was not slashed: {slashed}")
    stage.console.fact(f"slashed: {slashed['burned']} burned, {slashed['reward']} to the reporter")


def rewards(stage):
    """What each operator earned, in UNC."""
    rows = stage.utnet("show", "draws", is_shown=False)["operators"]
    return {row["operator"].lower(): float(row["rewards"].split()[0]) for row in rows}


def play(stage):
    """From registration to rewards for one and suspension for the others."""
    acts.chips_on_disk(stage)
    acts.start_node(stage)
    acts.register(stage)
    # From here on blocks come once a second: were each transaction one, the workers' would use up the window of an opening.
    stage.ask("evm_setIntervalMining", 1)
    for name, account, _ in acts.OPERATORS:
        acts.start_worker(stage, name, account, *FAULTS.get(name, ()))
    honest, mute, false = (acts.operator_address(stage, account) for _, account, _ in acts.OPERATORS)

    stage.console.step("Epochs: all prove, one opens")
    first = stage.number("eth_blockNumber") // acts.EPOCH + 1
    for epoch in range(first, first + TO_SUSPEND + 2):
        acts.reach_block(stage, epoch * acts.EPOCH)
        proof_of(stage, honest, epoch)
        if epoch < first + TO_SUSPEND:
            proof_of(stage, mute, epoch)
            proof_of(stage, false, epoch)
            acts.environment(stage, epoch, len(acts.OPERATORS))
        if epoch == first:
            stage.console.fact("kill -9 of the honest worker between its proof and its opening")
            stage.programs[f"worker-{HONEST[0]}"].kill()
            acts.start_worker(stage, HONEST[0], HONEST[1])
            continue
        opened(stage, honest, epoch - 1)
        if epoch == first + 1:
            slash(stage, false, first)
    for operator in (mute, false):
        if any(row["opened"] for row in stage.utnet("show", "availability") if row["operator"] == operator):
            raise Failed(f"{operator} opened an epoch")

    stage.console.step("Consequences")
    acts.reach_block(stage, (first + TO_SUSPEND + 2) * acts.EPOCH)
    for operator, expected in ((honest, {"Active"}), (mute, {"Suspended"}), (false, {"Suspended", "Slashed"})):
        if until(lambda who=operator, good=expected: set(states(stage, who)) == good, bool) is None:
            raise Failed(f"chips of {operator} are {states(stage, operator)}, expected {expected}")
        stage.console.fact(f"chips of {operator}: {' and '.join(sorted(expected))}")
    earned = rewards(stage)
    if not earned[honest.lower()] > 0 or earned.get(mute.lower(), 0) or earned.get(false.lower(), 0):
        raise Failed(f"only {honest} should have earned: {earned}")
    print("only what is opened is rewarded")


if __name__ == "__main__":
    sys.exit(main(play))
