"""A resistor in series with two parallel ones at 120 V: what facts about such a circuit leave open.

Resistances are in kilohms, so that currents are in milliamperes and powers in milliwatts.
"""

from fractions import Fraction

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


def _quotient(top, low):
    """An int if the fraction is one."""
    return top // low if top % low == 0 else Fraction(top, low)


def _scale(c):
    """r (s + t) + s t, the denominator of all currents."""
    r, s, t = c
    return r * (s + t) + s * t


PORTS = {
    "first": lambda c: c[0],
    "second": lambda c: c[1],
    "third": lambda c: c[2],
    "whole": lambda c: _quotient(_scale(c), c[1] + c[2]),
    "current": lambda c: _quotient(VOLTAGE * (c[1] + c[2]), _scale(c)),
    "upper": lambda c: _quotient(VOLTAGE * c[2], _scale(c)),
    "lower": lambda c: _quotient(VOLTAGE * c[1], _scale(c)),
    "drop": lambda c: _quotient(VOLTAGE * c[0] * (c[1] + c[2]), _scale(c)),
    "pair": lambda c: _quotient(VOLTAGE * c[1] * c[2], _scale(c)),
    "power": lambda c: _quotient(VOLTAGE**2 * (c[1] + c[2]), _scale(c)),
    "heat": lambda c: _quotient(VOLTAGE**2 * c[0] * (c[1] + c[2]) ** 2, _scale(c) ** 2),
    "warmth": lambda c: _quotient(VOLTAGE**2 * c[1] * c[2] ** 2, _scale(c) ** 2),
    "half": lambda c: c[0] * (c[1] + c[2]) > c[1] * c[2],
    "more": lambda c: c[2] > c[1],
    "largest": lambda c: c[0] > c[1] and c[0] > c[2],
    "hotter": lambda c: c[0] * (c[1] + c[2]) ** 2 > c[1] * c[2] ** 2,
    "equal": lambda c: c[1] == c[2],
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
    """Series and parallel: every port is a quotient of polynomials in the resistances."""
    found = members(box)
    for port, told in facts:
        of = PORTS[port]
        found = [one for one in found if of(one) == told]
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
    for port, told in facts:
        of = KIRCHHOFF[port]
        found = [c for c in found if of(c) == told]
    answer = asked(question, found, KIRCHHOFF)
    return answer.numerator if answer == int(answer) else answer
