"""Viscosity of an oil in which a metal ball sinks steadily."""

import math

G = 9.8
DENSITY = {
    "aluminium (2.70 g/cm³)": 2.70,
    "titanium (4.51 g/cm³)": 4.51,
    "steel (7.85 g/cm³)": 7.85,
    "brass (8.50 g/cm³)": 8.50,
}


def steps(metal: str, d: float, o: float, x: float, t: float) -> dict:
    """Speed in m/s, and excess of the ball's density over that of the oil in kg/m³."""
    return {"fall_speed": x / 100 / t, "excess": 1000 * (DENSITY[metal] - o)}


def solve(metal: str, d: float, o: float, x: float, t: float) -> float:
    """Stokes's law for the steady speed."""
    found = steps(metal, d, o, x, t)
    return 2 * (d / 2000) ** 2 * found["excess"] * G / (9 * found["fall_speed"])


def check(metal: str, d: float, o: float, x: float, t: float) -> float:
    """Bisection for the viscosity in which a ball, started from rest, ends up with the measured speed."""
    volume = math.pi / 6 * (d * 1e-3) ** 3
    mass = 1000 * DENSITY[metal] * volume
    pull = (mass - 1000 * o * volume) * 9.8

    def final_speed(viscosity: float) -> float:
        drag = 3 * math.pi * viscosity * d * 1e-3
        speed, step = 0.0, mass / drag / 2
        for _ in range(60):
            speed += step * (pull - drag * speed) / mass
        return speed

    low, high = 1e-3, 1.0
    while final_speed(high) > x / 100 / t:
        low, high = high, 2 * high
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (middle, high) if final_speed(middle) > x / 100 / t else (low, middle)
    return (low + high) / 2
