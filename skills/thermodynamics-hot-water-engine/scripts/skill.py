"""Electrical energy from a reversible engine that cools hot water down to a lake's temperature."""

import math

WATER, ZERO = 4.19, 273.15


def solve(t: float, m: float, c: float, e: float) -> float:
    """First law less the heat that the entropy of the water forces into the lake."""
    if not c < t <= 100:
        raise ValueError("no hot water")
    hot, cold = t + ZERO, c + ZERO
    return m * WATER * (hot - cold - cold * math.log(hot / cold)) * e / 100


def steps(t: float, m: float, c: float, e: float) -> dict[str, float]:
    """Absolute temperatures, heat and entropy given off by the water, heat for the cold side, and work."""
    hot, cold = t + ZERO, c + ZERO
    heat, entropy = m * WATER * (hot - cold), m * WATER * math.log(hot / cold)
    waste = cold * entropy
    return {"hot": hot, "cold": cold, "heat": heat, "entropy": entropy, "waste": waste, "work": heat - waste}


def check(t: float, m: float, c: float, e: float) -> float:
    """The water cools in small steps; each gives its heat to a Carnot engine (Simpson's rule)."""
    if not c < t <= 100:
        raise ValueError("no hot water")
    pieces, work = 200, 0.0
    drop = (t - c) / pieces
    for i in range(pieces + 1):
        kelvin = 273.15 + c + i * drop
        weight = 1 if i in (0, pieces) else 4 if i % 2 else 2
        work += weight * (1 - (273.15 + c) / kelvin)
    return work * drop / 3 * (m * 4.19) * (e * 0.01)
