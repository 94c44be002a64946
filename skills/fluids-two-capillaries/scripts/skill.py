"""Time in which oil passes through two capillaries in a row."""

import math


def steps(n: float, p: float, x: float, d: float, k: float, e: float, v: float) -> dict:
    """Resistances of both tubes in Pa·s/m³, and the flow in mL/s."""
    wide = 8 * n * x / 100 / (math.pi * (d / 2000) ** 4)
    narrow = 8 * n * k / 100 / (math.pi * (e / 2000) ** 4)
    return {"wide_resistance": wide, "narrow_resistance": narrow, "rate": 1000 * p / (wide + narrow) * 1e6}


def solve(n: float, p: float, x: float, d: float, k: float, e: float, v: float) -> float:
    """Volume over flow."""
    return v / steps(n, p, x, d, k, e, v)["rate"]


def _flow(viscosity: float, drop: float, length: float, width: float) -> float:
    """Flow in m³/s: rings of oil, each sheared by the pressure on what is inside it, from the wall inwards."""
    rings, total, speed, radius = 40, 0.0, 0.0, width / 2
    step = radius / rings

    def shear(r: float) -> float:
        return drop * r / (2 * viscosity * length)

    for ring in range(rings, 0, -1):
        outer, inner = ring * step, (ring - 1) * step
        middle = (outer + inner) / 2
        half = speed + step / 2 * (shear(outer) + shear((outer + middle) / 2) * 4 + shear(middle)) / 6
        full = speed + step * shear(middle)
        total += step / 6 * 2 * math.pi * (outer * speed + 4 * middle * half + inner * full)
        speed = full
    return total


def check(n: float, p: float, x: float, d: float, k: float, e: float, v: float) -> float:
    """Pressure at the joint at which both tubes carry the same flow, each flow summed over rings of its section."""
    unit = 1000.0
    first = _flow(n, unit, x / 100, d / 1000) / unit
    second = _flow(n, unit, k / 100, e / 1000) / unit
    low, high = 0.0, p * 1000
    for _ in range(60):
        joint = (low + high) / 2
        low, high = (joint, high) if first * (p * 1000 - joint) > second * joint else (low, joint)
    return v * 1e-6 / (second * (low + high) / 2)
