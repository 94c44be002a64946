"""Steady temperature of a copper coil whose resistance grows as it heats itself."""

import math

RISE = 0.0039


def solve(t: float, r: float, u: float, k: float) -> float:
    """Quadratic for the excess over the surroundings."""
    linear = 1 + RISE * (t - 20)
    if linear <= 0:
        raise ValueError("the linear law does not reach this temperature")
    cold = u * u / (r * k)
    return t + 2 * cold / (linear + math.sqrt(linear * linear + 4 * RISE * cold))


def steps(t: float, r: float, u: float, k: float) -> dict[str, float]:
    """Coefficients of the quadratic, and its positive root: the excess over the surroundings in kelvins."""
    return {"linear": round(1 + RISE * (t - 20), 9), "cold": u * u / (r * k), "excess": solve(t, r, u, k) - t}


def check(t: float, r: float, u: float, k: float) -> float:
    """The coil, with an arbitrary heat capacity, warmed in time steps until its temperature stands still."""
    if 1 + 0.0039 * (t - 20) <= 0:
        raise ValueError("the linear law does not reach this temperature")
    coil = t
    for _ in range(400):
        resistance = r + r * 0.0039 * (coil - 20)
        net = u / resistance * u - k * (coil - t)
        change = net / k / 2.5
        coil += change
        if abs(change) < 1e-12:
            break
    return coil
