"""Temperature of a plate in vacuum that radiates a supplied power from two different faces."""

SIGMA, ZERO = 5.670e-8, 273.15


def solve(p: float, a: float, e: float, f: float, t: float) -> float:
    """Fourth root of the balance of emission, absorption and supply."""
    if p <= 0 or t <= -ZERO:
        raise ValueError("nothing to radiate")
    fourth = (t + ZERO) ** 4 + p / (SIGMA * a * 1e-4 * (e + f))
    return float(fourth**0.25) - ZERO


def steps(p: float, a: float, e: float, f: float, t: float) -> dict[str, float]:
    """Absolute temperature of the walls, and the fourth power of that of the plate and its root."""
    fourth = (t + ZERO) ** 4 + p / (SIGMA * a * 1e-4 * (e + f))
    return {"walls": t + ZERO, "fourth": fourth, "final": float(fourth**0.25)}


def check(p: float, a: float, e: float, f: float, t: float) -> float:
    """Bisection for the temperature at which the two faces, one after the other, lose what is supplied."""
    if p <= 0 or t <= -ZERO:
        raise ValueError("nothing to radiate")

    def net(kelvin: float) -> float:
        emitted = absorbed = 0.0
        for emissivity in (e, f):
            emitted += emissivity * a / 10_000 * 5.670e-8 * kelvin * kelvin * kelvin * kelvin
            absorbed += emissivity * a / 10_000 * 5.670e-8 * (t + 273.15) ** 4
        return emitted - absorbed

    low, high = t + 273.15, t + 400.0
    while net(high) < p:
        high *= 2
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if net(middle) < p else (low, middle)
    return (low + high) / 2 - 273.15
