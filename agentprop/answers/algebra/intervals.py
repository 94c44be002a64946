"""A closed tree to an interval that surely holds its value, at any precision; giants by their logarithms.

Every operation is interval arithmetic with outward rounding, so two disjoint enclosures prove two numbers different; an
overlap proves nothing. Values are complex where they must be: a pair of intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

from mpmath.ctx_iv import MPIntervalContext

from agentprop.answers.algebra.monomials import NoForm
from agentprop.answers.algebra.normal_form import zeta_share
from agentprop.answers.algebra.rationals import UndefinedValue, rational
from agentprop.answers.reading.nodes import Constant, Node, Number, Operation, Symbol, substitute

MAX_TERMS = 100
"""Terms of a sum that are enclosed one by one."""

ZETA_TERMS = 60
"""Terms of the series of zeta that are added up; the rest is enclosed."""

MAX_MAGNITUDE = 200_000
"""Exponents beyond 2^(this many bits) are not evaluated; their logarithms are."""

Interval = Any
"""mpmath's interval number, which carries no type information."""


class Vague(Exception):
    """This precision cannot tell, such as a divisor whose enclosure holds zero."""


class Giant(Exception):
    """The value is too large or too small to write even with a long exponent."""


class Unsupported(Exception):
    """No interval rule for this expression."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """re + i·im; im is None for a number known to be real."""

    re: Interval
    im: Interval | None = None


class Evaluator:
    """Encloses trees at one working precision, with values for free variables if given."""

    def __init__(self, bits: int, values: Mapping[str, Fraction] | None = None, context: Any = None) -> None:
        self.iv = context or MPIntervalContext()
        self.iv.prec = bits
        self.values = values or {}
        self._known: dict[Node, Enclosure] = {}

    def enclose(self, node: Node) -> Enclosure:
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._enclose(node)
        return known

    def real(self, node: Node) -> Interval:
        value = self.enclose(node)
        if value.im is not None:
            raise Unsupported("a complex value where a real one is needed")
        return value.re

    def fraction(self, value: Fraction) -> Interval:
        return self.iv.mpf(value.numerator) / self.iv.mpf(value.denominator)

    def _enclose(self, node: Node) -> Enclosure:
        match node:
            case Number(value):
                return Enclosure(self.fraction(value))
            case Symbol(name) if name in self.values:
                return Enclosure(self.fraction(self.values[name]))
            case Constant("pi"):
                return Enclosure(self.iv.pi + 0)
            case Constant("e"):
                return Enclosure(self.iv.e + 0)
            case Constant("i"):
                return Enclosure(self.iv.mpf(0), self.iv.mpf(1))
            case Operation(head, args):
                return self._apply(head, args)
        raise Unsupported(f"no number: {type(node).__name__}")

    def _apply(self, head: str, args: tuple[Node, ...]) -> Enclosure:
        match head:
            case "+":
                return self._fold(args, self.add)
            case "*":
                return self._fold(args, self.multiply)
            case "neg":
                return self.multiply(Enclosure(self.iv.mpf(-1)), self.enclose(args[0]))
            case "/":
                return self.divide(self.enclose(args[0]), self.enclose(args[1]))
            case "^":
                return self._power_node(args[0], args[1])
            case "sqrt":
                return self.power(self.enclose(args[0]), Fraction(1, 2))
            case "cbrt":
                return self.power(self.enclose(args[0]), Fraction(1, 3))
            case "root":
                index = rational(args[1])
                if not index:
                    raise Unsupported("a root of unknown degree")
                return self.power(self.enclose(args[0]), 1 / index)
            case "exp":
                return self.exp(self.enclose(args[0]))
            case "logbase":
                return self.divide(self.log(self.enclose(args[1])), self.log(self.enclose(args[0])))
            case "ln" | "log":
                return self.log(self.enclose(args[0]))
            case "based" | "degrees":
                value = self.enclose(args[0])
                return value if head == "based" else self.multiply(value, Enclosure(self.iv.pi / 180))
        if head == "abs":
            z = self.enclose(args[0])
            return Enclosure(abs(z.re) if z.im is None else self.iv.sqrt(z.re * z.re + z.im * z.im))
        if head in ("conj", "re", "im"):
            return self._complex_part(head, self.enclose(args[0]))
        if head in ("sum", "prod"):
            return self._iterated(head, args)
        if head == "call":
            return self._unknown_function(args)
        if head in ("gcd", "lcm", "factorial2"):
            return Enclosure(self.fraction(self._exact(Operation(head, args))))
        if head == "zeta":
            order = self._exact(args[0])
            try:
                return Enclosure(self.fraction(zeta_share(order)) * self.iv.pi ** int(order))
            except NoForm:
                return self._zeta(order)
        rule = _REAL.get(head)
        if rule is None:
            raise Unsupported(f"no interval rule for {head}")
        return Enclosure(rule(self.iv, *map(self.real, args)))

    def _zeta(self, order: Fraction) -> Enclosure:
        """The first terms of the series, and the integrals that enclose the rest: enough to tell two values apart."""
        if order.denominator > 1 or not 2 < order <= 40:
            raise Unsupported("a value of zeta that is not summed")
        one, n = self.iv.mpf(1), int(order)
        begun = sum((one / self.iv.mpf(k) ** n for k in range(1, ZETA_TERMS + 1)), self.iv.mpf(0))
        low, high = (one / ((n - 1) * self.iv.mpf(k) ** (n - 1)) for k in (ZETA_TERMS + 1, ZETA_TERMS))
        return Enclosure(self.iv.mpf([(begun + low).a, (begun + high).b]))

    def _complex_part(self, head: str, z: Enclosure) -> Enclosure:
        if head == "conj":
            return Enclosure(z.re, None if z.im is None else -z.im)
        return Enclosure(z.re if head == "re" else self.iv.mpf(0) if z.im is None else z.im)

    def _exact_or_none(self, node: Node) -> Fraction | None:
        """The rational value of a node at the given values of its variables, where it has one."""
        known: dict[str, Node] = {name: Number(value) for name, value in self.values.items()}
        return rational(substitute(node, known))

    def _exact(self, node: Node) -> Fraction:
        value = self._exact_or_none(node)
        if value is None:
            raise Unsupported("a value that is not rational")
        return value

    def _iterated(self, head: str, args: tuple[Node, ...]) -> Enclosure:
        """A sum or product over an index, term by term."""
        body, index, lower, upper = args
        low, high = self._exact(lower), self._exact(upper)
        if low.denominator != 1 or high.denominator != 1 or high - low > MAX_TERMS or not isinstance(index, Symbol):
            raise Unsupported("bounds that are not whole or too far apart")
        total = Enclosure(self.iv.mpf(0 if head == "sum" else 1))
        combine = self.add if head == "sum" else self.multiply
        for k in range(int(low), int(high) + 1):
            inner = Evaluator(self.iv.prec, {**self.values, index.name: Fraction(k)}, self.iv)
            total = combine(total, inner.enclose(body))
        return total

    def _unknown_function(self, args: tuple[Node, ...]) -> Enclosure:
        """Some value for each argument, the same wherever it occurs: two formulas that differ for it are different."""
        name, *arguments = args
        values = [self._exact(argument) for argument in arguments]
        return Enclosure(self.fraction(Fraction(Random(repr((name, values))).randint(2, 10**6), 1009)))

    def _fold(self, args: tuple[Node, ...], combine: Callable[[Enclosure, Enclosure], Enclosure]) -> Enclosure:
        total = self.enclose(args[0])
        for arg in args[1:]:
            total = combine(total, self.enclose(arg))
        return total

    def add(self, a: Enclosure, b: Enclosure) -> Enclosure:
        if a.im is None or b.im is None:
            return Enclosure(a.re + b.re, b.im if a.im is None else a.im)
        return Enclosure(a.re + b.re, a.im + b.im)

    def multiply(self, a: Enclosure, b: Enclosure) -> Enclosure:
        if a.im is None and b.im is None:
            return Enclosure(a.re * b.re)
        zero = self.iv.mpf(0)
        x, y = zero if a.im is None else a.im, zero if b.im is None else b.im
        return Enclosure(a.re * b.re - x * y, a.re * y + x * b.re)

    def divide(self, a: Enclosure, b: Enclosure) -> Enclosure:
        if b.im is None:
            if 0 in b.re:
                raise Vague
            return Enclosure(a.re / b.re, None if a.im is None else a.im / b.re)
        norm = b.re * b.re + b.im * b.im
        if 0 in norm:
            raise Vague
        numerator = self.multiply(a, Enclosure(b.re, -b.im))
        return Enclosure(numerator.re / norm, numerator.im / norm)

    def exp(self, z: Enclosure) -> Enclosure:
        self._guard(z.re)
        size = self.iv.exp(z.re)
        if z.im is None:
            return Enclosure(size)
        return Enclosure(size * self.iv.cos(z.im), size * self.iv.sin(z.im))

    def log(self, z: Enclosure) -> Enclosure:
        if z.im is None:
            if z.re.a > 0:
                return Enclosure(self.iv.log(z.re))
            if z.re.b < 0:
                return Enclosure(self.iv.log(-z.re), self.iv.pi + 0)
            if z.re.a == 0 == z.re.b:
                raise UndefinedValue("logarithm of zero")
            raise Vague
        size = z.re * z.re + z.im * z.im
        if 0 in size:
            raise Vague
        return Enclosure(self.iv.log(size) / 2, self._angle(z))

    def _angle(self, z: Enclosure) -> Interval:
        if z.im is not None and 0 in z.im and not z.re.a > 0:
            raise Vague
        return self.iv.atan2(z.im, z.re)

    def _guard(self, exponent: Interval) -> None:
        for end in (exponent.a, exponent.b):
            if end != 0 and abs(end) > self.iv.mpf(2) ** MAX_MAGNITUDE:
                raise Giant

    def _power_node(self, base: Node, exponent: Node) -> Enclosure:
        fixed = rational(exponent) if not self.values else self._exact_or_none(exponent)
        if fixed is not None:
            return self.power(self.enclose(base), fixed)
        if base == Constant("e"):
            return self.exp(self.enclose(exponent))
        return self.exp(self.multiply(self.enclose(exponent), self.log(self.enclose(base))))

    def power(self, base: Enclosure, exponent: Fraction) -> Enclosure:
        """Odd roots of negative reals are real; even ones are principal."""
        if exponent.denominator == 1 and abs(exponent) <= 10_000:
            return self._whole_power(base, int(exponent))
        if base.im is None:
            if base.re.a > 0:
                return self._positive_power(base.re, exponent)
            if base.re.a == 0 == base.re.b:
                if exponent < 0:
                    raise UndefinedValue("zero to a negative power")
                return Enclosure(self.iv.mpf(0))
            if base.re.b < 0:
                return self._negative_power(base.re, exponent)
            raise Vague
        return self.exp(self.multiply(Enclosure(self.fraction(exponent)), self.log(base)))

    def _positive_power(self, base: Interval, exponent: Fraction) -> Enclosure:
        if exponent == Fraction(1, 2):
            return Enclosure(self.iv.sqrt(base))
        return self.exp(Enclosure(self.iv.log(base) * self.fraction(exponent)))

    def _negative_power(self, base: Interval, exponent: Fraction) -> Enclosure:
        size = self._positive_power(-base, exponent).re
        if exponent.denominator % 2 == 1:
            return Enclosure(-size if exponent.numerator % 2 else size)
        turn = self.iv.pi * self.fraction(exponent)
        return Enclosure(size * self.iv.cos(turn), size * self.iv.sin(turn))

    def _whole_power(self, base: Enclosure, exponent: int) -> Enclosure:
        if exponent < 0:
            return self.divide(Enclosure(self.iv.mpf(1)), self._whole_power(base, -exponent))
        if base.im is None:
            return Enclosure(base.re**exponent)
        result, square = Enclosure(self.iv.mpf(1)), base
        while exponent:
            if exponent & 1:
                result = self.multiply(result, square)
            square, exponent = self.multiply(square, square), exponent >> 1
        return result

    # -- giants ------------------------------------------------------------------------------------------------------

    def iterated_log(self, node: Node, times: int) -> Interval:
        """ln applied `times` times to a positive power tower, without writing the tower out."""
        if times == 0:
            return self.real(node)
        match node:
            case Operation("^", (base, exponent)):
                log_base = self.iv.log(self.real(base))
                if times == 1:
                    return self.real(exponent) * log_base
                inner = self.iterated_log(exponent, times - 1)
                if times == 2:
                    return inner + self.iv.log(log_base)
                return self.iv.mpf([inner.a - 1, inner.b + 1])  # ln(x + c) for a giant x and a small c
            case Operation("factorial", (arg,)):
                n = self.real(arg)
                stirling = (
                    n * (self.iv.log(n) - 1) + self.iv.log(2 * self.iv.pi * n) / 2 + self.iv.mpf([0, 1]) / (12 * n)
                )
                return stirling if times == 1 else self._logs(stirling, times - 1)
            case Operation("neg", _):
                raise Unsupported("a negative giant")
            case Operation("*", args) if times == 1:
                return sum((self.iterated_log(arg, 1) for arg in args[1:]), self.iterated_log(args[0], 1))
            case Operation("/", (top, bottom)) if times == 1:
                return self.iterated_log(top, 1) - self.iterated_log(bottom, 1)
        return self._logs(self.real(node), times)

    def _logs(self, value: Interval, times: int) -> Interval:
        for _ in range(times):
            if not value.a > 0:
                raise Vague
            value = self.iv.log(value)
        return value


def _floor(iv: Any, x: Interval) -> Interval:
    low, high = math.floor(_exact(x.a)), math.floor(_exact(x.b))
    if low != high:
        raise Vague
    return iv.mpf(low)


def _exact(end: Interval) -> Fraction:
    """The endpoint of an interval as the dyadic fraction it is."""
    sign, mantissa, exponent, _ = end._mpi_[0]
    if exponent > MAX_MAGNITUDE or exponent < -MAX_MAGNITUDE:
        raise Giant
    value = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -value if sign else value


def endpoints(value: Interval) -> tuple[Fraction, Fraction]:
    return _exact(value.a), _exact(value.b)


def _sign(iv: Any, x: Interval) -> Interval:
    if 0 in x and not (x.a == 0 == x.b):
        raise Vague
    return iv.mpf(0 if x.a == 0 == x.b else 1 if x.a > 0 else -1)


def _arcsin(iv: Any, x: Interval) -> Interval:
    inside = 1 - x * x
    if inside.b < 0:
        raise UndefinedValue("arcsine outside [-1, 1]")
    if x.a == x.b and abs(x.a) == 1:
        return iv.pi / 2 * x
    if not inside.a > 0:
        raise Vague
    return iv.atan2(x, iv.sqrt(inside))


def _arccos(iv: Any, x: Interval) -> Interval:
    return iv.pi / 2 - _arcsin(iv, x)


def _arctan(iv: Any, x: Interval) -> Interval:
    return iv.atan2(x, iv.mpf(1))


def _over(iv: Any, top: Interval, bottom: Interval) -> Interval:
    if 0 in bottom:
        raise Vague
    return top / bottom


def _gamma_like(iv: Any, x: Interval) -> Interval:
    if x.b > 100_000 or not x.a > -1:
        raise Unsupported("a factorial out of range")
    return iv.gamma(x + 1)


def _binomial(iv: Any, n: Interval, k: Interval) -> Interval:
    return _gamma_like(iv, n) / (_gamma_like(iv, k) * _gamma_like(iv, n - k))


def _extreme(choose: Callable[[Any, Any], Any]) -> Callable[..., Interval]:
    def rule(iv: Any, *values: Interval) -> Interval:
        low, high = values[0].a, values[0].b
        for value in values[1:]:
            low, high = choose(low, value.a), choose(high, value.b)
        return iv.mpf([low.a, high.b])

    return rule


_REAL: dict[str, Callable[..., Interval]] = {
    "sin": lambda iv, x: iv.sin(x),
    "cos": lambda iv, x: iv.cos(x),
    "tan": lambda iv, x: _over(iv, iv.sin(x), iv.cos(x)),
    "cot": lambda iv, x: _over(iv, iv.cos(x), iv.sin(x)),
    "sec": lambda iv, x: _over(iv, iv.mpf(1), iv.cos(x)),
    "csc": lambda iv, x: _over(iv, iv.mpf(1), iv.sin(x)),
    "sinh": lambda iv, x: (iv.exp(x) - iv.exp(-x)) / 2,
    "cosh": lambda iv, x: (iv.exp(x) + iv.exp(-x)) / 2,
    "tanh": lambda iv, x: 1 - 2 / (iv.exp(2 * x) + 1),
    "coth": lambda iv, x: _over(iv, iv.exp(x) + iv.exp(-x), iv.exp(x) - iv.exp(-x)),
    "arcsin": _arcsin,
    "arccos": _arccos,
    "arctan": _arctan,
    "arccot": lambda iv, x: iv.pi / 2 - _arctan(iv, x),
    "arcsec": lambda iv, x: _arccos(iv, _over(iv, iv.mpf(1), x)),
    "arccsc": lambda iv, x: _arcsin(iv, _over(iv, iv.mpf(1), x)),
    "arcsinh": lambda iv, x: iv.log(x + iv.sqrt(x * x + 1)),
    "arccosh": lambda iv, x: iv.log(x + iv.sqrt(x * x - 1)),
    "arctanh": lambda iv, x: iv.log(_over(iv, 1 + x, 1 - x)) / 2,
    "sgn": _sign,
    "floor": _floor,
    "ceil": lambda iv, x: -_floor(iv, -x),
    "mod": lambda iv, a, b: a - b * _floor(iv, _over(iv, a, b)),
    "factorial": _gamma_like,
    "binomial": _binomial,
    "min": _extreme(min),
    "max": _extreme(max),
    "gamma": lambda iv, x: _gamma_like(iv, x - 1),
    "log10": lambda iv, x: iv.log(x) / iv.log(10),
    "log2": lambda iv, x: iv.log(x) / iv.log(2),
}


def apart(left: Enclosure, right: Enclosure) -> bool:
    """The two enclosures share no point: the numbers are different."""
    if _disjoint(left.re, right.re):
        return True
    if left.im is None and right.im is None:
        return False
    zero = 0 * left.re
    return _disjoint(zero if left.im is None else left.im, zero if right.im is None else right.im)


def _disjoint(left: Interval, right: Interval) -> bool:
    return bool(left.b < right.a or right.b < left.a)
