"""Trees to sympy objects, and the questions only sympy answers: simplification, polynomial factors, solution sets.

The one module of answers that imports sympy, inside a worker. Objects are built node by node from our own trees; sympy
never sees a string that came from an answer.
"""

from __future__ import annotations

from typing import Any

import sympy

from agentprop.answers.outcome import Equivalence, Unresolved, different, same, undetermined
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
    symbols,
)

_CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "inf": sympy.oo}
_SETS = {
    "reals": sympy.S.Reals,
    "integers": sympy.S.Integers,
    "naturals": sympy.S.Naturals,
    "positive integers": sympy.S.Naturals,
    "naturals from 0": sympy.S.Naturals0,
    "rationals": sympy.S.Rationals,
}
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
    "based": lambda a: a,
    "conj": sympy.conjugate,
    "re": sympy.re,
    "im": sympy.im,
    "gamma": sympy.gamma,
    "zeta": sympy.zeta,
    "erf": sympy.erf,
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
        case Operation("sum" | "prod" | "integral" as head, (body, Symbol(name), lower, upper)):
            return _worked_out(head, body, name, lower, upper)
        case Operation("gcd" | "lcm", args) if any(symbols(arg) for arg in args):
            raise Unresolved("a greatest common divisor of expressions")  # sympy takes it for one of polynomials
        case Operation(head, args) if head in _FUNCTIONS:
            return _FUNCTIONS[head](*map(expression, args))
    raise Unresolved(f"no symbolic form for {type(node).__name__}")


def _worked_out(head: str, body: Node, name: str, lower: Node, upper: Node) -> Any:
    """A sum, product or integral in closed form; `Unresolved` where sympy finds none."""
    index = sympy.Symbol(name, integer=True) if head != "integral" else sympy.Symbol(name, real=True)
    inner = expression(body).subs(sympy.Symbol(name, real=True), index)
    kinds = {"sum": sympy.Sum, "prod": sympy.Product, "integral": sympy.Integral}
    found = kinds[head](inner, (index, expression(lower), expression(upper))).doit()
    if isinstance(found, sympy.Piecewise):
        found = found.args[0][0]
    if found.has(*kinds.values()) or found is sympy.nan:
        raise Unresolved("a sum or integral without a closed form")
    return found


def numbers_differ(left: Node, right: Node) -> bool:
    """True where 30 digits of closed forms tell two numbers apart; False says nothing."""
    gap = expression(left) - expression(right)
    value = sympy.N(gap, 30)
    return bool(value.is_number) and value.is_finite is True and bool(abs(value) > sympy.Float("1e-20"))


def difference_vanishes(left: Node, right: Node) -> bool:
    """True where sympy proves left = right; False says nothing."""
    gap = expression(left) - expression(right)
    if gap == 0:
        return True
    return any(step(gap) == 0 for step in (sympy.expand, sympy.radsimp, sympy.trigsimp, sympy.simplify))


def factors_of_zero(node: Node) -> dict[Any, int]:
    """The irreducible factors of the numerator with their multiplicities, each with leading coefficient one.

    Raises `Unresolved` beyond polynomials and their quotients.
    """
    top, _ = sympy.fraction(sympy.cancel(sympy.together(expression(node))))
    generators = sorted(top.free_symbols, key=str)
    if not generators or not top.is_polynomial(*generators):
        raise Unresolved("an equation beyond polynomials")
    _, factors = sympy.factor_list(top, *generators)
    found: dict[Any, int] = {}
    for factor, times in factors:
        monic = sympy.Poly(factor, *generators).monic().as_expr()
        found[monic] = found.get(monic, 0) + times
    return found


def compare_sets(gold: Node, pred: Node) -> Equivalence:
    """Sets of reals given by conditions that have to be solved first; an equation keeps its complex solutions."""
    for equation, listed in ((gold, pred), (pred, gold)):
        solved = _solutions_against_equation(equation, listed)
        if solved is not None:
            return solved
    try:
        left, right = (_enumerated(real_set(side)) for side in (gold, pred))
        gap = sympy.SymmetricDifference(left, right)
        equal = left == right or gap == sympy.S.EmptySet or gap.simplify() == sympy.S.EmptySet
    except (NotImplementedError, TypeError, ValueError, AttributeError) as error:
        raise Unresolved("sympy cannot solve these conditions") from error
    if not equal and isinstance(left, sympy.Range) and isinstance(right, sympy.Range):
        return different("solution-set", "not the same integers")
    if equal:
        return same("solution-set", "the conditions have the same solutions")
    if gap.is_empty is False or _shows_member(gap):
        return different("solution-set", "a number satisfies one condition and not the other")
    raise Unresolved("the solution sets could not be compared")


