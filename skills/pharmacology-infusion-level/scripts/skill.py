"""Level of a drug after a loading dose, while an infusion goes on."""

import math


def steps(h: float, d: int, q: float, v: float, n: float) -> dict:
    """Elimination constant per hour, share of the injection that is left, steady level of the infusion in mg/L."""
    constant = math.log(2) / h
    return {"constant": constant, "left": 0.5 ** (n / h), "steady": q / (constant * v)}


def solve(h: float, d: int, q: float, v: float, n: float) -> float:
    """What is left of the injection, and what the infusion has built up."""
    found = steps(h, d, q, v, n)
    return d / v * found["left"] + found["steady"] * (1 - found["left"])


def check(h: float, d: int, q: float, v: float, n: float) -> float:
    """The infusion in portions, each given in the middle of its short time; half the time removes the error."""

    def level(pieces: int) -> float:
        rate = 0.6931471805599453 * n / h / pieces
        half = 1 - rate / 2 + rate**2 / 8 - rate**3 / 48 + rate**4 / 384
        milligrams = float(d)
        for _ in range(pieces):
            milligrams = (milligrams * half + q * n / pieces) * half
        return milligrams / v

    return (4 * level(200) - level(100)) / 3
