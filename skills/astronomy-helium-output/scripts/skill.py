"""Luminosity of a star from the hydrogen that it burns, in units of that of the Sun."""

LIGHT, SUN = 2.998e8, 3.828e26
HYDROGEN, HELIUM = 1.00783, 4.00260


def steps(h: float, c: float) -> dict:
    """Part of the mass that becomes energy, power released in watts, part of it that neutrinos take."""
    defect = (4 * HYDROGEN - HELIUM) / (4 * HYDROGEN)
    return {"defect": defect, "released": defect * h * 1e12 * LIGHT**2, "lost": (c * 6.3 + (100 - c) * 2.2) / 10000}


def solve(h: float, c: float) -> float:
    """What neutrinos leave of the power."""
    found = steps(h, c)
    return found["released"] * (1 - found["lost"]) / SUN


def check(h: float, c: float) -> float:
    """Helium nuclei of both kinds counted, each with the energy in electronvolts that it leaves in the star."""
    unit, charge = 1.66054e-27, 1.602177e-19  # both cancel in the end
    nuclei = h * 1e9 * 1000 / unit / 4 / 1.00783
    volts = (1.00783 + 1.00783 + 1.00783 + 1.00783 - 4.00260) * unit * (2.998e8 * 2.998e8) / charge
    carbon, protons = nuclei * c / 100, nuclei * (1 - c / 100)
    kept = carbon * (volts - 0.063 * volts) + protons * (volts - 0.022 * volts)
    return kept * charge / 3.828e26
