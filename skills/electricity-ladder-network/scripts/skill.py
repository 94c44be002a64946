"""Input resistance of a ladder of equal sections with a load at its far end."""

import math


def solve(r: float, s: float, n: float, w: float) -> float:
    """One section is a fractional linear map: its two fixed points turn n sections into a power."""
    if w <= 0:
        raise ValueError("no load")
    root = math.sqrt(r * r + 4 * r * s)
    high, low = (r + root) / 2, (r - root) / 2
    factor = (s + low) / (s + high)
    ratio = (w - high) / (w - low) * float(factor ** int(n))
    return (high - low * ratio) / (1 - ratio)


def steps(r: float, s: float, n: float, w: float) -> dict[str, float | list[float]]:
    """Resistances in ohms: with the last section, with one section after the other, and without the first."""
    chain = [w]
    for _ in range(int(n)):
        chain.append(r + s * chain[-1] / (s + chain[-1]))
    return {"first": chain[1], "chain": chain[1:], "before": chain[-2]}


def check(r: float, s: float, n: float, w: float) -> float:
    """One volt at the load; voltages and currents followed back to the input by Kirchhoff's rules."""
    if w <= 0:
        raise ValueError("no load")
    voltage, current = 1.0, 1.0 / w
    for _ in range(int(n)):
        current += voltage / s
        voltage += current * r
    return voltage / current
