"""Triangles (BC, CA, AB) with integer sides: what facts about one of them leave open."""

from fractions import Fraction
from math import isqrt

from object_kinds import answer, bounded, root, told_apart, whole

DIRECT = ("BC", "CA", "AB", "perimeter")
SAME = {"medians": "median", "squared": "area"}


def members(box):
    """Twice the tangent lengths (x, y, z) at A, B, C of all triangles with integer sides up to the box."""
    found = []
    for a in range(1, box + 1):
        for b in range(1, box + 1):
            for c in range(abs(a - b) + 1, min(box, a + b - 1) + 1):
                found.append((b + c - a, c + a - b, a + b - c))
    return found


def _squared(t):
    """Sixteen times the square of the area: s x y z in halves."""
    x, y, z = t
    return (x + y + z) * x * y * z


def _area(t):
    square = _squared(t)
    root = isqrt(square)
    return whole(Fraction(root, 4)) if root * root == square else None


def _inradius(t):
    area = _area(t)
    return None if area is None else whole(Fraction(2 * area) / (t[0] + t[1] + t[2]))


def _circumradius(t):
    area = _area(t)
    x, y, z = t
    return None if area is None else whole(Fraction((y + z) * (z + x) * (x + y), 8) / (4 * area))


def _altitude(t):
    area = _area(t)
    return None if area is None else whole(Fraction(4 * area) / (t[1] + t[2]))


def _medians(t):
    x, y, z = t
    return ((z + x) ** 2 + (x + y) ** 2) // 2 - (y + z) ** 2 // 4


def _obtuse(t):
    """cos A < 0 exactly if the tangent length at A times s is less than the product of the other two."""
    x, y, z = t
    return x * (x + y + z) < y * z


PORTS = {
    "BC": lambda t: (t[1] + t[2]) // 2,
    "CA": lambda t: (t[2] + t[0]) // 2,
    "AB": lambda t: (t[0] + t[1]) // 2,
    "perimeter": lambda t: t[0] + t[1] + t[2],
    "area": _area,
    "inradius": _inradius,
    "circumradius": _circumradius,
    "altitude": _altitude,
    "squared": _squared,
    "median": lambda t: whole(Fraction(_medians(t), 4)),
    "medians": _medians,
    "power": lambda t: (t[2] + t[0]) * (t[0] + t[1]) // 4,
    "squares": lambda t: ((t[0] + t[1]) ** 2 + (t[1] + t[2]) ** 2 + (t[2] + t[0]) ** 2) // 4,
    "scalene": lambda t: t[0] != t[1] and t[1] != t[2] and t[2] != t[0],
    "obtuse": _obtuse,
    "acute": lambda t: t[0] * (t[0] + t[1] + t[2]) > t[1] * t[2],
    "longest": lambda t: t[0] < t[1] and t[0] < t[2],
}

LETTERS = {"BC": PORTS["BC"], "CA": PORTS["CA"], "AB": PORTS["AB"], "S": _area}

BOUNDS = {
    "perimeter": lambda told: (told - 1) // 2,
    "area": lambda told: root(16 * told * told + 1) // 2,
    "circumradius": lambda told: 2 * told,
}


def solve(box, facts, question):
    """Tangent lengths: every port is a formula in x, y and z."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT, _shown)


def _shown(one):
    x, y, z = one
    return f"$({(y + z) // 2}, {(z + x) // 2}, {(x + y) // 2})$"


# --- the other route: B = (0, 0), C = (a, 0), A = (p / 2a, sqrt(q) / 2a) ---


def _side(t):
    return t[0]


def _height(t):
    """The ordinate of A, if it is rational."""
    a, p, c = t[0], t[1], t[2]
    square = 4 * a * a * c * c - p * p
    root = isqrt(square)
    return Fraction(root, 2 * a) if root * root == square else None


def _shoelace(t):
    height = _height(t)
    return None if height is None else t[0] * height / 2


def _second(t):
    """CA from the coordinates."""
    a, p, c = t
    return isqrt(c * c - p + a * a)


def _centre(t):
    """Radius of the circle through the vertices, whose centre has the abscissa a / 2."""
    a, p, _ = t
    height = _height(t)
    if height is None:
        return None
    abscissa = Fraction(p, 2 * a)
    up = (abscissa * abscissa - a * abscissa + height * height) / (2 * height)
    square = Fraction(a * a, 4) + up * up
    return Fraction(isqrt(square.numerator), isqrt(square.denominator))


def _touching(t):
    """Ordinate of the incentre, the mean of the vertices weighted by the opposite sides."""
    height = _height(t)
    return None if height is None else t[0] * height / (t[0] + _second(t) + t[2])


def _to_midpoint(t):
    """Square of the distance from A to (a / 2, 0)."""
    a, p, c = t
    return Fraction(c * c) - Fraction(p, 2) + Fraction(a * a, 4)


COORDINATES = {
    "BC": _side,
    "CA": _second,
    "AB": lambda t: t[2],
    "perimeter": lambda t: t[0] + _second(t) + t[2],
    "area": _shoelace,
    "inradius": _touching,
    "circumradius": _centre,
    "altitude": _height,
    "squared": lambda t: 4 * t[0] * t[0] * t[2] * t[2] - t[1] * t[1],
    "median": _to_midpoint,
    "medians": lambda t: 4 * _to_midpoint(t),
    "power": lambda t: _second(t) * t[2],
    "squares": lambda t: t[0] * t[0] + _second(t) ** 2 + t[2] * t[2],
    "scalene": lambda t: len({t[0], _second(t), t[2]}) == 3,
    "obtuse": lambda t: 2 * t[2] * t[2] < t[1],
    "acute": lambda t: 2 * t[2] * t[2] > t[1],
    "longest": lambda t: t[0] > max(_second(t), t[2]),
}


def check(box, facts, question):
    """Coordinates: the whole family is placed in the plane, and every fact is measured there."""
    found = []
    for a in range(1, box + 1):
        for c in range(1, box + 1):
            for b in range(1, box + 1):
                if a < b + c and b < c + a and c < a + b:
                    found.append((a, a * a + c * c - b * b, c))
    return answer(found, facts, question, COORDINATES)
