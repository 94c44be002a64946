"""Total pressure when carbon dioxide has come to equilibrium with glowing carbon."""

import math

GAS = 8.314


def solve(n: float, t: float, v: float, k: float) -> float:
    """Quadratic for the amount x that reacts: (2x)^2 / (n - x) in units of pressure equals the constant."""
    if n <= 0:
        raise ValueError("no gas")
    unit = GAS * t / v  # kilopascal for each mole
    ratio = k / unit
    reacted = (-ratio + math.sqrt(ratio * ratio + 16 * ratio * n)) / 8
    return (n + reacted) * unit


def steps(n: float, t: float, v: float, k: float) -> dict[str, float]:
    """Pressure of a mole in kPa, the constant in units of it, and the moles that react."""
    unit = GAS * t / v
    return {"unit": unit, "ratio": k / unit, "reacted": solve(n, t, v, k) / unit - n}


def check(n: float, t: float, v: float, k: float) -> float:
    """Bisection on the extent of reaction for equal quotient and constant, partial pressures from the gas law."""
    if n <= 0:
        raise ValueError("no gas")
    low, high = 0.0, n
    for _ in range(80):
        extent = (low + high) / 2
        dioxide, monoxide = (GAS * t * amount / v for amount in (n - extent, 2 * extent))
        low, high = (extent, high) if monoxide**2 < k * dioxide else (low, extent)
    return GAS * t * (n - low) / v + GAS * t * 2 * low / v
