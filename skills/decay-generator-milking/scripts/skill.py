"""Activity of the eluate of a generator after the daughter has grown, been washed out and stored."""

import math


def solve(h: float, d: float, a: float, b: float, t: float, e: float, u: float) -> float:
    """Two-step decay law for the daughter, then yield and simple decay."""
    if h <= 0 or abs(h - d) < 1e-6 * d:
        raise ValueError("no such pair of half-lives")
    first, second = math.log(2) / h, math.log(2) / d
    grown = second / (second - first) * (math.exp(-first * t) - math.exp(-second * t))
    return a * b / 100 * grown * e / 100 * math.exp(-second * u)


def steps(h: float, d: float, a: float, b: float, t: float, e: float, u: float) -> dict[str, float]:
    """Growth of the daughter, its activity before the washing, and that of the fresh eluate."""
    first, second = math.log(2) / h, math.log(2) / d
    grown = second / (second - first) * (math.exp(-first * t) - math.exp(-second * t))
    daughter = a * b / 100 * grown
    return {"grown": grown, "daughter": daughter, "washed": daughter * e / 100}


def check(h: float, d: float, a: float, b: float, t: float, e: float, u: float) -> float:
    """Atoms of parent and daughter stepped in time (Runge-Kutta), washed out, and stepped on."""
    if h <= 0 or abs(h - d) < 1e-6 * d:
        raise ValueError("no such pair of half-lives")
    lose, fade = 0.6931471805599453 / h, 0.6931471805599453 / d
    share = b * 0.01
    parent, daughter = a / lose, 0.0

    def advance(p: float, q: float, hours: float) -> tuple[float, float]:
        pieces = 20 + int(30 * hours * max(lose, fade))
        step = hours / pieces
        for _ in range(pieces):
            a1, b1 = -lose * p, share * lose * p - fade * q
            x, y = p + step / 2 * a1, q + step / 2 * b1
            a2, b2 = -lose * x, share * lose * x - fade * y
            x, y = p + step / 2 * a2, q + step / 2 * b2
            a3, b3 = -lose * x, share * lose * x - fade * y
            x, y = p + step * a3, q + step * b3
            a4, b4 = -lose * x, share * lose * x - fade * y
            p, q = p + step * (a1 + 2 * a2 + 2 * a3 + a4) / 6, q + step * (b1 + 2 * b2 + 2 * b3 + b4) / 6
        return p, q

    parent, daughter = advance(parent, daughter, t)
    _, kept = advance(0.0, daughter * e * 0.01, u)
    return fade * kept
