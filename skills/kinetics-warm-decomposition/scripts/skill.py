"""Time in which a share of a substance decomposes at a temperature."""

import math

R = 8.314


def steps(t: float, k: float, e: float, p: float) -> dict:
    """Difference of the inverse temperatures in 1/K, and the rate constant per hour."""
    fall = 1 / 298.15 - 1 / (t + 273.15)
    return {"fall": fall, "constant": k * math.exp(1000 * e / R * fall)}


def solve(t: float, k: float, e: float, p: float) -> float:
    """Arrhenius, and an exponential decay."""
    return 60 * math.log(1 / (1 - p / 100)) / steps(t, k, e, p)["constant"]


def check(t: float, k: float, e: float, p: float) -> float:
    """The constant grows kelvin by kelvin, by E/(R T²) of itself; then small equal parts decay one after the other."""
    parts = 200
    width = (t - 25) / parts
    growth = 0.0
    for i in range(parts):  # Simpson's rule
        low = 298.15 + i * width
        weighed = ((1, low), (4, low + width / 2), (1, low + width))
        growth += width / 6 * sum(w * 1000 * e / (8.314 * c * c) for w, c in weighed)
    rate = k * math.exp(growth) / 60
    time, left, drop = 0.0, 1.0, p / 100 / parts
    for _ in range(parts):
        time += drop / 6 * (1 / left + 4 / (left - drop / 2) + 1 / (left - drop)) / rate
        left -= drop
    return time
