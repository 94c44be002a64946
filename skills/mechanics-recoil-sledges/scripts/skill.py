"""Speed of a sledge that an actuator pushes away from a heavier body, both at rest before."""

import math


def solve(w: float, e: float, m: float, n: float) -> float:
    """Kinetic energy of the relative motion with the reduced mass, and the sledge's part of the relative velocity."""
    if w <= 0:
        raise ValueError("no energy")
    relative = math.sqrt(2 * w * e / 100 * (m + n) / (m * n))
    return relative * n / (m + n)


def steps(w: float, e: float, m: float, n: float) -> dict[str, float]:
    """Kinetic energy of both bodies, and the lighter one's part of it."""
    kinetic = w * e / 100
    return {"kinetic": kinetic, "share": kinetic * n / (m + n)}


def check(w: float, e: float, m: float, n: float) -> float:
    """A constant push over one metre of separation in time steps; its strength makes the work equal the energy."""
    if w <= 0:
        raise ValueError("no energy")
    push = w * (e * 0.01)  # newtons, over one metre
    step = math.sqrt(2 * (m * n / (m + n)) / push) / 150
    gap, sledge, other = 0.0, 0.0, 0.0
    while True:
        ahead = gap + (sledge + other) * step + (push / m + push / n) * step * step / 2
        if ahead >= 1:
            break
        gap, sledge, other = ahead, sledge + push / m * step, other + push / n * step
    low, high = 0.0, step
    for _ in range(60):
        middle = (low + high) / 2
        ahead = gap + (sledge + other) * middle + (push / m + push / n) * middle * middle / 2
        low, high = (middle, high) if ahead < 1 else (low, middle)
    return sledge + push / m * low
