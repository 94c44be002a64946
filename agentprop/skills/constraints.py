"""A constraint such as `gcd(a, m) == 1` → true or false, without ever running it as Python.

Skill packages are untrusted, so constraints are interpreted over a syntax tree of allowed nodes, with a budget of steps
and a cap on the size of integers: a hostile constraint costs milliseconds and nothing else.

Example: the tree of `gcd(a, m) == 1` is Compare(Call(gcd, a, m), Eq, 1). Each visited node is one step; for a = 8 and
m = 6 that is compare, call, a, m and 1, five steps, and gcd gives 2, so the constraint does not hold.

    >>> sorted(names("gcd(a, m) == 1")), holds("gcd(a, m) == 1", {"a": 8, "m": 6}), holds("a < 9", {"a": 8})
    (['a', 'm'], False, True)
    >>> evaluate("[n / 2 for n in xs if n % 2]", {"xs": [1, 2, 3]})
    [Fraction(1, 2), Fraction(3, 2)]
    >>> holds("9 ** 9 ** 9 > 0", {})  # refused before it is computed
    False
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sized
from fractions import Fraction
from functools import lru_cache
from typing import Any

from agentprop.portable import parse_expression

MAX_STEPS = 50_000
"""Nodes that an evaluation may visit."""
MAX_BITS = 4096
"""Largest integer, in bits."""
SMALL = 2**62
"""An integer below this needs no look at its size."""
MAX_LENGTH = 2_000
"""Longest text, list and range."""
MAX_PRIME_BITS = 256
"""Largest argument of `is_prime`, in bits."""
MOST_ITEMS = 16
"""Constants over which a loop counts as short."""
ITEMS_PER_STEP = 8
"""Elements of an argument that a function call handles for the price of one step."""


class ExpressionError(ValueError):
    """The expression is not in the constraint language, or exceeded its budget."""


def is_prime(n: int) -> bool:
    """True if n is prime: Miller–Rabin, proven for n < 3.3·10^24 (Sorenson and Webster 2017), probable beyond."""
    if n.bit_length() > MAX_PRIME_BITS:
        raise ExpressionError("is_prime takes smaller numbers")
    if n < 2:
        return False
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
    for p in bases:
        if n % p == 0:
            return n == p
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in bases:
        x = pow(base, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def is_square(n: int) -> bool:
    """True if n is the square of an integer."""
    return n >= 0 and math.isqrt(n) ** 2 == n


def _bounded_range(*arguments: int) -> range:
    result = range(*arguments)
    if len(result) > MAX_LENGTH:
        raise ExpressionError(f"range of more than {MAX_LENGTH} values")
    return result


def _fraction(*parts: Any) -> Fraction:
    if any(isinstance(part, str) for part in parts):
        raise ExpressionError("Fraction takes numbers")  # Fraction("1e999999999") would fill the memory
    return Fraction(*parts)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "gcd": math.gcd, "lcm": math.lcm, "abs": abs, "min": min, "max": max, "sum": sum, "len": len, "all": all,
    "any": any, "range": _bounded_range, "sorted": sorted, "set": set, "is_prime": is_prime, "is_square": is_square,
    "isqrt": math.isqrt, "Fraction": _fraction,
}  # fmt: skip

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
}  # fmt: skip
_SYNTAX = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Store, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.And, ast.Or,
    ast.Compare, ast.Call, ast.Subscript, ast.Slice, ast.List, ast.Tuple, ast.Set, ast.GeneratorExp, ast.ListComp,
    ast.comprehension, ast.IfExp, ast.Pow, *_BINARY, *_COMPARE, *_UNARY,
)  # fmt: skip


@lru_cache(maxsize=8192)
def parse(text: str) -> ast.expr:
    """Parse a constraint into its checked syntax tree. Raises ExpressionError for anything outside the language."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError("constraint is too long")
    try:
        tree = parse_expression(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"not an expression: {error}") from None
    for node in ast.walk(tree):
        if not isinstance(node, _SYNTAX):
            raise ExpressionError(f"{type(node).__name__} is not allowed in a constraint")
        # Only names can be called: an attribute such as ().__class__ is the usual way out of an interpreter.
        if isinstance(node, ast.Call) and (
            not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords
        ):
            raise ExpressionError(f"only {', '.join(sorted(FUNCTIONS))} may be called in a constraint")
        if isinstance(node, ast.Constant) and not isinstance(node.value, int | float | str | bool):
            raise ExpressionError(f"constant {node.value!r} is not allowed in a constraint")
    return tree.body


