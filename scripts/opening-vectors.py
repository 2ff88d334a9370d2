#!/usr/bin/env python3
"""Computes seeds, samples, leaves, trees, multiproofs and questions of sampled openings, with a Keccak of its own.

Prints test/vectors/openings.json; the same on every run. It follows the text of docs/protocol.md, section 2, and shares
nothing with the programs that are held against it: the tree is built by recursion over its leaves, a multiproof by asking
for every node whether a leaf that is opened lies below it.
"""
import json
import random

ROUNDS = 24
MASK = (1 << 64) - 1


def rotated(word, bits):
    return ((word << bits) | (word >> (64 - bits))) & MASK if bits else word


def constants():
    """Rotations and round constants of FIPS 202, from their definitions."""
    offsets, (x, y) = {(0, 0): 0}, (1, 0)
    for t in range(24):
        offsets[x, y] = (t + 1) * (t + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    state, rounds = 1, []
    for _ in range(ROUNDS):
        constant = 0
        for j in range(7):
            constant |= (state & 1) << ((1 << j) - 1)
            state = (state << 1) ^ (0x171 if state >> 7 else 0)
        rounds.append(constant)
    return offsets, rounds


OFFSETS, CONSTANTS = constants()


def permuted(lanes):
    for constant in CONSTANTS:
        parity = [lanes[x, 0] ^ lanes[x, 1] ^ lanes[x, 2] ^ lanes[x, 3] ^ lanes[x, 4] for x in range(5)]
        mixed = [parity[x - 1] ^ rotated(parity[(x + 1) % 5], 1) for x in range(5)]
        moved = {}
        for x in range(5):
            for y in range(5):
                moved[y, (2 * x + 3 * y) % 5] = rotated(lanes[x, y] ^ mixed[x], OFFSETS[x, y])
        lanes = {
            (x, y): moved[x, y] ^ (~moved[(x + 1) % 5, y] & moved[(x + 2) % 5, y] & MASK)
            for x in range(5)
            for y in range(5)
        }
        lanes[0, 0] ^= constant
    return lanes


def keccak(data):
    """Keccak-256 as Ethereum has it: rate 136 bytes, padding 0x01 … 0x80."""
    padded = bytearray(data) + b"\x01"
    padded += bytes(-len(padded) % 136)
    padded[-1] |= 0x80
    lanes = {(x, y): 0 for x in range(5) for y in range(5)}
    for block in range(0, len(padded), 136):
        for i in range(17):
            word = int.from_bytes(padded[block + 8 * i : block + 8 * i + 8], "little")
            lanes[i % 5, i // 5] ^= word
        lanes = permuted(lanes)
    return b"".join(lanes[i % 5, i // 5].to_bytes(8, "little") for i in range(4))


assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def word(value):
    return value if isinstance(value, bytes) else value.to_bytes(32, "big")


def hashed(*words):
    return keccak(b"".join(map(word, words)))


def tag(purpose):
    return keccak(b"UNC/v1/" + purpose.encode())


def shown(value):
    return "0x" + value.hex()


chance = random.Random(16)


def drawn_word():
    return chance.randbytes(32)


def leaf_case():
    place, chip, r, s = chance.randrange(2**32), drawn_word(), drawn_word(), drawn_word()
    leaf = keccak(b"\x00" + word(place) + chip + r + s)
    return {"place": place, "chip": shown(chip), "r": shown(r), "s": shown(s), "leaf": shown(leaf)}


def question_case():
    chain, contract, number = chance.randrange(2**32), chance.randbytes(20), chance.randrange(2**32)
    chip, beacon = drawn_word(), drawn_word()
    question = hashed(tag("challenge"), chain, bytes(12) + contract, chip, number, beacon)
    return {
        "chainId": chain,
        "challenges": shown(contract),
        "chip": shown(chip),
        "number": number,
        "beacon": shown(beacon),
        "question": shown(question),
    }


def sample_case(width, absent, uncounted, size=16):
    """A random list of so many places, some of them absent and some uncounted."""
    chain, registry, operator = chance.randrange(2**32), chance.randbytes(20), chance.randbytes(20)
    epoch, beacon = chance.randrange(2**32), drawn_word()
    seed = hashed(tag("sample"), chain, bytes(12) + registry, bytes(12) + operator, epoch, beacon)
    places = chance.sample(range(width), absent + uncounted)
    missing, empty = set(places[:absent]), set(places[absent:])
    present = width - absent - uncounted
    chosen, passed, step = set(), set(), 0
    if present <= size:
        chosen = set(range(width)) - missing - empty
    while len(chosen) < min(size, present):
        place = int.from_bytes(hashed(seed, step), "big") % width
        (passed if place in empty else chosen if place not in missing else set()).add(place)
        step += 1
    return {
        "chainId": chain,
        "registry": shown(registry),
        "operator": shown(operator),
        "epoch": epoch,
        "beacon": shown(beacon),
        "seed": shown(seed),
        "width": width,
        "present": present,
        "absent": sorted(missing),
        "empty": sorted(empty),
        "opened": sorted(chosen),
        "uncounted": sorted(passed),
        "steps": step,
    }


class Span:
    """The node over the leaves from `first` up to and without `end`: a tree whose odd last nodes are promoted."""

    def __init__(self, leaves, first, end):
        self.first, self.end, self.parts = first, end, ()
        if end - first == 1:
            self.level, self.hash = 0, leaves[first]
            return
        half = 1
        while 2 * half < end - first:
            half *= 2
        self.parts = (Span(leaves, first, first + half), Span(leaves, first + half, end))
        self.level = half.bit_length()
        self.hash = keccak(b"\x01" + self.parts[0].hash + self.parts[1].hash)

    def holds(self, places):
        return any(self.first <= place < self.end for place in places)

    def siblings(self, places):
        """What must be given: nodes without an opened leaf whose sibling has one; level, place, hash.

        A promoted node waits in its parts' level: it is needed where its parent is made."""
        if not self.parts or not self.holds(places):
            return []
        given = [
            (self.level - 1, part.first, part.hash) for part in self.parts if not part.holds(places)
        ]
        return given + [found for part in self.parts for found in part.siblings(places)]


def tree_case(width, zeros, opened):
    leaves = [drawn_word() for _ in range(width)]
    for place in chance.sample(range(width), zeros):
        leaves[place] = bytes(32)
    places = sorted(chance.sample(range(width), opened))
    root = Span(leaves, 0, width)
    nodes = [found[2] for found in sorted(root.siblings(places), key=lambda found: found[:2])]
    return {
        "leaves": [shown(leaf) for leaf in leaves],
        "places": places,
        "nodes": [shown(node) for node in nodes],
        "root": shown(root.hash),
    }


SHAPES = [(1, 0, 1), (2, 1, 1), (2, 0, 2), (3, 1, 1), (3, 0, 2), (5, 2, 1), (5, 0, 3), (6, 1, 2), (7, 3, 4), (8, 0, 1)]
SHAPES += [(9, 4, 2), (11, 0, 11), (13, 5, 6), (16, 0, 16), (17, 2, 3), (21, 7, 8), (33, 9, 16), (37, 0, 5), (64, 20, 16)]

print(json.dumps({
    "source": "scripts/opening-vectors.py",
    "leaves": [leaf_case() for _ in range(4)],
    "questions": [question_case() for _ in range(4)],
    "samples": [
        sample_case(*shape)
        for shape in [(1, 0, 0), (4, 1, 1), (16, 0, 0), (17, 0, 0), (24, 2, 3), (40, 5, 10), (64, 40, 0), (512, 0, 0), (700, 90, 200)]
    ],
    "trees": [tree_case(*shape) for shape in SHAPES],
}, indent=1))
