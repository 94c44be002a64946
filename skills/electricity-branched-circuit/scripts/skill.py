"""A resistor in series with two parallel ones at 120 V: what facts about such a circuit leave open.

Resistances are in kilohms, so that currents are in milliamperes and powers in milliwatts.
"""

from fractions import Fraction

from object_kinds import answer, bounded, quotient, told_apart

VOLTAGE = 120
DIRECT = ("first", "second", "third")
SAME = {"whole": "current", "power": "current", "drop": "pair", "pair": "drop", "more": "equal"}
OHMS, AMPERES = ("first", "second", "third", "whole"), ("current", "upper", "lower")
VOLTS, WATTS = ("drop", "pair"), ("power", "heat", "warmth")
UNITS = {port: "kΩ" for port in OHMS} | {port: "mA" for port in AMPERES}
UNITS |= {port: "V" for port in VOLTS} | {port: "mW" for port in WATTS}


def members(box):
    """The resistances (r, s, t) of all circuits, each of 1 to box kilohms."""
    sizes = range(1, box + 1)
    return [(r, s, t) for r in sizes for s in sizes for t in sizes]


def _scale(c):
    """r (s + t) + s t, the denominator of all currents."""
    r, s, t = c
    return r * (s + t) + s * t


PORTS = {
    "first": lambda c: c[0],
    "second": lambda c: c[1],
    "third": lambda c: c[2],
    "whole": lambda c: quotient(_scale(c), c[1] + c[2]),
    "current": lambda c: quotient(VOLTAGE * (c[1] + c[2]), _scale(c)),
    "upper": lambda c: quotient(VOLTAGE * c[2], _scale(c)),
    "lower": lambda c: quotient(VOLTAGE * c[1], _scale(c)),
    "drop": lambda c: quotient(VOLTAGE * c[0] * (c[1] + c[2]), _scale(c)),
    "pair": lambda c: quotient(VOLTAGE * c[1] * c[2], _scale(c)),
    "power": lambda c: quotient(VOLTAGE**2 * (c[1] + c[2]), _scale(c)),
    "heat": lambda c: quotient(VOLTAGE**2 * c[0] * (c[1] + c[2]) ** 2, _scale(c) ** 2),
    "warmth": lambda c: quotient(VOLTAGE**2 * c[1] * c[2] ** 2, _scale(c) ** 2),
    "half": lambda c: c[0] * (c[1] + c[2]) > c[1] * c[2],
    "more": lambda c: c[2] > c[1],
    "largest": lambda c: c[0] > c[1] and c[0] > c[2],
    "hotter": lambda c: c[0] * (c[1] + c[2]) ** 2 > c[1] * c[2] ** 2,
    "equal": lambda c: c[1] == c[2],
}

LETTERS = {
    "R_1": PORTS["first"],
    "R_2": PORTS["second"],
    "R_3": PORTS["third"],
    "R_p": lambda c: quotient(c[1] * c[2], c[1] + c[2]),
    "I": PORTS["current"],
}


def _by_whole(whole):
    """With R = P / Q the pair has p / Q = R - r <= R - 1, and st/(s + t) = p/Q is (Q s - p)(Q t - p) = p^2."""
    whole = Fraction(whole)
    pair = whole.numerator - whole.denominator
    return max(pair * (pair + 1), whole.numerator) // whole.denominator


BOUNDS = {
    "whole": _by_whole,
    "current": lambda told: _by_whole(Fraction(VOLTAGE) / told) if told else None,
    "power": lambda told: _by_whole(Fraction(VOLTAGE**2) / told) if told else None,
}


def solve(box, facts, question):
    """Series and parallel: every port is a quotient of polynomials in the resistances."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT)


# --- the other route: Kirchhoff's rules for the two loops, and energy resistor by resistor ---


def _currents(r, s, t):
    """((r, s, t), currents through them): loop i through battery, r and s, loop j through s and t, by Cramer's rule.

    (r + s) i - s j = 120, and -s i + (s + t) j = 0.
    """
    det = (r + s) * (s + t) - s * s
    i, j = Fraction(VOLTAGE * (s + t), det), Fraction(s * VOLTAGE, det)
    return (r, s, t), i, i - j, j


def _heat(c, number):
    """Power of a resistor: the square of its current times its resistance."""
    return c[1 + number] ** 2 * c[0][number]


def _voltage(c, number):
    return c[1 + number] * c[0][number]


KIRCHHOFF = {
    "first": lambda c: c[0][0],
    "second": lambda c: c[0][1],
    "third": lambda c: c[0][2],
    "whole": lambda c: VOLTAGE / c[1],
    "current": lambda c: c[1],
    "upper": lambda c: c[2],
    "lower": lambda c: c[3],
    "drop": lambda c: VOLTAGE - _voltage(c, 2),
    "pair": lambda c: VOLTAGE - _voltage(c, 0),
    "power": lambda c: _heat(c, 0) + _heat(c, 1) + _heat(c, 2),
    "heat": lambda c: _heat(c, 0),
    "warmth": lambda c: _heat(c, 1),
    "half": lambda c: _voltage(c, 0) > _voltage(c, 1),
    "more": lambda c: c[2] > c[3],
    "largest": lambda c: c[0][0] > max(c[0][1:]),
    "hotter": lambda c: _heat(c, 0) > _heat(c, 1),
    "equal": lambda c: c[2] == c[3],
}


def check(box, facts, question):
    """Kirchhoff's rules, solved for every circuit of the family."""
    sizes = range(1, box + 1)
    found = [_currents(r, s, t) for t in sizes for s in sizes for r in sizes]
    return answer(found, facts, question, KIRCHHOFF)
