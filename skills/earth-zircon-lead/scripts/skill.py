"""Lead that both isotopes of uranium have formed in a zircon."""

import math


def steps(t: float, m: float, u: float) -> dict:
    """Uranium today in pmol, and atoms of lead for every atom left of either isotope."""
    return {
        "uranium": m * u / 238.03,
        "first": math.exp(1.5513e-4 * t) - 1,
        "second": math.exp(9.8485e-4 * t) - 1,
    }


def solve(t: float, m: float, u: float) -> float:
    """Both series together."""
    found = steps(t, m, u)
    return found["uranium"] * (0.9928 * found["first"] + 0.0072 * found["second"])


def check(t: float, m: float, u: float) -> float:
    """The crystal is wound back: in each short time uranium grows by a series, at the expense of the lead."""
    picograms = m * u
    today = picograms / 238.03
    pieces, lead = 400, 0.0
    for share, constant in ((99.28, 155.13e-6), (0.72, 984.85e-6)):
        atoms = first = today * share / 100
        step = constant * t / pieces
        for _ in range(pieces):
            atoms += atoms * (step + step**2 / 2 + step**3 / 6 + step**4 / 24)
        lead += atoms - first
    return lead
