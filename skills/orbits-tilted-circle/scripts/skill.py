"""Change of velocity that makes an ellipse a circle in another plane."""

import math

BODIES = {
    "Earth (radius 6371 km, gravitational parameter 398600 km³/s²)": (6371.0, 398600.0),
    "Mars (radius 3390 km, gravitational parameter 42830 km³/s²)": (3390.0, 42830.0),
    "Venus (radius 6052 km, gravitational parameter 324900 km³/s²)": (6052.0, 324900.0),
    "Mercury (radius 2440 km, gravitational parameter 22030 km³/s²)": (2440.0, 22030.0),
}


def steps(body: str, a: float, b: float, i: float) -> dict:
    """Speeds at the far end of the ellipse and on the circle there, in m/s."""
    radius, attraction = BODIES[body]
    low, high = radius + a, radius + b
    arriving = math.sqrt(attraction * (2 / high - 2 / (low + high)))
    return {"arriving": 1000 * arriving, "circle_speed": 1000 * math.sqrt(attraction / high)}


def solve(body: str, a: float, b: float, i: float) -> float:
    """Law of cosines for the two velocities."""
    u, v = steps(body, a, b, i).values()
    return math.sqrt(u * u + v * v - 2 * u * v * math.cos(math.radians(i)))


def check(body: str, a: float, b: float, i: float) -> float:
    """Components; the speed at the far end by bisection: angular momentum and energy are those of the near end."""
    radius, attraction = BODIES[body]
    near, far, strength = (radius + a) * 1e3, (radius + b) * 1e3, attraction * 1e9

    def surplus(speed: float) -> float:
        """Energy per mass at the near end less that at the far end, with this speed there."""
        there = speed * far / near
        return (there**2 / 2 - strength / near) - (speed**2 / 2 - strength / far)

    low, high = 0.0, (strength / far) ** 0.5
    for _ in range(60):
        speed = (low + high) / 2
        low, high = (speed, high) if surplus(speed) < 0 else (low, speed)
    turned = (strength / far**2 * far) ** 0.5
    along = turned * math.cos(i * math.pi / 180) - speed
    across = turned * math.sin(i * math.pi / 180)
    return math.hypot(along, across)
