"""Depth of an earthquake from the delays of its S waves at two stations."""

import math

SPEEDS = {
    "granite (P waves 5.9 km/s, S waves 3.4 km/s)": (5.9, 3.4),
    "basalt (P waves 6.4 km/s, S waves 3.6 km/s)": (6.4, 3.6),
    "gneiss (P waves 6.1 km/s, S waves 3.5 km/s)": (6.1, 3.5),
}


def steps(rock: str, s: float, t: float, d: float) -> dict:
    """Speeds in km/s, kilometres per second of delay, distances from the stations and to the epicentre in km."""
    quick, slow = SPEEDS[rock]
    pace = 1 / (1 / slow - 1 / quick)
    near, far = s * pace, t * pace
    foot = (near**2 - far**2 + d**2) / (2 * d)
    if abs(foot) >= near:
        raise ValueError("the two distances do not meet below the ground")
    return {"quick": quick, "slow": slow, "pace": pace, "near": near, "far": far, "foot": foot}


def solve(rock: str, s: float, t: float, d: float) -> float:
    """Height of a triangle of which the three sides are known."""
    found = steps(rock, s, t, d)
    return math.sqrt(found["near"] ** 2 - found["foot"] ** 2)


def check(rock: str, s: float, t: float, d: float) -> float:
    """Bisection for the distance from the first station, then for the angle of the ray, by travel times."""
    quick, slow = SPEEDS[rock]

    def delay(x: float, depth: float, station: float) -> float:
        way = math.hypot(x - station, depth)
        return way / slow - way / quick

    low, high = 0.0, 1000.0
    for _ in range(60):
        radius = (low + high) / 2
        low, high = (radius, high) if delay(radius, 0.0, 0.0) < s else (low, radius)

    def at(angle: float) -> tuple[float, float]:
        return radius * math.cos(angle), radius * math.sin(angle)

    low, high = 0.0, math.pi
    if not delay(*at(low), d) < t < delay(*at(high), d):
        raise ValueError("the two distances do not meet below the ground")
    for _ in range(60):
        angle = (low + high) / 2
        low, high = (angle, high) if delay(*at(angle), d) < t else (low, angle)
    return at(angle)[1]
