"""Frequency of a standing sound wave in a tube of gas that is closed at both ends."""

import math

R = 8.314
GASES = {  # ratio of the heat capacities, molar mass in g/mol
    r"argon ($\gamma = 1.667$, $39.95$ g/mol)": (1.667, 39.95),
    r"nitrogen ($\gamma = 1.400$, $28.01$ g/mol)": (1.400, 28.01),
    r"neon ($\gamma = 1.667$, $20.18$ g/mol)": (1.667, 20.18),
    r"methane ($\gamma = 1.305$, $16.04$ g/mol)": (1.305, 16.04),
    r"carbon dioxide ($\gamma = 1.290$, $44.01$ g/mol)": (1.290, 44.01),
}


def steps(t: float, gas: str, x: float, n: int) -> dict:
    """Absolute temperature in kelvins, gamma, molar mass in g/mol, speed of sound in m/s, wavelength in metres."""
    kelvin, (gamma, mass) = t + 273.15, GASES[gas]
    return {
        "kelvin": kelvin,
        "gamma": gamma,
        "molar_mass": mass,
        "sound_speed": math.sqrt(gamma * R * kelvin / (mass / 1000)),
        "wavelength": 2 * x / 100 / (n - 1),
    }


def solve(t: float, gas: str, x: float, n: int) -> float:
    """Speed over wavelength."""
    found = steps(t, gas, x, n)
    return found["sound_speed"] / found["wavelength"]


def check(t: float, gas: str, x: float, n: int) -> float:
    """A mole of gas squeezed and stretched a little gives its stiffness; a pulse there and back gives the period."""
    gamma, mass = GASES[gas]
    pressure, tiny = 1.0e5, 1e-4
    volume = 8.314 * (t + 273.15) / pressure
    squeezed, stretched = (pressure * (1 / (1 + part)) ** gamma for part in (-tiny, tiny))
    stiffness = (squeezed - stretched) / (2 * tiny)
    density = mass / 1000 / volume
    there_and_back = 2 * (x / 100) * math.sqrt(density / stiffness)
    hills, turns = 2, 1  # one return in a period is the fundamental: nothing moves at the two ends
    while hills < n:
        hills, turns = hills + 1, turns + 1
    return turns / there_and_back
