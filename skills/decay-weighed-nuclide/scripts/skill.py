"""Half-life of a nuclide from its mass and the count rate of a twice diluted sample."""

import math

AVOGADRO = 6.022e23


def solve(m: float, k: float, v: float, w: float, e: float, n: float) -> float:
    """Activity = ln 2 / half-life times the number of atoms."""
    atoms = m * 1e-9 / k * AVOGADRO * (v * 1e-6) * (w * 1e-3)
    activity = n / 60 / (e / 100)
    return math.log(2) * atoms / activity / 3600


def steps(m: float, k: float, v: float, w: float, e: float, n: float) -> dict[str, float]:
    """Atoms in the first litre and in the counter, and the decays of these per second."""
    dissolved = m * 1e-9 / k * AVOGADRO
    return {"dissolved": dissolved, "atoms": dissolved * (v * 1e-6) * (w * 1e-3), "activity": n / 60 / (e / 100)}


def check(m: float, k: float, v: float, w: float, e: float, n: float) -> float:
    """Bisection for the half-life with which the atoms lost in two seconds would give the rate."""
    stock = 602.2e12 * m / k  # atoms in a litre
    counted = stock / 1_000_000 * v / 1000 * w

    def per_minute(hours: float) -> float:
        second = 1 / 3600 / hours
        lost = (2**second - 2**-second) / 2
        return counted * lost * 60 * e * 0.01

    low, high = 0.01, 1.0
    while per_minute(high) > n:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if per_minute(middle) > n else (low, middle)
    return (low + high) / 2
