"""Power that a load takes from several equal batteries in parallel whose internal resistance is known from a test."""


def solve(e: float, i: float, d: float, b: float, r: float) -> float:
    """Internal resistance from the voltage drop, shared by the b batteries; then Ohm's law for the whole circuit."""
    if r <= 0 or d >= e:
        raise ValueError("no such circuit")
    inner = d / i / b
    current = e / (inner + r)
    return current**2 * r


def steps(e: float, i: float, d: float, b: float, r: float) -> dict[str, float]:
    """Internal resistances of one battery and of all in ohms, and the current in amperes."""
    inner = d / i / b
    return {"single": d / i, "inner": inner, "current": e / (inner + r)}


def check(e: float, i: float, d: float, b: float, r: float) -> float:
    """Bisection for the terminal voltage at which the batteries' currents add up to the load's."""
    if r <= 0 or d >= e:
        raise ValueError("no such circuit")
    low, high = 0.0, e
    for _ in range(80):
        voltage = (low + high) / 2
        supplied = sum((e - voltage) * i / d for _ in range(int(b)))
        low, high = (voltage, high) if supplied > voltage / r else (low, voltage)
    return low * low / r
