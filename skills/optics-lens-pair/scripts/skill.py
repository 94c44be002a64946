"""Size of the image formed by a converging lens and a diverging lens in its converging light."""


def steps(f: float, u: float, e: float, d: float, h: float) -> dict:
    """Image distance of the first lens, distance of the virtual object behind the second, both magnifications."""
    if u <= f:
        raise ValueError("the first lens forms no real image")
    first = u * f / (u - f)
    behind = first - e
    if not 0 < behind < d:
        raise ValueError("there is no real image behind the second lens")
    return {"first": first, "behind": behind, "enlargement": first / u, "gain": d / (d - behind)}


def solve(f: float, u: float, e: float, d: float, h: float) -> float:
    """Height times the magnifications of both lenses."""
    found = steps(f, u, e, d, h)
    return h * found["enlargement"] * found["gain"]


def check(f: float, u: float, e: float, d: float, h: float) -> float:
    """Two rays from the tip of the object, bent at each lens in proportion to their height, until they cross."""
    rays = []
    for slope in (0.0, -h / u):
        height = h + u * slope
        slope -= height / f
        height += e * slope
        slope += height / d
        rays.append((height, slope))
    (one, tilt), (other, slant) = rays
    away = (other - one) / (tilt - slant)
    if away <= 0:
        raise ValueError("there is no real image behind the second lens")
    return abs(one + away * tilt)
