"""Michaelis constant of an enzyme from two rates."""


def steps(s: float, v: float, t: float, w: float) -> dict:
    """Slope of the line of inverse rate over inverse concentration, and the greatest rate, its inverse intercept."""
    slope = (1 / v - 1 / w) / (1 / s - 1 / t)
    intercept = 1 / w - slope / t
    if slope <= 0 or intercept <= 0:
        raise ValueError("the rates are not those of a saturated enzyme")
    return {"slope": slope, "greatest_rate": 1 / intercept}


def solve(s: float, v: float, t: float, w: float) -> float:
    """Slope times greatest rate."""
    found = steps(s, v, t, w)
    return found["slope"] * found["greatest_rate"]


def check(s: float, v: float, t: float, w: float) -> float:
    """Bisection for the constant with which both measurements give the same greatest rate."""

    def excess(constant: float) -> float:
        return v * (constant + s) / s - w * (constant + t) / t

    if excess(0.0) >= 0 or excess(1e9) <= 0:
        raise ValueError("the rates are not those of a saturated enzyme")
    low, high = 0.0, 1.0
    while excess(high) < 0:
        low, high = high, 2 * high
    for _ in range(55):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return (low + high) / 2
