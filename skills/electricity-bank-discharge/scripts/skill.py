"""Heat given off by one of two resistors in series while a capacitor bank discharges through them part of the way."""

import math


def solve(w: float, r: float, c: float, z: float) -> float:
    """The stored energy goes with the square of the voltage; what is lost is shared as r to c."""
    if w <= 0 or r <= 0:
        raise ValueError("no discharge")
    return w * (1 - (z / 100) ** 2) * c / (r + c)


def steps(w: float, r: float, c: float, z: float) -> dict[str, float]:
    """Energy released in joules, and the share of it that the coil gets."""
    return {"released": w * (1 - (z / 100) ** 2), "share": c / (r + c)}


def check(w: float, r: float, c: float, z: float) -> float:
    """Power in the coil integrated over the time of the discharge (Simpson); the capacitance is arbitrary."""
    if w <= 0 or r <= 0:
        raise ValueError("no discharge")
    capacitance = 0.7
    constant = (r + c) * capacitance
    voltage, total, pieces = math.sqrt(2 * w / capacitance), 0.0, 400
    step = constant * math.log(100 / z) / pieces
    decay = math.exp(-step / constant)
    for i in range(pieces + 1):
        weight = 1 if i in (0, pieces) else 4 if i % 2 else 2
        total += weight * (voltage / (r + c)) ** 2 * c
        voltage *= decay
    return total * step / 3
