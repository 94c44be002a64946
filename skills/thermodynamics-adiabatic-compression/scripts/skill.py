"""Temperature of air after a reversible adiabatic compression and a cooling at constant volume."""

GAMMA, ZERO = 1.40, 273.15


def solve(t: float, r: float, f: float) -> float:
    """Adiabatic law for temperature and volume; at constant volume pressure goes with temperature."""
    start = t + ZERO
    if start <= 0:
        raise ValueError("below absolute zero")
    return float(start * r ** (GAMMA - 1)) * (1 - f / 100) - ZERO


def steps(t: float, r: float, f: float) -> dict[str, float]:
    """The absolute temperatures: at the start, after the compression, and after the cooling."""
    start = t + ZERO
    hot = float(start * r ** (GAMMA - 1))
    return {"start": start, "hot": hot, "cooled": hot * (1 - f / 100)}


def check(t: float, r: float, f: float) -> float:
    """First law in small steps of volume (Runge-Kutta), pressures from the gas law."""
    temperature = t + ZERO
    if temperature <= 0:
        raise ValueError("below absolute zero")
    heat_capacity = 1 / (GAMMA - 1)  # per mole, in units of the gas constant
    pieces = 200
    volume, step = 1.0, (1 / r - 1.0) / pieces

    def slope(at: float, warmth: float) -> float:
        return -warmth / at / heat_capacity

    for _ in range(pieces):
        k1 = slope(volume, temperature)
        k2 = slope(volume + step / 2, temperature + step / 2 * k1)
        k3 = slope(volume + step / 2, temperature + step / 2 * k2)
        k4 = slope(volume + step, temperature + step * k3)
        temperature += step * (k1 + 2 * k2 + 2 * k3 + k4) / 6
        volume += step
    pressure = temperature / volume
    return pressure * (100 - f) / 100 * volume - ZERO
