"""Mixtures of hydrochloric acid, sodium hydroxide solution and water: what facts about one of them leave open.

The acid has 0.3 mol/L and the base 0.2 mol/L, so that x and y millilitres hold 300 x and 200 y micromoles. A
millilitre of a solution of 0.1 mol/L holds 100 micromoles.
"""

from fractions import Fraction

from object_kinds import answer, bounded, told_apart, whole

DIRECT = ("acid", "base", "water", "total")
SAME = {"titre": "excess", "salt": "formed", "silver": "acid", "acidic": "ph"}
MILLILITRES, MICROMOLES = ("acid", "base", "water", "total", "titre", "silver"), ("salt", "ions")
UNITS = {port: "mL" for port in MILLILITRES} | {port: "µmol" for port in MICROMOLES}


def members(box):
    """The volumes (x, y, z) of acid, base and water, each of 1 to box millilitres."""
    volumes = range(1, box + 1)
    return [(x, y, z) for x in volumes for y in volumes for z in volumes]


EXACT = {Fraction(1): 1, Fraction(1, 10): 2, Fraction(-1): 13, Fraction(-1, 10): 12}


def _ph(m):
    """The pH, if it is an integer: H+ has 0.1 (3x - 2y) / (x + y + z) mol/L, or OH- the negative of it."""
    left, total = 3 * m[0] - 2 * m[1], sum(m)
    if left == 0:
        return 7
    return EXACT.get(Fraction(left, total))


PORTS = {
    "acid": lambda m: m[0],
    "base": lambda m: m[1],
    "water": lambda m: m[2],
    "total": sum,
    "chloride": lambda m: whole(Fraction(300 * m[0], sum(m))),
    "sodium": lambda m: whole(Fraction(200 * m[1], sum(m))),
    "excess": lambda m: 100 * abs(3 * m[0] - 2 * m[1]),
    "titre": lambda m: abs(3 * m[0] - 2 * m[1]),
    "silver": lambda m: 3 * m[0],
    "formed": lambda m: 100 * min(3 * m[0], 2 * m[1]),
    "salt": lambda m: 100 * min(3 * m[0], 2 * m[1]),
    "ions": lambda m: 200 * max(3 * m[0], 2 * m[1]),
    "ph": _ph,
    "acidic": lambda m: 3 * m[0] > 2 * m[1],
    "strong": lambda m: 2 * m[0] > 3 * m[1] + m[2],
    "watery": lambda m: m[2] > m[0],
}

LETTERS = {"x": PORTS["acid"], "y": PORTS["base"], "z": PORTS["water"]}

BOUNDS = {"total": lambda told: told - 2}


def solve(box, facts, question):
    """Balances: every port is a formula in the three volumes."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT)


# --- the other route: the neutralization runs in portions of 100 micromoles, as long as both sides have one ---


def _reacted(x, y, z):
    """(volumes, H+, OH-, salt) after the reaction, the amounts in portions of 100 micromoles."""
    hydrogen, hydroxide, salt = 3 * x, 2 * y, 0
    while hydrogen and hydroxide:
        hydrogen, hydroxide, salt = hydrogen - 1, hydroxide - 1, salt + 1
    return (x, y, z), hydrogen, hydroxide, salt


def _volume(m):
    x, y, z = m[0]
    return x + y + z


def _millimolar(m, portions):
    """Concentration in mmol/L of so many portions in the whole volume: micromoles per millilitre are mmol/L."""
    return Fraction(portions * 100, _volume(m))


def _decades(concentration):
    """k if the concentration in mmol/L is 10^(3 - k), by division through 10."""
    level, exponent = Fraction(1000), 0
    while level > concentration:
        level, exponent = level / 10, exponent + 1
    return exponent if level == concentration else None


def _measured_ph(m):
    """From the ion that is left: the ion product of water is 10^-14."""
    if m[1] == m[2]:
        return 7
    if m[1]:
        return _decades(_millimolar(m, m[1]))
    exponent = _decades(_millimolar(m, m[2]))
    return None if exponent is None else 14 - exponent


REACTED = {
    "acid": lambda m: m[0][0],
    "base": lambda m: m[0][1],
    "water": lambda m: m[0][2],
    "total": _volume,
    "chloride": lambda m: _millimolar(m, m[3] + m[1]),
    "sodium": lambda m: _millimolar(m, m[3] + m[2]),
    "excess": lambda m: 100 * (m[1] + m[2]),
    "titre": lambda m: m[1] or m[2],
    "silver": lambda m: m[3] + m[1],
    "formed": lambda m: 100 * m[3],
    "salt": lambda m: 100 * m[3],
    "ions": lambda m: 100 * ((m[3] + m[1]) + (m[3] + m[2]) + m[1] + m[2]),
    "ph": _measured_ph,
    "acidic": lambda m: m[1] > 0,
    "strong": lambda m: _millimolar(m, m[1]) > 100,
    "watery": lambda m: m[0][0] < m[0][2],
}


def check(box, facts, question):
    """The reaction, run for every mixture of the family; amounts and concentrations are read off from what is left."""
    found = [_reacted(x, y, z) for z in range(1, box + 1) for y in range(1, box + 1) for x in range(1, box + 1)]
    return answer(found, facts, question, REACTED)
