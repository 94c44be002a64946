"""Numbers in every notation, from their first token on: mixed, repeating, in other bases."""

from __future__ import annotations

from fractions import Fraction

from agentprop.answers.reading.cursor import Cursor
from agentprop.answers.reading.grammar import FRACTIONS
from agentprop.answers.reading.literals import (
    DIGITS,
    base_named,
    continued,
    in_base,
    literal,
    repeating,
    repeating_between_dots,
)
from agentprop.answers.reading.nodes import Node, Number, UnreadableAnswer, apply
from agentprop.answers.reading.tokens import Token


def number(parser: Cursor, token: Token) -> Node:
    if token.text[:2].lower() in ("0x", "0b", "0o") and len(token.text) > 2:
        return Number(Fraction(int(token.text[:200], 0)))
    if token.text.isdigit() and (parser.sees("_") or parser.token.kind == "word"):
        based = in_base_ahead(parser, token.text)
        if based is not None:
            return based
    if token.text.endswith(".") and parser.sees("\\overline", "\\bar", "(") and parser.token.glued:
        return _repeating(parser, token.text)
    if "." in token.text and parser.sees("\\overline", "\\bar", "\\dot"):
        return _repeating(parser, token.text)
    value = literal(token.text)
    if parser.sees("...") and parser.token.glued and "." in token.text:
        parser.at += 1
        return Number(continued(token.text))
    return _mixed(parser, token, value)


def _mixed(parser: Cursor, token: Token, value: Fraction) -> Node:
    """`1 1/2` and `1\\frac{1}{2}` are one and a half."""
    if not token.text.isdigit():
        return Number(value)
    first, slash, last = parser.token, parser.ahead(1), parser.ahead(2)
    if first.kind == "number" and slash.text == "/" and first.text.isdigit() and last.text.isdigit():
        top, bottom = literal(first.text), literal(last.text)
        if 0 < top < bottom:
            parser.at += 3
            return Number(value + top / bottom)
    if first.text in FRACTIONS:
        mark = parser.at
        parser.at += 1
        top_node, bottom_node = parser.argument(single_digit=True), parser.argument(single_digit=True)
        match top_node, bottom_node:
            case Number(top), Number(bottom) if 0 < top < bottom and top.denominator == bottom.denominator == 1:
                return Number(value + top / bottom)
        parser.at = mark
    return Number(value)


def _repeating(parser: Cursor, prefix: str) -> Node:
    if parser.sees("\\dot"):
        return Number(repeating_between_dots(prefix, _dotted(parser)))
    opener = parser.take().text
    closer = ")" if opener == "(" else "}"
    if opener != "(" and not parser.sees("{"):
        return Number(repeating(prefix, parser.take().text))
    if opener != "(":
        parser.expect("{")
    block = parser.take()
    if not block.text.isdigit():
        raise UnreadableAnswer("a repeating block must be digits")
    parser.expect(closer)
    return Number(repeating(prefix, block.text))


def _dotted(parser: Cursor) -> list[tuple[str, bool]]:
    """Digits after the point, each with whether a dot stands above it."""
    digits: list[tuple[str, bool]] = []
    while parser.sees("\\dot") or (parser.token.kind == "number" and parser.token.text.isdigit()):
        if parser.accept("\\dot"):
            braced = parser.accept("{")
            digits.append((parser.take().text[:1], True))
            if braced:
                parser.expect("}")
        else:
            digits.extend((digit, False) for digit in parser.take().text)
    return digits


def bracketed_digits(parser: Cursor) -> Node | None:
    """`(1011)_2`, `(2A)_{16}`."""
    width = 0
    while width < 6 and parser.ahead(width).kind in ("number", "word"):
        width += 1
    if not width or parser.ahead(width).text != ")" or parser.ahead(width + 1).text != "_":
        return None
    digits = "".join(parser.ahead(k).text for k in range(width))
    mark = parser.at
    parser.at += width + 1
    based = _based(parser, digits)
    if based is None:
        parser.at = mark
    return based


def in_base_ahead(parser: Cursor, digits: str) -> Node | None:
    """Digits and capital letters up to a subscript that is their base; None where they are no such number."""
    width = 0
    while parser.ahead(width).kind in ("number", "word") and width < 6:
        digits += parser.ahead(width).text
        width += 1
    if parser.ahead(width).text != "_" or (width == 0 and not parser.token.glued):
        return None
    mark = parser.at
    parser.at += width
    based = _based(parser, digits)
    if based is None:
        parser.at = mark
        if width == 0 and digits.isdigit():
            raise UnreadableAnswer("a number with a subscript that is no base")
    return based


def _based(parser: Cursor, digits: str) -> Node | None:
    """The value in the base that the subscript here names."""
    if not DIGITS.fullmatch(digits) or (digits.isalpha() and len(digits) < 2):
        return None
    parser.at += 1
    base = base_named(parser.name_in_braces())
    value = in_base(digits, base)
    return None if value is None else apply("based", Number(Fraction(value)))
