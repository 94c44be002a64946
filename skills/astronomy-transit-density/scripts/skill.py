"""Mean density of a planet from transits and from the motion of its star."""

import math

MASS, ATTRACTION, RADIUS = 1.989e30, 1.327e20, 6.957e8


def steps(r: float, m: float, y: float, k: float, p: float) -> dict:
    """Speed of the planet in m/s, its mass in kilograms and its radius in metres."""
    speed = (2 * math.pi * m * ATTRACTION / (y * 86400)) ** (1 / 3)
    return {"speed": speed, "mass": m * MASS * k / speed, "radius": r * RADIUS * math.sqrt(p / 100)}


def solve(r: float, m: float, y: float, k: float, p: float) -> float:
    """Mass over the volume of a sphere."""
    found = steps(r, m, y, k, p)
    return found["mass"] / (4 / 3 * math.pi * found["radius"] ** 3)


def check(r: float, m: float, y: float, k: float, p: float) -> float:
    """Orbit by bisection on attraction and motion; centre of mass by the two orbits; volume by slices of a sphere."""
    seconds = y * 24 * 3600
    low, high = 1e8, 1e12
    for _ in range(70):
        orbit = (low + high) / 2
        wanted = orbit * (2 * math.pi / seconds) ** 2
        low, high = (orbit, high) if m * 1.327e20 / orbit**2 > wanted else (low, orbit)
    swing = k * seconds / (2 * math.pi)  # radius of the circle of the star
    kilograms = m * 1.989e30 * swing / orbit
    hidden = p / 100 * math.pi * (r * 6.957e8) ** 2
    square, slices, volume = hidden / math.pi, 20, 0.0
    half = math.sqrt(square)
    for i in range(slices):  # discs at the height h have the area pi (square - h^2); Simpson's rule is exact for them
        for part, weight in ((0.0, 1), (0.5, 4), (1.0, 1)):
            height = (i + part) * half / slices
            volume += 2 * weight / 6 * half / slices * math.pi * (square - height * height)
    return kilograms / volume
