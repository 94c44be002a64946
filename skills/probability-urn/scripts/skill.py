"""Urns (red, blue) with at least one ball of either colour: what facts about one of them leave open."""

from fractions import Fraction

# Remainders and comparisons are direct too: without a probability they make no problem about draws.
DIRECT = ("red", "blue", "total", "difference", "fifths", "sevenths", "more", "even")
SAME = {}


def members(box):
    """The numbers of red and of blue balls, together at most the box."""
    return [(r, n - r) for n in range(2, box + 1) for r in range(1, n)]


def _ratio(part, whole):
    """An int if it is one: a probability of 0 or 1."""
    value = Fraction(part, whole)
    return value.numerator if value.denominator == 1 else value


PORTS = {
    "red": lambda u: u[0],
    "blue": lambda u: u[1],
    "total": lambda u: u[0] + u[1],
    "difference": lambda u: u[0] - u[1],
    "product": lambda u: u[0] * u[1],
    "squares": lambda u: u[0] * u[0] + u[1] * u[1],
    "pairs": lambda u: u[0] * (u[0] - 1) // 2,
    "twice": lambda u: 2 * u[0] + u[1],
    "single": lambda u: _ratio(u[0], u[0] + u[1]),
    "again": lambda u: _ratio(2 * u[0] * u[1], (u[0] + u[1]) ** 2),
    "reds": lambda u: _ratio(u[0] * (u[0] - 1), (u[0] + u[1]) * (u[0] + u[1] - 1)) or None,
    "mixed": lambda u: _ratio(2 * u[0] * u[1], (u[0] + u[1]) * (u[0] + u[1] - 1)),
    "added": lambda u: _ratio(u[0] + 1, u[0] + u[1] + 1),
    "fifths": lambda u: u[0] % 5 or None,
    "sevenths": lambda u: (u[0] + u[1]) % 7 or None,
    "more": lambda u: u[0] > u[1],
    "likely": lambda u: (u[0] - u[1]) ** 2 < u[0] + u[1],
    "even": lambda u: (u[0] - u[1]) % 2 == 0,
}


def asked(question, found, ports):
    """The answer, if every object that fits gives the same one."""
    kind, names = question[0], question[1:]
    if kind == "number":
        return len(found)
    values = set()
    for one in found:
        told = [ports[name](one) for name in names]
        if kind == "branch":
            told = [told[1] if told[0] else told[2]]
        if None in told:
            raise ValueError("what is asked for is not rational")
        values.add(sum(told))
    if not values:
        raise ValueError("nothing fits the facts")
    if kind == "greatest":
        return max(values)
    if kind == "least":
        return min(values)
    if len(values) > 1:
        raise ValueError("the facts leave more than one value")
    return values.pop()


def solve(box, facts, question):
    """Formulas: every port is one in the numbers of red and of blue balls."""
    found = members(box)
    for port, told in facts:
        of = PORTS[port]
        found = [u for u in found if of(u) == told]
    return asked(question, found, PORTS)


def steps(box, facts, question):
    """How many of the family each fact leaves, and which ones all of them leave."""
    found, counts = members(box), []
    family = len(found)
    for port, told in facts:
        of = PORTS[port]
        found = [one for one in found if of(one) == told]
        counts.append(len(found))
    shown = [_shown(one) for one in found[:MOST_SHOWN]]
    more = [f"{len(found) - MOST_SHOWN} more"] if len(found) > MOST_SHOWN else []
    return {"family": family, "counts": counts, "left": ", ".join(shown + more)}


MOST_SHOWN = 8


def _shown(one):
    return str(one)


# --- the other route: the tree of draws, branch by branch ---


def _first(u):
    """Probability that the first ball has each colour."""
    balls = sum(u)
    return Fraction(u[0], balls), Fraction(u[1], balls)


def _second(u, gone):
    """Probability that the next ball has each colour, after one of the colour `gone` has left the urn."""
    left = [count - (colour == gone) for colour, count in enumerate(u)]
    return Fraction(left[0], sum(left)), Fraction(left[1], sum(left))


def _tree(u, gone_too):
    """Probabilities of the four outcomes of two draws, along the branches of the tree."""
    first = _first(u)
    return {(one, two): first[one] * (_second(u, one) if gone_too else first)[two] for one in (0, 1) for two in (0, 1)}


def _differ(u, gone_too):
    outcomes = _tree(u, gone_too)
    return outcomes[0, 1] + outcomes[1, 0]


def _match(u):
    outcomes = _tree(u, True)
    return outcomes[0, 0] + outcomes[1, 1]


def _by_fives(u):
    left = u[0]
    while left >= 5:
        left -= 5
    return left or None


def _by_sevens(u):
    left = sum(u)
    while left >= 7:
        left -= 7
    return left or None


DRAWN = {
    "red": lambda u: u[0],
    "blue": lambda u: u[1],
    "total": sum,
    "difference": lambda u: u[0] - u[1],
    "product": lambda u: sum(u[0] for _ in range(u[1])),
    "squares": lambda u: sum(u) ** 2 - 2 * u[0] * u[1],
    "pairs": lambda u: sum(range(u[0])),
    "twice": lambda u: u[0] + sum(u),
    "single": lambda u: 1 - _first(u)[1],
    "again": lambda u: _differ(u, False),
    "reds": lambda u: _tree(u, True)[0, 0] or None,
    "mixed": lambda u: _differ(u, True),
    "added": lambda u: _first((u[0] + 1, u[1]))[0],
    "fifths": _by_fives,
    "sevenths": _by_sevens,
    "more": lambda u: _first(u)[0] > _first(u)[1],
    "likely": lambda u: _differ(u, True) > _match(u),
    "even": lambda u: sum(u) % 2 == 0,
}


def check(box, facts, question):
    """The tree of draws, gone through for every urn of the family."""
    found = [(r, b) for r in range(1, box) for b in range(1, box - r + 1)]
    for port, told in facts:
        of = DRAWN[port]
        found = [u for u in found if of(u) == told]
    return asked(question, found, DRAWN)
