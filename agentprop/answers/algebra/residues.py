"""Whole-number formulas with floors, remainders and powers of -1, proved residue class by residue class.

With one variable n that runs through the integers, put n = M·k + r for every remainder r: each floor of (a·n + b)/m is
a whole multiple of k plus a number then, each (-1)^n a sign, and what is left is compared as expressions in k.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from agentprop.answers.algebra.pieces import NoCells, linear
from agentprop.answers.algebra.rationals import UndefinedValue, rational
from agentprop.answers.reading.nodes import Node, Number, Operation, Symbol, apply, mapped, substitute, symbols, walk

MAX_PERIOD = 240
WHOLE_NAMES = frozenset("ijklmnpqNMKr")
"""Letters that usually stand for whole numbers."""


def classes(gold: Node, pred: Node) -> Iterator[tuple[Node, Node]]:
    """The two sides in every residue class, floors and signs worked out; `NoCells` where that is not possible."""
    names = symbols(gold) | symbols(pred)
    if len(names) != 1 or not names <= WHOLE_NAMES:
        raise NoCells
    [name] = names
    period = math.lcm(*(size for side in (gold, pred) for size in _periods(side, name)), 1)
    if period > MAX_PERIOD:
        raise NoCells
    for rest in range(period):
        yield _in_class(gold, name, period, rest), _in_class(pred, name, period, rest)


def _periods(node: Node, name: str) -> Iterator[int]:
    for part in walk(node):
        match part:
            case Operation("floor" | "ceil", (inner,)) if symbols(inner):
                yield _steps(inner, name).denominator
            case Operation("mod", (inner, modulus)) if symbols(part):
                size = _whole(modulus)
                slope = _steps(inner, name)
                yield size * slope.denominator
            case Operation("^", (base, exponent)) if symbols(exponent) and _value(base) == -1:
                slope = _steps(exponent, name)
                if slope.denominator != 1:
                    raise NoCells
                yield 2
            case Operation(head, _) if head in ("abs", "max", "min", "gcd", "lcm", "sgn") and symbols(part):
                raise NoCells


def _steps(inner: Node, name: str) -> Fraction:
    line = linear(inner, name)
    if line is None:
        raise NoCells
    return line[0]


def _whole(node: Node) -> int:
    value = _value(node)
    if value is None or value.denominator != 1 or value <= 0:
        raise NoCells
    return int(value)


def _value(node: Node) -> Fraction | None:
    try:
        return rational(node)
    except UndefinedValue:
        return None


def _in_class(node: Node, name: str, period: int, rest: int) -> Node:
    """The node with n = period·k + rest."""
    match node:
        case Operation("floor" | "ceil" as head, (inner,)) if symbols(inner):
            slope, start = _line(inner, name)
            whole = slope * period
            value = slope * rest + start
            number = math.floor(value) if head == "floor" else math.ceil(value)
            return _sum(whole, Fraction(number), name)
        case Operation("mod", (inner, modulus)) if symbols(node):
            slope, start = _line(inner, name)
            return Number((slope * rest + start) % _whole(modulus))
        case Operation("^", (base, exponent)) if symbols(exponent) and _value(base) == -1:
            slope, start = _line(exponent, name)
            power = slope * rest + start
            if power.denominator != 1 or (slope * period) % 2:
                raise NoCells
            return Number(Fraction(-1 if power % 2 else 1))
        case Symbol(found) if found == name:
            return _sum(Fraction(period), Fraction(rest), name)
        case Operation():
            return mapped(node, lambda part: _in_class(part, name, period, rest))
    return substitute(node, {})


def _line(inner: Node, name: str) -> tuple[Fraction, Fraction]:
    line = linear(inner, name)
    if line is None:
        raise NoCells
    return line


def _sum(slope: Fraction, start: Fraction, name: str) -> Node:
    return apply("+", apply("*", Number(slope), Symbol(name)), Number(start))
