"""Two expressions with variables: refuted at a point, proved by a normal form, in cells, or remainder by remainder."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product

from agentprop.answers.algebra.intervals import Enclosure, Evaluator, Giant, Unsupported, Vague, apart, endpoints
from agentprop.answers.algebra.monomials import NoForm, is_zero
from agentprop.answers.algebra.normal_form import normal
from agentprop.answers.algebra.pieces import NoCells, cells, is_pieced
from agentprop.answers.algebra.rationals import UndefinedValue, rational
from agentprop.answers.algebra.residues import WHOLE_NAMES, classes
from agentprop.answers.compare_numbers import compare_numbers, gap, is_complex
from agentprop.answers.outcome import Equivalence, Unresolved, different, same, undetermined
from agentprop.answers.precision import Precision
from agentprop.answers.reading.nodes import BINDERS, Constant, Node, Operation, Symbol, apply, substitute, symbols, walk

POINTS = 24
"""Random points at which expressions with variables are compared."""

MAX_SIGNED = 4
"""Variables whose signs are all tried; beyond, only a few patterns are."""


def compare_expressions(gold: Node, pred: Node, precision: Precision | None) -> Equivalence:
    """Refute by a point at which the two differ, prove by a normal form; take wide agreement only where it is safe."""
    names = sorted(symbols(gold) | symbols(pred))
    regions: set[tuple[int, ...]] = set()
    whole = _are_whole(names, gold, pred)
    complex_allowed = any(part == Constant("i") for side in (gold, pred) for part in walk(side))
    agree = _closeness(precision)
    fractional = False
    for point in _points(names, whole=whole, pieced=is_pieced(gold) or is_pieced(pred)):
        pair = _at(gold, pred, dict(zip(names, point, strict=True)))
        if pair is None or (is_complex(pair) and not complex_allowed):
            continue
        if apart(*pair) and not agree(*pair):
            where = ", ".join(f"{name} = {value}" for name, value in zip(names, point, strict=True))
            return different("counterexample", f"they differ at {where}")
        regions.add(tuple(1 if value > 0 else -1 for value in point))
        fractional = fractional or any(value.denominator > 1 for value in point)
    if precision is not None and regions:
        return same("precision", "the expressions agree to the stated precision wherever they were compared")
    return _identity(gold, pred, names, regions, samples_prove=fractional and not _may_hide(gold, pred))


def _are_whole(names: list[str], gold: Node, pred: Node) -> bool:
    """The variables have the letters of whole numbers, and something here is only used of those."""
    parts = [part for side in (gold, pred) for part in walk(side) if isinstance(part, Operation)]
    return set(names) <= WHOLE_NAMES and any(part.head in _OF_WHOLE_NUMBERS or _alternates(part) for part in parts)


def _alternates(part: Operation) -> bool:
    """(-1)^n and its like."""
    if part.head != "^" or not symbols(part.args[1]) or symbols(part.args[0]):
        return False
    base = rational_or_none(part.args[0])
    return base is not None and base < 0


_OF_WHOLE_NUMBERS = frozenset(
    ("floor", "ceil", "mod", "gcd", "lcm", "factorial", "factorial2", "binomial", "sum", "prod")
)
_INVERSES = frozenset(("arcsin", "arccos", "arctan", "arccot", "arcsec", "arccsc"))
_CIRCULAR = frozenset(("sin", "cos", "tan", "cot", "sec", "csc"))


def _may_hide(*nodes: Node) -> bool:
    """Agreement at samples proves nothing: pieces, roots of roots or squares, inverses of periodic functions, calls."""
    return any(is_pieced(node) or _folds(part) for node in nodes for part in walk(node))


def _folds(part: Node) -> bool:
    if not (isinstance(part, Operation) and symbols(part)):
        return False
    if part.head in _INVERSES:
        return any(isinstance(inner, Operation) and inner.head in _CIRCULAR for inner in walk(part.args[0]))
    if part.head in ("call", "total", "lim", *BINDERS):
        return True
    root = part.head in ("sqrt", "root", "cbrt") or (part.head == "^" and _fractional(part.args[1]))
    return root and any(_squares(inner) for inner in walk(part.args[0]))


def _fractional(exponent: Node) -> bool:
    value = rational_or_none(exponent)
    return value is not None and value.denominator > 1


def _squares(inner: Node) -> bool:
    """An even power of a sum, or another root: where the radicand may touch zero and turn back."""
    match inner:
        case Operation("sqrt" | "root", _):
            return bool(symbols(inner))
        case Operation("^", (base, exponent)):
            value = rational_or_none(exponent)
            even = value is not None and (value.denominator > 1 or value.numerator % 2 == 0)
            return even and isinstance(base, Operation) and bool(symbols(base))
    return False


def rational_or_none(node: Node) -> Fraction | None:
    """The exact value, None also where there is none."""
    try:
        return rational(node)
    except UndefinedValue:
        return None


def _closeness(precision: Precision | None) -> Callable[[Enclosure, Enclosure], bool]:
    if precision is None:
        return lambda left, right: False
    slack = (
        Fraction(1, 2) / Fraction(10) ** (int(precision.amount) - 1)
        if precision.kind == "figures"
        else precision.amount
    )

    def agree(left: Enclosure, right: Enclosure) -> bool:
        a, b = endpoints(left.re)[0], endpoints(right.re)[0]
        return abs(a - b) <= slack * (max(abs(a), abs(b)) if precision.kind in ("figures", "relative") else 1)

    return agree


def sign_patterns(names: list[str], generator: random.Random) -> list[tuple[int, ...]]:
    """Signs of the variables, all positive first: every choice of them, or some where there are many variables."""
    if len(names) <= MAX_SIGNED:
        return list(product((1, -1), repeat=len(names)))
    return [(1,) * len(names), *(tuple(generator.choice((1, -1)) for _ in names) for _ in range(8))]


def turned(node: Node, names: list[str], pattern: tuple[int, ...]) -> Node:
    """The expression with -x for every variable x whose sign is negative, so that all may be taken as positive."""
    negative: dict[str, Node] = {
        name: apply("neg", Symbol(name)) for name, sign in zip(names, pattern, strict=True) if sign < 0
    }
    return substitute(node, negative)


def are_real(gold: Node, pred: Node, values: dict[str, Fraction]) -> bool:
    """Both expressions have real values there."""
    pair = _at(gold, pred, values)
    return pair is not None and not is_complex(pair)


def _points(names: list[str], *, whole: bool, pieced: bool) -> Iterator[tuple[Fraction, ...]]:
    """Positive points first, then every choice of signs, small and large; then whole numbers, many where pieces are."""
    generator = random.Random(20_011)
    patterns = sign_patterns(names, generator)
    if not whole:
        for scale in (Fraction(1), Fraction(1, 10), Fraction(7), Fraction(60), Fraction(10**4), Fraction(10**7)):
            for signs in patterns:
                yield tuple(sign * scale * Fraction(generator.randint(101, 997), 499) for sign in signs)
    if whole or pieced:
        yield from _whole_points(names, generator, whole=whole)
    for _ in range(POINTS // 4):
        yield tuple(Fraction(generator.randint(2, 12)) for _ in names)


def _whole_points(names: list[str], generator: random.Random, *, whole: bool) -> Iterator[tuple[Fraction, ...]]:
    """Small numbers, powers of two and of ten and their neighbours; for several names any of them together."""
    ladder = [
        *range(int(whole), 41),
        *(2**k + d for k in range(6, 13) for d in (-1, 0, 1)),
        *(10**k + d for k in (2, 3, 4, 6) for d in (-1, 0, 1)),
    ]
    if len(names) == 1:
        signs = (1,) if whole else (1, -1)
        yield from ((Fraction(sign * value),) for value in ladder for sign in signs if value < 41 or sign > 0)
        return
    for _ in range(120):
        yield tuple(Fraction(generator.choice(ladder)) for _ in names)


def _at(gold: Node, pred: Node, values: dict[str, Fraction]) -> tuple[Enclosure, Enclosure] | None:
    evaluator = Evaluator(160, values)
    try:
        return evaluator.enclose(gold), evaluator.enclose(pred)
    except (Vague, Giant, Unsupported, UndefinedValue):
        return None


def _identity(
    gold: Node, pred: Node, names: list[str], regions: set[tuple[int, ...]], *, samples_prove: bool
) -> Equivalence:
    signs = regions or {(1,) * len(names)}
    if all(_vanishes(gold, pred, names, pattern) for pattern in signs):
        return same("identity", "the difference vanishes identically")
    for parts, rule in ((cells, "cells"), (classes, "residues")):
        if _agree_in_parts(gold, pred, parts):
            return same(
                rule, "they agree in every piece of the line" if rule == "cells" else "they agree for every remainder"
            )
    if not (_is_endless(gold) and _is_endless(pred)) and _reduces(gold, pred):
        return same("symbolic", "sympy reduces their difference to zero")
    if not regions:
        return undetermined("open", "no point was found where both expressions are defined")
    if samples_prove:
        return same(
            "numeric-identity", "no proof, but they agree to 40 digits at every random point where both are defined"
        )
    return undetermined("open", "they agree at every sample, which proves nothing for expressions made of pieces")


def _is_endless(node: Node) -> bool:
    """A series or an integral to infinity: two of them are not worked out."""
    return any(
        isinstance(part, Operation) and part.head in BINDERS and Constant("inf") in part.args for part in walk(node)
    )


def _reduces(gold: Node, pred: Node) -> bool:
    from agentprop.answers.algebra import sympy_proof as proof

    try:
        return proof.difference_vanishes(gold, pred)
    except (Unresolved, ArithmeticError, NotImplementedError, TypeError, ValueError, AttributeError):
        return False


def _agree_in_parts(gold: Node, pred: Node, parts: Callable[[Node, Node], Iterator[tuple[Node, Node]]]) -> bool:
    """Every part has the same normal form on both sides, and there is one; closed parts by their exact value."""
    if not (is_pieced(gold) or is_pieced(pred) or parts is classes):
        return False
    try:
        found = list(parts(gold, pred))
        return bool(found) and all(_equal_part(left, right) for left, right in found)
    except (NoCells, NoForm, UndefinedValue):
        return False


def _equal_part(left: Node, right: Node) -> bool:
    names = sorted(symbols(left) | symbols(right))
    if not names:
        return compare_numbers(left, right, None).status == "same"
    return all(_vanishes(left, right, names, signs) for signs in product((1, -1), repeat=len(names)))


def _vanishes(gold: Node, pred: Node, names: list[str], pattern: tuple[int, ...]) -> bool:
    try:
        return is_zero(normal(turned(gap(gold, pred), names, pattern)))
    except (NoForm, UndefinedValue):
        return False
