"""Age of a rock from rubidium and strontium in two minerals."""

import math

DECAY = 1.397e-11


def steps(a: float, b: float, c: float, d: float) -> dict:
    """Slope of the isochron, and decay constant times age."""
    slope = (d - b) / (c - a)
    if slope <= 0:
        raise ValueError("the isochron does not rise")
    return {"slope": slope, "exponent": math.log(1 + slope)}


def solve(a: float, b: float, c: float, d: float) -> float:
    """Age in millions of years."""
    return steps(a, b, c, d)["exponent"] / DECAY / 1e6


def check(a: float, b: float, c: float, d: float) -> float:
    """Both minerals wound back: rubidium grows, strontium-87 shrinks, until its ratio is the same in the two."""
    if (d - b) * (c - a) <= 0:
        raise ValueError("the isochron does not rise")

    def gap(millions: float) -> float:
        """Excess of the second mineral's initial ratio over that of the first."""
        step = 13.97e-6 * millions / 32
        grow = 1.0
        for _ in range(32):
            grow *= 1 + step + step * step / 2 + step**3 / 6
        return (d - c * (grow - 1)) - (b - a * (grow - 1))

    low, high = 0.0, 20000.0
    for _ in range(44):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return (low + high) / 2
