"""Carbon dioxide that an electrolytic cell makes from oxalate with a given power."""

import math

FARADAY = 96485


def steps(p: float, e: float, r: float, t: float, x: float) -> dict:
    """Current in amperes, electrons in moles, electrons per molecule of gas, gas in moles."""
    current = (math.sqrt(e * e + 4 * r * p) - e) / (2 * r)
    electrons, mean = current * t * 3600 / FARADAY, (100 - x) / 100 + 4 * x / 100
    return {"current": current, "electrons": electrons, "mean_electrons": mean, "gas": electrons / mean}


def solve(p: float, e: float, r: float, t: float, x: float) -> float:
    """The part of the gas that is no oxygen."""
    return steps(p, e, r, t, x)["gas"] * (1 - x / 100)


def check(p: float, e: float, r: float, t: float, x: float) -> float:
    """Bisection on the current; of the electrons the oxygen takes the share that belongs to its molecules."""
    low, high = 0.0, p / e
    for _ in range(60):
        current = (low + high) / 2
        low, high = (current, high) if (e + r * current) * current < p else (low, current)
    oxygen, dioxide = 4.0 * x, 1.0 * (100 - x)  # electrons for a hundred molecules
    pairs = current * 60 * 60 * t * dioxide / (oxygen + dioxide) / 96485.0 / 2  # oxalate ions
    return 2 * pairs
