"""Number of photons that a disc-shaped detector registers from a point source behind a lead plate."""

import math


def solve(a: float, y: float, d: float, r: float, p: float, w: float, e: float, t: float) -> float:
    """Solid angle of the cone from the source to the rim, times transmission, yield and efficiency."""
    if a <= 0:
        raise ValueError("no activity")
    slant = math.hypot(d, r)
    cone = r * r / (slant * (slant + d)) / 2  # (1 - d / slant) / 2 without cancellation
    return float(a * 1e6 * t * y / 100 * cone * 0.5 ** (p / w) * e / 100)


def steps(a: float, y: float, d: float, r: float, p: float, w: float, e: float, t: float) -> dict[str, float]:
    """Photons emitted, the share of the directions that lead to the detector, half-value layers, photons arriving."""
    emitted = a * 1e6 * t * y / 100
    slant = math.hypot(d, r)
    cone = r * r / (slant * (slant + d)) / 2
    return {
        "emitted": emitted,
        "share": cone,
        "layers": p / w,
        "arriving": float(emitted * cone * 0.5 ** (p / w)),
    }


def check(a: float, y: float, d: float, r: float, p: float, w: float, e: float, t: float) -> float:
    """Flux summed over rings of the disc (Simpson); the beam weakened slice by slice in the lead."""
    if a <= 0:
        raise ValueError("no activity")
    rings, caught = 60, 0.0
    for i in range(rings + 1):
        rho = r * i / rings
        weight = 1 if i in (0, rings) else 4 if i % 2 else 2
        away = d * d + rho * rho
        caught += weight * (2 * math.pi * rho) * (d / math.sqrt(away)) / (4 * math.pi * away)
    caught *= r / rings / 3
    slices, beam = 400, 1.0
    x = 0.6931471805599453 * p / w / slices
    for _ in range(slices):
        beam *= (1 - x / 2 + x * x / 12) / (1 + x / 2 + x * x / 12)
    emitted = a * 1_000_000 * (y * 0.01) * t
    return emitted * caught * beam * (e * 0.01)
