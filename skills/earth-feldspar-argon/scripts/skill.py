"""Argon-40 in a potassium feldspar of known age."""

import math


def steps(t: float, m: float, k: float, e: float) -> dict:
    """Potassium-40 today in nmol, atoms decayed for every atom left, argon-40 produced in nmol."""
    present = m * k / 100 / 39.10 * 1.167e-4 * 1e6
    decayed = 2 ** (t / 1250) - 1
    return {"present": present, "decayed": decayed, "produced": present * decayed * 0.107}


def solve(t: float, m: float, k: float, e: float) -> float:
    """What has not escaped."""
    return steps(t, m, k, e)["produced"] * (1 - e / 100)


def check(t: float, m: float, k: float, e: float) -> float:
    """One nanomole of potassium-40 decays along both branches in steps; all is then scaled to what is left today."""
    micrograms = m * k * 10
    today = micrograms / 39.10 * 0.01167 / 100 * 1000  # nmol
    pieces = 60
    rate = math.log(2) / 1250 * t / pieces
    potassium, argon = 1.0, 0.0
    for _ in range(pieces):
        lost = potassium * (rate - rate**2 / 2 + rate**3 / 6 - rate**4 / 24 + rate**5 / 120)
        potassium -= lost
        argon += 107 * lost / 1000
    return argon * today / potassium * (100 - e) / 100
