"""Flux density from the charge that a coil drives through a circuit when it is turned over."""

import math


def steps(r: float, c: float, n: int, d: float, q: float) -> dict:
    """Change of the flux linked and flux through one turn in webers, area of a turn in m²."""
    linked = q * 1e-6 * (r + c)
    return {"linked": linked, "flux": linked / (2 * n), "area": math.pi * (d / 2000) ** 2}


def solve(r: float, c: float, n: int, d: float, q: float) -> float:
    """Flux over area."""
    found = steps(r, c, n, d, q)
    return found["flux"] / found["area"]


def check(r: float, c: float, n: int, d: float, q: float) -> float:
    """Half a turn at uneven speed in a field of one tesla, the current added up in small steps; then scaled."""
    radius = d * 1e-3 / 2

    def charge(density: float) -> float:
        """Charge in coulombs while the coil speeds up and slows down: its angle is pi s²(3 - 2s) at the time s."""
        pieces, total = 100, 0.0
        for piece in range(pieces):
            for part, weight in ((0.0, 1), (0.5, 4), (1.0, 1)):
                time = (piece + part) / pieces
                angle, rate = math.pi * time * time * (3 - 2 * time), 6 * math.pi * time * (1 - time)
                voltage = n * density * math.pi * radius * radius * math.sin(angle) * rate
                total += weight / 6 / pieces * voltage / (r + c)
        return total

    return q * 1e-6 / charge(1.0)  # the charge is proportional to the flux density
