"""Change of speed that leaves a planet with a stated speed far away."""

import math

BODIES = {
    "Earth (radius 6371 km, gravitational parameter 398600 km³/s²)": (6371.0, 398600.0),
    "Mars (radius 3390 km, gravitational parameter 42830 km³/s²)": (3390.0, 42830.0),
    "Venus (radius 6052 km, gravitational parameter 324900 km³/s²)": (6052.0, 324900.0),
    "Mercury (radius 2440 km, gravitational parameter 22030 km³/s²)": (2440.0, 22030.0),
}


def steps(body: str, a: float, w: float) -> dict:
    """Speeds on the circle, of escape and after the burn, in m/s."""
    radius, attraction = BODIES[body]
    circle = 1000 * math.sqrt(attraction / (radius + a))
    escape = math.sqrt(2) * circle
    return {"circle_speed": circle, "escape": escape, "needed": math.hypot(escape, 1000 * w)}


def solve(body: str, a: float, w: float) -> float:
    """What the burn adds to the speed on the circle."""
    found = steps(body, a, w)
    return found["needed"] - found["circle_speed"]


def check(body: str, a: float, w: float) -> float:
    """The hyperbola: semi-axis from the speed far away, eccentricity from the vertex, angular momentum from both."""
    radius, attraction = BODIES[body]
    vertex = radius + a
    axis = attraction / (w * w)
    eccentricity = vertex / axis + 1
    momentum = (attraction * axis * (eccentricity + 1) * (eccentricity - 1)) ** 0.5
    around = (attraction * vertex) ** 0.5  # angular momentum per mass on the circle, of eccentricity 0
    return 1000 / vertex * (momentum - around)
