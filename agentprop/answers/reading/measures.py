"""A closed value and its unit words to a `Quantity`: `5 m/s^2`, `3 kJ mol^{-1}`, `2 square metres`, `1 h 30 min`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from agentprop.answers.reading.nodes import Node, Number, Operation, Quantity, is_closed
from agentprop.answers.reading.tokens import Token
from agentprop.answers.reading.units import DEGREE, Unit, unit_named

if TYPE_CHECKING:
    from agentprop.answers.reading.cursor import Cursor

_BOUNDARIES = frozenset((")", "]", "}", "\\}", "\\rangle", ",", ";", "and", "or", "=", "<", ">", "\\le", "\\leq",
                         "\\ge", "\\geq", "<=", ">=", "\\approx", "\\\\", "&"))  # fmt: skip
_COMMAND_UNITS = {"\\mu": "µ", "\\Omega": "Ω", "\\angstrom": "Å", "\\EUR": "EUR", "\\GBP": "GBP", "\\JPY": "JPY",
                  "\\INR": "INR", "\\$": "USD", "$": "USD"}  # fmt: skip
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_TIMES = frozenset(("*", "\\cdot", "\\times"))
_MAX_UNIT_POWER = 12


def read_quantity(parser: Cursor, value: Node) -> Node | None:
    """The quantity that starts with `value` here, or None (and no token consumed) where no unit ends the value."""
    first = parser.token
    if not _may_start(parser) or not is_closed(value):
        return None
    mark = parser.at
    unit = _UnitReader(parser).product()
    if unit is None or not _at_boundary(parser):
        parser.at = mark
        return None
    certain = len(first.text) > 1 or not first.glued or parser.at - mark > 1
    quantity = Quantity(value, unit, certain)
    return _continued(parser, quantity)


def money(value: Node) -> Node:
    dollar = unit_named("USD")
    assert dollar is not None
    return value if isinstance(value, Quantity) else Quantity(value, dollar, True)


def _may_start(parser: Cursor) -> bool:
    token = parser.token
    return token.kind == "word" or token.text in _COMMAND_UNITS or parser.degree_width() > 0


def _at_boundary(parser: Cursor) -> bool:
    token = parser.token
    return token.kind in ("end", "number") or token.text in _BOUNDARIES


def _continued(parser: Cursor, quantity: Quantity) -> Node | None:
    """`5 ft 3 in` adds up; any other number after a unit is no quantity."""
    if parser.token.kind != "number":
        return quantity
    mark = parser.at
    rest = read_quantity(parser, parser.postfix(parser.atom()))
    if isinstance(rest, Quantity) and rest.unit.dimensions == quantity.unit.dimensions:
        scale = Number(rest.unit.factor / quantity.unit.factor)
        total = Operation("+", (quantity.value, Operation("*", (rest.value, scale), 3)), 4)
        return Quantity(total, quantity.unit, True)
    parser.at = mark
    return None


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
        if token.text in ("degrees", "degree", "deg") and parser.tokens[parser.at + 1].text[:1] in ("C", "F", "c", "f"):
            parser.at += 2
            return unit_named("°" + parser.tokens[parser.at - 1].text[0].upper())
        unit, width = self.spelled(token)
        parser.at += width if unit else 0
        return unit

    def spelled(self, token: Token) -> tuple[Unit | None, int]:
        follower = self.parser.tokens[min(self.parser.at + 1, len(self.parser.tokens) - 1)]
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
            return unit
        braced = parser.accept("{")
        sign = -1 if parser.accept("-") else 1
        digits = parser.take()
        if not digits.text.isdigit() or len(digits.text) > 2 or (braced and not parser.accept("}")):
            return None
        exponent = sign * int(digits.text)
        return unit.power(Fraction(exponent)) if abs(exponent) <= _MAX_UNIT_POWER else None
