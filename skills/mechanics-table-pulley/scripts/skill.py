"""Speed of a block on a rough table pulled by a falling weight over a pulley that has mass."""

import math

G = 9.8


def solve(m: float, mu: float, w: float, p: float, h: float) -> float:
    """Newton's second law for block, weight and pulley (a disc counts with half its mass), then kinematics."""
    drive = (w - mu * m) * G
    if drive <= 0:
        raise ValueError("the block does not move")
    acceleration = drive / (m + w + p / 2)
    return math.sqrt(2 * acceleration * h)


def steps(m: float, mu: float, w: float, p: float, h: float) -> dict[str, float]:
    """The driving force, the mass that it accelerates, and the acceleration."""
    drive, inertia = (w - mu * m) * G, m + w + p / 2
    return {"drive": drive, "inertia": inertia, "acceleration": drive / inertia}


def check(m: float, mu: float, w: float, p: float, h: float) -> float:
    """Energy balance, solved for the speed by bisection; the pulley's radius is arbitrary."""
    radius = 0.13
    inertia = p * radius**2 / 2
    supplied = w * G * h - mu * m * G * h
    if supplied <= 0:
        raise ValueError("the block does not move")

    def kinetic(speed: float) -> float:
        return m * speed**2 / 2 + w * speed**2 / 2 + inertia * (speed / radius) ** 2 / 2

    low, high = 0.0, 1.0
    while kinetic(high) < supplied:
        high *= 2
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if kinetic(middle) < supplied else (low, middle)
    return (low + high) / 2
