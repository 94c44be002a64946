"""Time in which an enzyme converts a share of its substrate."""

import math


def steps(k: float, v: float, s: float, p: float) -> dict:
    """Concentrations converted and left at the end, in µmol/L."""
    used = s * p / 100
    return {"used": used, "left": s - used}


def solve(k: float, v: float, s: float, p: float) -> float:
    """The integrated equation of Michaelis and Menten."""
    found = steps(k, v, s, p)
    return (found["used"] + k * math.log(s / found["left"])) / v


def check(k: float, v: float, s: float, p: float) -> float:
    """The time of each small fall of the concentration by Simpson's rule; the falls shrink with the concentration."""
    pieces = 120
    factor = (1 - p / 100) ** (1 / pieces)
    time, high = 0.0, s
    for _ in range(pieces):
        low = high * factor
        middle = (low + high) / 2
        time += (high - low) / 6 * sum(w * (k + c) / (v * c) for w, c in ((1, low), (4, middle), (1, high)))
        high = low
    return time
