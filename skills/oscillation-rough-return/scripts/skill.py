"""Stretching of a spring after a block has crossed the rough ground under it twice."""

import math

G = 9.8


def steps(v: float, t: float, mu: float) -> dict:
    """Angular frequency per second, compression that friction balances and greatest one in metres, speed² in m²/s²."""
    omega = 2 * math.pi / t
    shift = mu * G / omega**2
    compression = math.sqrt(shift**2 + (v / omega) ** 2) - shift
    squared = v * v - 4 * mu * G * compression
    if squared <= 0:
        raise ValueError("the block does not come back to the smooth ground")
    return {"omega": omega, "shift": shift, "compression": compression, "squared": squared}


def solve(v: float, t: float, mu: float) -> float:
    """Speed back at the edge of the rough ground over the angular frequency."""
    found = steps(v, t, mu)
    return 100 * math.sqrt(found["squared"]) / found["omega"]


def check(v: float, t: float, mu: float) -> float:
    """The motion in small steps of time (Runge-Kutta), stopped at each event: rest, edge of the rough ground, rest."""
    pull, brake, step = (2 * math.pi / t) ** 2, 9.8 * mu, t / 400

    def moved(place: float, speed: float, drag: float, span: float) -> tuple[float, float]:
        a1 = -pull * place + drag
        a2 = -pull * (place + span / 2 * speed) + drag
        a3 = -pull * (place + span / 2 * speed + span**2 / 4 * a1) + drag
        a4 = -pull * (place + span * speed + span**2 / 2 * a2) + drag
        return (place + span * speed + span**2 * (a1 + a2 + a3) / 6, speed + span * (a1 + 2 * a2 + 2 * a3 + a4) / 6)

    def until(place: float, speed: float, drag: float, which: int) -> tuple[float, float]:
        """Go on until the place (0) or the speed (1) changes its sign, and find that moment by bisection."""
        sign = (place, speed)[which] > 0
        for _ in range(1000):
            new = moved(place, speed, drag, step)
            if (new[which] > 0) != sign:
                break
            place, speed = new
        else:
            raise ValueError("the block does not come back to the smooth ground")
        low, high = 0.0, step
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if (moved(place, speed, drag, middle)[which] > 0) == sign else (low, middle)
        return moved(place, speed, drag, low)

    inside, _ = until(1e-12, v, -brake, 1)
    if pull * inside <= brake:
        raise ValueError("friction holds the block")
    _, back = until(inside, -1e-12, brake, 0)
    outside, _ = until(-1e-12, back, 0.0, 1)
    return -100 * outside
