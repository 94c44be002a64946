"""A closed value and its unit words to a `Quantity`: `5 m/s^2`, `3 kJ mol^{-1}`, `2 square metres`, `1 h 30 min`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from agentprop.answers.reading.counters import is_common, noun_unit
from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.nodes import Node, Number, Quantity, UnreadableAnswer, apply, is_closed
from agentprop.answers.reading.tokens import Token
from agentprop.answers.reading.units import DEGREE, Unit, unit_named

if TYPE_CHECKING:
    from agentprop.answers.reading.cursor import Cursor

_BOUNDARIES = frozenset(words(
    ") ] } \\} \\rangle , ; and or = < > \\le \\leq \\ge \\geq <= >= \\approx \\\\ & \\pm to for \\sim"
))  # fmt: skip
_COMMAND_UNITS = {"\\mu": "µ", "\\Omega": "Ω", "\\angstrom": "Å", "\\EUR": "EUR", "\\GBP": "GBP", "\\JPY": "JPY",
                  "\\INR": "INR", "\\$": "USD", "$": "USD", "\\cents": "cent", "\\KRW": "KRW", "\\RUB": "RUB",
                  "\\PHP": "PHP", "\\VND": "VND", "\\THB": "THB", "\\TRY": "TRY", "\\ILS": "ILS", "\\NGN": "NGN",
                  "\\euro": "EUR", "\\USD": "USD", "\\BTC": "BTC", "\\AA": "Å", "\\ell": "L"}  # fmt: skip
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_TIMES = frozenset(("*", "\\cdot", "\\times", "-", "\\bullet"))
_SPACE_AND_TIME = ((("L", Fraction(1)),), (("T", Fraction(1)),))
_MAX_UNIT_POWER = 12
MAX_PARTS = 4
"""Units of one mixed measure, such as days, hours, minutes and seconds."""

_HOUR, _MINUTE, _SECOND = Fraction(3600), Fraction(60), Fraction(1)


def read_quantity(parser: Cursor, value: Node) -> Node | None:
    """The quantity that starts with `value` here, or None (and no token consumed) where no unit ends the value."""
    first = parser.token
    if not _may_start(parser) or not is_closed(value):
        return None
    mark = parser.at
    unit = _UnitReader(parser).product() if not parser.sees("/") else _for_one(parser)
    if unit is not None and _at_boundary(parser):
        certain = len(first.text) > 1 or not first.glued or parser.at - mark > 1
        quantity = _continued(parser, Quantity(value, unit, certain))
        if quantity is not None:
            return quantity
    parser.at = mark
    return None


def _for_one(parser: Cursor) -> Unit | None:
    """`6e23 /mol`: so many for one of the unit behind the slash."""
    parser.at += 1
    unit = _UnitReader(parser).factor()
    return unit.power(Fraction(-1)) if unit is not None else None


def read_unit(parser: Cursor) -> Unit | None:
    """The unit that starts here; None where none does."""
    return _UnitReader(parser).product()


def money(value: Node, currency: str) -> Node:
    """An amount behind its sign."""
    unit = unit_named(currency)
    if unit is None or not is_closed(value):
        raise UnreadableAnswer("a currency without an amount")
    return value if isinstance(value, Quantity) else Quantity(value, unit, True)


def rate(parser: Cursor, amount: Node) -> Node:
    """`$15 per hour`, `$3/kg`, `$5 per person`: the amount for one of what follows; else the amount."""
    mark = parser.at
    if not isinstance(amount, Quantity) or not parser.accept("/", "per"):
        return amount
    unit = read_unit(parser)
    if unit is None and parser.token.kind == "word" and is_common(parser.token.text):
        unit = noun_unit(parser.take().text)
    if unit is None or not _at_boundary(parser):
        parser.at = mark
        return amount
    return Quantity(amount.value, amount.unit * unit.power(Fraction(-1)), True)


def feet_and_inches(parser: Cursor, feet: Number) -> Node | None:
    """`5' 10''`: feet, and inches if they follow; None where no prime follows a number."""
    width, strokes = parser.prime_width()
    if not width or strokes > 2:
        return None
    unit = unit_named("ft" if strokes == 1 else "in")
    assert unit is not None
    mark = parser.at
    parser.at += width
    total: Node = feet
    if strokes == 1 and parser.token.kind == "number":
        inches = parser.atom()
        after, found = parser.prime_width()
        if found == 2 and isinstance(inches, Number):
            parser.at += after
            total = Number(feet.value + inches.value / 12)
        else:
            parser.at = mark
            return None
    return Quantity(total, unit, True)


def summed(items: Sequence[Node]) -> Node | None:
    """`1 hour and 30 minutes`: one measure in falling units; None for anything else."""
    found = [item for item in items if isinstance(item, Quantity)]
    if len(found) != len(items) or len({item.unit.dimensions for item in found}) != 1:
        return None
    factors = [item.unit.factor for item in found]
    if any(left <= right for left, right in itertools.pairwise(factors)):
        return None
    total = found[0].value
    for item in found[1:]:
        total = apply("+", total, apply("*", item.value, Number(item.unit.factor / found[0].unit.factor)))
    return Quantity(total, found[0].unit, True)


def _may_start(parser: Cursor) -> bool:
    token = parser.token
    starts = token.kind == "word" or token.text in _COMMAND_UNITS or parser.degree_width() > 0
    return starts or (token.text == "/" and parser.ahead(1).kind == "word" and len(parser.ahead(1).text) > 1)


def _at_boundary(parser: Cursor) -> bool:
    token = parser.token
    return token.kind in ("end", "number") or token.text in _BOUNDARIES


def _continued(parser: Cursor, quantity: Quantity) -> Quantity | None:
    """`5 ft 3 in` adds up; any other number after a unit is no quantity."""
    last, parts = quantity, 1
    while parser.token.kind == "number":
        part = _part(parser)
        parts += 1
        if part is None or parts > MAX_PARTS:
            return None
        whole, part = _as_times(last, part)
        if part.unit.dimensions != whole.unit.dimensions or part.unit.factor >= whole.unit.factor:
            return None
        start = whole if last is quantity else quantity
        scale = Number(part.unit.factor / start.unit.factor)
        total = apply("+", start.value, apply("*", part.value, scale))
        quantity, last = Quantity(total, start.unit, True), part
    return quantity


def _part(parser: Cursor) -> Quantity | None:
    """One more number and its unit."""
    value = parser.postfix(parser.atom())
    if isinstance(value, Quantity):
        return value
    unit = _UnitReader(parser).product() if is_closed(value) and _may_start(parser) else None
    return Quantity(value, unit, True) if unit is not None and _at_boundary(parser) else None


def _as_times(first: Quantity, second: Quantity) -> tuple[Quantity, Quantity]:
    """Beside hours or seconds `m` is minutes."""
    minute = unit_named("min")
    assert minute is not None
    time = minute.dimensions
    if second.unit.name == "m" and first.unit.dimensions == time and first.unit.factor == _HOUR:
        return first, Quantity(second.value, minute, True)
    if first.unit.name == "m" and second.unit.dimensions == time and second.unit.factor == _SECOND:
        return Quantity(first.value, minute, True), second
    return first, second


class _UnitReader:
    """unit (· unit | / unit | per unit | juxtaposed unit)*, each with an optional integer power."""

    def __init__(self, parser: Cursor) -> None:
        self.parser = parser

    def product(self) -> Unit | None:
        total = self.factor()
        if total is None:
            return None
        while True:
            mark = self.parser.at
            divide = self.parser.accept("/", "per")
            if not divide and self.parser.token.text in _TIMES:
                self.parser.at += 1
            following = self.factor()
            if following is None:
                self.parser.at = mark
                return total
            total = total * (following.power(Fraction(-1)) if divide else following)

    def factor(self) -> Unit | None:
        parser = self.parser
        if parser.accept("("):
            inner = self.product()
            return self.powered(inner) if inner is not None and parser.accept(")") else None
        if parser.token.text in _POWERS and parser.token.kind == "word":
            exponent = _POWERS[parser.take().text]
            base = self.single()
            return base.power(Fraction(exponent)) if base else None
        unit = self.single()
        return self.powered(unit) if unit else None

    def single(self) -> Unit | None:
        parser = self.parser
        width = parser.degree_width()
        if width:
            parser.at += width
            scale = parser.token.text
            if scale in ("C", "F", "Celsius", "Fahrenheit"):
                parser.at += 1
                return unit_named("°" + scale[0])
            return DEGREE
        token = parser.token
        if token.text in ("degrees", "degree", "deg") and parser.ahead(1).text[:1] in ("C", "F", "c", "f"):
            parser.at += 2
            return unit_named("°" + parser.tokens[parser.at - 1].text[0].upper())
        unit, width = self.spelled(token)
        parser.at += width if unit else 0
        return unit

    def spelled(self, token: Token) -> tuple[Unit | None, int]:
        follower = self.parser.ahead(1)
        if token.kind == "word" and follower.text == "\\Omega" and follower.glued:
            return unit_named(token.text + "Ω"), 2
        if token.kind == "word":
            return unit_named(token.text), 1
        name = _COMMAND_UNITS.get(token.text)
        if name == "µ" and follower.kind == "word":
            return unit_named("µ" + follower.text), 2
        return (unit_named(name), 1) if name else (None, 0)

    def powered(self, unit: Unit) -> Unit | None:
        parser = self.parser
        if parser.accept("squared"):
            return unit.power(Fraction(2))
        if parser.accept("cubed"):
            return unit.power(Fraction(3))
        if not parser.accept("^", "**"):
            return self.with_index(unit)
        braced = parser.accept("{")
        sign = -1 if parser.accept("-") else 1
        digits = parser.take()
        if not digits.text.isdigit() or len(digits.text) > 2 or (braced and not parser.accept("}")):
            return None
        exponent = sign * int(digits.text)
        return unit.power(Fraction(exponent)) if abs(exponent) <= _MAX_UNIT_POWER else None

    def with_index(self, unit: Unit) -> Unit:
        """`m3` and `s2`: a power without its sign behind a length or a time."""
        token = self.parser.token
        if (
            token.kind != "number"
            or not token.glued
            or token.text not in ("2", "3")
            or unit.dimensions not in _SPACE_AND_TIME
        ):
            return unit
        self.parser.at += 1
        return unit.power(Fraction(int(token.text)))
