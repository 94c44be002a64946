"""Frequency of a string that a block under water keeps stretched."""

import math

G = 9.8
DENSITY = {
    "aluminium (2.70 g/cm³)": 2.70,
    "zinc (7.14 g/cm³)": 7.14,
    "iron (7.87 g/cm³)": 7.87,
    "copper (8.96 g/cm³)": 8.96,
    "lead (11.34 g/cm³)": 11.34,
}


def steps(m: float, metal: str, x: float, s: float, k: int) -> dict:
    """Tension in newtons, mass per length in kg/m, speed of the waves in m/s."""
    tension = m * G * (1 - 1 / DENSITY[metal])
    linear = s / 1000 / (x / 100)
    return {"density": DENSITY[metal], "tension": tension, "linear": linear, "wave_speed": math.sqrt(tension / linear)}


def solve(m: float, metal: str, x: float, s: float, k: int) -> float:
    """Speed over wavelength, k half wavelengths filling the string."""
    return steps(m, metal, x, s, k)["wave_speed"] * k / (2 * x / 100)


def check(m: float, metal: str, x: float, s: float, k: int) -> float:
    """The shape of the string integrated from its end; the frequency is raised until the k-th zero is at the other."""
    volume = m / (DENSITY[metal] * 1000)
    pull = m * 9.8 - 1000 * volume * 9.8
    pieces = 30 * k
    step = x / 100 / pieces

    def zeros_and_end(hertz: float) -> tuple[int, float]:
        """Zeros inside the string, and the deflection at the far end."""
        bend = (2 * math.pi * hertz) ** 2 * (s / 10 / x) / pull
        y, slope, zeros = 0.0, 1.0, 0
        c = 1 - bend * step**2 / 2 + bend**2 * step**4 / 24
        d = step - bend * step**3 / 6 + bend**2 * step**5 / 120
        for _ in range(pieces):
            new = y * c + slope * d
            slope = slope * c - y * bend * d
            zeros += new * y < 0
            y = new
        return zeros, y

    low, high = 0.0, 1.0
    while zeros_and_end(high)[0] < k:
        low, high = high, 2 * high
    for _ in range(34):
        middle = (low + high) / 2
        low, high = (middle, high) if zeros_and_end(middle)[0] < k else (low, middle)
    return (low + high) / 2
