"""Trees to sympy objects, and the questions only sympy answers: simplification, polynomial factors, solution sets.

The one module of grading that imports sympy, inside a worker. Objects are built node by node from our own trees; sympy
never sees a string that came from an answer.
"""

from __future__ import annotations

from typing import Any

import sympy

from agentprop.answers.outcome import Equivalence, Unresolved, different, same
from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.nodes import (
    Collection,
    Constant,
    Interval,
    Matrix,
    Node,
    Number,
    Operation,
    Relational,
    Symbol,
)

_CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "inf": sympy.oo}
_FUNCTIONS: dict[str, Any] = {
    "+": sympy.Add,
    "*": sympy.Mul,
    "neg": lambda a: -a,
    "/": lambda a, b: a / b,
    "sqrt": sympy.sqrt,
    "exp": sympy.exp,
    "ln": sympy.log,
    "log": sympy.log,
    "logbase": lambda b, a: sympy.log(a) / sympy.log(b),
    "abs": sympy.Abs,
    "log10": lambda a: sympy.log(a) / sympy.log(10),
    "log2": lambda a: sympy.log(a) / sympy.log(2),
    "cbrt": lambda a: sympy.real_root(a, 3),
    "root": sympy.real_root,
    "^": sympy.Pow,
    "sgn": sympy.sign,
    "factorial": sympy.factorial,
    "factorial2": sympy.factorial2,
    "binomial": sympy.binomial,
    "floor": sympy.floor,
    "ceil": sympy.ceiling,
    "mod": sympy.Mod,
    "gcd": sympy.gcd,
    "lcm": sympy.lcm,
    "min": sympy.Min,
    "max": sympy.Max,
    "degrees": lambda a: a * sympy.pi / 180,
    "based": lambda a, _: a,
    **{name: getattr(sympy, name) for name in words("sin cos tan cot sec csc sinh cosh tanh coth")},
    **{f"arc{name}": getattr(sympy, f"a{name}") for name in words("sin cos tan cot sec csc sinh cosh tanh")},
}


def expression(node: Node) -> Any:
    """The sympy expression of a scalar tree, its variables real."""
    match node:
        case Number(value):
            return sympy.Rational(value.numerator, value.denominator)
        case Symbol(name):
            return sympy.Symbol(name, real=True)
        case Constant(name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case Operation("det", (Matrix(rows),)):
            return sympy.Matrix([[expression(entry) for entry in row] for row in rows]).det()
        case Operation(head, args) if head in _FUNCTIONS:
            return _FUNCTIONS[head](*map(expression, args))
    raise Unresolved(f"no symbolic form for {type(node).__name__}")


def difference_vanishes(left: Node, right: Node) -> bool:
    """True where sympy proves left = right; False says nothing."""
    gap = expression(left) - expression(right)
    if gap == 0:
        return True
    return any(step(gap) == 0 for step in (sympy.expand, sympy.radsimp, sympy.trigsimp, sympy.simplify))


def same_zeros(left: Node, right: Node) -> bool:
    """Do two expressions vanish at the same real points? Decided for polynomials (and quotients of them)."""
    factors = [_irreducible_factors(node) for node in (left, right)]
    if factors[0] == factors[1]:
        return True
    names = {symbol for side in factors for factor in side for symbol in factor.free_symbols}
    if len(names) == 1:
        roots = [frozenset(root for factor in side for root in sympy.Poly(factor).real_roots()) for side in factors]
        return roots[0] == roots[1]
    return False


def _irreducible_factors(node: Node) -> frozenset[Any]:
    """The distinct factors of the numerator, each scaled to leading coefficient one."""
    top, _ = sympy.fraction(sympy.cancel(sympy.together(expression(node))))
    generators = sorted(top.free_symbols, key=str)
    if not generators or not top.is_polynomial(*generators):
        raise Unresolved("an equation beyond polynomials")
    _, factors = sympy.factor_list(top, *generators)
    return frozenset(sympy.Poly(factor, *generators).monic().as_expr() for factor, _ in factors)


def compare_sets(gold: Node, pred: Node) -> Equivalence:
    """Sets of reals given by conditions that have to be solved first."""
    try:
        left, right = real_set(gold), real_set(pred)
        gap = sympy.SymmetricDifference(left, right)
        equal = left == right or gap == sympy.S.EmptySet or gap.simplify() == sympy.S.EmptySet
    except (NotImplementedError, TypeError, ValueError) as error:
        raise Unresolved("sympy cannot solve these conditions") from error
    if equal:
        return same("solution-set", "the conditions have the same solutions")
    if gap.is_empty is False or _shows_member(gap):
        return different("solution-set", "a number satisfies one condition and not the other")
    raise Unresolved("the solution sets could not be compared")


def _shows_member(gap: Any) -> bool:
    return isinstance(gap, sympy.Interval | sympy.FiniteSet | sympy.Union) and gap != sympy.S.EmptySet


def real_set(node: Node) -> Any:
    match node:
        case Constant("reals"):
            return sympy.S.Reals
        case Interval(low, high, low_closed, high_closed):
            return sympy.Interval(expression(low), expression(high), not low_closed, not high_closed)
        case Relational("in", Symbol(), right):
            return real_set(right)
        case Relational(op, left, right):
            return _solved(op, expression(left) - expression(right))
        case Operation("union", args):
            return sympy.Union(*map(real_set, args))
        case Operation("minus", (left, right)):
            return sympy.Complement(real_set(left), real_set(right))
        case Operation("and" | "intersection", args):
            return sympy.Intersection(*map(real_set, args))
        case Collection("tuple" | "list", (low, high)):
            return sympy.Interval(expression(low), expression(high), node.kind == "tuple", node.kind == "tuple")
        case Collection(_, items):
            return sympy.Union(*map(real_set, items))
        case _:
            return sympy.FiniteSet(expression(node))


def _solved(op: str, gap: Any) -> Any:
    names = sorted(gap.free_symbols, key=str)
    if len(names) != 1:
        raise Unresolved("a condition in several variables")
    if op == "=":
        return sympy.solveset(gap, names[0], sympy.S.Reals)
    relation = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge, "!=": sympy.Ne}[op](gap, 0)
    return sympy.solve_univariate_inequality(relation, names[0], relational=False)
