"""Propellant for a change of speed if the mass of the tanks goes with it."""

import math


def steps(v: float, w: float, m: float, k: float) -> dict:
    """Ratio of full to empty mass, and the empty mass in kilograms, tanks included."""
    ratio, share = math.exp(v / w), k / 100
    if share * (ratio - 1) >= 1:
        raise ValueError("no amount of propellant is enough")
    return {"mass_ratio": ratio, "empty": m / (1 - share * (ratio - 1))}


def solve(v: float, w: float, m: float, k: float) -> float:
    """What the full craft has more than the empty one."""
    found = steps(v, w, m, k)
    return found["empty"] * (found["mass_ratio"] - 1)


def check(v: float, w: float, m: float, k: float) -> float:
    """Bisection for the propellant: thrown out in small portions, it must give the change of speed."""

    def gained(propellant: float) -> float:
        mass = m + propellant * (1 + 0.01 * k)
        portion, speed = propellant / 60, 0.0
        for _ in range(60):
            # Simpson's rule for the gain per portion, w dm / m
            speed += w * portion / 6 * (1 / mass + 4 / (mass - portion / 2) + 1 / (mass - portion))
            mass -= portion
        return speed

    low, high = 0.0, m
    while gained(high) < v:
        low, high = high, 2 * high
        if high > 1e5 * m:
            raise ValueError("no amount of propellant is enough")
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gained(middle) < v else (low, middle)
    return (low + high) / 2
