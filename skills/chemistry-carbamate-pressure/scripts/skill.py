"""Total pressure of carbon dioxide and ammonia over solid ammonium carbamate."""

from math import floor, log10

GAS = 8.314


def solve(n: float, b: float, v: float, t: float, k: float) -> float:
    """Newton's method, from above, for the partial pressure y of carbon dioxide in y (2y + e)^2 = k."""
    unit = GAS * t / v
    start, spare = n * unit, (b - 2 * n) * unit
    if n <= 0 or start * (2 * start + spare) ** 2 <= k:
        raise ValueError("no solid forms")
    y = start
    for _ in range(100):
        ammonia = 2 * y + spare
        step = (y * ammonia**2 - k) / (ammonia**2 + 4 * y * ammonia)
        y -= step
        if abs(step) < 1e-14 * y:
            break
    return 3 * y + spare


def steps(n: float, b: float, v: float, t: float, k: float) -> dict[str, float | str]:
    """Pressure of a mole, pressures of both gases before and after, and what does not change of them, in kPa."""
    unit = GAS * t / v
    spare = (b - 2 * n) * unit
    dioxide = (solve(n, b, v, t, k) - spare) / 3
    return {
        "unit": unit,
        "first_dioxide": n * unit,
        "first_ammonia": b * unit,
        "spare": spare,
        "end_ammonia": f"2y {_signed(spare)}",
        "dioxide": dioxide,
        "ammonia": 2 * dioxide + spare,
    }


def _signed(number: float) -> str:
    """A sign and five digits."""
    size = abs(number)
    return f"{'-' if number < 0 else '+'} {size:.{max(1, 4 - floor(log10(size))) if size else 1}f}"


def check(n: float, b: float, v: float, t: float, k: float) -> float:
    """Bisection for the amount of solid at which the product of the pressures has come down to the constant."""
    if n <= 0:
        raise ValueError("no solid forms")

    def pressures(solid: float) -> tuple[float, float]:
        return (b - 2 * solid) * GAS * t / v, (n - solid) * GAS * t / v

    def product(solid: float) -> float:
        ammonia, dioxide = pressures(solid)
        return ammonia * ammonia * dioxide

    if product(0.0) <= k:
        raise ValueError("no solid forms")
    low, high = 0.0, min(n, b / 2)
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if product(middle) > k else (low, middle)
    return sum(pressures(low))
