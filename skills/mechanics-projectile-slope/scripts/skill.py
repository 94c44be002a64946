"""Distance along a falling slope at which a body thrown from its top edge lands."""

import math

G = 9.8


def solve(v: float, alpha: float, beta: float) -> float:
    """Axes along and across the slope: the flight ends when the motion across it has returned to zero."""
    if v <= 0:
        raise ValueError("the body does not leave the edge")
    up, down = math.radians(alpha), math.radians(beta)
    flight = 2 * v * math.sin(up + down) / (G * math.cos(down))
    return v * math.cos(up + down) * flight + G * math.sin(down) * flight**2 / 2


def steps(v: float, alpha: float, beta: float) -> dict[str, float]:
    """Velocity and gravity, each along and across the slope, and the time of flight."""
    up, down = math.radians(alpha), math.radians(beta)
    across, pull = v * math.sin(up + down), G * math.cos(down)
    return {
        "angle": alpha + beta,
        "along": v * math.cos(up + down),
        "across": across,
        "drive": G * math.sin(down),
        "pull": pull,
        "flight": 2 * across / pull,
    }


def check(v: float, alpha: float, beta: float) -> float:
    """Horizontal and vertical axes: bisection for the moment at which the height above the slope vanishes."""
    if v <= 0:
        raise ValueError("the body does not leave the edge")
    across, climb = v * math.cos(math.radians(alpha)), v * math.sin(math.radians(alpha))
    fall = math.tan(math.radians(beta))

    def clearance(time: float) -> float:
        return climb * time - G * time * time / 2 + fall * across * time

    low = climb / G + across * fall / G
    high = low + 1.0
    while clearance(high) > 0:
        high *= 2
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if clearance(middle) > 0 else (low, middle)
    return math.hypot(across * low, climb * low - G * low * low / 2)
