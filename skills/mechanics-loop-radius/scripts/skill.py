"""Radius of the largest smooth loop that a block can complete after crossing a rough strip."""

import math

G = 9.8


def solve(v: float, mu: float, d: float) -> float:
    """Energy up to the top, where the weight alone must bend the path: the entry speed squared is 5gr."""
    square = v * v - 2 * mu * G * d
    if v <= 0 or square <= 0:
        raise ValueError("the block stops on the rough strip")
    return square / (5 * G)


def steps(v: float, mu: float, d: float) -> dict[str, float]:
    """The square of the speed behind the rough patch."""
    return {"square": v * v - 2 * mu * G * d}


def _pull_to_top() -> float:
    """Tangential pull of gravity summed along the half circle of radius 1 up to the top (Simpson's rule)."""
    pieces = 200
    step = math.pi / pieces
    total = 0.0
    for i in range(pieces + 1):
        weight = 1 if i in (0, pieces) else 4 if i % 2 else 2
        total += weight * G * math.sin(i * step)
    return total * step / 3


def check(v: float, mu: float, d: float) -> float:
    """Braking in time steps, then bisection for the radius at which the track does not push at the top."""
    speed, place, step = v, 0.0, d / (400 * v)
    while place < d:
        advance = (speed - mu * G * step / 2) * step
        if advance <= 0:
            raise ValueError("the block stops on the rough strip")
        if place + advance >= d:
            break
        place, speed = place + advance, speed - mu * G * step
    low, high = 0.0, step
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (speed - mu * G * middle / 2) * middle < d - place else (low, middle)
    speed -= mu * G * low
    if speed <= 0:
        raise ValueError("the block stops on the rough strip")
    pull, low, high = _pull_to_top(), 0.0, speed * speed / G
    for _ in range(60):
        radius = (low + high) / 2
        low, high = (radius, high) if speed * speed - 2 * radius * pull > G * radius else (low, radius)
    return (low + high) / 2
