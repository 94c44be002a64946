"""Distance of crystal planes that reflect thermal neutrons."""

import math

BOLTZMANN, PLANCK, MASS = 1.381e-23, 6.626e-34, 1.675e-27


def steps(t: float, b: float, o: int) -> dict:
    """Energy in J, momentum in kg·m/s and wavelength in pm."""
    energy = 1.5 * BOLTZMANN * (t + 273.15)
    momentum = math.sqrt(2 * MASS * energy)
    return {"energy": energy, "momentum": momentum, "wavelength": 1e12 * PLANCK / momentum}


def solve(t: float, b: float, o: int) -> float:
    """De Broglie and Bragg."""
    return o * steps(t, b, o)["wavelength"] / (2 * math.sin(math.radians(b)))


def check(t: float, b: float, o: int) -> float:
    """Bisection: the wave whose neutron has the energy, and the planes between which it gets in step."""
    low, high = 1.0, 10000.0  # pm
    for _ in range(80):
        wave = (low + high) / 2
        speed = 6.626e-34 / (wave * 1e-12 * 1.675e-27)
        low, high = (wave, high) if 1.675e-27 * speed * speed / 2 > 1.5 * 1.381e-23 * (t + 273.15) else (low, wave)
    wave, lean = (low + high) / 2, math.pi / 2 - b / 180 * math.pi
    low, high = 1.0, 1000000.0
    for _ in range(90):  # the second ray goes down to the next plane and up again, less what the first has in advance
        apart = (low + high) / 2
        slant = apart / math.cos(lean)
        ahead = 2 * slant - 2 * apart * math.tan(lean) * math.sin(lean)
        low, high = (apart, high) if ahead < o * wave else (low, apart)
    return (low + high) / 2
