"""Temperature at the bottom of a well in a granite whose own heat production has faded."""

import math


def steps(t: float, a: float, x: float, y: float, c: float, f: float, k: float, z: float) -> dict:
    """Parts left of the three nuclides, heat production today in µW/m³, and the growth of temperature in K."""
    potassium, uranium, thorium = (0.5 ** (t / half) for half in (1250, 4468, 14050))
    today = a / 100 * (x * potassium + y * uranium + (100 - x - y) * thorium)
    return {
        "potassium": potassium,
        "uranium": uranium,
        "thorium": thorium,
        "today": today,
        "growth": (f * z - today * z**2 / 2) / k,
    }


def solve(t: float, a: float, x: float, y: float, c: float, f: float, k: float, z: float) -> float:
    """Temperature of the surface and growth on the way down."""
    return c + steps(t, a, x, y, c, f, k, z)["growth"]


def check(t: float, a: float, x: float, y: float, c: float, f: float, k: float, z: float) -> float:
    """Decay in small steps of time; then down in thin layers, each of which makes some of the heat that leaves it."""
    pieces, production = 400, 0.0
    for share, half in ((x, 1.25e9), (y, 4.468e9), (100 - x - y, 1.405e10)):
        source = share / 100 * a * 1e-6
        decayed = math.log(2) * t * 1e6 / half / pieces
        for _ in range(pieces):
            source -= source * (decayed - decayed**2 / 2 + decayed**3 / 6 - decayed**4 / 24)
        production += source
    layer = z * 1e3 / pieces
    kelvin, flow = c + 273.15, f * 1e-3
    for _ in range(pieces):
        below = flow - production * layer
        kelvin += (flow + below) / 2 * layer / k
        flow = below
    return kelvin - 273.15
