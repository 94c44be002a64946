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


def _where(falling, level: float, high: float) -> float:
    """Where a falling function that starts at 1 passes a level: false position, Illinois variant."""
    low, above, below, side = 0.0, 1 - level, falling(high) - level, 0
    for _ in range(60):
        at = (low * below - high * above) / (below - above)
        value = falling(at) - level
        if abs(value) < 1e-13:
            break
        if value > 0:
            low, above, below, side = at, value, below / 2 if side == 1 else below, 1
        else:
            high, below, above, side = at, value, above / 2 if side == -1 else above, -1
    return at


def check(c: float, d: float, t: float, f: float, x: float) -> float:
    """The healthy constant that leaves what was measured, then the time in which half of the drug leaves a patient."""
    if not 0 < d < c:
        raise ValueError("the concentration does not fall")
    constant = _where(lambda k: _left(k * f / 100, k * (100 - f) / 100, t), d / c, 3 / t)
    kidneys, others = constant * f / 100 * x / 100, constant * (100 - f) / 100
    return _where(lambda hours: _left(kidneys, others, hours), 0.5, 1.5 / (kidneys + others))
