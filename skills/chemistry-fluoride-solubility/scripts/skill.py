"""Mass of calcium fluoride that dissolves in buffered water which contains calcium already."""

import math

MOLAR = 78.1


def solve(h: float, k: float, a: float, c: float, v: float) -> float:
    """Newton's method, from above, for the solubility s in (c + s)(2 alpha s)^2 = Ksp."""
    if not 0 < h < 14 or v <= 0:
        raise ValueError("not an ordinary pH")
    free = 1 / (1 + 10 ** (a - h))
    common, limit = c / 1000, 10**-k / (4 * free * free)
    s = limit ** (1 / 3)
    for _ in range(100):
        step = (s * s * (common + s) - limit) / (s * (2 * common + 3 * s))
        s -= step
        if abs(step) < 1e-14 * s:
            break
    return float(s * v * MOLAR)


def steps(h: float, k: float, a: float, c: float, v: float) -> dict[str, float]:
    """Free share of the fluoride, calcium present before, right side of the cubic, and its root in mol/L."""
    free = 1 / (1 + 10 ** (a - h))
    limit = 10**-k / (4 * free * free)
    return {"free": free, "calcium": c / 1000, "limit": limit, "solubility": solve(h, k, a, c, v) / v / MOLAR}


def check(h: float, k: float, a: float, c: float, v: float) -> float:
    """Solid dissolved gram by gram (bisection), fluoride shared between the ion and HF by the law of mass action."""
    if not 0 < h < 14 or v <= 0:
        raise ValueError("not an ordinary pH")
    hydrogen, constant = math.exp(-h * math.log(10)), math.exp(-a * math.log(10))
    wanted = -k * math.log(10)

    def product(grams: float) -> float:
        dissolved = grams / MOLAR / v
        ion = 2 * dissolved - 2 * dissolved * hydrogen / (hydrogen + constant)
        return math.log(dissolved + c * 0.001) + 2 * math.log(ion)

    low, high = 0.0, 1e-6
    while product(high) < wanted:
        low, high = high, high * 4
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if product(middle) < wanted else (low, middle)
    return (low + high) / 2
