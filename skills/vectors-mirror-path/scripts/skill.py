"""Squared length of the shortest path between two points that touches a plane."""

from fractions import Fraction


def solve(a: int, b: int, c: int, n: int, p: int, q: int, r: int, u: int, v: int, w: int) -> Fraction:
    """Measure from the mirror image of the first point."""
    image = _image(a, b, c, n, p, q, r)
    return Fraction(sum((x - y) ** 2 for x, y in zip(image, (u, v, w), strict=True)))


def steps(a: int, b: int, c: int, n: int, p: int, q: int, r: int, u: int, v: int, w: int) -> dict[str, object]:
    """How far the first point is from fulfilling the plane's equation, the normal's squared length and the image."""
    return {
        "shortfall": n - (a * p + b * q + c * r),
        "squared_normal": a * a + b * b + c * c,
        "image": _image(a, b, c, n, p, q, r),
    }


def _image(a: int, b: int, c: int, n: int, p: int, q: int, r: int) -> list[Fraction]:
    shift = Fraction(2 * (n - (a * p + b * q + c * r)), a * a + b * b + c * c)
    return [p + shift * a, q + shift * b, r + shift * c]


def check(a: int, b: int, c: int, n: int, p: int, q: int, r: int, u: int, v: int, w: int) -> Fraction:
    """Unfold: beside the plane the path goes as far as the points do, across it as far as both distances add up to."""
    direct = (p - u) ** 2 + (q - v) ** 2 + (r - w) ** 2
    first, second = a * p + b * q + c * r - n, a * u + b * v + c * w - n
    # (s + t)^2 = (s - t)^2 + 4 s t for the distances s and t, and (s - t)^2 is contained in the direct square.
    return direct + Fraction(4 * abs(first) * abs(second), a * a + b * b + c * c)
