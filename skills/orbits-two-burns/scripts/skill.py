"""Total change of speed of a Hohmann transfer between two circular orbits."""

import math

BODIES = {
    "Earth (radius 6371 km, gravitational parameter 398600 km³/s²)": (6371.0, 398600.0),
    "Mars (radius 3390 km, gravitational parameter 42830 km³/s²)": (3390.0, 42830.0),
    "Venus (radius 6052 km, gravitational parameter 324900 km³/s²)": (6052.0, 324900.0),
    "Mercury (radius 2440 km, gravitational parameter 22030 km³/s²)": (2440.0, 22030.0),
}


def steps(body: str, a: float, b: float) -> dict:
    """Speed on the lower circle and the changes at both burns, in m/s."""
    radius, attraction = BODIES[body]
    low, high = radius + a, radius + b
    circle = math.sqrt(attraction / low)
    first = math.sqrt(attraction * (2 / low - 2 / (low + high))) - circle
    second = math.sqrt(attraction / high) - math.sqrt(attraction * (2 / high - 2 / (low + high)))
    return {"circle_speed": 1000 * circle, "first_burn": 1000 * first, "second_burn": 1000 * second}


def solve(body: str, a: float, b: float) -> float:
    """Sum of the two increases."""
    found = steps(body, a, b)
    return found["first_burn"] + found["second_burn"]


def check(body: str, a: float, b: float) -> float:
    """Bisection for the speed after the first burn: the energy must be the same at both ends of the ellipse."""
    radius, attraction = BODIES[body]
    near, far = (radius + a) * 1e3, (radius + b) * 1e3
    strength = attraction * 1e9

    def surplus(speed: float) -> float:
        """Energy per mass at the near end less that at the far end, where the speed is lower as the radii are."""
        there = speed * near / far
        return (speed**2 / 2 - strength / near) - (there**2 / 2 - strength / far)

    low, high = 0.0, 2 * (strength / near) ** 0.5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if surplus(middle) < 0 else (low, middle)
    fast = (low + high) / 2
    slow = fast * near / far
    # on a circle the attraction per mass, strength / r², is the square of the speed over the radius
    inner = (strength / near**2 * near) ** 0.5
    outer = (strength / far**2 * far) ** 0.5
    return fast - inner + outer - slow
