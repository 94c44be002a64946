"""Temperature of a planet that is in balance with the light of its star."""

import math

SUN, ORBIT, YEAR, STEFAN = 3.828e26, 1.496e11, 365.25, 5.670e-8


def steps(s: float, m: float, y: float, a: float) -> dict:
    """Radius of the orbit in metres, light received in W/m², power absorbed per square metre of the sphere in W."""
    orbit = ORBIT * (m * (y / YEAR) ** 2) ** (1 / 3)
    flux = s * SUN / (4 * math.pi * orbit**2)
    return {"orbit": orbit, "flux": flux, "absorbed": flux * (1 - a / 100) / 4}


def solve(s: float, m: float, y: float, a: float) -> float:
    """Fourth root of the radiation law."""
    return (steps(s, m, y, a)["absorbed"] / STEFAN) ** 0.25


def check(s: float, m: float, y: float, a: float) -> float:
    """Distance at which gravity and motion on a circle agree; rings of the lit half added up; then the temperature."""
    low, high = 0.01, 50.0
    for _ in range(60):
        units = (low + high) / 2
        needed = units / (y / 365.25) ** 2  # acceleration on the circle, in units of that of the Earth
        low, high = (units, high) if m / units**2 > needed else (low, units)
    light = s * 3.828e26 / (4 * math.pi * (units * 1.496e11) ** 2)
    rings, caught = 40, 0.0
    for i in range(rings):  # Simpson's rule over the angle from the point below the star; the planet has radius 1
        for part, weight in ((0.0, 1), (0.5, 4), (1.0, 1)):
            angle = (i + part) * math.pi / 2 / rings
            caught += weight / 6 * math.pi / 2 / rings * 2 * math.pi * math.sin(angle) * math.cos(angle)
    gained = light * caught * (100 - a) / 100
    low, high = 1.0, 5000.0
    for _ in range(60):
        kelvin = (low + high) / 2
        low, high = (kelvin, high) if 4 * math.pi * 5.670e-8 * kelvin**4 < gained else (low, kelvin)
    return kelvin
