"""Radius of the circle of the fastest photoelectrons in a magnetic field."""

import math

PHOTON, CHARGE, MASS = 1239.8, 1.602e-19, 9.109e-31
WORK = {
    "caesium (work function 2.14 eV)": 2.14,
    "potassium (work function 2.29 eV)": 2.29,
    "calcium (work function 2.87 eV)": 2.87,
    "zinc (work function 3.63 eV)": 3.63,
    "silver (work function 4.26 eV)": 4.26,
}


def steps(w: float, metal: str, b: float) -> dict:
    """Energy of a photon and of the fastest electrons in electronvolts, and the speed of these in m/s."""
    photon = PHOTON / w
    kinetic = photon - WORK[metal]
    if kinetic <= 0:
        raise ValueError("the light frees no electrons")
    speed = math.sqrt(2 * kinetic * CHARGE / MASS)
    return {"photon": photon, "work": WORK[metal], "kinetic": kinetic, "electron_speed": speed}


def solve(w: float, metal: str, b: float) -> float:
    """Momentum over charge and flux density, in millimetres."""
    return MASS * steps(w, metal, b)["electron_speed"] / (CHARGE * b * 1e-6) * 1000


def check(w: float, metal: str, b: float) -> float:
    """The electron turned through the field in small chords; the width of its path is twice the radius."""
    joules = (1239.8 / w - WORK[metal]) * 1.602e-19
    if joules <= 0:
        raise ValueError("the light frees no electrons")
    low, high = 0.0, 1e8
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 9.109e-31 * middle * middle / 2 < joules else (low, middle)
    x, vx, vy = 0.0, 0.0, (low + high) / 2
    push = 1.602e-19 * b * 1e-6 / 9.109e-31
    pieces = 240
    step = math.pi / push / pieces
    for _ in range(pieces):
        # Runge-Kutta step of vx' = push * vy, vy' = -push * vx and x' = vx
        a1, b1 = push * vy, -push * vx
        a2, b2 = push * (vy + step / 2 * b1), -push * (vx + step / 2 * a1)
        a3, b3 = push * (vy + step / 2 * b2), -push * (vx + step / 2 * a2)
        a4, b4 = push * (vy + step * b3), -push * (vx + step * a3)
        x += step * (vx + step / 6 * (a1 + a2 + a3))
        vx, vy = vx + step / 6 * (a1 + 2 * a2 + 2 * a3 + a4), vy + step / 6 * (b1 + 2 * b2 + 2 * b3 + b4)
    return x / 2 * 1000
