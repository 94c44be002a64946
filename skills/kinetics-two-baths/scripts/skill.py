"""Mass of an unstable substance that is left after times at two temperatures."""

import math

ROWS = {
    "dinitrogen pentoxide (rate constant 0.125 per hour at 298 K, activation energy 103 kJ/mol)": (0.125, 103),
    "benzenediazonium chloride (rate constant 0.155 per hour at 298 K, activation energy 114 kJ/mol)": (0.155, 114),
    "sucrose in an acid (rate constant 0.040 per hour at 298 K, activation energy 108 kJ/mol)": (0.040, 108),
}


def steps(substance: str, m: float, a: float, b: int, c: float, d: int) -> dict:
    """Rate constant at 298 K per hour, activation energy in J/mol, constants in both baths, exponent of the decay."""
    rate, kilojoules = ROWS[substance]
    first, second = (rate * math.exp(1000 * kilojoules / 8.314 * (1 / 298 - 1 / kelvin)) for kelvin in (b, d))
    exponent = (first * a + second * c) / 60
    return {"rate": rate, "energy": 1000 * kilojoules, "first": first, "second": second, "exponent": exponent}


def solve(substance: str, m: float, a: float, b: int, c: float, d: int) -> float:
    """Exponential decay with the sum of both exponents."""
    return m * math.exp(-steps(substance, m, a, b, c, d)["exponent"])


def check(substance: str, m: float, a: float, b: int, c: float, d: int) -> float:
    """Warmed from 298 K by Simpson's rule for d ln k / dT = E / RT²; decay in each bath by short steps of a series."""
    rate, kilojoules = ROWS[substance]
    grams = m
    for kelvin, minutes in ((b, a), (d, c)):
        pieces, growth = 60, 0.0
        width = (kelvin - 298) / pieces
        for i in range(pieces):
            for part, weight in ((0.0, 1), (0.5, 4), (1.0, 1)):
                growth += weight / 6 * width * kilojoules / 0.008314 / (298 + (i + part) * width) ** 2
        loss = rate * math.exp(growth) / 60 * minutes / 50
        for _ in range(50):
            grams *= 1 - loss + loss**2 / 2 - loss**3 / 6 + loss**4 / 24 - loss**5 / 120
    return grams