def _enumerated(found: Any) -> Any:
    """A finite range of integers as the set it is."""
    if isinstance(found, sympy.Range) and found.size.is_finite and found.size <= 10_000:
        return sympy.FiniteSet(*found)
    return found


def _solutions_against_equation(equation: Node, listed: Node) -> Equivalence | None:
    """A polynomial equation beside a list of its solutions; None for any other pair.

    Where the list has all real solutions and the equation has complex ones besides, they are the same only for a power
    with an odd exponent, as in x³ = 8, which has one root in school and three over the complex numbers.
    """
    if not (isinstance(equation, Relational) and equation.op == "=") or not isinstance(listed, Collection | Relational):
        return None
    if isinstance(listed, Relational) and not (isinstance(listed.left, Symbol) and not symbols(listed.right)):
        return None
    try:
        gap = sympy.expand(expression(equation.left) - expression(equation.right))
        values = real_set(listed) if not isinstance(listed, Relational) or listed.op == "=" else None
    except (Unresolved, NotImplementedError, TypeError, ValueError):
        return None
    names = gap.free_symbols
    if not isinstance(values, sympy.FiniteSet) or len(names) != 1 or not gap.is_polynomial(*names):
        return None
    polynomial = sympy.Poly(gap, *names)
    if polynomial.degree() > 12:
        return None
    real = {sympy.simplify(root) for root in polynomial.real_roots()}
    if any(all(sympy.simplify(value - root) != 0 for root in real) for value in values):
        return None if any(value.is_real is None for value in values) else _not_a_solution(values, polynomial)
    if len(values) < len(real):
        return different("solution-set", "a real solution is missing")
    if len(real) == len(set(sympy.roots(polynomial, multiple=True))) or _is_odd_power(polynomial):
        return same("solution-set", "the list holds all solutions of the equation")
    return undetermined("solution-set", "the list holds the real solutions, and the equation has complex ones besides")


def _not_a_solution(values: Any, polynomial: Any) -> Equivalence | None:
    if any(sympy.simplify(polynomial.as_expr().subs(polynomial.gen, value)) != 0 for value in values):
        return different("solution-set", "a listed value does not solve the equation")
    return None


def _is_odd_power(polynomial: Any) -> bool:
    """a·(x - h)^n = c with n odd."""
    degree = polynomial.degree()
    shift = polynomial.coeff_monomial(polynomial.gen ** (degree - 1)) / (degree * polynomial.LC())
    centred = sympy.Poly(polynomial.as_expr().subs(polynomial.gen, polynomial.gen - shift), polynomial.gen)
    return degree % 2 == 1 and set(centred.monoms()) <= {(degree,), (0,)}


def _shows_member(gap: Any) -> bool:
    return isinstance(gap, sympy.Interval | sympy.FiniteSet | sympy.Union) and gap != sympy.S.EmptySet


def real_set(node: Node) -> Any:
    """The sympy set of a tree that describes one; a lone value is the set of it."""
    match node:
        case Constant(name) if name in _SETS:
            return _SETS[name]
        case Interval(low, high, low_closed, high_closed):
            return sympy.Interval(expression(low), expression(high), not low_closed, not high_closed)
        case Relational("in", Symbol(), right):
            return real_set(right)
        case Relational(op, left, right):
            return _solved(op, expression(left) - expression(right))
        case Operation("union", args):
            return sympy.Union(*map(real_set, args))
        case Operation("minus", (left, *rest)):
            return sympy.Complement(real_set(left), sympy.Union(*map(real_set, rest)))
        case Operation("comma", args):
            together = sympy.Intersection(*map(real_set, args))
            return sympy.Union(*map(real_set, args)) if together == sympy.S.EmptySet else together
        case Operation("and" | "intersection" | "set", args):
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
    relation = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge, "!=": sympy.Ne}.get(op)
    if relation is None:
        raise Unresolved(f"a condition that is no inequality: {op}")
    return sympy.solve_univariate_inequality(relation(gap, 0), names[0], relational=False)
