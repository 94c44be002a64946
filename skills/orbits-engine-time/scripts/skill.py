"""Running time of an engine for a change of speed."""

import math


def steps(v: float, m: float, w: float, f: float) -> dict:
    """Ratio of the masses, propellant in kilograms, propellant per second in kg/s."""
    ratio = math.exp(v / w)
    return {"mass_ratio": ratio, "propellant": m * (ratio - 1), "flow": 1000 * f / w}


def solve(v: float, m: float, w: float, f: float) -> float:
    """Propellant over its flow."""
    found = steps(v, m, w, f)
    return found["propellant"] / found["flow"]


def check(v: float, m: float, w: float, f: float) -> float:
    """The flight told backwards from the empty craft: the acceleration is added up until the change is reached."""
    burnt = f * 1e3 / w  # kilograms per second

    def gained(seconds: float) -> float:
        """Change of speed in the last so many seconds, by Simpson's rule over the time."""
        pieces, total = 60, 0.0
        span = seconds / pieces
        for piece in range(pieces):
            for part, weight in ((0.0, 1), (0.5, 4), (1.0, 1)):
                total += weight / 6 * span * f * 1e3 / (m + burnt * span * (piece + part))
        return total

    low, high = 0.0, m * v / (f * 1e3)
    while gained(high) < v:
        low, high = high, 2 * high
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if gained(middle) < v else (low, middle)
    return (low + high) / 2
