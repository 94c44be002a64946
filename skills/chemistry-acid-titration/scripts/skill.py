"""Concentration of a stock acid from a standardised titration of its dilution."""

PHTHALATE = 204.2


def solve(m: float, k: float, s: float, f: int, a: int, b: float) -> float:
    """Back from the burette: base from the phthalate, diluted acid from the base, stock from the dilution."""
    base = m / PHTHALATE / (k / 1000)
    diluted = base * b / a
    return diluted * f / s


def steps(m: float, k: float, s: float, f: int, a: int, b: float) -> dict[str, float]:
    """Concentrations of the base and of the diluted acid in mol/L."""
    base = m / PHTHALATE / (k / 1000)
    return {"base": base, "diluted": base * b / a}


def check(m: float, k: float, s: float, f: int, a: int, b: float) -> float:
    """Bisection for the stock whose aliquot, followed through the dilution, meets the burette's moles of base."""
    base_drop = m * 1000 / PHTHALATE / k  # millimoles in each millilitre
    low, high = 0.0, 1.0

    def left_over(stock: float) -> float:
        flask = stock * s
        return flask * a / f - base_drop * b

    while left_over(high) < 0:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if left_over(middle) < 0 else (low, middle)
    return (low + high) / 2
