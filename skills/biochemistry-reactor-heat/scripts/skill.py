"""Heat that an enzyme sets free in a reactor within a given time."""

import math


def steps(k: float, v: float, s: float, t: float, w: float, h: float) -> dict:
    """Integral of the greatest rate and substrate left, both in µmol/L, and the amount converted in µmol."""
    reach = v * t
    # Of x = s·e^(-y) the integrated equation makes an increasing function of y, which is at most reach / k.
    low, high = 0.0, reach / k
    for _ in range(100):
        y = (low + high) / 2
        low, high = (y, high) if -s * math.expm1(-y) + k * y < reach else (low, y)
    left = s * math.exp(-low)
    return {"reach": reach, "left": left, "converted": w * (s - left)}


def solve(k: float, v: float, s: float, t: float, w: float, h: float) -> float:
    """Amount converted times enthalpy; µmol times kJ/mol is mJ."""
    return steps(k, v, s, t, w, h)["converted"] * h / 1000


def check(k: float, v: float, s: float, t: float, w: float, h: float) -> float:
    """Rate equation in small steps of time (Runge-Kutta), with the heat of each step."""

    def rate(concentration: float) -> float:
        return v / (1 + k / concentration)

    pieces, left, heat = 400, s, 0.0
    step = t / pieces
    for _ in range(pieces):
        one = rate(left)
        two = rate(left - step / 2 * one)
        three = rate(left - step / 2 * two)
        four = rate(left - step * three)
        fall = step * (one + 2 * two + 2 * three + four) / 6
        left -= fall
        heat += fall * 1e-6 * w * h * 1e3
    return heat
