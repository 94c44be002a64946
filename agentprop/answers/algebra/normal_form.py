"""A scalar tree to its normal form: the sum of terms that equals it wherever its variables are positive.

Sines and cosines become exponentials, so that trigonometric identities are polynomial ones. A difference that
normalises to zero proves equality; anything else proves nothing.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial, floor

from agentprop.answers.algebra.monomials import (
    HALF,
    IMAGINARY,
    PI,
    NoForm,
    Poly,
    add,
    exponential,
    is_positive,
    key,
    logarithm,
    multiply,
    of_atom,
    one,
    power,
)
from agentprop.answers.algebra.rationals import WORKER_BITS, rational
from agentprop.answers.reading.nodes import (
    Constant,
    Node,
    Number,
    Operation,
    Symbol,
    apply,
    mapped,
    substitute,
    symbols,
    walk,
)


def normal(node: Node) -> Poly:
    """Raises `NoForm` where the tree is outside, `Undefined` where it has no value."""
    exact = rational(node, WORKER_BITS // 100)
    if exact is not None:
        return one(exact)
    match node:
        case Symbol(name):
            return of_atom(("s", name))
        case Number(value):
            return one(value)
        case Constant("pi"):
            return of_atom(PI)
        case Constant("e"):
            return of_atom(("exp", ()))
        case Constant("i"):
            return IMAGINARY
        case Operation(head, args):
            return _normal_of(head, args)
    raise NoForm


def _normal_of(head: str, args: tuple[Node, ...]) -> Poly:
    match head:
        case "+":
            total: Poly = {}
            for arg in args:
                total = add(total, normal(arg))
            return total
        case "*":
            product = one()
            for arg in args:
                product = multiply(product, normal(arg))
            return product
        case "neg":
            return multiply(one(Fraction(-1)), normal(args[0]))
        case "/":
            return multiply(normal(args[0]), power(normal(args[1]), Fraction(-1)))
        case "^":
            return _general_power(args[0], args[1])
        case "sqrt" | "cbrt":
            return power(normal(args[0]), HALF if head == "sqrt" else Fraction(1, 3))
        case "root":
            index = rational(args[1])
            if not index:
                return exponential(multiply(logarithm(normal(args[0])), power(normal(args[1]), Fraction(-1))))
            return power(normal(args[0]), 1 / index)
        case "exp":
            return exponential(normal(args[0]))
        case "ln" | "log":
            return logarithm(normal(args[0]))
        case "logbase":
            return multiply(logarithm(normal(args[1])), power(logarithm(normal(args[0])), Fraction(-1)))
        case "log10":
            return multiply(logarithm(normal(args[0])), power(logarithm(one(Fraction(10))), Fraction(-1)))
        case "degrees":
            return multiply(normal(args[0]), {((PI, Fraction(1)),): Fraction(1, 180)})
        case "factorial":
            return _factorial(normal(args[0]))
        case "binomial":
            n, k = normal(args[0]), normal(args[1])
            below = multiply(_factorial(k), _factorial(add(n, k, Fraction(-1))))
            return multiply(_factorial(n), power(below, Fraction(-1)))
        case "abs":
            return _absolute(normal(args[0]))
        case "sgn":
            inner = normal(args[0])
            return multiply(inner, power(_absolute(inner), Fraction(-1)))
        case "max" | "min":
            return _extreme(head, args)
        case "floor" | "ceil" | "mod":
            return _stepped(head, args)
        case "log2":
            return multiply(logarithm(normal(args[0])), power(logarithm(one(Fraction(2))), Fraction(-1)))
        case "sum" | "prod" | "integral":
            return _bound(head, args)
        case "conj":
            return _conjugate(args[0])
        case "zeta":
            order = rational(args[0])
            if order is None:
                raise NoForm
            if order > 2 and order % 2 == 1:
                return of_atom(("f", "zeta", key(one(order))))
            return {((PI, order),): zeta_share(order)}
        case "gamma":
            return _factorial(add(normal(args[0]), one(Fraction(-1))))
    if head in _TRIGONOMETRIC or head in _HYPERBOLIC:
        return _by_exponentials(head, normal(args[0]))
    return of_atom(("f", head, *(key(normal(arg)) for arg in args)))


def _general_power(base: Node, exponent: Node) -> Poly:
    fixed = rational(exponent, WORKER_BITS)
    if fixed is not None:
        return power(normal(base), fixed)
    index = normal(exponent)
    if base == Constant("e"):
        return exponential(index)
    if set(index) == {()}:
        return power(normal(base), index[()])
    return exponential(multiply(index, logarithm(normal(base))))


def _absolute(poly: Poly) -> Poly:
    if len(poly) == 1:
        [(monomial, coefficient)] = poly.items()
        if all(map(is_positive, monomial)):
            return {monomial: abs(coefficient)}
    if poly and poly[min(poly, key=repr)] < 0:
        poly = {monomial: -coefficient for monomial, coefficient in poly.items()}
    return of_atom(("p", key(multiply(poly, poly))), HALF)


def _extreme(head: str, args: tuple[Node, ...]) -> Poly:
    """max(a, b) = (a + b + |a - b|)/2."""
    total = normal(args[0])
    for arg in args[1:]:
        other = normal(arg)
        gap = _absolute(add(total, other, Fraction(-1)))
        total = multiply(one(HALF), add(add(total, other), gap, Fraction(1 if head == "max" else -1)))
    return total


def _stepped(head: str, args: tuple[Node, ...]) -> Poly:
    """Floors without their whole part: floor(x+2) = floor(x)+2, ceil(x) = -floor(-x), a mod b = a - b·floor(a/b)."""
    if head == "mod":
        a, b = (normal(arg) for arg in args)
        return add(a, multiply(b, _floor(multiply(a, power(b, Fraction(-1))))), Fraction(-1))
    inner = normal(args[0])
    return _floor(inner) if head == "floor" else multiply(one(Fraction(-1)), _floor(multiply(one(Fraction(-1)), inner)))


def _floor(poly: Poly) -> Poly:
    whole = Fraction(floor(poly.get((), Fraction(0))))
    rest = add(poly, one(whole), Fraction(-1))
    return add(of_atom(("f", "floor", key(rest))), one(whole)) if rest else one(whole)


def _bound(head: str, args: tuple[Node, ...]) -> Poly:
    """A sum from zero on under a name of its own, with what does not depend on the index taken out."""
    body, index, lower, upper = args
    assert isinstance(index, Symbol)
    start = rational(lower)
    fresh = Symbol("#" * (1 + max((name.count("#") for name in symbols(body)), default=0)))
    shifted: Node = fresh
    if head != "integral" and start is not None and start.denominator == 1:
        shifted = apply("+", fresh, Number(start))
        lower, upper = Number(Fraction(0)), upper if upper == Constant("inf") else apply("+", upper, Number(-start))
    inner = normal(substitute(body, {index.name: shifted}))
    bounds = tuple(_bound_key(end) for end in (lower, upper))
    if head == "prod":
        return of_atom(("f", head, key(inner), *bounds))
    total: Poly = {}
    for monomial, coefficient in inner.items():
        inside = tuple(factor for factor in monomial if fresh.name in repr(factor))
        outside = {tuple(factor for factor in monomial if factor not in inside): coefficient}
        total = add(total, multiply(outside, of_atom(("f", head, key({inside: Fraction(1)}), *bounds))))
    return total


def _bound_key(end: Node) -> object:
    return repr(end) if any(part == Constant("inf") for part in walk(end)) else key(normal(end))


def _conjugate(node: Node) -> Poly:
    """Of a number: i changes its sign; of a variable, which is real: itself."""
    return normal(_with_i_negated(node))


def _with_i_negated(node: Node) -> Node:
    if node == Constant("i"):
        return apply("neg", node)
    if isinstance(node, Operation) and node.head in ("sqrt", "root", "ln", "log", "^") and not symbols(node):
        raise NoForm
    return mapped(node, _with_i_negated)


def zeta_share(value: Fraction) -> Fraction:
    """zeta(2k) as its rational multiple of pi^(2k); raises `NoForm` for any other argument."""
    if value.denominator != 1 or not 2 <= value <= 40 or value % 2:
        raise NoForm
    order = int(value)
    return abs(_bernoulli(order)) * Fraction(2) ** (order - 1) / factorial(order)


def _bernoulli(order: int) -> Fraction:
    row = [Fraction(0)] * (order + 1)
    for m in range(order + 1):
        row[m] = Fraction(1, m + 1)
        for j in range(m, 0, -1):
            row[j - 1] = j * (row[j - 1] - row[j])
    return row[0]


def _factorial(poly: Poly) -> Poly:
    """(P + k)! over P!, the whole shift k written out as a product."""
    if not poly.keys() - {()} and 0 <= poly.get((), Fraction(0)) <= 60 and poly.get((), Fraction(0)).denominator == 1:
        return one(Fraction(factorial(int(poly.get((), 0)))))
    shift = poly.get((), Fraction(0))
    if shift.denominator != 1 or abs(shift) > 60 or not poly.keys() - {()}:
        return of_atom(("f", "factorial", key(poly)))
    stem = {monomial: coefficient for monomial, coefficient in poly.items() if monomial}
    result = of_atom(("f", "factorial", key(stem)))
    for k in range(1, int(shift) + 1):
        result = multiply(result, add(stem, one(Fraction(k))))
    for k in range(0, -int(shift)):
        result = multiply(result, power(add(stem, one(Fraction(-k))), Fraction(-1)))
    return result


_TRIGONOMETRIC = frozenset(("sin", "cos", "tan", "cot", "sec", "csc"))
_HYPERBOLIC = frozenset(("sinh", "cosh", "tanh", "coth"))


def _by_exponentials(head: str, argument: Poly) -> Poly:
    """sin x = (E - 1/E)/2i and cos x = (E + 1/E)/2 with E = exp(ix); the others are their quotients."""
    circular = head in _TRIGONOMETRIC
    up = exponential(multiply(IMAGINARY, argument) if circular else argument)
    down = exponential(multiply(one(Fraction(-1)), multiply(IMAGINARY, argument) if circular else argument))
    cosine = multiply(one(HALF), add(up, down))
    sine = multiply(one(HALF), add(up, down, Fraction(-1)))
    if circular:
        sine = multiply(multiply(one(Fraction(-1)), IMAGINARY), sine)
    inverse = Fraction(-1)
    match head.removesuffix("h") if not circular else head:
        case "sin":
            return sine
        case "cos":
            return cosine
        case "tan":
            return multiply(sine, power(cosine, inverse))
        case "cot":
            return multiply(cosine, power(sine, inverse))
        case "sec":
            return power(cosine, inverse)
    return power(sine, inverse)
