"""Urns (red, blue) with at least one ball of either colour: what facts about one of them leave open."""

from fractions import Fraction

from object_kinds import answer, quotient, told_apart

# Remainders and comparisons are direct too: without a probability they make no problem about draws. The probability of
# a single draw is so as well: if it is 23/31, the answer can be read off.
DIRECT = ("red", "blue", "total", "difference", "fifths", "sevenths", "more", "even", "single")
SAME = {}
RANGED = "total"


def members(box):
    """The numbers of red and of blue balls, together at most the box."""
    return [(r, n - r) for n in range(2, box + 1) for r in range(1, n)]


PORTS = {
    "red": lambda u: u[0],
    "blue": lambda u: u[1],
    "total": lambda u: u[0] + u[1],
    "difference": lambda u: u[0] - u[1],
    "product": lambda u: u[0] * u[1],
    "squares": lambda u: u[0] * u[0] + u[1] * u[1],
    "pairs": lambda u: u[0] * (u[0] - 1) // 2,
    "twice": lambda u: 2 * u[0] + u[1],
    "single": lambda u: quotient(u[0], u[0] + u[1]),
    "again": lambda u: quotient(2 * u[0] * u[1], (u[0] + u[1]) ** 2),
    "reds": lambda u: quotient(u[0] * (u[0] - 1), (u[0] + u[1]) * (u[0] + u[1] - 1)) or None,
    "mixed": lambda u: quotient(2 * u[0] * u[1], (u[0] + u[1]) * (u[0] + u[1] - 1)),
    "added": lambda u: quotient(u[0] + 1, u[0] + u[1] + 1),
    "fifths": lambda u: u[0] % 5 or None,
    "sevenths": lambda u: (u[0] + u[1]) % 7 or None,
    "more": lambda u: u[0] > u[1],
    "likely": lambda u: (u[0] - u[1]) ** 2 < u[0] + u[1],
    "even": lambda u: (u[0] - u[1]) % 2 == 0,
}

LETTERS = {"r": PORTS["red"], "b": PORTS["blue"]}


def solve(box, facts, question):
    """Formulas: every port is one in the numbers of red and of blue balls."""
    return answer(members(box), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT)


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
    return answer(found, facts, question, DRAWN)
