"""Symmetric matrices ((a, b), (b, c)) with integer entries: what facts about one of them leave open."""

from fractions import Fraction
from math import isqrt

from object_kinds import answer, bounded, root, told_apart, whole

DIRECT = ("a", "b", "c")
SAME = {"gap": "top"}


def members(box):
    """The entries (a, b, c) of all matrices without one above the box in absolute value."""
    entries = range(-box, box + 1)
    return [(a, b, c) for a in entries for b in entries for c in entries]


def _trace(m):
    return m[0] + m[2]


def _det(m):
    return m[0] * m[2] - m[1] * m[1]


def _gap(m):
    """Discriminant of the characteristic polynomial."""
    return (m[0] - m[2]) ** 2 + 4 * m[1] * m[1]


def _top(m):
    """The greatest eigenvalue, if it is rational; then it is an integer."""
    gap = _gap(m)
    root = isqrt(gap)
    return (_trace(m) + root) // 2 if root * root == gap else None


def _inverse(m):
    det = _det(m)
    return whole(Fraction(_trace(m), det)) if det else None


PORTS = {
    "a": lambda m: m[0],
    "b": lambda m: m[1],
    "c": lambda m: m[2],
    "trace": _trace,
    "det": _det,
    "traces": lambda m: _trace(m) ** 2 - 2 * _det(m),
    "cubed": lambda m: _trace(m) ** 3 - 3 * _trace(m) * _det(m),
    "total": lambda m: m[0] + 2 * m[1] + m[2],
    "first": lambda m: m[0] * m[0] + m[1] * m[1],
    "corner": lambda m: m[1] * (m[0] + m[2]),
    "squared": lambda m: (m[0] + m[1]) ** 2 + (m[1] + m[2]) ** 2,
    "shifted": lambda m: 1 + _trace(m) + _det(m),
    "gap": _gap,
    "indefinite": lambda m: m[0] * m[2] < m[1] * m[1],
    "definite": lambda m: m[0] > 0 and _det(m) > 0,
    "bounded": lambda m: m[0] < 3 and (3 - m[0]) * (3 - m[2]) > m[1] * m[1],
    "positive": lambda m: m[1] * (m[0] + m[2]) > 0,
    "top": _top,
    "inverse": _inverse,
}

LETTERS = {"a": PORTS["a"], "b": PORTS["b"], "c": PORTS["c"], "t": _trace, "d": _det}

BOUNDS = {"traces": root}


def solve(box, facts, question):
    """Cayley and Hamilton: every port is a formula in the entries."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT)


# --- the other route: rows of numbers, their products, and values of det(M - x I) ---


def _product(m, n):
    (p, q), (r, s) = m
    (t, u), (v, w) = n
    return ((p * t + q * v, p * u + q * w), (r * t + s * v, r * u + s * w))


def _square(m):
    return _product(m, m)


def _diagonal(m):
    return m[0][0] + m[1][1]


def _entries(m):
    return sum(m[0]) + sum(m[1])


def _at(m, x):
    """The characteristic polynomial at x, as the determinant of M - x I."""
    return (m[0][0] - x) * (m[1][1] - x) - m[0][1] * m[1][0]


def _greatest_zero(m):
    """The greatest eigenvalue lies from the greater diagonal entry to the greater sum |entries| of a row."""
    low = max(m[0][0], m[1][1])
    zeros = [x for x in range(low, low + abs(m[0][1]) + 1) if _at(m, x) == 0]
    return zeros[-1] if zeros else None


def _inverse_trace(m):
    """From the inverse, solved for row by row by Cramer's rule."""
    det = _at(m, 0)
    if det == 0:
        return None
    return Fraction(m[1][1], det) + Fraction(m[0][0], det)


def _discriminant(m):
    """From the coefficients of x^2 + p x + q, read off from the values at 0 and 1."""
    q = _at(m, 0)
    p = _at(m, 1) - 1 - q
    return p * p - 4 * q


def _below_three(m):
    """Both zeros are below 3 if the parabola is positive there and its least point lies to the left."""
    return _at(m, 3) > 0 and _diagonal(m) < 6


PRODUCTS = {
    "a": lambda m: m[0][0],
    "b": lambda m: m[0][1],
    "c": lambda m: m[1][1],
    "trace": _diagonal,
    "det": lambda m: _at(m, 0),
    "traces": lambda m: _diagonal(_square(m)),
    "cubed": lambda m: _diagonal(_product(_square(m), m)),
    "total": _entries,
    "first": lambda m: _square(m)[0][0],
    "corner": lambda m: _square(m)[0][1],
    "squared": lambda m: _entries(_square(m)),
    "shifted": lambda m: _at(m, -1),
    "gap": _discriminant,
    "indefinite": lambda m: _at(m, 0) < 0,
    "definite": lambda m: _at(m, 0) > 0 and _diagonal(m) > 0,
    "bounded": _below_three,
    "positive": lambda m: min(min(row) for row in _square(m)) > 0,
    "top": _greatest_zero,
    "inverse": _inverse_trace,
}


def check(box, facts, question):
    """Products and the characteristic polynomial, worked out for every matrix of the family."""
    found = []
    for upper in range(-box, box + 1):
        for lower in range(-box, box + 1):
            for beside in range(-box, box + 1):
                found.append(((upper, beside), (beside, lower)))
    return answer(found, facts, question, PRODUCTS)
