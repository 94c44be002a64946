"""Temperature of an oil bath that is heated at a constant rate and loses heat to the room."""

import math


def solve(p: float, m: float, c: float, k: float, t: float, u: float) -> float:
    """Exponential approach to the steady excess."""
    if p <= 0:
        raise ValueError("no heating")
    loss = k / 50
    return t + p / loss * -math.expm1(-loss * u * 60 / (m * c * 1000))


def steps(p: float, m: float, c: float, k: float, t: float, u: float) -> dict[str, float]:
    """Loss per kelvin, the excess over the room in the long run, the time constant, and the excess that is reached."""
    loss, capacity = k / 50, m * c * 1000
    excess = p / loss * -math.expm1(-loss * u * 60 / capacity)
    return {"loss": loss, "steady": p / loss, "delay": capacity / loss, "excess": excess}


def check(p: float, m: float, c: float, k: float, t: float, u: float) -> float:
    """Heat balance stepped in time (Runge-Kutta)."""
    if p <= 0:
        raise ValueError("no heating")
    capacity, seconds = m * c * 1000, 60 * u
    pieces = 60 + int(20 * seconds * k / 50 / capacity)
    step, oil = seconds / pieces, t

    def rise(temperature: float) -> float:
        return (p - k * (temperature - t) / 50) / capacity

    for _ in range(pieces):
        k1 = rise(oil)
        k2 = rise(oil + step / 2 * k1)
        k3 = rise(oil + step / 2 * k2)
        k4 = rise(oil + step * k3)
        oil += step * (k1 + 2 * k2 + 2 * k3 + k4) / 6
    return oil
