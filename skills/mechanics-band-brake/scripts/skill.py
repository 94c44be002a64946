"""Power turned into heat by a belt that brakes a drum."""

import math

G = 9.8


def solve(m: float, b: float, mu: float, d: float, f: float) -> float:
    """Capstan equation for the tight side; the difference of tensions times the speed of the rim."""
    slack = m * G
    tight = slack * math.exp(mu * math.radians(b))
    return (tight - slack) * math.pi * d / 100 * f / 60


def steps(m: float, b: float, mu: float, d: float, f: float) -> dict[str, float]:
    """The tensions at both ends, their difference, and the speed of the rim."""
    slack = m * G
    tight = slack * math.exp(mu * math.radians(b))
    return {"slack": slack, "tight": tight, "friction": tight - slack, "rim_speed": math.pi * d / 100 * f / 60}


def check(m: float, b: float, mu: float, d: float, f: float) -> float:
    """Friction added up piece by piece along the arc (Runge-Kutta), with its work in one turn of the drum."""
    pieces = 200
    step = b * math.tau / 360 / pieces
    tension = friction = m * 9.8
    for _ in range(pieces):
        k1 = mu * tension
        k2 = mu * (tension + step / 2 * k1)
        k3 = mu * (tension + step / 2 * k2)
        k4 = mu * (tension + step * k3)
        tension += step * (k1 + 2 * k2 + 2 * k3 + k4) / 6
    friction = tension - friction
    work = friction * math.tau * (d / 200)
    return work / (60 / f)
