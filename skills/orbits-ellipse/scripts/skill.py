"""Elliptic orbits by their least and greatest distance from a star: what facts about one of them leave open.

A planet on a circle of radius 18 au with a period of 216 years is the measure, so that a comet's period is the square
root of (p + q)^3 years: 216^2 / 18^3 = 8 square years per cubic au.
"""

from fractions import Fraction
from math import isqrt

from object_kinds import answer, bounded, quotient, told_apart

DIRECT = ("near", "far")
SAME = {"foci": "eccentricity", "flat": "eccentricity", "double": "ratio", "longer": "axis", "crossing": "inside"}
RANGED = "far"
SMALL = 12
UNITS = {port: "au" for port in ("near", "far", "axis", "minor", "latus", "foci")} | {"period": "year"}


def members(box):
    """The distances (p, q), p < q, of all elliptic orbits that reach no further than the box."""
    return [(p, q) for q in range(2, box + 1) for p in range(1, q)]


def _minor(o):
    """The semi-minor axis, if it is rational: the geometric mean of p and q."""
    root = isqrt(o[0] * o[1])
    return root if root * root == o[0] * o[1] else None


def _simple(value):
    """A ratio of small numbers; another one would tell the two distances by itself."""
    return value if max(value.numerator, value.denominator) <= SMALL else None


def _latus(o):
    """The semi-latus rectum, if it is a whole number or a half."""
    double = quotient(4 * o[0] * o[1], o[0] + o[1])
    return quotient(double, 2) if type(double) is int else None


def _period(o):
    root = isqrt(o[0] + o[1])
    return root**3 if root * root == o[0] + o[1] else None


PORTS = {
    "near": lambda o: o[0],
    "far": lambda o: o[1],
    "axis": lambda o: quotient(o[0] + o[1], 2),
    "minor": _minor,
    "latus": _latus,
    "foci": lambda o: o[1] - o[0],
    "eccentricity": lambda o: _simple(quotient(o[1] - o[0], o[0] + o[1])),
    "ratio": lambda o: _simple(quotient(o[1], o[0])),
    "period": _period,
    "quick": lambda o: _simple(quotient(36 * o[1], o[0] * (o[0] + o[1]))),
    "slow": lambda o: _simple(quotient(36 * o[0], o[1] * (o[0] + o[1]))),
    "longer": lambda o: o[0] + o[1] > 36,
    "flat": lambda o: o[1] > 3 * o[0],
    "inside": lambda o: o[1] < 18,
    "crossing": lambda o: o[0] < 18 < o[1],
    "double": lambda o: o[1] > 2 * o[0],
}

LETTERS = {"p": PORTS["near"], "q": PORTS["far"]}


def _by_latus(told):
    """l = 2pq/(p + q) > p, and q (2p - l) = lp: with l = P/Q the factor is a positive multiple of 1/Q."""
    told = Fraction(told)
    return told.numerator**2 // told.denominator


def _by_period(told):
    """p + q is the square of the cube root of the period."""
    return next(base * base - 1 for base in range(int(told) + 2) if base**3 >= told)


BOUNDS = {
    "far": lambda told: told,
    "axis": lambda told: 2 * told - 1,
    "minor": lambda told: told * told,
    "latus": _by_latus,
    "period": _by_period,
    "inside": lambda told: 17,
}


def solve(box, facts, question):
    """Means: every port is a formula in the least and the greatest distance."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT)


# --- the other route: the conic about its focus, the energy, and the planet as the measure ---

RADIUS, YEARS = 18, 216


def _conic(p, q):
    """(semi-major axis, distance from the centre to a focus) of the ellipse."""
    axis = Fraction(p + q, 2)
    return axis, axis - p


def _root(square):
    """The root of a fraction if it is rational."""
    top, low = isqrt(square.numerator), isqrt(square.denominator)
    return Fraction(top, low) if (top * top, low * low) == (square.numerator, square.denominator) else None


def _squared_speed(o, distance):
    """Square of the speed at a distance, that of the planet being 1: G M is then the planet's radius."""
    return RADIUS * (Fraction(2) / distance - 1 / o[0])


def _eccentricity(o):
    return o[1] / o[0]


def _parameter(o):
    """r = l / (1 + e cos v) with v = 0."""
    return (o[0] - o[1]) * (1 + _eccentricity(o))


def _revolution(o):
    """Kepler's third law against the planet."""
    return _root((o[0] / RADIUS) ** 3 * YEARS**2)


CONIC = {
    "near": lambda o: o[0] - o[1],
    "far": lambda o: o[0] + o[1],
    "axis": lambda o: o[0],
    "minor": lambda o: _root(o[0] ** 2 - o[1] ** 2),
    "latus": _parameter,
    "foci": lambda o: 2 * o[1],
    "eccentricity": _eccentricity,
    "ratio": lambda o: _root(_squared_speed(o, o[0] - o[1]) / _squared_speed(o, o[0] + o[1])),
    "period": _revolution,
    "quick": lambda o: _squared_speed(o, o[0] - o[1]),
    "slow": lambda o: _squared_speed(o, o[0] + o[1]),
    "longer": lambda o: (o[0] / RADIUS) ** 3 > 1,
    "flat": lambda o: _eccentricity(o) > Fraction(1, 2),
    "inside": lambda o: o[0] + o[1] < RADIUS,
    "crossing": lambda o: abs(RADIUS - o[0]) < o[1],
    "double": lambda o: o[0] < 3 * o[1],
}


def check(box, facts, question):
    """The conic, the energy and Kepler's third law, worked out for every orbit of the family."""
    found = [_conic(p, q) for p in range(1, box) for q in range(p + 1, box + 1)]
    return answer(found, facts, question, CONIC)
