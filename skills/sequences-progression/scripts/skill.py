"""Increasing arithmetic progressions of positive integers: what facts about one of them leave open."""

from fractions import Fraction
from math import gcd, isqrt

from object_kinds import answer, bounded, quotient, root, told_apart

DIRECT = ("first", "difference", "terms", "last")
COUNTS = ("odds",)
SAME = {"sum": "mean", "even": "terms", "terms": "even"}


def members(box):
    """(first term, difference, number of terms) of all progressions with three or more terms up to the box."""
    found = []
    for a in range(1, box - 1):
        for d in range(1, (box - a) // 2 + 1):
            found += [(a, d, n) for n in range(3, (box - a) // d + 2)]
    return found


def _last(p):
    a, d, n = p
    return a + (n - 1) * d


def _sum(p):
    return p[2] * (p[0] + _last(p)) // 2


def _squares(p):
    a, d, n = p
    return n * a * a + a * d * n * (n - 1) + d * d * (n - 1) * n * (2 * n - 1) // 6


def _odds(p):
    """The parities take turns if the difference is odd; else all terms have that of the first."""
    a, d, n = p
    if d % 2:
        return (n + a % 2) // 2
    return n * (a % 2)


def _alternate(p):
    """The terms in odd places have twice the difference."""
    a, d, n = p
    half = (n + 1) // 2
    return half * (a + (half - 1) * d)


def _square(p):
    """Roots r of which the square lies between the ends and leaves the remainder of the first term."""
    a, d, _ = p
    return any((r * r - a) % d == 0 for r in range(isqrt(a - 1) + 1, isqrt(_last(p)) + 1))


PORTS = {
    "first": lambda p: p[0],
    "difference": lambda p: p[1],
    "terms": lambda p: p[2],
    "last": _last,
    "sum": _sum,
    "mean": lambda p: quotient(p[0] + _last(p), 2),
    "squares": _squares,
    "product": lambda p: p[0] * _last(p),
    "ratio": lambda p: quotient(_last(p), p[0]),
    "tail": lambda p: 3 * (_last(p) - p[1]),
    "odds": _odds,
    "alternate": _alternate,
    "coprime": lambda p: gcd(p[0], p[1]) == 1,
    "steep": lambda p: p[1] > p[0],
    "square": _square,
    "even": lambda p: p[2] % 2 == 0,
}

LETTERS = {
    "a": PORTS["first"],
    "d": PORTS["difference"],
    "n": PORTS["terms"],
    "l": _last,
    "parity": lambda p: _parity(p),
    "k": lambda p: (p[2] + 1) // 2,
    "roots": lambda p: ", ".join(f"{r}^2" for r in range(1, isqrt(_last(p)) + 1) if _has(p, r * r)) or r"\text{none}",
}

BOUNDS = {
    "last": lambda told: told,
    "sum": lambda told: told - 3,
    "mean": lambda told: 2 * told - 1,
    "squares": root,
    "product": lambda told: told,
    "tail": lambda told: told - 3,
}


def solve(box, facts, question):
    """Closed formulas: every port is one in the first term, the difference and the number."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT, _shown)


def _parity(p):
    """Which terms are odd."""
    first = "odd" if p[0] % 2 else "even"
    if p[1] % 2:
        return f"every second one is odd, the first being {first}"
    return "all are odd" if p[0] % 2 else "none is odd"


def _has(p, term):
    return term in range(p[0], _last(p) + 1, p[1])


def _shown(one):
    a, d, n = one
    written = [a, a + d, r"\dots" if n > 4 else a + 2 * d, _last(one)]
    return "$(" + ", ".join(str(term) for term in (written if n > 3 else written[:3])) + ")$"


# --- the other route: the terms, written out ---


def _extended(box):
    """Every progression with three or more terms: two terms begin it, and it is cut after each later one."""
    found = []
    for start in range(1, box + 1):
        for second in range(start + 1, box + 1):
            terms = tuple(range(start, box + 1, second - start))
            found += [terms[:cut] for cut in range(3, len(terms) + 1)]
    return found


WRITTEN = {
    "first": min,
    "difference": lambda t: t[1] - t[0],
    "terms": len,
    "last": max,
    "sum": sum,
    "mean": lambda t: Fraction(sum(t), len(t)),
    "squares": lambda t: sum(x * x for x in t),
    "product": lambda t: min(t) * max(t),
    "ratio": lambda t: Fraction(t[-1], t[0]),
    "tail": lambda t: sum(t[-3:]),
    "odds": lambda t: sum(x % 2 for x in t),
    "alternate": lambda t: sum(t[::2]),
    "coprime": lambda t: gcd(*t) == 1,
    "steep": lambda t: t[1] > 2 * t[0],
    "square": lambda t: any(isqrt(x) ** 2 == x for x in t),
    "even": lambda t: not len(t) % 2,
}


def check(box, facts, question):
    """Terms: every progression of the family is written out, and every fact is counted on its terms."""
    found = _extended(box)
    return answer(found, facts, question, WRITTEN)
