"""Rise of mercury in the closed arm of a manometer when a pressure is applied to the other arm."""

import math

WEIGHT = 13600 * 9.8 / 100_000  # kilopascal per centimetre of mercury


def solve(p: float, l: float, a: float, z: float) -> float:  # noqa: E741
    """Quadratic from Boyle's law and the balance of pressures."""
    trapped = a + z * WEIGHT
    drive = p + z * WEIGHT  # (drive - 2 w x)(l - x) = trapped l
    if drive <= trapped:
        raise ValueError("the mercury does not rise")
    linear = drive + 2 * WEIGHT * l
    free = (drive - trapped) * l
    return 2 * free / (linear + math.sqrt(linear * linear - 8 * WEIGHT * free))


def steps(p: float, l: float, a: float, z: float) -> dict[str, float]:  # noqa: E741
    """Pressure of the trapped air at first, and two coefficients of the quadratic equation for the rise."""
    return {
        "trapped": a + z * WEIGHT,
        "linear": p + z * WEIGHT + 2 * WEIGHT * l,
        "constant": (p - a) * l,
    }


def check(p: float, l: float, a: float, z: float) -> float:  # noqa: E741
    """Bisection for the rise at which both sides press equally on the lowest point of the tube."""
    if p <= a:
        raise ValueError("the mercury does not rise")
    gram = 13600 * 9.8 * 0.01 / 1000

    def surplus(rise: float) -> float:
        air = (a + z * gram) * l / (l - rise)
        left, right = p + gram * (100 + z - rise), air + gram * (100 + rise)
        return left - right

    low, high = 0.0, l
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if surplus(middle) > 0 else (low, middle)
    return (low + high) / 2
