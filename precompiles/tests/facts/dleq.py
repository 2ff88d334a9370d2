#!/usr/bin/env python3
"""Writes dleq.json beside it: proofs of equal logarithms in P-256, from the definition and nothing else.

Usage: python3 precompiles/tests/facts/dleq.py > precompiles/tests/facts/dleq.json

Affine arithmetic over integers, hashlib for SHA-256; the tag is keccak256("UNC/v1/dleq"), by any Keccak.
"""

import hashlib
import json
import sys

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
TAG = bytes.fromhex("bf212ea1aa82eb74800b62ff6d1e0cd9d58bafe702b26902ec05fb6a90c0e1a0")


def add(one, two):
    """The sum of two points; None is infinity."""
    if one is None or two is None:
        return two if one is None else one
    (x1, y1), (x2, y2) = one, two
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    if one == two:
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, P) % P
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P) % P
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def times(scalar, point):
    """A multiple of a point."""
    total = None
    for bit in bin(scalar % N)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


def compress(point):
    x, y = point
    assert (y * y - x * x * x + 3 * x - B) % P == 0
    return bytes([2 + y % 2]) + x.to_bytes(32, "big")


def challenge(context, points):
    transcript = TAG + context + b"".join(map(compress, points))
    assert len(transcript) == 64 + 6 * 33
    return int.from_bytes(hashlib.sha256(transcript).digest(), "big") % N


def number(*words):
    """A number below N and not zero, from words."""
    return int.from_bytes(hashlib.sha256(" ".join(words).encode()).digest(), "big") % (N - 1) + 1


def prove(secret, nonce, context, first, second):
    """The fact of one proof, checked by the verifier's equations."""
    points = [first, times(secret, first), second, times(secret, second)]
    c = challenge(context, points + [times(nonce, first), times(nonce, second)])
    s = (nonce + c * secret) % N
    for base, multiple in (points[:2], points[2:]):
        assert add(times(s, base), times(N - c, multiple)) == times(nonce, base)
    fact = {"secret": hex32(secret), "nonce": hex32(nonce), "context": context.hex()}
    fact |= {name: compress(point).hex() for name, point in zip("abcd", points)}
    return fact | {"challenge": hex32(c), "response": hex32(s)}


def hex32(value):
    return value.to_bytes(32, "big").hex()


def main():
    facts = []
    for i in range(8):
        label = str(i)
        context = hashlib.sha256(b"context " + label.encode()).digest()
        first = G if i < 5 else times(number("first", label), G)
        second = times(number("second", label), G)
        facts.append(prove(number("secret", label), number("nonce", label), context, first, second))
    zeros = bytes(32)
    other = times(number("other"), G)
    facts.append(prove(1, 1, zeros, G, other))
    facts.append(prove(N - 1, N - 1, zeros, G, other))
    facts.append(prove(2, number("nonce"), bytes([255]) * 32, G, G))
    facts.append(prove(number("secret"), number("nonce"), zeros, other, add(other, other)))
    json.dump(facts, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
