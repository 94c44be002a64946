"""Height of a weighted piston over a gas that has been heated at constant pressure."""

GAS, HEAT_CAPACITY, AIR, G, ZERO = 8.314, 37.1, 101300.0, 9.8, 273.15
HOTTEST = 1300.0


def solve(n: float, t: float, q: float, a: float, m: float) -> float:
    """First law at constant pressure gives the temperature, the gas law the volume."""
    final = t + ZERO + q / (n * HEAT_CAPACITY) if n > 0 else 0.0
    if not 0 < t + ZERO < final < HOTTEST:
        raise ValueError("not a reasonable temperature")
    area = a * 1e-4
    return n * GAS * final / (AIR * area + m * G)


def steps(n: float, t: float, q: float, a: float, m: float) -> dict[str, float]:
    """Pressure of the gas, rise of its temperature, final temperature and volume."""
    pressure, rise = AIR + m * G / (a * 1e-4), q / (n * HEAT_CAPACITY)
    final = t + ZERO + rise
    return {"pressure": pressure, "rise": rise, "final": final, "volume": n * GAS * final / pressure}


def check(n: float, t: float, q: float, a: float, m: float) -> float:
    """Bisection on the height: heat = rise of internal energy + work against piston and atmosphere."""
    if n <= 0 or t + ZERO <= 0 or q <= 0:
        raise ValueError("not a reasonable temperature")
    force = AIR * a / 10000 + m * G
    start = n * GAS * (t + ZERO) / force

    def needed(height: float) -> float:
        warmed = force * height / (n * GAS) - (t + ZERO)
        return n * (HEAT_CAPACITY - GAS) * warmed + force * (height - start)

    low, high = start, start * HOTTEST / (t + ZERO)
    if needed(high) <= q:
        raise ValueError("not a reasonable temperature")
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if needed(middle) < q else (low, middle)
    return (low + high) / 2
