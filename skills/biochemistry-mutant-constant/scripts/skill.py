"""Michaelis constant of a mutant enzyme at another temperature."""

import math

R, ROOM = 8.314, 298.15


def steps(k: float, g: float, h: float, t: float) -> dict:
    """Factor of the mutation, constant of the mutant at 25 °C in µmol/L, and change of the inverse temperature."""
    factor = math.exp(1000 * g / (R * ROOM))
    return {"factor": factor, "mutant": k * factor, "change": 1 / ROOM - 1 / (t + 273.15)}


def solve(k: float, g: float, h: float, t: float) -> float:
    """The equation of van 't Hoff from 25 °C."""
    found = steps(k, g, h, t)
    return found["mutant"] * math.exp(1000 * h / R * found["change"])


def check(k: float, g: float, h: float, t: float) -> float:
    """Free energy of dissociation at the new temperature, from enthalpy and entropy."""
    natural = -R * ROOM * math.log(k * 1e-6)
    mutant = natural - g * 1e3
    entropy = (h * 1e3 - mutant) / ROOM
    kelvin = t + 273.15
    return 1e6 * math.exp(-(h * 1e3 - kelvin * entropy) / (R * kelvin))
