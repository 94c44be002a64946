"""Half-life of a drug in a patient whose kidneys are weak."""

import math


def steps(c: float, d: float, t: float, f: float, x: float) -> dict:
    """Elimination constant of the healthy person per hour, share that the patient keeps, constant of the patient."""
    if not 0 < d < c:
        raise ValueError("the concentration does not fall")
    healthy = math.log(c / d) / t
    kept = 1 - f / 100 + f / 100 * x / 100
    return {"healthy": healthy, "kept": kept, "patient": healthy * kept}


def solve(c: float, d: float, t: float, f: float, x: float) -> float:
    """Half-life that belongs to the constant of the patient."""
    return math.log(2) / steps(c, d, t, f, x)["patient"]


def _left(kidneys: float, others: float, hours: float) -> float:
    """Share of a drug left after a time, both routes removing their part in small steps (Runge-Kutta)."""
    pieces, left = 30, 1.0
    step = hours / pieces

    def loss(share: float) -> float:
        return -(kidneys * share + others * share)

    for _ in range(pieces):
        one = loss(left)
        two = loss(left + step / 2 * one)
        three = loss(left + step / 2 * two)
        left += step * (one + 2 * two + 2 * three + loss(left + step * three)) / 6
    return left


def check(c: float, d: float, t: float, f: float, x: float) -> float:
    """Bisection for the healthy constant, then for the time in which half of the drug leaves the patient."""
    if not 0 < d < c:
        raise ValueError("the concentration does not fall")
    low, high = 0.0, 3 / t
    for _ in range(40):
        constant = (low + high) / 2
        low, high = (
            (low, constant) if _left(constant * f / 100, constant * (100 - f) / 100, t) < d / c else (constant, high)
        )
    kidneys, others = constant * f / 100 * x / 100, constant * (100 - f) / 100
    low, high = 0.0, 1.5 / (kidneys + others)
    for _ in range(40):
        hours = (low + high) / 2
        low, high = (low, hours) if _left(kidneys, others, hours) < 0.5 else (hours, high)
    return hours
