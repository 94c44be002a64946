"""Walks of three legs on the grid, a to the right, b up and c to the left: what facts about one of them leave open."""

from fractions import Fraction
from math import comb, isqrt

from object_kinds import answer, bounded, told_apart, whole

DIRECT = ("a", "b", "c", "total")
SAME = {"squared": "distance"}
RANGED = "total"


def members(box):
    """The legs (a, b, c) of all walks that are no longer than the box."""
    legs = range(1, box - 1)
    return [(a, b, c) for a in legs for b in range(1, box - a) for c in range(1, box - a - b + 1)]


def _squared(w):
    """Square of the distance from start to end."""
    return (w[0] - w[2]) ** 2 + w[1] ** 2


def _distance(w):
    square = _squared(w)
    root = isqrt(square)
    return root if root * root == square else None


def _slope(w):
    return whole(Fraction(w[1], w[0] - w[2])) if w[0] != w[2] else None


PORTS = {
    "a": lambda w: w[0],
    "b": lambda w: w[1],
    "c": lambda w: w[2],
    "total": sum,
    "distance": _distance,
    "squared": _squared,
    "back": lambda w: w[1] ** 2 + w[2] ** 2,
    "out": lambda w: w[0] ** 2 + w[1] ** 2,
    "area": lambda w: whole(Fraction(w[1] * (w[0] + w[2]), 2)),
    "slope": _slope,
    "scalar": lambda w: w[0] * (w[0] - w[2]) + w[1] ** 2,
    "grid": lambda w: abs(w[0] - w[2]) + w[1],
    "paths": lambda w: comb(abs(w[0] - w[2]) + w[1], w[1]),
    "left": lambda w: w[2] > w[0],
    "near": lambda w: w[1] ** 2 < w[2] * (2 * w[0] - w[2]),
    "acute": lambda w: w[2] * (w[2] - w[0]) + w[1] ** 2 > 0,
    "right": lambda w: w[0] * w[2] == w[1] ** 2,
}

LETTERS = {"a": PORTS["a"], "b": PORTS["b"], "c": PORTS["c"]}

BOUNDS = {
    "total": lambda told: told,
    "area": lambda told: 2 * told + 1,
}


def solve(box, facts, question):
    """Formulas in a, b and c, of which each port is one."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT)


# --- the other route: the corners of the walk, and measurements between them ---

S, P, Q, E = range(4)
TURNS = ((1, 0), (0, 1), (-1, 0))


def _walked(legs):
    """The corners, each reached from the one before."""
    x, y, corners = 0, 0, [(0, 0)]
    for (right, up), length in zip(TURNS, legs, strict=True):
        x, y = x + right * length, y + up * length
        corners.append((x, y))
    return corners


def _apart(w, one, other):
    """Square of the distance between two corners."""
    (x, y), (u, v) = w[one], w[other]
    return (x - u) ** 2 + (y - v) ** 2


def _leg(w, number):
    return isqrt(_apart(w, number, number + 1))


def _measured(w):
    """Distance from start to end, if one of the integers up to the sum of the coordinates is it."""
    x, y = abs(w[E][0]), w[E][1]
    return next((d for d in range(max(x, y), x + y + 1) if d * d == x * x + y * y), None)


def _shoelace(w):
    return Fraction(abs(sum(w[i - 1][0] * w[i][1] - w[i][0] * w[i - 1][1] for i in range(4))), 2)


def _rise(w):
    return Fraction(w[E][1] - w[S][1], w[E][0] - w[S][0]) if w[E][0] else None


def _routes(w):
    """Shortest ways to the end, added up from column to column."""
    ways = [1] * (w[E][1] + 1)
    for _ in range(abs(w[E][0])):
        for row in range(1, len(ways)):
            ways[row] += ways[row - 1]
    return ways[-1]


def _crossing(w):
    """Scalar product of the diagonals SQ and PE."""
    return w[Q][0] * (w[E][0] - w[P][0]) + w[Q][1] * (w[E][1] - w[P][1])


MEASURED = {
    "a": lambda w: _leg(w, 0),
    "b": lambda w: _leg(w, 1),
    "c": lambda w: _leg(w, 2),
    "total": lambda w: _leg(w, 0) + _leg(w, 1) + _leg(w, 2),
    "distance": _measured,
    "squared": lambda w: _apart(w, S, E),
    "back": lambda w: _apart(w, P, E),
    "out": lambda w: _apart(w, S, Q),
    "area": _shoelace,
    "slope": _rise,
    "scalar": lambda w: Fraction(_apart(w, S, Q) + _apart(w, S, E) - _apart(w, Q, E), 2),
    "grid": lambda w: abs(w[E][0]) + abs(w[E][1]),
    "paths": _routes,
    "left": lambda w: w[E][0] < w[S][0],
    "near": lambda w: _apart(w, S, E) < _apart(w, S, P),
    "acute": lambda w: _apart(w, S, E) + _apart(w, E, P) > _apart(w, S, P),
    "right": lambda w: _crossing(w) == 0,
}


def check(box, facts, question):
    """Corners: every walk of the family is walked, and every fact is measured between its corners."""
    found = []
    for first in range(1, box + 1):
        for last in range(1, box - first):
            found += [_walked((first, up, last)) for up in range(1, box - first - last + 1)]
    return answer(found, facts, question, MEASURED)
