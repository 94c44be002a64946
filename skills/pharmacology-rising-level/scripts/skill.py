"""Half-life of a drug from two levels during an infusion, after its elimination has become slower."""

import math


def steps(t: float, c: float, d: float, x: float) -> dict:
    """Part of a dose left after the time between samples, elimination constants before and after, per hour."""
    if not c < d < 2 * c:
        raise ValueError("these are no levels of an infusion")
    left = d / c - 1
    before = -math.log(left) / t
    return {"left": left, "before": before, "after": before * (1 - x / 100)}


def solve(t: float, c: float, d: float, x: float) -> float:
    """Half-life that belongs to the later constant."""
    return math.log(2) / steps(t, c, d, x)["after"]


def check(t: float, c: float, d: float, x: float) -> float:
    """Infusion and elimination in small steps of time (Runge-Kutta); bisection for constant and half-life."""
    if not c < d < 2 * c:
        raise ValueError("these are no levels of an infusion")

    def run(level: float, supply: float, constant: float, hours: float, pieces: int = 24) -> float:
        step = hours / pieces
        for _ in range(pieces):
            one = supply - constant * level
            two = supply - constant * (level + step / 2 * one)
            three = supply - constant * (level + step / 2 * two)
            four = supply - constant * (level + step * three)
            level += step * (one + 2 * two + 2 * three + four) / 6
        return level

    low, high = 1e-6, 3.5 / t
    for _ in range(44):
        constant = (low + high) / 2
        first = run(0.0, 1.0, constant, t)
        low, high = (constant, high) if run(first, 1.0, constant, t) / first > d / c else (low, constant)
    slower = constant * (100 - x) / 100
    low, high = 0.0, 1.5 / slower
    for _ in range(44):
        hours = (low + high) / 2
        low, high = (hours, high) if run(1.0, 0.0, slower, hours) > 0.5 else (low, hours)
    return hours
