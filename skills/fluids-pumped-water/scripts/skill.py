"""Flow that a pump lifts and drives through the end of a hose."""

import math

G = 9.8


def steps(p: float, e: float, h: float, d: float) -> dict:
    """Useful power in watts, area in m², useful power over density and area in m³/s³, speed of the jet in m/s."""
    useful, area = p * e / 100, math.pi * (d / 2000) ** 2
    wanted = useful / (1000 * area)
    # u³ + 2gh u = 2 wanted has one real root, which the hyperbolic sine gives without cancellation.
    scale = math.sqrt(2 * G * h / 3)
    jet = 2 * scale * math.sinh(math.asinh(wanted / scale**3) / 3)
    return {"useful": useful, "area": area, "wanted": wanted, "jet": jet}


def solve(p: float, e: float, h: float, d: float) -> float:
    """Area times speed."""
    found = steps(p, e, h, d)
    return found["area"] * found["jet"] * 60_000


def check(p: float, e: float, h: float, d: float) -> float:
    """Bisection on the flow in litres per second: the work of one second, for height and for motion, is compared."""
    metres = d / 1000

    def work(litres: float) -> float:
        speed = litres / 1000 / (math.pi / 4 * metres * metres)
        return litres * 9.8 * h + litres * speed * speed / 2

    low, high = 0.0, 1.0
    while work(high) < p * (e / 100):
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if work(middle) < p * (e / 100) else (low, middle)
    return 60 * (low + high) / 2
