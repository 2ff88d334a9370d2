#!/usr/bin/env python3
"""Catches an operator whose environment is not what it should be: two wrong answers, no rewards, and the way back.

Usage: wrong_environment.py DATADIR (the programs are those of target/release)
"""

import sys

from market import Failed, acts, main

LIAR, ACCOUNT = acts.OPERATORS[1][:2]
BLOCKS = 28  # of an epoch and a half: that the liar is drawn for none has a chance of 1 in 3,000


def play_rounds(stage, count):
    """Epoch by epoch, until everybody has answered."""
    for _ in range(count):
        epoch = stage.number("eth_blockNumber") // acts.EPOCH + 1
        acts.reach_epoch(stage, epoch)
        tried = acts.environment(stage, epoch, len(acts.OPERATORS))
        stage.console.fact(f"round {epoch}: {tried['program']}, {tried['commitments']} answers")


def standing(stage, account):
    """What the chain says of an operator."""
    operator = acts.operator_address(stage, account)
    shown = stage.utnet("show", "environment", "--operator", operator, is_shown=False)
    return shown["operators"][0]


def judged(row):
    """How its judged rounds ended, the oldest first."""
    rounds = sorted((int(name), verdict) for name, verdict in row.items() if name.isdigit())
    return [verdict for _, verdict in rounds][:-2]


def rewards_of(stage, since):
    """Blocks and rewards of each operator since a height."""
    found = stage.utnet("show", "draws", "--since", since, is_shown=False)["operators"]
    return {row["operator"]: (row["blocks"], float(row["rewards"].split()[0])) for row in found}


def expect(stage, verdicts, is_suspended):
    """Fails unless the liar stands so, and the others pass."""
    row = standing(stage, ACCOUNT)
    if judged(row) != verdicts or row["isSuspended"] != is_suspended:
        raise Failed(f"{LIAR} should be judged {verdicts}, suspended {is_suspended}: {row}")
    for name, account, _ in acts.OPERATORS:
        other = standing(stage, account)
        if account != ACCOUNT and (judged(other)[-1] != "passed" or other["isSuspended"]):
            raise Failed(f"{name} computes right, and should pass: {other}")
    stage.console.fact(f"{LIAR}: {', '.join(verdicts)}; rewards suspended: {is_suspended}")


def watch_rewards(stage):
    """What the liar earns in the blocks of an epoch, while all go on answering."""
    since = stage.number("eth_blockNumber") + 1
    while stage.number("eth_blockNumber") < since + BLOCKS:
        play_rounds(stage, 1)
    earned = rewards_of(stage, since)
    stage.console.fact(f"blocks and rewards since {since}: {earned}")
    blocks, rewards = earned.pop(acts.operator_address(stage, ACCOUNT), (0, 0.0))
    if blocks == 0 or not all(paid > 0 for _, paid in earned.values()):
        raise Failed(f"{LIAR} was drawn for {blocks} blocks, the others earned {earned}")
    return rewards


def play(stage):
    """From registration over the lie to rewards again."""
    acts.chips_on_disk(stage)
    acts.start_node(stage)
    acts.register(stage)
    for name, account, _ in acts.OPERATORS:
        dial = ("--fault", "wrong-environment") if name == LIAR else ()
        acts.start_worker(stage, name, account, *dial)

    stage.console.step("Rounds: one operator's answers are made up")
    play_rounds(stage, 4)
    expect(stage, ["wrong", "wrong"], True)
    if watch_rewards(stage) != 0:
        raise Failed(f"{LIAR} is suspended and was paid")

    stage.console.step("Return: its worker computes what is asked")
    stage.programs[f"worker-{LIAR}"].stop()
    acts.start_worker(stage, LIAR, ACCOUNT)
    play_rounds(stage, 4)
    expect(stage, ["passed", "passed"], False)
    if watch_rewards(stage) == 0:
        raise Failed(f"{LIAR} is back and was not paid")
    print("suspended, and paid again")


if __name__ == "__main__":
    sys.exit(main(play))
