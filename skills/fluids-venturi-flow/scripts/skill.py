"""Flow of water through a pipe from the mercury gauge of a Venturi tube."""

import math

G, MERCURY, WATER = 9.8, 13600.0, 1000.0


def steps(d: float, e: float, h: float) -> dict:
    """Pressure difference in kilopascals, ratio of the speeds, speed in the narrow part in m/s."""
    difference = (MERCURY - WATER) * G * h / 1000
    ratio = (e / d) ** 2
    throat = math.sqrt(2 * difference / WATER / (1 - ratio * ratio))
    return {"difference": difference / 1000, "ratio": ratio, "throat_speed": throat}


def solve(d: float, e: float, h: float) -> float:
    """Speed in the throat times its area."""
    area = math.pi * (e / 200) ** 2
    return steps(d, e, h)["throat_speed"] * area * 60_000


def check(d: float, e: float, h: float) -> float:
    """Bisection for the flow at which the loss of pressure lifts the mercury by the reading."""

    def reading(litres: float) -> float:
        """Millimetres of mercury under water."""
        grams = litres * 1000 / 60  # per second; cubic centimetres as well
        slow = grams / (math.pi * d * d / 4) / 100
        fast = grams / (math.pi * e * e / 4) / 100
        energy = 0.5 * (fast * fast - slow * slow)  # joules per kilogram
        return energy / 9.8 / 12.6 * 1000

    low, high = 0.0, 1.0
    while reading(high) < h:
        low, high = high, 2 * high
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if reading(middle) < h else (low, middle)
    return (low + high) / 2
