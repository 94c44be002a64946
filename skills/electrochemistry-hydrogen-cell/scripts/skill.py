"""Voltage of a cell of a metal and a hydrogen electrode."""

import math

SLOPE = 0.05916
STANDARD = {
    "zinc (standard potential −0.763 V)": -0.763,
    "manganese (standard potential −1.185 V)": -1.185,
    "cadmium (standard potential −0.403 V)": -0.403,
}


def steps(h: float, p: float, metal: str, c: float) -> dict:
    """Potentials of the hydrogen and of the metal electrode in volts."""
    hydrogen = -SLOPE * (h + math.log10(p / 100) / 2)
    other = STANDARD[metal] + SLOPE / 2 * math.log10(c)
    if hydrogen <= other:
        raise ValueError("the hydrogen electrode is not the positive pole")
    return {"hydrogen_potential": hydrogen, "metal_potential": other}


def solve(h: float, p: float, metal: str, c: float) -> float:
    """Difference of the two potentials."""
    found = steps(h, p, metal, c)
    return found["hydrogen_potential"] - found["metal_potential"]


def check(h: float, p: float, metal: str, c: float) -> float:
    """Voltage at which metal + 2 H+ and metal ion + hydrogen are in balance, by bisection on the reaction quotient."""
    acid = math.exp(-h * 2.302585092994046)
    quotient = c * (p / 100) / acid / acid

    def balanced(volts: float) -> float:
        """Quotient that would hold this voltage: every 0.02958 V above the standard value is a power of ten less."""
        return 10.0 ** ((-STANDARD[metal] - volts) / 0.02958)

    low, high = 0.0, 2.0
    if balanced(low) < quotient:
        raise ValueError("the hydrogen electrode is not the positive pole")
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if balanced(middle) > quotient else (low, middle)
    return (low + high) / 2
