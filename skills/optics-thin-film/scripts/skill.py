"""Visible wavelength that a thin film on a base reflects most strongly."""

import math

BASES = {
    "on water, whose refractive index is 1.33": 1.33,
    "on glass, whose refractive index is 1.52": 1.52,
}


def _order(path: float, base: str, n: float) -> float:
    """How many wavelengths the path difference is."""
    orders = [k if BASES[base] > n else k - 0.5 for k in range(1, 20)]
    visible = [order for order in orders if 400 < path / order < 700]
    if len(visible) != 1:
        raise ValueError("not exactly one wavelength is reinforced")
    return visible[0]


def steps(d: float, n: float, base: str) -> dict:
    """Path difference in nanometres, the condition for reinforcement, and the way to the wavelength."""
    path = 2 * n * d
    order, whole = _order(path, base, n), "a whole number of wavelengths"
    return {
        "path": path,
        "condition": whole if BASES[base] > n else f"half a wavelength less than {whole}",
        "times": "" if order == 1 else f"${order}$ times ",
        "wavelength": "" if order == 1 else f"${path:.5g} / {order}$ nm, that is, ",
    }


def solve(d: float, n: float, base: str) -> float:
    """The path difference over the only order for which the wavelength is visible."""
    return 2 * n * d / _order(2 * n * d, base, n)


def check(d: float, n: float, base: str) -> float:
    """Intensity of the two reflected waves, sampled over the range and climbed to its maximum."""
    first = (1 - n) / (1 + n)
    second = (n - BASES[base]) / (n + BASES[base])

    def intensity(wavelength: float) -> float:
        turn = 2 * math.pi * (d + d) / (wavelength / n)
        return (first + second * math.cos(turn)) ** 2 + (second * math.sin(turn)) ** 2

    grid = [400 + 2 * i for i in range(151)]
    heights = [intensity(w) for w in grid]
    peaks = [grid[i] for i in range(1, 150) if heights[i - 1] < heights[i] >= heights[i + 1]]
    if len(peaks) != 1:
        raise ValueError("not exactly one wavelength is reinforced")

    def slope(wavelength: float) -> float:
        return intensity(wavelength + 0.01) - intensity(wavelength - 0.01)

    low, high = peaks[0] - 2.0, peaks[0] + 2.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return (low + high) / 2
