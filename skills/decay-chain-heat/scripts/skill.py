"""Heat that a parent nuclide and its radioactive daughter give off in a capsule within a given time."""

import math

EV = 1.602e-19


def solve(a: float, h: float, d: float, t: float, e: float, f: float) -> float:
    """Decays counted from what is left of each nuclide (Bateman) at the end."""
    if h <= 0 or abs(h - d) < 1e-9 * d:
        raise ValueError("no such chain")
    first, second = math.log(2) / h, math.log(2) / d
    atoms = a * 1e9 * 3600 / first
    parents = atoms * math.exp(-first * t)
    daughters = atoms * first / (second - first) * (math.exp(-first * t) - math.exp(-second * t))
    return ((atoms - parents) * e + (atoms - parents - daughters) * f) * 1e6 * EV


def steps(a: float, h: float, d: float, t: float, e: float, f: float) -> dict[str, float]:
    """Parents at first, parents decayed, daughters left (Bateman) and daughters decayed."""
    first, second = math.log(2) / h, math.log(2) / d
    atoms = a * 1e9 * 3600 / first
    gone = -atoms * math.expm1(-first * t)
    left = atoms * first / (second - first) * (math.exp(-first * t) - math.exp(-second * t))
    return {"atoms": atoms, "parent_decays": gone, "daughters": left, "daughter_decays": gone - left}


def check(a: float, h: float, d: float, t: float, e: float, f: float) -> float:
    """Rate equations stepped in time (Runge-Kutta), energy added up decay by decay."""
    if h <= 0 or abs(h - d) < 1e-9 * d:
        raise ValueError("no such chain")
    lose, pass_on = 0.6931471805599453 / h, 0.6931471805599453 / d
    pieces = 100 + int(20 * t * max(lose, pass_on))
    step = t / pieces
    parent, daughter, energy = 1.0, 0.0, 0.0

    def rates(p: float, q: float) -> tuple[float, float, float]:
        return -lose * p, lose * p - pass_on * q, lose * p * e + pass_on * q * f

    for _ in range(pieces):
        a1, b1, c1 = rates(parent, daughter)
        a2, b2, c2 = rates(parent + step / 2 * a1, daughter + step / 2 * b1)
        a3, b3, c3 = rates(parent + step / 2 * a2, daughter + step / 2 * b2)
        a4, b4, c4 = rates(parent + step * a3, daughter + step * b3)
        parent += step * (a1 + 2 * a2 + 2 * a3 + a4) / 6
        daughter += step * (b1 + 2 * b2 + 2 * b3 + b4) / 6
        energy += step * (c1 + 2 * c2 + 2 * c3 + c4) / 6
    return energy * a * 1e9 * 3600 / lose * 1.602e-13