@lru_cache(maxsize=8192)
def names(text: str) -> frozenset[str]:
    """Free names of a constraint, which must be parameters."""
    tree = parse(text)
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return frozenset(used - bound - set(FUNCTIONS))


def evaluate(text: str, values: Mapping[str, Any]) -> Any:
    """Evaluate a constraint. Raises ExpressionError if it has no value, or one that is too large or too slow to get."""
    quick = _quick(text)
    if quick is not None:
        try:
            return quick(values)
        except (_Unusual, ArithmeticError, AttributeError, TypeError, ValueError, KeyError, RecursionError):
            pass  # the evaluator decides, and says what is wrong
    try:
        return _Evaluator(values).visit(parse(text))
    except (ArithmeticError, AttributeError, TypeError, ValueError, IndexError, KeyError, RecursionError) as error:
        raise ExpressionError(f"{text}: {error}") from None


def holds(text: str, values: Mapping[str, Any]) -> bool:
    """True if a constraint holds; one that cannot be evaluated for these values does not."""
    try:
        return bool(evaluate(text, values))
    except ExpressionError:
        return False


# --- the common case: a few numbers, compared ---


class _Unusual(Exception):
    """A value that the evaluator has to look at: no number, or a large one."""


@lru_cache(maxsize=8192)
def _quick(text: str) -> Callable[[Mapping[str, Any]], Any] | None:
    """A function for a constraint without containers, powers and loops but over a few constants: its length bounds its
    steps.
    """
    try:
        return _function(parse(text))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, _Unusual):
        return None


def _function(node: ast.expr) -> Callable[[Mapping[str, Any]], Any]:
    """The tree as nested functions that mean what `_Evaluator` does. Raises KeyError for a node it has none for, and
    _Unusual for a large constant.
    """
    match node:
        case ast.Constant(value=int() | float() as value):
            constant = _plain(value)
            return lambda values: constant
        case ast.Name(id=name):
            return lambda values: _plain(values[name])
        case ast.UnaryOp(op=op, operand=operand):
            unary, inner = _UNARY[type(op)], _function(operand)
            return lambda values: unary(inner(values))
        case ast.BinOp(left=left_node, op=op, right=right_node):
            binary, left, right = _QUICK_BINARY[type(op)], _function(left_node), _function(right_node)
            return lambda values: _plain(binary(left(values), right(values)))
        case ast.BoolOp(op=op, values=nodes):
            parts, stop = [_function(part) for part in nodes], isinstance(op, ast.Or)
            return lambda values: _first(parts, values, stop)
        case ast.IfExp(test=test_node, body=body_node, orelse=else_node):
            test, body, other = _function(test_node), _function(body_node), _function(else_node)
            return lambda values: body(values) if test(values) else other(values)
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()], comparators=[ast.Constant(value=str() as choice)]):
            return lambda values: _chosen(values[name]) == choice
        case ast.Compare(left=left_node, ops=[op], comparators=[right_node]):
            compare, left, right = _QUICK_COMPARE[type(op)], _function(left_node), _function(right_node)
            return lambda values: compare(left(values), right(values))
        case ast.Compare(left=first, ops=ops, comparators=others):
            tests, sides = [_QUICK_COMPARE[type(op)] for op in ops], [_function(side) for side in (first, *others)]
            return lambda values: _chain(tests, sides, values)
        case ast.Call(func=ast.Name(id=name), args=[*nodes]) if name in _QUICK_FUNCTIONS and nodes:
            called, arguments = FUNCTIONS[name], [_function(argument) for argument in nodes]
            return lambda values: _plain(called(*[_plain(argument(values)) for argument in arguments]))
        case ast.Call(func=ast.Name(id=name), args=[ast.ListComp() | ast.GeneratorExp() as made]) if name in _SUMMARIES:
            summary, loop = FUNCTIONS[name], _loop(made)
            return lambda values: _plain(summary(loop(values)))
    raise KeyError(type(node))


