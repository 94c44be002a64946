"""Thermal power of an aged source in secular equilibrium with two short-lived descendants."""

import math

AVOGADRO, YEAR = 6.022e23, 8766 * 3600.0


def solve(m: float, k: float, y: float, t: float, e: float, f: float, b: float, g: float) -> float:
    """Activity of the parent times the energy of a whole chain."""
    atoms = m / k * AVOGADRO * 0.5 ** (t / y)
    activity = atoms * math.log(2) / (y * YEAR)
    return float(activity * (e + f + b / 100 * g) * 1e6 * 1.602e-19)


def steps(m: float, k: float, y: float, t: float, e: float, f: float, b: float, g: float) -> dict[str, float]:
    """Parents left, their decays per second, and the energy of a whole chain in MeV."""
    atoms = float(m / k * AVOGADRO * 0.5 ** (t / y))
    return {"atoms": atoms, "activity": atoms * math.log(2) / (y * YEAR), "chain": e + f + b / 100 * g}


def check(m: float, k: float, y: float, t: float, e: float, f: float, b: float, g: float) -> float:
    """Parents lost in two days around the present; daughters relaxed day by day until as many go as come."""
    start = 6.022e23 * m / k

    def parents(years: float) -> float:
        return start * math.exp(-years / y * 0.6931471805599453)

    day = 1 / 365.25
    lost = (parents(t - day) - parents(t + day)) / 2
    daughters = third = daughters_gone = third_gone = 0.0
    for _ in range(600):  # daily: a tenth of the daughters and nine tenths of the third nuclide decay
        daughters_gone = 0.1 * daughters
        third_gone = 0.9 * third
        daughters += lost - daughters_gone
        third += daughters_gone * b / 100 - third_gone
    energy = lost * e + daughters_gone * f + third_gone * g
    return energy * 1.602e-13 / (24 * 3600)
