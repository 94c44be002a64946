"""Distance at which a share of a beam of unstable particles is left."""

import math

LIGHT = 2.998e8
PARTICLES = {
    "charged pions (rest energy 139.6 MeV, mean lifetime 26.03 ns)": (139.6, 26.03),
    "charged kaons (rest energy 493.7 MeV, mean lifetime 12.38 ns)": (493.7, 12.38),
}


def steps(kind: str, b: float, r: float, p: float) -> dict:
    """Momentum times the speed of light in MeV, its ratio to the rest energy, mean range in metres."""
    rest, lifetime = PARTICLES[kind]
    momentum = LIGHT * b * r / 1e6
    return {"momentum": momentum, "ratio": momentum / rest, "mean_range": momentum / rest * LIGHT * lifetime * 1e-9}


def solve(kind: str, b: float, r: float, p: float) -> float:
    """Exponential decay along the path."""
    return steps(kind, b, r, p)["mean_range"] * math.log(100 / p)


def check(kind: str, b: float, r: float, p: float) -> float:
    """The speed from the momentum by bisection; then the number halved in the time of the particles, bit by bit."""
    rest, lifetime = PARTICLES[kind]
    wanted = 299.8 * b * r
    low, high = 1e-12, 1.0  # of what the speed lacks to that of light, as a share of it
    for _ in range(70):
        lack = (low * high) ** 0.5
        beta = 1 - lack
        energy = rest / (lack * (2 - lack)) ** 0.5
        low, high = (lack, high) if beta * energy > wanted else (low, lack)
    lack = (low * high) ** 0.5
    slow_clock = (lack * (2 - lack)) ** 0.5
    own_time, left, span = 0.0, 1.0, lifetime * 1e-9 / 4
    factor = sum((-0.25) ** i / math.factorial(i) for i in range(18))
    for _ in range(32):
        while left * factor > 0.01 * p:
            left, own_time = left * factor, own_time + span
        factor, span = factor**0.5, span / 2
    return own_time / slow_clock * (1 - lack) * 2.998e8
