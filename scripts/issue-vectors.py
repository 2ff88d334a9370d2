#!/usr/bin/env python3
"""Computes what the three schedules have issued at random heights, to 90 digits and in another way than the contracts.

Prints test/vectors/issue_heights.json; the same on every run. The closed forms are those of the white paper (figure 6, eq. 23,
section 4.6.1), in decimal arithmetic with its own exponential; short heights are summed block by block.
"""
import json
import random
from decimal import ROUND_FLOOR, Decimal, getcontext

getcontext().prec = 90
GWEI = Decimal(10) ** 9
SUMMED = 4_000  # blocks below this height are added one by one


def tiered_reward(height):
    if height <= 1000:
        return Decimal(100)
    if height <= 2000:
        return Decimal(75)
    if height < 3000:
        return Decimal(50)
    beta = Decimal("0.0005")
    return 30 - Decimal("0.01") * (1 - (-beta * (height - 3000)).exp()) / (beta.exp() - 1)


def tiered(height):
    if height < SUMMED:
        return sum(map(tiered_reward, range(1, height + 1)), Decimal(0))
    beta = Decimal("0.0005")
    depth = Decimal("0.01") / (beta.exp() - 1)
    blocks = height - 2999
    falling = (30 - depth) * blocks + depth * (1 - (-beta * blocks).exp()) / (1 - (-beta).exp())
    return tiered(2999) + falling


def halving(seconds):
    rate = Decimal(2).ln() * seconds / (730 * 86_400)
    cap = Decimal(64 * 730 * 86_400 // seconds)

    def issued(height):
        if height < SUMMED:
            return sum((50 * (-rate * i).exp() for i in range(1, height + 1)), Decimal(0))
        r = (-rate).exp()
        return 50 * r * (1 - (-rate * min(Decimal(height), cap)).exp()) / (1 - r)

    return issued


def talos(seconds):
    def issued(height):
        days = Decimal(height * seconds) / 86_400
        release, total = Decimal(500_000_000), Decimal(0)
        while days > 200 and total < 9_700_000_000:
            total, release, days = total + release, release * 95 / 100, days - 200
        return min(total + release * min(days, Decimal(200)) / 200, Decimal(9_700_000_000))

    return issued


def rows(issued, most):
    chance = random.Random(42)
    heights = [1, 2, SUMMED - 1] + [int(most ** chance.random()) + 1 for _ in range(45)]
    floors = [[int((issued(h) * GWEI).to_integral_value(ROUND_FLOOR)) for h in (height - 1, height)] for height in heights]
    return {
        "heights": [str(height) for height in heights],
        "issuedGwei": [str(after) for _, after in floors],
        "rewardGwei": [str(after - before) for before, after in floors],
    }


print(json.dumps({
    "source": "scripts/issue-vectors.py",
    "tiered": rows(tiered, 10**8),
    "halving1s": rows(halving(1), 6 * 10**9),
    "halving2s": rows(halving(2), 2 * 10**9),
    "talos1s": rows(talos(1), 3 * 10**9),
    "talos3s": rows(talos(3), 3 * 10**8),
}, indent=1))
