"""Lowest level of a drug between repeated doses in the steady state."""


def steps(h: float, d: int, n: int, f: float, v: float) -> dict:
    """Rise of the concentration by one dose in mg/L, and share of the drug left after an interval."""
    return {"rise": d * f / 100 / v, "left": 0.5 ** (n / h)}


def solve(h: float, d: int, n: int, f: float, v: float) -> float:
    """Geometric series of what all earlier doses have left."""
    found = steps(h, d, n, f, v)
    return found["rise"] * found["left"] / (1 - found["left"])


def check(h: float, d: int, n: int, f: float, v: float) -> float:
    """Dose after dose, each interval cut into parts in which the drug decays by a short series."""
    parts = 16
    rate = 0.6931471805599453 * n / h / parts
    keep = 1 - rate + rate**2 / 2 - rate**3 / 6 + rate**4 / 24 - rate**5 / 120 + rate**6 / 720 - rate**7 / 5040
    milligrams, before = 0.0, -1.0
    for _ in range(2000):
        milligrams += d * (0.01 * f)
        for _ in range(parts):
            milligrams *= keep
        if abs(milligrams - before) < 1e-12 * milligrams:
            break
        before = milligrams
    return milligrams / v
