"""Resistance of an unbalanced bridge, one arm of which is a platinum thermometer."""

COEFFICIENT = 0.0039


def _platinum(t: float) -> float:
    arm = 100 * (1 + COEFFICIENT * t)
    if arm <= 0:
        raise ValueError("the linear law does not reach this temperature")
    return arm


def solve(t: float, p: float, q: float, s: float, g: float) -> float:
    """Delta of thermometer, p and bridge wire g turned into a star; the rest is series and parallel."""
    x = _platinum(t)
    total = x + p + g
    root, upper, lower = x * p / total, x * g / total, p * g / total
    above, below = upper + q, lower + s
    return root + above * below / (above + below)


def steps(t: float, p: float, q: float, s: float, g: float) -> dict[str, float]:
    """Resistances in ohms: the thermometer, the triangle's sum, the arms of the star, and both branches."""
    x = _platinum(t)
    total = x + p + g
    upper, lower = x * g / total, p * g / total
    return {
        "platinum": round(x, 9),
        "total": total,
        "root": x * p / total,
        "upper": upper,
        "lower": lower,
        "above": upper + q,
        "below": lower + s,
    }


def check(t: float, p: float, q: float, s: float, g: float) -> float:
    """Node equations for 1 V across the bridge, relaxed by elimination; resistance = voltage over total current."""
    x = 100.0 + 0.39 * t
    if x <= 0:
        raise ValueError("the linear law does not reach this temperature")
    rows = [[1 / x + 1 / q + 1 / g, -1 / g, 1 / x], [-1 / g, 1 / p + 1 / s + 1 / g, 1 / p]]
    factor = rows[1][0] / rows[0][0]
    second = (rows[1][2] - factor * rows[0][2]) / (rows[1][1] - factor * rows[0][1])
    first = (rows[0][2] - rows[0][1] * second) / rows[0][0]
    return 1 / ((1 - first) / x + (1 - second) / p)
