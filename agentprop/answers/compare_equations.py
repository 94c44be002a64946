"""Equations and inequalities that are not solved: compared as polynomials over the complex numbers, with multiplicity.

Two equations are the same when one is the other times a constant, or when their polynomials have the same factors as
often: x² - 2x + 5 = 0 is not x² - 2x + 6 = 0, though neither has a real root. A solved form (x = 1, y = 2x) stands for
its solutions, however often they count. Inequalities are the same up to a positive factor.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

from agentprop.answers.algebra.monomials import NoForm, Poly, numerator, proportional
from agentprop.answers.algebra.normal_form import normal
from agentprop.answers.algebra.rationals import UndefinedValue, rational
from agentprop.answers.compare_expressions import are_real, compare_expressions, sign_patterns, turned
from agentprop.answers.outcome import Equivalence, Unresolved, different, same, undetermined
from agentprop.answers.reading.nodes import (
    Node,
    Number,
    Operation,
    Relational,
    Symbol,
    apply,
    is_scalar,
    substitute,
    symbols,
    walk,
)

_ORDERS = frozenset(("<", "<=", ">", ">="))
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
SAMPLES = 400
"""Points at which two inequalities are tried for one that fulfils a single one of them."""


def gap(relation: Relational) -> Node:
    """Left minus right."""
    return apply("+", relation.left, apply("neg", relation.right))


def compare(gold: Relational, pred: Relational) -> Equivalence:
    """Decide two equations; raises `Unresolved` beyond polynomials."""
    if not all(_is_scalar_equation(side) for side in (gold, pred)):
        raise Unresolved("equations between things that are no numbers")
    gaps = gap(gold), gap(pred)
    if symbols(gaps[0]) != symbols(gaps[1]):
        return different("equation", "the equations are about different variables")
    try:
        if all(proportional(*(numerator(normal(side)) for side in pair)) for pair in _regions(*gaps)):
            return same("equation", "the equations differ by a constant factor")
    except (NoForm, UndefinedValue):
        pass
    if _misses(gold, gaps[1]) or _misses(pred, gaps[0]):
        return different("equation", "a solution of one does not solve the other")
    from agentprop.answers.algebra import sympy_proof as proof

    left, right = (proof.factors_of_zero(side) for side in gaps)
    if left == right:
        return same("equation", "the equations have the same factors")
    if left.keys() != right.keys():
        if len(symbols(gaps[0])) == 1 and any(_is_solved(side) for side in (gold, pred)):
            return proof.compare_sets(gold, pred)
        return different("equation", "the equations have different solutions over the complex numbers")
    if any(_is_solved(side) for side in (gold, pred)):
        return same("equation", "the solved equation gives all solutions of the other")
    return undetermined("equation", "the equations have the same solutions, but not equally often")


_FOLDED = frozenset(("abs", "sgn", "max", "min", "sqrt", "root"))


def _regions(gold: Node, pred: Node) -> Iterator[tuple[Node, Node]]:
    """Both gaps as they are for positive variables; where a sign may be lost (|x|, √x²), for the other signs as well.

    Signs for which one of them is not real are left out.
    """
    yield gold, pred
    if not any(_folds(part) for side in (gold, pred) for part in walk(side)):
        return
    names = sorted(symbols(gold) | symbols(pred))
    for pattern in sign_patterns(names, random.Random(20_011))[1:]:
        values = {
            name: Fraction(sign * (499 + k), 997 - k) for k, (name, sign) in enumerate(zip(names, pattern, strict=True))
        }
        if are_real(gold, pred, values):
            yield turned(gold, names, pattern), turned(pred, names, pattern)


def _folds(part: Node) -> bool:
    if not isinstance(part, Operation):
        return False
    return part.head in _FOLDED or (part.head == "^" and not isinstance(part.args[1], Number))


def _is_scalar_equation(relation: Relational) -> bool:
    return is_scalar(relation.left) and is_scalar(relation.right)


def _is_solved(relation: Relational) -> bool:
    return _solved_form(relation) is not None


def _solved_form(relation: Relational) -> tuple[str, Node] | None:
    """`x = 3`, `y = 2x + 1`: a variable that does not occur on the other side, and that side."""
    for one, other in ((relation.left, relation.right), (relation.right, relation.left)):
        if isinstance(one, Symbol) and one.name not in symbols(other):
            return one.name, other
    return None


def _misses(solved: Relational, other: Node) -> bool:
    """A real solution of the solved equation at which the other gap is not zero."""
    form = _solved_form(solved)
    if form is None:
        return False
    name, value = form
    return compare_expressions(substitute(other, {name: value}), Number(Fraction(0)), None).rule == "counterexample"


# -- inequalities ----------------------------------------------------------------------------------------------------


def inequalities(gold: Relational, pred: Relational) -> Equivalence:
    """Decide two inequalities in any number of variables."""
    if gold.op not in (*_ORDERS, "!=") or pred.op not in (*_ORDERS, "!="):
        raise Unresolved("conditions of different kinds")
    if symbols(gap(gold)) != symbols(gap(pred)):
        return different("inequality", "the inequalities are about different variables")
    factors = {_factor(*pair) for pair in _regions(gap(gold), gap(pred))}
    factor = factors.pop() if len(factors) == 1 else None
    if factor is not None:
        op = _FLIPPED.get(pred.op, pred.op) if factor < 0 else pred.op
        if op == gold.op:
            return same("inequality", "the inequalities differ by a constant factor")
        return different("inequality", "the inequalities point in different directions")
    where = _counterexample(gold, pred)
    if where is not None:
        return different("inequality", f"only one of them holds at {where}")
    return undetermined("inequality", "inequalities that are not the same up to a factor")


def _factor(left: Node, right: Node) -> Fraction | None:
    """c with right = c · left for a rational c; None otherwise."""
    try:
        a, b = normal(left), normal(right)
    except (NoForm, UndefinedValue):
        return None
    if not a or a.keys() != b.keys():
        return None
    some = next(iter(a))
    ratio = b[some] / a[some]
    return ratio if _times(a, ratio) == b else None


def _times(poly: Poly, factor: Fraction) -> Poly:
    return {monomial: coefficient * factor for monomial, coefficient in poly.items()}


def _counterexample(gold: Relational, pred: Relational) -> str | None:
    generator = random.Random(20_011)
    names = sorted(symbols(gap(gold)))
    for number in range(SAMPLES):
        size = (1, 10, 100)[number % 3]
        values = {name: Fraction(generator.randint(-8 * size, 8 * size), generator.choice((1, 2, 7))) for name in names}
        held = [_holds(side, values) for side in (gold, pred)]
        if None not in held and held[0] != held[1]:
            return ", ".join(f"{name} = {value}" for name, value in values.items())
    return None


def _holds(relation: Relational, values: dict[str, Fraction]) -> bool | None:
    numbers: dict[str, Node] = {name: Number(value) for name, value in values.items()}
    try:
        value = rational(substitute(gap(relation), numbers))
    except UndefinedValue:
        return None
    if value is None:
        return None
    return {"<": value < 0, "<=": value <= 0, ">": value > 0, ">=": value >= 0, "!=": value != 0}[relation.op]
