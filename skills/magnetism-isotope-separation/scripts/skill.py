"""Distance between the marks of two isotopes in a mass spectrometer."""

import math

UNIT, CHARGE = 1.661e-27, 1.602e-19
PAIRS = {
    "neon-20 and neon-22 (19.992 u and 21.991 u)": (19.992, 21.991),
    "lithium-6 and lithium-7 (6.015 u and 7.016 u)": (6.015, 7.016),
    "chlorine-35 and chlorine-37 (34.969 u and 36.966 u)": (34.969, 36.966),
    "magnesium-24 and magnesium-26 (23.985 u and 25.983 u)": (23.985, 25.983),
    "boron-10 and boron-11 (10.013 u and 11.009 u)": (10.013, 11.009),
}


def steps(pair: str, u: float, b: float) -> dict:
    """Masses of the lighter and of the heavier isotope in u, and their radii in millimetres."""
    light, heavy = (1000 * math.sqrt(2 * mass * UNIT * u / CHARGE) / b for mass in PAIRS[pair])
    return {"light": PAIRS[pair][0], "heavy": PAIRS[pair][1], "light_radius": light, "heavy_radius": heavy}


def solve(pair: str, u: float, b: float) -> float:
    """Difference of the diameters."""
    found = steps(pair, u, b)
    return 2 * (found["heavy_radius"] - found["light_radius"])


def check(pair: str, u: float, b: float) -> float:
    """Each ion moved through the field by Runge-Kutta steps until it is back at the plane of the slit."""
    places = []
    for mass in PAIRS[pair]:
        kilograms = mass * 1.661e-27
        vx, vy = 0.0, math.sqrt(2 * 1.602e-19 * u / kilograms)
        turn = 1.602e-19 * b / kilograms
        x = y = 0.0
        step = 0.02 / turn
        a = turn * step
        grow, swing = 1 - a * a / 2 + a**4 / 24, a - a**3 / 6
        while True:
            # fourth-order steps of v' = turn * (vy, -vx) and of the place
            nx, ny = vx * grow + vy * swing, vy * grow - vx * swing
            mx = vx + (vy * a / 2 - vx * a * a / 8)
            my = vy - (vx * a / 2 + vy * a * a / 8)
            dx, dy = step * (vx + 4 * mx + nx) / 6, step * (vy + 4 * my + ny) / 6
            if y + dy < 0 and y > 0:
                # the last piece is nearly straight down; its crossing follows from the slope and the bend
                part = -y / dy
                for _ in range(3):
                    part = -y / (step * (vy + part * step * (-turn * vx) / 2))
                short = part * step
                x += short * vx + short * short * turn * vy / 2
                break
            x, y, vx, vy = x + dx, y + dy, nx, ny
        places.append(x * 1000)
    return places[1] - places[0]
