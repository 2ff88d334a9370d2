#!/usr/bin/env python3
"""Proves and opens on a chain with epochs of another length, which nobody tells the worker.

Usage: epochs.py DATADIR (the programs are those of target/release)
"""

import subprocess
import sys

from market import Failed, acts, main, until

BLOCKS = 32
NAME, ACCOUNT, _ = acts.OPERATORS[0]


def is_refused(stage):
    """A worker that was told another length does not start."""
    words = [stage.binary("utnet-worker"), "run", *stage.place(), "--datadir", stage.path("worker-told")]
    words += ["--key-file", acts.key_file(stage, ACCOUNT), "--epoch-blocks", "16"]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)
    if done.returncode != 1 or f"epochs of this chain have {BLOCKS} blocks" not in done.stderr:
        raise Failed(f"a wrong length was not refused: {done.returncode} {done.stderr}")
    stage.console.fact("--epoch-blocks 16 is refused")


def proof_of(stage, epoch, good):
    """The first proof of an epoch for which something holds."""
    found = until(lambda: acts.proofs_of(stage, epoch), lambda rows: bool(rows) and good(rows[0]))
    if found is None:
        raise Failed(f"epoch {epoch}: {acts.proofs_of(stage, epoch)}")
    stage.console.fact(f"epoch {epoch}: {found[0]}")


def play(stage):
    """One worker, one epoch: proven, then opened."""
    acts.chips_on_disk(stage)
    acts.start_node(stage, "--epoch-blocks", BLOCKS)
    acts.register(stage)
    is_refused(stage)
    acts.start_worker(stage, NAME, ACCOUNT)
    epoch = stage.number("eth_blockNumber") // BLOCKS + 2
    acts.reach_block(stage, epoch * BLOCKS)
    proof_of(stage, epoch, lambda row: row["present"] > 0)
    acts.reach_block(stage, (epoch + 1) * BLOCKS + acts.SAMPLE_DELAY)
    proof_of(stage, epoch, lambda row: row["opened"])
    print(f"proven and opened in epochs of {BLOCKS} blocks")


if __name__ == "__main__":
    sys.exit(main(play))
