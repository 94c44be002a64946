"""Period of a piston that oscillates on the gas in a bottle."""

import math

G = 9.8


def steps(p: float, a: float, v: float, d: float, k: float) -> dict:
    """Cross-section in m², mass of the piston in kilograms, restoring force in newtons per metre."""
    if p <= a:
        raise ValueError("the gas does not carry the piston")
    area = math.pi * (d / 2000) ** 2
    return {"area": area, "mass": (p - a) * 1000 * area / G, "stiffness": k * p * 1000 * area**2 / (v / 1000)}


def solve(p: float, a: float, v: float, d: float, k: float) -> float:
    """Mass on a spring."""
    found = steps(p, a, v, d, k)
    return 2 * math.pi * math.sqrt(found["mass"] / found["stiffness"])


def check(p: float, a: float, v: float, d: float, k: float) -> float:
    """Full law of Poisson: the piston is followed in time from both turning points of a tiny oscillation."""
    if p <= a:
        raise ValueError("the gas does not carry the piston")
    area, volume = math.pi / 4 * (d * 1e-3) ** 2, v * 1e-3
    mass = (p * 1e3 * area - a * 1e3 * area) / 9.8

    def acceleration(height: float) -> float:
        pressure = p * 1e3 * (volume / (volume + area * height)) ** k
        return (pressure - a * 1e3) * area / mass - 9.8

    def quarter(start: float) -> float:
        """Time from a turning point to the balance, step by step (Runge-Kutta)."""
        rate = math.sqrt(-acceleration(start) / start)
        place, speed, time, step = start, 0.0, 0.0, 0.02 / rate
        while True:
            a1 = acceleration(place)
            a2 = acceleration(place + step / 2 * speed)
            a3 = acceleration(place + step / 2 * speed + step**2 / 4 * a1)
            a4 = acceleration(place + step * speed + step**2 / 2 * a2)
            new = place + step * speed + step**2 * (a1 + a2 + a3) / 6
            if new / start <= 0:
                return time + math.atan(-place * rate / speed) / rate
            place, speed, time = new, speed + step * (a1 + 2 * a2 + 2 * a3 + a4) / 6, time + step

    tiny = 1e-5 * volume / area
    return 2 * (quarter(tiny) + quarter(-tiny))
