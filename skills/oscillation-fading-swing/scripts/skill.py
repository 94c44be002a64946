"""Time in which a weakly damped oscillation loses a share of its energy."""

import math


def steps(t: float, a: float, b: float, k: int, p: float) -> dict:
    """Share of the energy that is left after each period, and the number of periods wanted."""
    if not 0 < b < a:
        raise ValueError("the amplitude does not decrease")
    rate = 2 * math.log(a / b) / k
    return {"share_left": math.exp(-rate), "periods": -math.log(1 - p / 100) / rate}


def solve(t: float, a: float, b: float, k: int, p: float) -> float:
    """Number of periods times the period."""
    return steps(t, a, b, k, p)["periods"] * t


def check(t: float, a: float, b: float, k: int, p: float) -> float:
    """The factor per half period found by trial; then half periods counted, and the last one divided further."""
    if not 0 < b < a:
        raise ValueError("the amplitude does not decrease")
    low, high = 0.0, 1.0
    for _ in range(45):
        factor, amplitude = (low + high) / 2, a
        for _ in range(2 * k):
            amplitude *= factor
        low, high = (factor, high) if amplitude < b else (low, factor)
    goal, left, time, factor = (1 - 0.01 * p), 1.0, 0.0, ((low + high) / 2) ** 2
    span = t / 2
    for _ in range(30):
        while left * factor > goal:
            left, time = left * factor, time + span
        factor, span = factor**0.5, span / 2
    return time
