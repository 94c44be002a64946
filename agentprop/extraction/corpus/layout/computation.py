"""Straight-line Python that computes an answer → the equations of it, as a worked solution would write them.

    eggs = 16                     16 - 3 = 13
    left = eggs - 3        →      13 * 2 = 26
    return left * 2

Nothing is run: the text is parsed, and sums, differences, products and quotients of numbers are computed as fractions.
Anything else (loops, calls, powers) has no such equations.
"""

from __future__ import annotations

import ast
from fractions import Fraction

_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
MOST_DIGITS = 40
"""Digits of a value beyond which no equation is written."""
MOST_PLACES = 12
"""Decimal places of a value that is written as a decimal."""


class _NotStraight(ValueError):
    """The program does something else than compute."""


def equations_of(program: str) -> str:
    """The equations of a program, a line each, in its order; nothing if it is not straight-line arithmetic."""
    try:
        body = ast.parse(program).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    if len(body) == 1 and isinstance(body[0], ast.FunctionDef):
        body = body[0].body
    lines: list[str] = []
    known: dict[str, Fraction] = {}
    try:
        for statement in body:
            _run(statement, known, lines)
    except (_NotStraight, RecursionError):
        return ""
    return "\n".join(lines)


def _run(statement: ast.stmt, known: dict[str, Fraction], lines: list[str]) -> None:
    """Follow one statement."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            known[name] = _value(value, known, lines)
        case ast.Return(value=ast.expr() as value):
            _value(value, known, lines)
        case ast.Expr(value=ast.Constant(value=str())) | ast.Pass():
            pass
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            pass
        case _:
            raise _NotStraight


def _value(node: ast.expr, known: dict[str, Fraction], lines: list[str]) -> Fraction:
    """The value of an expression; an operation is written down with its value."""
    if isinstance(node, ast.BinOp):
        text, value = _operation(node, known)
        if max(len(str(value.numerator)), len(str(value.denominator))) > MOST_DIGITS:
            raise _NotStraight
        lines.append(f"{text} = {_written(value)}")
        return value
    return _leaf(node, known)


def _operation(node: ast.expr, known: dict[str, Fraction]) -> tuple[str, Fraction]:
    """(how an expression is written with numbers, its value)."""
    if not isinstance(node, ast.BinOp):
        value = _leaf(node, known)
        return (f"({_written(value)})" if value < 0 or "/" in _written(value) else _written(value)), value
    sign = _SIGNS.get(type(node.op))
    if sign is None:
        raise _NotStraight
    (left, a), (right, b) = _operation(node.left, known), _operation(node.right, known)
    if sign == "/" and b == 0:
        raise _NotStraight
    value = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else a}[sign]
    left = f"({left})" if sign in "*/" and isinstance(node.left, ast.BinOp) and type(node.left.op) in _SUMS else left
    return f"{left} {sign} {f'({right})' if isinstance(node.right, ast.BinOp) else right}", value


_SUMS = (ast.Add, ast.Sub)


def _leaf(node: ast.expr, known: dict[str, Fraction]) -> Fraction:
    match node:
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and abs(value) < 1e30:
            return Fraction(str(value))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_leaf(operand, known)
        case _:
            raise _NotStraight


def _written(value: Fraction) -> str:
    """A fraction as a whole number, a decimal if it has one that ends, or a quotient."""
    places = next((places for places in range(MOST_PLACES) if (value * 10**places).denominator == 1), None)
    if places is None:
        return f"{value.numerator}/{value.denominator}"
    digits = str(abs(int(value * 10**places))).zfill(places + 1)
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
