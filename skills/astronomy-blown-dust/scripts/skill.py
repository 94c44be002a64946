"""Diameter of the largest grains of dust that the light of a star drives out of a circular orbit."""

import math

SUN, LIGHT, ATTRACTION = 3.828e26, 2.998e8, 1.327e20


def steps(s: float, m: float, d: float, q: float) -> dict:
    """Density in kg/m³; push of the light in N, and attraction in N per metre of radius, both times 4r²/a²."""
    density = 1000 * d * (1 - q / 100)
    return {"density": density, "push": s * SUN / LIGHT, "pull": 16 * math.pi / 3 * ATTRACTION * m * density}


def solve(s: float, m: float, d: float, q: float) -> float:
    """The push is half of the attraction at the limit."""
    found = steps(s, m, d, q)
    return 4e6 * found["push"] / found["pull"]


def check(s: float, m: float, d: float, q: float) -> float:
    """Bisection on the radius: the kinetic energy on a circle must last against the work on the way out, added up."""
    start, source = 1.0e11, m * 1.327e20
    speed = (source / start**2 * start) ** 0.5
    flux = s * 3.828e26 / (4 * math.pi * start * start)

    def left(radius: float) -> float:
        """Energy very far away, in joules per kilogram."""
        kilograms = 4 / 3 * math.pi * radius**3 * d * 1000 * (100 - q) / 100
        push = flux / 2.998e8 * math.pi * radius * radius / kilograms
        pieces, work = 20, 0.0
        for piece in range(pieces):  # the way out in equal steps of start / r, from 1 to 0; Simpson's rule
            for part, weight in ((0.0, 1), (0.5, 4), (1.0, 1)):
                near = 1 - (piece + part) / pieces + 1e-9
                force = (source / start**2 - push) * near * near
                work += weight / 6 / pieces * force * start / near**2
        return speed * speed / 2 - work

    low, high = 0.0, 1e-6
    while left(high) > 0:
        low, high = high, 2 * high
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if left(middle) > 0 else (low, middle)
    return 1e6 * (low + high)