def _loop(node: Any) -> Callable[[Mapping[str, Any]], list[Any]]:
    """The same for a comprehension over a few constants, without another one in it."""
    if len([part for part in ast.walk(node) if isinstance(part, ast.comprehension)]) > 1:
        raise KeyError(ast.comprehension)
    match node.generators:
        case [ast.comprehension(target=ast.Name(id=name), iter=iterated, ifs=ifs)]:
            items = list(_Evaluator({}).visit(iterated))
        case _:
            raise KeyError(ast.comprehension)
    if len(items) > MOST_ITEMS:
        raise KeyError(ast.comprehension)
    element, tests = _function(node.elt), [_function(test) for test in ifs]

    def found(values: Mapping[str, Any]) -> list[Any]:
        scopes = ({**values, name: item} for item in items)
        return [element(scope) for scope in scopes if all(test(scope) for test in tests)]

    return found


def _plain(value: Any) -> Any:
    """A value that needs no look at its size."""
    kind = type(value)
    if kind is float or kind is bool or (kind is int and -SMALL < value < SMALL):
        return value
    if kind is Fraction and value.denominator < SMALL and -SMALL < value.numerator < SMALL:
        return value
    raise _Unusual


def _chosen(value: Any) -> str:
    if type(value) is not str or len(value) > MAX_LENGTH:
        raise _Unusual
    return value


def _ratio(left: Any, right: Any) -> Any:
    return Fraction(left, right) if isinstance(left, int) and isinstance(right, int) else left / right


def _first(parts: list[Callable[[Mapping[str, Any]], Any]], values: Mapping[str, Any], stop: bool) -> Any:
    result: Any = not stop
    for part in parts:
        result = part(values)
        if bool(result) is stop:
            break
    return result


def _chain(
    tests: list[Callable[[Any, Any], bool]],
    sides: list[Callable[[Mapping[str, Any]], Any]],
    values: Mapping[str, Any],
) -> bool:
    left = sides[0](values)
    for test, side in zip(tests, sides[1:], strict=True):
        right = side(values)
        if not test(left, right):
            return False
        left = right
    return True


_QUICK_BINARY = {**_BINARY, ast.Div: _ratio}
_QUICK_COMPARE = {kind: test for kind, test in _COMPARE.items() if kind not in (ast.In, ast.NotIn)}
_QUICK_FUNCTIONS = frozenset({"gcd", "lcm", "abs", "min", "max", "is_prime", "is_square", "isqrt"})
_SUMMARIES = frozenset({"len", "sum", "all", "any"})


# --- every case ---


