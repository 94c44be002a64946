"""Rate constant at a third temperature from two measured ones."""

import math


def steps(a: int, k: float, b: int, m: float, c: int) -> dict:
    """Activation energy over the gas constant in kelvins, and the place of 1/c between 1/a (0) and 1/b (1)."""
    span = 1 / a - 1 / b
    return {"activation": math.log(m / k) / span, "weight": (1 / a - 1 / c) / span}


def solve(a: int, k: float, b: int, m: float, c: int) -> float:
    """Straight line of the logarithm over the inverse temperature."""
    return k * (m / k) ** steps(a, k, b, m, c)["weight"]


def check(a: int, k: float, b: int, m: float, c: int) -> float:
    """Bisection for the activation temperature; the constant then grows degree by degree from the first measurement."""

    def at(activation: float, end: int) -> float:
        """Simpson's rule for d ln k / dT = activation / T², from a to end."""
        pieces = 40
        width, total = (end - a) / pieces, 0.0
        for i in range(pieces + 1):
            weight = 1 if i in (0, pieces) else 4 if i % 2 else 2
            total += weight * activation / (a + i * width) ** 2
        return k * math.exp(total * width / 3)

    low, high = 0.0, 20000.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle, b) < m else (low, middle)
    return at((low + high) / 2, c)
