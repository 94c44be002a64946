"""Time for a conversion in a second-order reaction of unequal concentrations."""

import math


def steps(k: float, v: float, c: float, w: float, d: float, p: float) -> dict:
    """Concentrations of ester and hydroxide after mixing, and the part of the ester to react, in mol/L."""
    ester, hydroxide = v * c / (v + w), w * d / (v + w)
    if hydroxide <= ester:
        raise ValueError("hydroxide is not in excess")
    return {"ester": ester, "hydroxide": hydroxide, "reacted": ester * p / 100}


def solve(k: float, v: float, c: float, w: float, d: float, p: float) -> float:
    """Integrated rate law."""
    found = steps(k, v, c, w, d, p)
    a, b, x = found["ester"], found["hydroxide"], found["reacted"]
    return math.log(a * (b - x) / (b * (a - x))) / (k * (b - a))


def check(k: float, v: float, c: float, w: float, d: float, p: float) -> float:
    """Moles counted while the ester falls by equal factors; the time of each part by Simpson's rule."""
    total = (v + w) / 1000
    moles, lye = v / 1000 * c, w / 1000 * d
    if lye <= moles:
        raise ValueError("hydroxide is not in excess")
    pieces, time, left = 80, 0.0, moles
    factor = (1 - p / 100) ** (1 / (2 * pieces))

    def pace(ester: float) -> float:
        """Seconds in which the ester would fall by a factor of e."""
        return total / (k * (lye - moles + ester))

    for _ in range(pieces):
        time += (pace(left) + 4 * pace(left * factor) + pace(left * factor * factor)) / 6
        left *= factor * factor
    return time * -2 * math.log(factor)
