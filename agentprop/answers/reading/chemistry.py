"""Chemical notation to formulas and reactions: `H2O`, `CuSO_4·5H_2O`, `Fe^{3+}`, `2H2 + O2 -> 2H2O`, `1s² 2s²`.

Every letter must belong to an element and something must speak for chemistry (an index, a charge, a two-letter symbol);
`PV` and `xy` stay products. A formula is compared group by group as it is written, never as a product.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.nodes import Formula, Node, Reaction, Words

_ELEMENTS = frozenset(words("""
    H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo
    Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl
    Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og D
    """))  # fmt: skip
_MOLECULES = frozenset(
    (("H", 2), ("O", 2), ("N", 2), ("F", 2), ("Cl", 2), ("Br", 2), ("I", 2), ("O", 3), ("S", 8), ("P", 4))
)
_ARROW = re.compile(
    r"\\(?:long)?(?:right|left|leftright)arrow|\\to(?![a-z])|->|-->|=>|\\rightleftharpoons|\\xrightarrow\s*\{[^{}]*\}"
)
_STATE = re.compile(r"\((s|l|g|aq)\)$")
_TERM = re.compile(r"(\d+(?:/\d+)?|\\frac\{\d+\}\{\d+\})?(.+)")
_PIECE = re.compile(
    r"(?P<element>[A-Z][a-z]?)|(?P<open>[(\[])|(?P<close>[)\]])|(?P<dot>\\cdot|\\bullet|\.|\*)"
    r"|_\{?(?P<index>\d{1,3})\}?|(?P<plain>\d{1,3})|\^\{?(?P<charge>\d{0,2}[+-])\}?|(?P<sign>[+-])$"
)
_CONFIGURATION = re.compile(r"(?:\[(?:He|Ne|Ar|Kr|Xe|Rn)\])?(?:[1-7][spdf]\^?\{?\d{1,2}\}?)+")
_SHELL = re.compile(r"([1-7])([spdf])\^?\{?(\d{1,2})\}?(?=[1-7][spdf]|$)")
_SPACED_DIGIT = re.compile(r"[A-Za-z)\]]\s+\d(?![spdf]?\s*[A-Z])(?![spdf]\s*\^|[spdf]\d)")
_SPACED_CHARGE = re.compile(r"(?<=[\w})\]])\s+(\d?[+-])$")
"""`SO4 2-`: the charge stands apart."""
_NUCLIDE = re.compile(
    r"(?:\{\})?(?:\^\{?(?P<mass>\d{1,3})\}?(?:_\{?\d{1,3}\}?)?|_\{?\d{1,3}\}?\^\{?(?P<mass_behind>\d{1,3})\}?)"
    r"\{?(?P<symbol>[A-Z][a-z]?)\}?"
)
"""An isotope by its mass; its number of protons is that of the symbol."""

_BASED = re.compile(r"[0-9A-F]*[A-F][0-9A-F]*\s*_\s*\{?(?:1[1-9]|[23]\d)\}?")
"""Digits and their base: AB_{16} is a number."""

MAX_LENGTH = 400


def chemical(text: str, *, said: bool = False) -> Node | None:
    """The formula, the reaction or the configuration that the whole text is; `said` where it is marked as chemistry."""
    if len(text) > MAX_LENGTH or not any(char.isupper() or char in "spdf" for char in text):
        return None
    text = _SPACED_CHARGE.sub(r"^{\1}", text) if text[-1:] in ("+", "-") else text
    if _SPACED_DIGIT.search(text) or (not said and _BASED.fullmatch(text)):
        return None
    plain = re.sub(r"[\s~]|\\(?:(?:text|mathrm|left|right)(?![a-z])|[,;!])", "", text)
    if _CONFIGURATION.fullmatch(plain) and (len(_SHELL.findall(plain)) > 1 or plain[:1] == "["):
        return Words(re.sub(r"[\^{}]", "", plain), quoted=True)
    if (nuclide := _NUCLIDE.fullmatch(plain)) is not None and nuclide["symbol"] in _ELEMENTS:
        return Words(f"{nuclide['mass'] or nuclide['mass_behind']}{nuclide['symbol']}", quoted=True)
    if plain.count("=") == 1 and "+" in plain and not _ARROW.search(plain):
        return _balanced(*map(_side, plain.split("=")))
    sides = _ARROW.split(plain)
    if len(sides) == 2:
        left, right = (_side(side) for side in sides)
        return Reaction(left, right) if left and right else None
    return _formula(plain, said=said)


def _balanced(left: tuple[Formula, ...], right: tuple[Formula, ...]) -> Reaction | None:
    """A reaction that is written as an equation: both sides hold the same atoms."""
    totals = []
    for side in (left, right):
        atoms: dict[str, Fraction] = {}
        for formula in side:
            for element, count in composition(formula):
                atoms[element] = atoms.get(element, Fraction(0)) + formula.count * count
        totals.append(atoms)
    return Reaction(left, right) if left and right and totals[0] == totals[1] else None


def _side(text: str) -> tuple[Formula, ...]:
    """The terms of one side; a plus that belongs to a charge is no sign of addition."""
    found = []
    for term in re.split(r"(?<![\^{\d])\+(?=[\dA-Z(\\\[])|(?<=[a-z\d)}+-])\+(?=[\dA-Z(\\\[])", text):
        match = _TERM.fullmatch(term)
        formula = _formula(match[2], said=True) if match else None
        if match is None or formula is None:
            return ()
        found.append(replace(formula, count=_count(match[1])))
    return tuple(sorted(found, key=lambda formula: repr(replace(formula, state=""))))


def _count(text: str | None) -> Fraction:
    return Fraction("/".join(re.findall(r"\d+", text))) if text else Fraction(1)


class _Group:
    """A bracket under construction: its groups so far."""

    def __init__(self) -> None:
        self.groups: list[tuple[str, int]] = []


def _formula(text: str, *, said: bool) -> Formula | None:
    """Groups in order with their counts; None where a letter is no element, or nothing speaks for chemistry."""
    state = _STATE.search(text)
    if state is not None:
        formula = _formula(text[: state.start()], said=said)
        return None if formula is None else replace(formula, state=state[1])
    stack, charge, plain_last, speaks, position = [_Group()], 0, 0, said, 0
    while position < len(text):
        match = _PIECE.match(text, position)
        if match is None or charge:
            return None
        position = match.end()
        groups = stack[-1].groups
        if match["element"]:
            symbol = match["element"]
            if symbol not in _ELEMENTS:
                symbol, position = symbol[0], match.start() + 1
                if symbol not in _ELEMENTS:
                    return None
            groups.append((symbol, 1))
            speaks, plain_last = speaks or (len(symbol) == 2 and len(text) > 2), 0
        elif match["open"]:
            stack.append(_Group())
        elif match["close"]:
            if len(stack) == 1 or not groups:
                return None
            stack.pop()
            stack[-1].groups.append((f"({_written(groups)})", 1))
            plain_last = 0
        elif match["dot"]:
            number = re.compile(r"\d*").match(text, position)
            assert number is not None
            groups.append((f"·{number[0] or 1}", 1))
            position = number.end()
        elif match["index"] or match["plain"]:
            if not groups or groups[-1][1] != 1:
                return None
            count = int(match["index"] or match["plain"])
            groups[-1] = (groups[-1][0], count)
            speaks, plain_last = True, count if match["plain"] else 0
        else:
            charge, speaks = _charge(match["charge"] or match["sign"]), True
            if match["sign"] and plain_last:
                return _with_open_charge(stack, charge, plain_last)
    if len(stack) > 1 or not _is_formula(stack[0].groups, charge, text, speaks=speaks, said=said):
        return None
    return Formula(tuple(stack[0].groups), charge)


def _with_open_charge(stack: list[_Group], sign: int, count: int) -> Formula | None:
    """`Fe3+` is an ion of charge 3, or three irons with charge 1."""
    return Formula(tuple(stack[0].groups), sign, other_charge=sign * count) if len(stack) == 1 else None


def _is_formula(groups: list[tuple[str, int]], charge: int, text: str, *, speaks: bool, said: bool) -> bool:
    if not groups or not speaks:
        return False
    if len(groups) > 1 or charge or said:
        return True
    return groups[0] in _MOLECULES and len(text) <= 6


def _charge(text: str) -> int:
    size = int(text[:-1] or 1)
    return size if text[-1] == "+" else -size


def _written(groups: list[tuple[str, int]]) -> str:
    return "".join(f"{symbol}{count}" for symbol, count in groups)


def composition(formula: Formula) -> tuple[tuple[str, int], ...]:
    """How many atoms of each element, whatever the order and the brackets."""
    counts: dict[str, int] = {}

    def add(groups: tuple[tuple[str, int], ...], times: int) -> None:
        for symbol, count in groups:
            if symbol.startswith("·"):
                times = int(symbol[1:])
            elif symbol.startswith("("):
                inner = tuple((name, int(n)) for name, n in re.findall(r"([A-Z][a-z]?)(\d+)", symbol))
                add(inner, times * count)
            else:
                counts[symbol] = counts.get(symbol, 0) + times * count

    add(formula.groups, 1)
    return tuple(sorted(counts.items()))
