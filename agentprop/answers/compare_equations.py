"""Equations and inequalities that are not solved: compared as polynomials over the complex numbers, with multiplicity.

Two equations are the same when one is the other times a constant, or when their polynomials have the same factors as
often: x² - 2x + 5 = 0 is not x² - 2x + 6 = 0, though neither has a real root. A solved form (x = 1, y = 2x) stands for
its solutions, however often they count. Inequalities are the same up to a positive factor.
"""

from __future__ import annotations

import random
from fractions import Fraction

from agentprop.answers.algebra.monomials import NoForm, Poly, numerator, proportional
from agentprop.answers.algebra.normal_form import normal
from agentprop.answers.algebra.rationals import UndefinedValue, rational
from agentprop.answers.outcome import Equivalence, Unresolved, different, same, undetermined
from agentprop.answers.reading.nodes import Node, Number, Relational, Symbol, apply, is_scalar, substitute, symbols

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
        if proportional(*(numerator(normal(side)) for side in gaps)):
            return same("equation", "the equations differ by a constant factor")
    except (NoForm, UndefinedValue):
        pass
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


def _is_scalar_equation(relation: Relational) -> bool:
    return is_scalar(relation.left) and is_scalar(relation.right)


def _is_solved(relation: Relational) -> bool:
    """`x = 3`, `y = 2x + 1`: one side is a variable that does not occur on the other."""
    return any(
        isinstance(one, Symbol) and one.name not in symbols(other)
        for one, other in ((relation.left, relation.right), (relation.right, relation.left))
    )


# -- inequalities ----------------------------------------------------------------------------------------------------


def inequalities(gold: Relational, pred: Relational) -> Equivalence:
    """Decide two inequalities in any number of variables."""
    if gold.op not in (*_ORDERS, "!=") or pred.op not in (*_ORDERS, "!="):
        raise Unresolved("conditions of different kinds")
    if symbols(gap(gold)) != symbols(gap(pred)):
        return different("inequality", "the inequalities are about different variables")
    factor = _factor(gap(gold), gap(pred))
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
