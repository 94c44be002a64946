"""Activity of a foil after two equal irradiations with a pause between them and a wait."""

import math


def solve(h: float, n: float, s: float, f: float, t: float, p: float, u: float) -> float:
    """Two batches, each built up towards saturation and then decaying until the measurement."""
    if h <= 0:
        raise ValueError("no half-life")
    saturation = n * s * f  # 1e19 atoms, 1e-28 m2 and 1e15 per m2 and s make 1e6 per second
    batch = saturation * -math.expm1(-math.log(2) * t / h)
    return float(batch * (0.5 ** ((p + t + u) / h) + 0.5 ** (u / h)))


def steps(h: float, n: float, s: float, f: float, t: float, p: float, u: float) -> dict[str, float]:
    """Rate of formation, activity of a fresh batch, wait of the first batch, and what is left of each (MBq, h)."""
    production = n * s * f
    batch = production * -math.expm1(-math.log(2) * t / h)
    return {
        "production": production,
        "batch": batch,
        "wait": round(p + t + u, 6),
        "first_left": float(batch * 0.5 ** ((p + t + u) / h)),
        "second_left": float(batch * 0.5 ** (u / h)),
    }


def check(h: float, n: float, s: float, f: float, t: float, p: float, u: float) -> float:
    """The number of radioactive atoms stepped (Runge-Kutta) through beam on, off, on and off."""
    if h <= 0:
        raise ValueError("no half-life")
    loss = 0.6931471805599453 / (h * 3600)  # per second
    made = n * 1e19 * s * 1e-28 * f * 1e15
    atoms = 0.0
    for hours, rate in ((t, made), (p, 0.0), (t, made), (u, 0.0)):
        pieces = 20 + int(40 * hours / h)
        step = hours * 3600 / pieces
        for _ in range(pieces):
            k1 = rate - loss * atoms
            k2 = rate - loss * (atoms + step / 2 * k1)
            k3 = rate - loss * (atoms + step / 2 * k2)
            k4 = rate - loss * (atoms + step * k3)
            atoms += step * (k1 + 2 * k2 + 2 * k3 + k4) / 6
    return loss * atoms / 1e6
