"""Radius of a star in units of that of the Sun."""

import math

STEFAN, SUN, RADIUS, WIEN = 5.670e-8, 3.828e26, 6.957e8, 2.898e-3


def steps(s: float, w: float) -> dict:
    """Temperature in kelvins, power per square metre in W, surface in m²."""
    temperature = WIEN / (w * 1e-9)
    power = STEFAN * temperature**4
    return {"temperature": temperature, "power": power, "surface": s * SUN / power}


def solve(s: float, w: float) -> float:
    """Radius of a sphere with this surface."""
    return math.sqrt(steps(s, w)["surface"] / (4 * math.pi)) / RADIUS


def check(s: float, w: float) -> float:
    """Bisection for the radius: rings of a sphere, each radiating by Stefan's law, must give the luminosity."""
    kelvin = 2.898e6 / w

    def radiated(radius: float) -> float:
        """Simpson's rule over the polar angle, for rings of the length 2 pi r sin(angle)."""
        rings, total = 100, 0.0
        width = math.pi / rings
        for ring in range(rings):
            for part, weight in ((0.0, 1), (0.5, 4), (1.0, 1)):
                total += weight / 6 * width * radius * 2 * math.pi * radius * math.sin((ring + part) * width)
        return total * 5.670e-8 * (kelvin * kelvin) ** 2

    unit = radiated(6.957e8) / 3.828e26
    low, high = 0.0, 200.0
    for _ in range(60):
        radius = (low + high) / 2
        low, high = (radius, high) if unit * radius * radius < s else (low, radius)
    return radius
