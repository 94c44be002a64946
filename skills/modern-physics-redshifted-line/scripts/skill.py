"""Observed wavelength of a line of one-electron ions in a receding source."""

import math

LIGHT, PHOTON, BOUND = 2.998e8, 1239.8, 13.606
CHARGE = {
    "hydrogen atoms (nuclear charge 1)": 1,
    "singly charged helium ions (nuclear charge 2)": 2,
    "doubly charged lithium ions (nuclear charge 3)": 3,
}


def steps(ion: str, n: int, m: int, v: float) -> dict:
    """Photon energy in electronvolts, wavelength in the source in nanometres, speed as a share of that of light."""
    energy = BOUND * CHARGE[ion] ** 2 * (1 / m**2 - 1 / n**2)
    return {"nuclear": CHARGE[ion], "photon_energy": energy, "emitted": PHOTON / energy, "beta": 1000 * v / LIGHT}


def solve(ion: str, n: int, m: int, v: float) -> float:
    """Emitted wavelength, lengthened by the relativistic Doppler effect."""
    found = steps(ion, n, m, v)
    return found["emitted"] * math.sqrt((1 + found["beta"]) / (1 - found["beta"]))


def check(ion: str, n: int, m: int, v: float) -> float:
    """Energy integrated over the quantum number; two crests sent off one dilated period apart and timed on arrival."""
    pieces, energy = 400, 0.0
    width = (n - m) / pieces
    for i in range(pieces + 1):
        weight = 1 if i in (0, pieces) else 4 if i % 2 else 2
        energy += weight * 2 / (m + i * width) ** 3
    energy *= width / 3 * 13.606 * CHARGE[ion] * CHARGE[ion]
    own = 1239.8 / energy  # in units of length over the speed of light
    share = v / 299_800
    gap = own / (1 - share * share) ** 0.5
    first, second = 0.0, gap + share * gap  # the source is farther away by share * gap at the second crest
    return second - first
