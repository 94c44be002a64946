"""Period of a body on two springs in series."""

import math

G = 9.8


def steps(a: float, m: float, b: float, n: float, q: float) -> dict:
    """Stretching of the springs, one by one and together, in m/N."""
    first, second = a / 100 / (m / 1000 * G), b / 100 / (n / 1000 * G)
    return {"first": first, "second": second, "both": first + second}


def solve(a: float, m: float, b: float, n: float, q: float) -> float:
    """Compliances in series."""
    return 2 * math.pi * math.sqrt(q / 1000 * steps(a, m, b, n, q)["both"])


def check(a: float, m: float, b: float, n: float, q: float) -> float:
    """Force at a deflection from the balance where the springs meet; then a quarter of an oscillation, step by step."""
    upper, lower = m / 1000 * 9.8 / (a / 100), n / 1000 * 9.8 / (b / 100)
    low, high = 0.0, 1.0
    for _ in range(60):  # the springs meet where the upper one pulls as much as the lower one
        meeting = (low + high) / 2
        low, high = (low, meeting) if upper * meeting > lower * (1 - meeting) else (meeting, high)
    pull = upper * (low + high) / 2 / (q / 1000)  # acceleration back per metre of deflection
    place, speed, time, step = 1.0, 0.0, 0.0, 0.01 / pull**0.5
    while True:
        middle = place + step / 2 * speed
        k1 = -pull * place
        k2 = -pull * middle
        k3 = -pull * (middle + step * step / 4 * k1)
        k4 = -pull * (place + step * speed + step * step / 2 * k2)
        new = place + step * speed + step * step * (k1 + k2 + k3) / 6
        if new <= 0:
            break
        place, speed, time = new, speed + step * (k1 + 2 * k2 + 2 * k3 + k4) / 6, time + step
    rest = -place / speed  # the body slows down no more on the last bit; correct it for the small pull
    for _ in range(4):
        rest = -place / (speed - pull * place * rest / 3)
    return 4 * (time + rest)
