"""Luminosity of a star in units of that of the Sun."""

import math

SUN = 4.74


def steps(p: float, m: float, a: float) -> dict:
    """Distance in parsecs, absolute magnitude, magnitudes by which the star is brighter than the Sun."""
    distance = 1000 / p
    absolute = m - a - 5 * math.log10(distance / 10)
    return {"distance": distance, "absolute": absolute, "brighter": SUN - absolute}


def solve(p: float, m: float, a: float) -> float:
    """Five magnitudes are a factor of a hundred."""
    return 10 ** (0.4 * steps(p, m, a)["brighter"])


def check(p: float, m: float, a: float) -> float:
    """Light received from star and Sun, magnitude by magnitude, and the inverse square of the distance."""
    root = 100.0 ** (1 / 5)

    def light(magnitude: float) -> float:
        """Light received, in units of that of magnitude zero."""
        whole = math.floor(magnitude)
        rest, value, factor = magnitude - whole, root**-whole, root
        for _ in range(50):
            factor, rest = factor**0.5, 2 * rest
            if rest >= 1:
                value, rest = value / factor, rest - 1
        return value

    received = light(m) / light(a)
    received *= light(0.0)
    return received * (1 / (p / 1000)) ** 2 / (light(4.74) * 10.0**2)
