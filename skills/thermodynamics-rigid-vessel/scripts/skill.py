"""Pressure of carbon dioxide and argon after heating in a rigid vessel."""

GAS, DIOXIDE, ARGON, ZERO = 8.314, 37.1, 20.8, 273.15


def solve(n: float, b: float, v: float, t: float, q: float) -> float:
    """Rise of temperature at constant volume, then the gas law."""
    if n <= 0 or q <= 0:
        raise ValueError("nothing is heated")
    capacity = n * (DIOXIDE - GAS) + b * (ARGON - GAS)
    return (n + b) * GAS * (t + ZERO + q / capacity) / v


def steps(n: float, b: float, v: float, t: float, q: float) -> dict[str, float]:
    """Heat capacity at constant volume, rise of temperature, and final temperature."""
    capacity = n * (DIOXIDE - GAS) + b * (ARGON - GAS)
    return {"capacity": capacity, "rise": q / capacity, "final": t + ZERO + q / capacity}


def check(n: float, b: float, v: float, t: float, q: float) -> float:
    """Bisection on the pressure: enthalpies of both gases less the change of pV make up the heat."""
    if n <= 0 or q <= 0:
        raise ValueError("nothing is heated")
    start = (n + b) * 8.314 * (t + 273.15) / v

    def taken(pressure: float) -> float:
        kelvin = pressure * v / ((n + b) * 8.314)
        enthalpy = (n * 37.1 + b * 20.8) * (kelvin - t - 273.15)
        return enthalpy - v * (pressure - start)

    low, high = start, 2 * start
    while taken(high) < q:
        high *= 2
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if taken(middle) < q else (low, middle)
    return (low + high) / 2
