"""Distance from a siren at which it and the traffic together have a stated sound level."""

import math

LEAST = 1e-12


def steps(p: float, e: float, b: float, a: float) -> dict:
    """Sound power in watts; intensities of all, of the noise and of the siren in W/m²; hemisphere in m²."""
    sound, total, noise = p * e / 100, LEAST * 10 ** (a / 10), LEAST * 10 ** (b / 10)
    if total <= noise:
        raise ValueError("the noise alone is louder")
    return {
        "sound_power": sound,
        "total": total,
        "noise": noise,
        "share": total - noise,
        "surface": sound / (total - noise),
    }


def solve(p: float, e: float, b: float, a: float) -> float:
    """Radius of the hemisphere."""
    return math.sqrt(steps(p, e, b, a)["surface"] / (2 * math.pi))


def check(p: float, e: float, b: float, a: float) -> float:
    """Bisection on the distance: a meter adds the power per area from the siren, ring by ring, to the noise."""
    if a <= b:
        raise ValueError("the noise alone is louder")
    rings, dome = 40, 0.0
    for i in range(rings):  # area of a hemisphere of radius 1, by Simpson's rule over the angle from the zenith
        for part, weight in ((0.0, 1), (0.5, 4), (1.0, 1)):
            dome += weight / 6 * math.pi / 2 / rings * 2 * math.pi * math.sin((i + part) * math.pi / 2 / rings)

    def level(distance: float) -> float:
        """Level in decibels, found by comparing with the noise."""
        ratio = p * (e / 100) / (dome * distance**2) / math.exp((b - 120) / 10 * math.log(10))
        return b + 10 * math.log10(1 + ratio)

    low, high = 0.0, 1.0
    while level(high) > a:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if level(middle) > a else (low, middle)
    return (low + high) / 2
