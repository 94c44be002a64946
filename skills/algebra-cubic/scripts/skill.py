"""Cubics x^3 - e x^2 + f x - g with integer zeros: what facts about one of them leave open."""

from functools import cache
from itertools import combinations_with_replacement

from object_kinds import answer, bounded, root, told_apart

DIRECT = ("sum", "pairs", "product")
SAME = {}


def members(box):
    """Elementary symmetric sums (e, f, g) of all triples of zeros up to the box in absolute value."""
    found = []
    for r in range(-box, box + 1):
        for s in range(r, box + 1):
            for t in range(s, box + 1):
                found.append((r + s + t, r * s + t * (r + s), r * s * t))
    return found


def _squares(p):
    e, f, _ = p
    return e * e - 2 * f


def _cubes(p):
    e, f, g = p
    return e * _squares(p) - f * e + 3 * g


def _fourths(p):
    e, f, g = p
    return e * _cubes(p) - f * _squares(p) + g * e


def _at(p, x):
    e, f, g = p
    return ((x - e) * x + f) * x - g


def _discriminant(p):
    e, f, g = p
    return e * e * f * f - 4 * f**3 - 4 * e**3 * g + 18 * e * f * g - 27 * g * g


PORTS = {
    "sum": lambda p: p[0],
    "pairs": lambda p: p[1],
    "product": lambda p: p[2],
    "squares": _squares,
    "cubes": _cubes,
    "fourths": _fourths,
    "one": lambda p: _at(p, 1),
    "two": lambda p: _at(p, 2),
    "three": lambda p: _at(p, 3),
    "minus": lambda p: _at(p, -1),
    "distinct": lambda p: _discriminant(p) > 0,
    "positive": lambda p: p[0] > 0 and p[1] > 0 and p[2] > 0,
    "negative": lambda p: p[2] < 0,
}

LETTERS = {"r": lambda p: _zeros(p)[0], "s": lambda p: _zeros(p)[1], "t": lambda p: _zeros(p)[2]}


def _beyond(offset):
    """P(k) is the product of the differences k - r: one of integers is at most a product in which none is zero."""
    return lambda told: abs(told) + offset if told else None


BOUNDS = {
    "squares": root,
    "product": _beyond(0),
    "one": _beyond(1),
    "minus": _beyond(1),
    "two": _beyond(2),
}


def solve(box, facts, question):
    """Newton's identities and Descartes' rule: every port is a formula in the coefficients."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT, _shown)


@cache
def _zeros(p):
    """The zeros in order: the least is found as an integer, the other two then by a quadratic equation."""
    e, f, _ = p
    r = next(x for x in range(-root(e * e - 2 * f), 1 + root(e * e - 2 * f)) if _at(p, x) == 0)
    rest, product = e - r, f - r * (e - r)
    gap = root(rest * rest - 4 * product)
    return r, (rest - gap) // 2, (rest + gap) // 2


def _shown(one):
    r, s, t = _zeros(one)
    return f"$({r}, {s}, {t})$"


# --- the other route: the zeros ---


def _value(zeros, x):
    r, s, t = zeros
    return (x - r) * (x - s) * (x - t)


ZEROS = {
    "sum": sum,
    "pairs": lambda z: z[0] * z[1] + z[1] * z[2] + z[2] * z[0],
    "product": lambda z: z[0] * z[1] * z[2],
    "squares": lambda z: sum(x**2 for x in z),
    "cubes": lambda z: sum(x**3 for x in z),
    "fourths": lambda z: sum(x**4 for x in z),
    "one": lambda z: _value(z, 1),
    "two": lambda z: _value(z, 2),
    "three": lambda z: _value(z, 3),
    "minus": lambda z: _value(z, -1),
    "distinct": lambda z: len(set(z)) == 3,
    "positive": lambda z: min(z) > 0,
    "negative": lambda z: sum(x < 0 for x in z) % 2 == 1 and 0 not in z,
}


def check(box, facts, question):
    """Every triple of zeros is tried."""
    found = list(combinations_with_replacement(range(-box, box + 1), 3))
    return answer(found, facts, question, ZEROS)
