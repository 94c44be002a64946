"""Rectangular boxes with integer edges: what facts about one of them leave open."""

from fractions import Fraction
from itertools import combinations_with_replacement
from math import gcd, isqrt

from object_kinds import answer, bounded, quotient, root, told_apart

DIRECT = ("shortest", "longest", "edges")
COUNTS = ("inner",)
SAME = {"flat": "slant", "slant": "flat"}


def members(box):
    """The edges a <= b <= c of all boxes with integer edges up to the box."""
    sizes = range(1, box + 1)
    return [(a, b, c) for a in sizes for b in range(a, box + 1) for c in range(b, box + 1)]


def _surface(e):
    a, b, c = e
    return 2 * (a * b + b * c + c * a)


def _volume(e):
    return e[0] * e[1] * e[2]


def _ratio(e):
    return quotient(_volume(e), _surface(e))


def _crossed(e):
    """Unit cubes on the diagonal: one for each plane of the grid it meets, where planes met at once count once."""
    a, b, c = e
    return a + b + c - gcd(a, b) - gcd(b, c) - gcd(c, a) + gcd(a, b, c)


PORTS = {
    "shortest": lambda e: e[0],
    "longest": lambda e: e[2],
    "edges": lambda e: 4 * sum(e),
    "volume": _volume,
    "surface": _surface,
    "diagonal": lambda e: e[0] ** 2 + e[1] ** 2 + e[2] ** 2,
    "ratio": _ratio,
    "least": lambda e: e[0] * e[1],
    "flat": lambda e: e[1] * e[2],
    "slant": lambda e: e[1] ** 2 + e[2] ** 2,
    "path": lambda e: (e[0] + e[1]) ** 2 + e[2] ** 2,
    "inner": lambda e: max(e[0] - 2, 0) * max(e[1] - 2, 0) * max(e[2] - 2, 0),
    "crossed": _crossed,
    "different": lambda e: e[0] < e[1] < e[2],
    "long": lambda e: e[2] > e[0] + e[1],
    "roomy": lambda e: _volume(e) > _surface(e),
}

LETTERS = {"a": lambda e: e[0], "b": lambda e: e[1], "c": lambda e: e[2]}

BOUNDS = {
    "edges": lambda told: told // 4 - 2,
    "volume": lambda told: told,
    "surface": lambda told: (told - 2) // 4,
    "diagonal": lambda told: root(told - 2),
    "flat": lambda told: told,
    "slant": lambda told: root(told - 1),
    "path": lambda told: root(told - 4),
    "inner": lambda told: told + 2 if told else None,
    "crossed": lambda told: told,
}


def solve(box, facts, question):
    """Sorted edges: every port is a formula in them."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT, _shown)


def _shown(one):
    a, b, c = one
    return rf"${a} \times {b} \times {c}$"


# --- the other route: the areas of the three faces that meet in a vertex ---


def _filled(f):
    """Volume: its square is the product of the areas."""
    return isqrt(f[0] * f[1] * f[2])


def _dimensions(f):
    """Each edge is the volume over the face across it."""
    volume = _filled(f)
    return volume // f[0], volume // f[1], volume // f[2]


def _total(f):
    return 2 * sum(f)


def _squares(f):
    return [x * x for x in _dimensions(f)]


def _unfolded(f):
    """The shortest of three straight paths: over the edge x, its square is the space diagonal's plus twice a face."""
    return sum(_squares(f)) + 2 * min(f)


def _unpainted(f):
    """The volume less the cubes of the skin: each cube of an edge is on two faces, that of a vertex on three."""
    edges = _dimensions(f)
    return _filled(f) - (_total(f) - 4 * sum(edges) + 8) if min(edges) > 1 else 0


def _met(f):
    """One cube more than there are moments at which the diagonal crosses a plane of the grid."""
    volume = _filled(f)
    return 1 + len({k * face for face in f for k in range(1, volume // face)})


FACES = {
    "shortest": lambda f: _filled(f) // max(f),
    "longest": lambda f: _filled(f) // min(f),
    "edges": lambda f: sum(4 * x for x in _dimensions(f)),
    "volume": _filled,
    "surface": _total,
    "diagonal": lambda f: sum(_squares(f)),
    "ratio": lambda f: Fraction(_filled(f)) / _total(f),
    "least": min,
    "flat": max,
    "slant": lambda f: sum(sorted(_squares(f))[1:]),
    "path": _unfolded,
    "inner": _unpainted,
    "crossed": _met,
    "different": lambda f: len(set(f)) == 3,
    "long": lambda f: 2 * max(_dimensions(f)) > sum(_dimensions(f)),
    "roomy": lambda f: _filled(f) - _total(f) > 0,
}


def check(box, facts, question):
    """Faces: every box of the family is given by the areas of its faces, and every fact is measured on them."""
    edges = combinations_with_replacement(range(box, 0, -1), 3)
    found = [(y * z, z * x, x * y) for x, y, z in edges]
    return answer(found, facts, question, FACES)
