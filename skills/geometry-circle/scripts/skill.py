"""Circles with integer centre and radius in a coordinate system: what facts about one of them leave open."""

from fractions import Fraction
from math import isqrt

from object_kinds import answer, bounded, told_apart

DIRECT = ("x", "y", "radius")
SAME = {"touchx": "xchord", "touchy": "ychord", "outside": "constant", "cutx": "xchord", "cuts": "diagonal"}


def members(box):
    """(centre, radius) as (a, b, r): coordinates from -box to box, radii from 1 to box."""
    places = range(-box, box + 1)
    return [(a, b, r) for a in places for b in places for r in range(1, box + 1)]


def _chord(squared, by=1):
    """Square of the chord on a line at a distance whose square is given, over `by`; None if the line does not cut."""
    return lambda c: 4 * c[2] ** 2 - 4 * squared(c) // by if by * c[2] ** 2 > squared(c) else None


def _centre(c):
    """Distance from the origin to the centre, if it is an integer."""
    square = c[0] ** 2 + c[1] ** 2
    return isqrt(square) if isqrt(square) ** 2 == square else None


def _nearest(c):
    away = _centre(c)
    return None if away is None else abs(away - c[2])


def _farthest(c):
    away = _centre(c)
    return None if away is None else away + c[2]


def _common(c):
    """Points on an axis: two, one or none on each, the origin on both."""
    a, b, r = c
    on_x, on_y = (1 + (r > abs(away)) - (r < abs(away)) for away in (b, a))
    return on_x + on_y - (a * a + b * b == r * r)


PORTS = {
    "x": lambda c: c[0],
    "y": lambda c: c[1],
    "radius": lambda c: c[2],
    "constant": lambda c: c[0] ** 2 + c[1] ** 2 - c[2] ** 2,
    "away": lambda c: c[0] ** 2 + c[1] ** 2,
    "xchord": _chord(lambda c: c[1] ** 2),
    "ychord": _chord(lambda c: c[0] ** 2),
    "diagonal": _chord(lambda c: (c[0] - c[1]) ** 2, 2),
    "nearest": _nearest,
    "farthest": _farthest,
    "common": _common,
    "power": lambda c: (c[0] - 3) ** 2 + (c[1] - 4) ** 2 - c[2] ** 2,
    "linear": lambda c: -2 * (c[0] + c[1]),
    "touchx": lambda c: abs(c[1]) == c[2],
    "touchy": lambda c: abs(c[0]) == c[2],
    "outside": lambda c: c[0] ** 2 + c[1] ** 2 > c[2] ** 2,
    "above": lambda c: c[1] > 0,
    "cutx": lambda c: abs(c[1]) < c[2],
    "cuts": lambda c: (c[0] - c[1]) ** 2 < 2 * c[2] ** 2,
}

LETTERS = {"a": PORTS["x"], "b": PORTS["y"], "r": PORTS["radius"]}
BOUNDS = {"farthest": lambda told: told}


def solve(box, facts, question):
    """Pythagoras: every port is a formula in the coordinates of the centre and the radius."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT)


# --- the other route: the coefficients of x^2 + y^2 + Dx + Ey + F = 0, and the quadratics on lines ---


def _roots(sum_of_roots, product):
    """Square of the difference of the two roots of a quadratic."""
    return sum_of_roots**2 - 4 * product


def _cut(q, scale=1):
    """Square of a chord, from the quadratic that a line leaves: with one or no root there is none."""
    spread = _roots(*q) * scale
    return spread if spread > 0 else None


def _on_x(e):
    return -e[0], e[2]


def _on_y(e):
    return -e[1], e[2]


def _on_diagonal(e):
    """x = y: 2x^2 + (D + E)x + F = 0."""
    return Fraction(-e[0] - e[1], 2), Fraction(e[2], 2)


def _through_centre(e):
    """Signed distances from the origin of the two points on the line through it and the centre, if rational.

    The line (-Ds, -Es)/k, k^2 = D^2 + E^2, leaves s^2 - ks + F = 0.
    """
    k, spread = isqrt(e[0] ** 2 + e[1] ** 2), e[0] ** 2 + e[1] ** 2 - 4 * e[2]
    if k * k != e[0] ** 2 + e[1] ** 2:
        return None
    return Fraction(k - isqrt(spread), 2), Fraction(k + isqrt(spread), 2)


def _extreme(of):
    def distance(e):
        found = _through_centre(e)
        return None if found is None else of(abs(s) for s in found)

    return distance


def _met(e):
    """Points on the axes, those of the origin once: the signs of the two discriminants count them."""
    count = 0
    for quadratic in (_on_x(e), _on_y(e)):
        spread = _roots(*quadratic)
        count += 2 if spread > 0 else 1 if spread == 0 else 0
    return count - (1 if e[2] == 0 else 0)


def _at(e, x, y):
    return x * x + y * y + e[0] * x + e[1] * y + e[2]


def _radius(e):
    return isqrt((e[0] ** 2 + e[1] ** 2) // 4 - e[2])


EQUATION = {
    "x": lambda e: -e[0] // 2,
    "y": lambda e: -e[1] // 2,
    "radius": _radius,
    "constant": lambda e: e[2],
    "away": lambda e: e[2] + _radius(e) ** 2,
    "xchord": lambda e: _cut(_on_x(e)),
    "ychord": lambda e: _cut(_on_y(e)),
    "diagonal": lambda e: _cut(_on_diagonal(e), 2),
    "nearest": _extreme(min),
    "farthest": _extreme(max),
    "common": _met,
    "power": lambda e: _at(e, 3, 4),
    "linear": lambda e: e[0] + e[1],
    "touchx": lambda e: _roots(*_on_x(e)) == 0,
    "touchy": lambda e: _roots(*_on_y(e)) == 0,
    "outside": lambda e: _at(e, 0, 0) > 0,
    "above": lambda e: e[1] < 0,
    "cutx": lambda e: _roots(*_on_x(e)) > 0,
    "cuts": lambda e: _roots(*_on_diagonal(e)) > 0,
}


def check(box, facts, question):
    """Equations: every circle of the family is multiplied out, and every fact is found from its coefficients."""
    found = []
    for r in range(1, box + 1):
        for d in range(-2 * box, 2 * box + 1, 2):
            found += [(d, e, (d * d + e * e) // 4 - r * r) for e in range(-2 * box, 2 * box + 1, 2)]
    return answer(found, facts, question, EQUATION)
