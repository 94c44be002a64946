"""How close two different algebraic numbers can be: a bound from their expression alone.

Constructive root separation after Burnikel, Fleischer, Mehlhorn and Schirra (2000): an expression E built from integers
by + - * / and roots, with D the product of the degrees of its roots, is zero or at least 1/(u^(D-1)·l) in size, where u
and l follow the expression. Sines and cosines of rational parts of a turn join as sums of roots of unity (conjugates at
most 2). So evaluating to that many bits decides equality, with no symbolic algebra.
"""

from __future__ import annotations

from fractions import Fraction
from math import log2

from agentprop.answers.algebra.rationals import rational
from agentprop.answers.reading.nodes import Constant, Node, Operation, apply

MAX_BITS = 60_000
"""Beyond this many bits the bound is of no practical use."""


class NotAlgebraic(Exception):
    """The expression uses something else than rationals, roots and parts of a turn."""


def zero_bound_bits(node: Node) -> int | None:
    """b such that the value is zero or at least 2^-b in size; None if not algebraic or beyond `MAX_BITS`."""
    bound = _Bound()
    try:
        upper, lower = bound.sizes(node)
    except NotAlgebraic:
        return None
    bits = (bound.degree - 1) * max(upper, 0.0) + max(lower, 0.0)
    return int(bits) + 8 if bits <= MAX_BITS else None


class _Bound:
    """Collects the degree of every distinct root while u and l (as binary logarithms) come up the tree."""

    def __init__(self) -> None:
        self.degree = 1
        self._seen: dict[object, None] = {}
        self._known: dict[Node, tuple[float, float]] = {}

    def sizes(self, node: Node) -> tuple[float, float]:
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._sizes(node)
        return known

    def _sizes(self, node: Node) -> tuple[float, float]:
        exact = rational(node)
        if exact is not None:
            return _log2(abs(exact.numerator)), _log2(exact.denominator)
        match node:
            case Constant("i"):
                return self._root_of_unity(4)
            case Operation("+", args):
                return self._sum([self.sizes(arg) for arg in args])
            case Operation("*", args):
                parts = [self.sizes(arg) for arg in args]
                return sum(u for u, _ in parts), sum(low for _, low in parts)
            case Operation("/", (top, bottom)):
                (u, low), (v, base) = self.sizes(top), self.sizes(bottom)
                return u + base, low + v
            case Operation("neg" | "abs", (arg,)):
                return self.sizes(arg)
            case Operation("sqrt", (arg,)):
                return self._root(arg, 2)
            case Operation("cbrt", (arg,)):
                return self._root(arg, 3)
            case Operation("root", (arg, index)):
                return self._power(arg, rational(index), inverse=True)
            case Operation("^", (base, exponent)):
                return self._any_power(base, exponent)
            case Operation("sin" | "cos" | "tan" | "cot" | "sec" | "csc", (angle,)):
                return self._trigonometric(angle)
        raise NotAlgebraic

    def _sum(self, parts: list[tuple[float, float]]) -> tuple[float, float]:
        upper, lower = parts[0]
        for u, low in parts[1:]:
            upper, lower = max(upper + low, u + lower) + 1, lower + low
        return upper, lower

    def _any_power(self, base: Node, exponent: Node) -> tuple[float, float]:
        turn = _turn(exponent) if base == Constant("e") else None
        if turn is not None:
            return self._root_of_unity(2 * turn.denominator)
        return self._power(base, rational(exponent))

    def _power(self, base: Node, exponent: Fraction | None, *, inverse: bool = False) -> tuple[float, float]:
        if exponent is None or exponent == 0 or abs(exponent.numerator) > 10_000 or exponent.denominator > 1000:
            raise NotAlgebraic
        exponent = 1 / exponent if inverse else exponent
        upper, lower = self._root(base, exponent.denominator) if exponent.denominator > 1 else self.sizes(base)
        times = abs(exponent.numerator)
        return (upper * times, lower * times) if exponent > 0 else (lower * times, upper * times)

    def _root(self, radicand: Node, index: int) -> tuple[float, float]:
        if (radicand, index) not in self._seen:
            self._seen[radicand, index] = None
            self.degree *= index
        upper, lower = self.sizes(radicand)
        if upper >= lower:
            return (upper + (index - 1) * lower) / index, lower
        return upper, ((index - 1) * upper + lower) / index

    def _root_of_unity(self, order: int) -> tuple[float, float]:
        if order > 2000:
            raise NotAlgebraic
        if order not in self._seen:
            self._seen[order] = None
            self.degree *= order
        return 0.0, 0.0

    def _trigonometric(self, angle: Node) -> tuple[float, float]:
        turn = _turn(apply("*", angle, Constant("i")))
        if turn is None:
            raise NotAlgebraic
        self._root_of_unity(4 * turn.denominator)
        # sine and cosine are 2cos over 2, and 2cos is an integer with conjugates at most 2; quotients are no larger
        return 1.0, 1.0


def _turn(node: Node) -> Fraction | None:
    """q where the node is i·π·q with q rational (degree signs included)."""
    coefficient, has_pi, has_i = Fraction(1), 0, 0
    stack: list[tuple[Node, int]] = [(node, 1)]
    while stack:
        current, sign = stack.pop()
        match current:
            case Constant("pi"):
                has_pi += sign
            case Constant("i"):
                has_i += sign
            case Operation("*", args):
                stack.extend((arg, sign) for arg in args)
            case Operation("/", (top, bottom)):
                stack.extend(((top, sign), (bottom, -sign)))
            case Operation("neg", (arg,)):
                coefficient = -coefficient
                stack.append((arg, sign))
            case Operation("degrees", (arg,)):
                coefficient /= 180
                has_pi += sign
                stack.append((arg, sign))
            case _:
                value = rational(current)
                if value is None or value == 0:
                    return None
                coefficient *= value**sign
    return coefficient if (has_pi, has_i) == (1, 1) else None


def _log2(value: int) -> float:
    return log2(value) if value else 0.0
