"""Counts → the 95 % interval of a rate."""

from __future__ import annotations

from math import sqrt

Z95 = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""


def wilson(hits: float, trials: float) -> tuple[float, float]:
    """Wilson's score interval of hits/trials; [0, 1] without trials, and it includes 0 or 1 exactly if none or all hit.

    Trials need not be whole: a clustered sample is worth some other number of independent ones.
    """
    if trials == 0:
        return 0.0, 1.0
    rate, spread = hits / trials, Z95 * Z95 / trials
    centre = (rate + spread / 2) / (1 + spread)
    half = Z95 * sqrt(rate * (1 - rate) / trials + spread / (4 * trials)) / (1 + spread)
    return (0.0 if hits == 0 else centre - half), (1.0 if hits == trials else centre + half)
