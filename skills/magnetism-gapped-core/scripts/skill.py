"""Flux density in the air gap of an iron core."""

VACUUM = 1.257e-6


def steps(n: float, i: float, x: float, s: float, k: float) -> dict:
    """Ampere-turns, and the length of air in millimetres that would need as many as core and gap."""
    return {"ampere_turns": n * i, "air": 10 * x / k + s}


def solve(n: float, i: float, x: float, s: float, k: float) -> float:
    """Law of Ampère with iron counted as a short piece of air."""
    found = steps(n, i, x, s, k)
    return VACUUM * found["ampere_turns"] / (found["air"] / 1000)


def check(n: float, i: float, x: float, s: float, k: float) -> float:
    """Bisection for the flux density whose field strength, added up around the core, equals the current enclosed."""
    pieces = [(x / 100 / 20, 1.257e-6 * k)] * 20 + [(s / 1000 / 4, 1.257e-6)] * 4

    def around(density: float) -> float:
        return sum(density / permeability * length for length, permeability in pieces)

    low, high = 0.0, 1.0
    while around(high) < n * i:
        low, high = high, 2 * high
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (middle, high) if around(middle) < n * i else (low, middle)
    return (low + high) / 2
