"""Mass of aluminium hydroxide that a buffered solution can dissolve."""

import math

MOLAR = 78.0


def solve(h: float, k: float, v: float) -> float:
    """Solubility product with the hydroxide of the buffer as common ion."""
    if not 0 < h < 14:
        raise ValueError("not the pH of an ordinary buffer")
    dissolved = 10 ** (-k - 3 * (h - 14))
    return dissolved * v * MOLAR * 1000


def steps(h: float, k: float, v: float) -> dict[str, float]:
    """Concentrations of hydroxide and of aluminium ions in mol/L."""
    return {"hydroxide": 10 ** (h - 14), "aluminium": 10 ** (-k - 3 * (h - 14))}


def check(h: float, k: float, v: float) -> float:
    """Solid added until the ionic product, found from the ions one by one, reaches the solubility product."""
    if not 0 < h < 14:
        raise ValueError("not the pH of an ordinary buffer")
    hydroxide = 1.0e-14 / math.exp(-h * math.log(10))
    limit = math.exp(-k * math.log(10))

    def product(milligrams: float) -> float:
        aluminium = milligrams / 1000 / MOLAR / v
        return aluminium * hydroxide * hydroxide * hydroxide

    low, high = 0.0, 1e-6
    while product(high) < limit:
        low, high = high, high * 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if product(middle) < limit else (low, middle)
    return (low + high) / 2