class _Evaluator:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
        self.steps = 0

    def visit(self, node: ast.expr) -> Any:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise ExpressionError("constraint takes too many steps")
        result = _METHODS[type(node)](self, node)
        if type(result) is bool or (type(result) is int and -SMALL < result < SMALL):  # most are, and fit
            return result
        if _bits(result) > MAX_BITS:
            raise ExpressionError("constraint makes too large a number")
        if isinstance(result, str | list | tuple) and len(result) > MAX_LENGTH:
            raise ExpressionError("constraint makes too long a value")
        return result

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Any:
        if node.id not in self.values:
            raise ExpressionError(f"unknown name {node.id}")
        return self.values[node.id]

    def _binop(self, node: ast.BinOp) -> Any:
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, ast.Pow):
            return self._power(left, right)
        # "ab" * 10**9 and "%999999999d" % 1 would fill the memory in one step.
        if isinstance(node.op, ast.Mult) and not (_number(left) and _number(right)):
            raise ExpressionError("only numbers may be multiplied")
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            raise ExpressionError("text formatting is not allowed")
        if isinstance(node.op, ast.Div) and isinstance(left, int) and isinstance(right, int):
            return Fraction(left, right)  # exact, as conditions on rationals need it
        return _BINARY[type(node.op)](left, right)

    def _power(self, base: Any, exponent: Any) -> Any:
        if not isinstance(exponent, int) or abs(exponent) > MAX_BITS:
            raise ExpressionError("exponents must be small integers")
        # The result is bounded before it is computed; floats count as 64 bits.
        if (_bits(base) or 64) * abs(exponent) > MAX_BITS:
            raise ExpressionError("constraint makes too large a number")
        return base**exponent if exponent >= 0 else Fraction(base) ** exponent

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        return _UNARY[type(node.op)](self.visit(node.operand))

    def _boolop(self, node: ast.BoolOp) -> Any:
        stop = isinstance(node.op, ast.Or)
        result: Any = not stop
        for value in node.values:
            result = self.visit(value)
            if bool(result) is stop:
                break
        return result

    def _compare(self, node: ast.Compare) -> bool:
        left = self.visit(node.left)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.visit(right_node)
            if not _COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def _ifexp(self, node: ast.IfExp) -> Any:
        return self.visit(node.body if self.visit(node.test) else node.orelse)

    def _call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)  # parse() let nothing else through
        arguments = [self.visit(argument) for argument in node.args]
        # A call such as sorted(xs) does as much work as its arguments are long.
        self.steps += sum(len(a) for a in arguments if isinstance(a, Sized)) // ITEMS_PER_STEP
        return FUNCTIONS[node.func.id](*arguments)

    def _subscript(self, node: ast.Subscript) -> Any:
        container = self.visit(node.value)
        if isinstance(node.slice, ast.Slice):
            bounds = (node.slice.lower, node.slice.upper, node.slice.step)
            return container[slice(*(None if b is None else self.visit(b) for b in bounds))]
        return container[self.visit(node.slice)]

    def _list(self, node: ast.List) -> Any:
        return [self.visit(item) for item in node.elts]

    def _tuple(self, node: ast.Tuple) -> Any:
        return tuple(self.visit(item) for item in node.elts)

    def _set(self, node: ast.Set) -> Any:
        return {self.visit(item) for item in node.elts}

    def _listcomp(self, node: ast.ListComp) -> Any:
        return self._comprehend(node.elt, node.generators)

    def _generatorexp(self, node: ast.GeneratorExp) -> Any:
        return self._comprehend(node.elt, node.generators)

    def _comprehend(self, element: ast.expr, generators: list[ast.comprehension]) -> list[Any]:
        if not generators:
            return [self.visit(element)]
        first, rest = generators[0], generators[1:]
        saved, out = dict(self.values), []  # bound names are gone after the comprehension, as in Python
        for item in self.visit(first.iter):  # a list even for a generator, so that its length can be bounded
            self._bind(first.target, item)
            if all(self.visit(test) for test in first.ifs):
                out.extend(self._comprehend(element, rest))
        self.values = saved
        return out

    def _bind(self, target: ast.expr, item: Any) -> None:
        if isinstance(target, ast.Name):
            self.values[target.id] = item
        elif isinstance(target, ast.Tuple):
            for part, value in zip(target.elts, item, strict=True):
                self._bind(part, value)
        else:
            raise ExpressionError("only names may be bound in a comprehension")


def _bits(value: object) -> int:
    if isinstance(value, Fraction):
        return value.numerator.bit_length() + value.denominator.bit_length()
    return value.bit_length() if isinstance(value, int) else 0


def _number(value: object) -> bool:
    return isinstance(value, int | float | Fraction)


_METHODS: dict[type[ast.AST], Callable[[_Evaluator, Any], Any]] = {
    kind: method for kind in _SYNTAX if (method := getattr(_Evaluator, f"_{kind.__name__.lower()}", None)) is not None
}
"""How each kind of node is evaluated."""
