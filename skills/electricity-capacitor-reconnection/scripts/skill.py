"""Energy left in two capacitors charged in series and then joined plate to like plate."""


def solve(a: float, b: float, u: float) -> float:
    """Equal charges in series; after the reconnection the charges add up on the parallel pair."""
    charge = u * a * b / (a + b)
    return (2 * charge) ** 2 / (2 * (a + b))


def steps(a: float, b: float, u: float) -> dict[str, float]:
    """Charge of each capacitor in series, and charge and capacitance of the pair in parallel."""
    charge = u * a * b / (a + b)
    return {"charge": charge, "total": 2 * charge, "capacitance": a + b}


def check(a: float, b: float, u: float) -> float:
    """Charging and equalising currents stepped in time until they have died away."""
    across_a = across_b = 0.0
    step = 0.25 * a * b / (a + b)  # seconds, for a circuit resistance of 1 ohm
    for _ in range(160):
        charge = _pulse(u - across_a - across_b, step, 1 / a + 1 / b)
        across_a, across_b = across_a + charge / a, across_b + charge / b
    for _ in range(160):
        charge = _pulse(across_b - across_a, step, 1 / a + 1 / b)
        across_a, across_b = across_a + charge / a, across_b - charge / b
    return a * across_a**2 / 2 + b * across_b**2 / 2


def _pulse(drive: float, step: float, elastance: float) -> float:
    """Charge that flows in one step: Runge-Kutta for dq/dt = drive - elastance q."""
    k1 = drive
    k2 = drive - elastance * step / 2 * k1
    k3 = drive - elastance * step / 2 * k2
    k4 = drive - elastance * step * k3
    return step * (k1 + 2 * k2 + 2 * k3 + k4) / 6
