"""Speed of a block that a spring has shot across a rough strip."""

import math

G = 9.8


def solve(m: float, k: float, x: float, mu: float, d: float) -> float:
    """Energy: what the spring stored less what the strip takes."""
    left = k * x * x / 2 - mu * m * G * d
    if left <= 0:
        raise ValueError("the block stops on the rough strip")
    return math.sqrt(2 * left / m)


def steps(m: float, k: float, x: float, mu: float, d: float) -> dict[str, float]:
    """The energy in the spring, the friction on the strip, what it takes, and what is left."""
    stored, friction = k * x * x / 2, mu * m * G
    return {"stored": stored, "friction": friction, "lost": friction * d, "left": stored - friction * d}


def _advance(place: float, speed: float, ratio: float, step: float) -> tuple[float, float]:
    """One Runge-Kutta step of x'' = -ratio x."""
    a1, b1 = speed, -ratio * place
    a2, b2 = speed + step / 2 * b1, -ratio * (place + step / 2 * a1)
    a3, b3 = speed + step / 2 * b2, -ratio * (place + step / 2 * a2)
    a4, b4 = speed + step * b3, -ratio * (place + step * a3)
    return place + step * (a1 + 2 * a2 + 2 * a3 + a4) / 6, speed + step * (b1 + 2 * b2 + 2 * b3 + b4) / 6


def check(m: float, k: float, x: float, mu: float, d: float) -> float:
    """Equation of motion stepped in time until the spring is relaxed, then braking step by step along the strip."""
    ratio = k / m
    step = 0.01 / math.sqrt(ratio)
    place, speed = -x, 0.0
    while place < 0:
        before = place, speed
        place, speed = _advance(place, speed, ratio, step)
    low, high = 0.0, step
    for _ in range(50):
        middle = (low + high) / 2
        place, speed = _advance(*before, ratio, middle)
        low, high = (middle, high) if place < 0 else (low, middle)
    pieces = 100
    for _ in range(pieces):
        square = speed * speed - 2 * mu * G * d / pieces
        if square <= 0:
            raise ValueError("the block stops on the rough strip")
        speed = math.sqrt(square)
    return speed
