"""Heat produced in a clutch that brings a resting disc up to the speed of a spinning one."""

import math


def solve(m: float, r: float, f: float, p: float, s: float) -> float:
    """Angular momentum is kept; the lost energy is that of the relative rotation."""
    first, second = m * r * r / 2, p * s * s / 2
    spin = 2 * math.pi * f / 60
    return first * second / (first + second) * spin * spin / 2


def steps(m: float, r: float, f: float, p: float, s: float) -> dict[str, float]:
    """Moments of inertia of the two discs, the angular velocity of the spinning one, and its energy."""
    first, second = m * r * r / 2, p * s * s / 2
    spin = 2 * math.pi * f / 60
    return {"first": first, "second": second, "spin": spin, "energy": first * spin * spin / 2}


def check(m: float, r: float, f: float, p: float, s: float) -> float:
    """Both discs under the same friction torque, stepped in time; the heat is the torque's work on the slip."""
    first, second = 0.5 * m * r**2, 0.5 * p * s**2
    fast, slow = f / 60 * math.tau, 0.0
    viscosity = first  # torque per unit of slip; the heat does not depend on it
    step = 0.02 * min(1.0, second / first)
    heat = 0.0
    while fast - slow > 1e-9 * fast:
        slip = fast - slow
        brake, drive = viscosity / first, viscosity / second
        middle = slip - slip * (brake + drive) * step / 2 + slip * ((brake + drive) * step) ** 2 / 8
        fast -= brake * middle * step
        slow += drive * middle * step
        heat += viscosity * middle * step * (slip + fast - slow) / 2
    return heat
