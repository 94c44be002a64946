"""Cooling that brings a clamped wire into tune with a tone."""

import math

METALS = {  # density in kg/m³, Young's modulus in GPa, contraction in mm per metre and kelvin
    "steel (7850 kg/m³, 200 GPa, 0.0120 mm)": (7850, 200, 0.0120),
    "nickel (8900 kg/m³, 207 GPa, 0.0133 mm)": (8900, 207, 0.0133),
    "bronze (8800 kg/m³, 110 GPa, 0.0178 mm)": (8800, 110, 0.0178),
    "titanium (4510 kg/m³, 110 GPa, 0.0086 mm)": (4510, 110, 0.0086),
}


def steps(f: float, metal: str, x: float, k: int, b: float) -> dict:
    """Rise of the squared frequency in Hz², wavelength in metres, rise of the stress and stress per kelvin in MPa."""
    density, modulus, contraction = METALS[metal]
    squares, wavelength = b * (2 * f - b), 2 * x / 100 / k
    return {
        "squares": squares,
        "wavelength": wavelength,
        "density": density,
        "stress": density * wavelength**2 * squares / 1e6,
        "modulus": modulus,
        "contraction": contraction,
        "per_kelvin": modulus * contraction,
    }


def solve(f: float, metal: str, x: float, k: int, b: float) -> float:
    """Rise of the stress over stress per kelvin."""
    found = steps(f, metal, x, k, b)
    return found["stress"] / found["per_kelvin"]


def check(f: float, metal: str, x: float, k: int, b: float) -> float:
    """A wire of one square millimetre: cooled by bisection until waves run to and fro on it in step with the tone."""
    density, modulus, contraction = METALS[metal]
    metres, linear, stiffness = x / 100, density * 1e-6, modulus * 1e9 * 1e-6

    def hertz(pull: float) -> float:
        """The k-th harmonic: in one period of the fundamental the wave travels to the far end and back."""
        return k / (2 * metres / math.sqrt(pull / linear))

    low, high = 0.0, 4 * linear * (2 * metres * f / k) ** 2
    for _ in range(70):
        pull = (low + high) / 2
        low, high = (pull, high) if hertz(pull) < f - b else (low, pull)

    def cooled(kelvins: float) -> float:
        """Tension at the lower temperature: what the wire would lose in length is made up for by stretching."""
        return pull + stiffness * kelvins * contraction / 1000

    low, high = 0.0, 1.0
    while hertz(cooled(high)) < f:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if hertz(cooled(middle)) < f else (low, middle)
    return (low + high) / 2
