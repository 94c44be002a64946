"""Samples of five integers in a range: what facts about mean, median, mode and spread leave open."""

from fractions import Fraction
from itertools import combinations_with_replacement

from object_kinds import answer, bounded, quotient, root, told_apart

DIRECT = ("least", "greatest", "median")
SAME = {"mean": "total", "total": "mean", "even": "total"}
SAME |= {"variance": "squares", "values": "different", "different": "values"}
COUNT = 5


def members(box):
    """All samples, sorted."""
    return list(combinations_with_replacement(range(1, box + 1), COUNT))


def _mode(x):
    """The value that occurs more than once, and more often than any other, if there is one."""
    twice = [(x.count(value), value) for value in set(x) if x.count(value) > 1]
    most = max(twice, default=(0, 0))
    return most[1] if [count for count, _ in twice].count(most[0]) == 1 else None


def _squares(x):
    return sum(value * value for value in x)


def _product(x):
    found = 1
    for value in x:
        found *= value
    return found


def _evens(x):
    """The number of even entries, unless it is 0 or 1."""
    count = sum(value % 2 == 0 for value in x)
    return count if count > 1 else None


PORTS = {
    "least": lambda x: x[0],
    "greatest": lambda x: x[4],
    "median": lambda x: x[2],
    "mode": _mode,
    "mean": lambda x: quotient(sum(x), COUNT),
    "total": sum,
    "range": lambda x: x[4] - x[0],
    "variance": lambda x: quotient(COUNT * _squares(x) - sum(x) ** 2, COUNT**2),
    "squares": _squares,
    "product": _product,
    "rest": lambda x: quotient(sum(x[:4]), 4),
    "spread": lambda x: x[4] + x[3] - x[1] - x[0],
    "values": lambda x: len(set(x)) if x[4] > x[0] else None,
    "evens": _evens,
    "different": lambda x: len(set(x)) == COUNT,
    "even": lambda x: sum(x) % 2 == 0,
    "right": lambda x: sum(x) > COUNT * x[2],
    "left": lambda x: sum(x) < COUNT * x[2],
    "wide": lambda x: x[4] > 2 * x[2],
}

LETTERS = {f"x_{place}": lambda x, place=place: x[place - 1] for place in range(1, COUNT + 1)}
BOUNDS = {
    "greatest": lambda told: told,
    "total": lambda told: told - 4,
    "mean": lambda told: 5 * told - 4,
    "squares": lambda told: root(told - 4),
    "product": lambda told: told,
}


def solve(box, facts, question):
    """The sorted sample: every port is read off from its places."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT)


# --- the other route: the table of frequencies ---


def _tables(box, left):
    """How often 1, ..., box occur, in all ways to share out what is left."""
    if box == 1:
        return [(left,)]
    return [(*rest, here) for here in range(left + 1) for rest in _tables(box - 1, left - here)]


def _weighted(t, of):
    """The sum of a function of the values, each with its frequency."""
    return sum(often * of(value) for value, often in enumerate(t, 1))


def _mean(t):
    return Fraction(_weighted(t, lambda value: value), COUNT)


def _centred(t):
    """The mean square of the distances from the mean, both sides of which are multiplied by the number of values."""
    total = _weighted(t, lambda value: value)
    return Fraction(_weighted(t, lambda value: (COUNT * value - total) ** 2), COUNT**3)


def _reached(t, place):
    """The value at which the frequencies first add up to a place."""
    below = 0
    for value, often in enumerate(t, 1):
        below += often
        if below >= place:
            return value
    raise ValueError(f"there is no place {place}")


def _most_frequent(t):
    highest = max(t)
    return t.index(highest) + 1 if highest > 1 and t.count(highest) == 1 else None


def _powers(t):
    found = 1
    for value, often in enumerate(t, 1):
        found *= value**often
    return found


def _distances(t):
    """Sum of the distances from the median."""
    middle = _reached(t, 3)
    return _weighted(t, lambda value: abs(value - middle))


TABLES = {
    "least": lambda t: _reached(t, 1),
    "greatest": lambda t: _reached(t, 5),
    "median": lambda t: _reached(t, 3),
    "mode": _most_frequent,
    "mean": _mean,
    "total": lambda t: _mean(t) * 5,
    "range": lambda t: _reached(t, 5) - _reached(t, 1),
    "variance": _centred,
    "squares": lambda t: 5 * (_centred(t) + _mean(t) ** 2),
    "product": _powers,
    "rest": lambda t: (_mean(t) * 5 - _reached(t, 5)) / 4,
    "spread": _distances,
    "values": lambda t: len(t) - t.count(0) if max(t) < COUNT else None,
    "evens": lambda t: sum(t[1::2]) if sum(t[1::2]) > 1 else None,
    "different": lambda t: max(t) == 1,
    "even": lambda t: sum(t[::2]) % 2 == 0,
    "right": lambda t: _mean(t) > _reached(t, 3),
    "left": lambda t: _mean(t) < _reached(t, 3),
    "wide": lambda t: Fraction(_reached(t, 5), 2) > _reached(t, 3),
}


def check(box, facts, question):
    """Frequencies: every table of the family is made, and every fact is counted in it."""
    return answer(_tables(box, COUNT), facts, question, TABLES)
