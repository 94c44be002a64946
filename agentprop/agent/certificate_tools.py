"""A certificate's source → whether it computes its answer. Runs inside the sandbox, where the source is run again.

It imports nothing of agentprop. The skills that it is given note their calls here.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import io
import random
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

CALLED: list[str] = []
"""Names of the skills called so far, each once."""
CONVERSIONS = {"int", "float", "str", "bool", "list", "tuple", "set", "frozenset", "dict", "Fraction", "Decimal"}
"""Calls that turn one literal into another."""
CHANGES: tuple[Callable[[Any], Any], ...] = (
    lambda n: n + 1,
    lambda n: 2 * n + 1,
    lambda n: n - 1,
    lambda n: n + 2,
    lambda n: 3 * n + 4,
    lambda n: n - 2,
    lambda n: n + 4,
    lambda n: 10 * n,
    lambda n: n + 6,
)
"""Other numbers; several, because a skill may refuse the first ones, or its value may not move with them."""
SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda s: s[1:],
    lambda s: s + s[:1],
    lambda s: s[::-1],
    lambda s: s[1:] + s[:1],
)
"""Other strings."""
MAX_VARIANTS = 60
Bound = dict[str, list[ast.expr | None]]


def traced(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Make the function note that it was called."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        if name not in CALLED:
            CALLED.append(name)
        return function(*arguments, **named)

    return call


def examine(source: str, numbers: Collection[float], statement: str) -> tuple[bool, list[str], list[str], bool]:
    """Tell if the answer is a literal, the skill modules imported, the skills called, and if a given matters.

    Givens are the numbers, and the strings of the certificate that stand in the statement; without a number in the
    statement nothing has to matter.
    """
    tree = ast.parse(source)
    CALLED.clear()
    answer = _answer(tree)
    called = list(CALLED)
    depends = not numbers or any(
        other is not None and other != answer for other in map(_answer, _variants(source, numbers, statement))
    )
    return _is_literal(tree), _imported(tree), called, depends


def _answer(tree: ast.Module) -> str | None:
    """Text of the value that a program leaves in `answer`; None if it fails."""
    random.seed(0)
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(ast.fix_missing_locations(tree), "<certificate>", "exec"), names)
        return repr(names["answer"])
    except BaseException:
        return None


def _is_literal(tree: ast.Module) -> bool:
    """True if nothing but literals is ever assigned to `answer`."""
    bound: Bound = {}
    pairs: list[tuple[ast.expr, ast.expr | None]]
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                pairs = [(target, value) for target in targets]
            case ast.AnnAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                pairs = [(target, value)]
            case ast.AugAssign(target=target) | ast.For(target=target) | ast.comprehension(target=target):
                pairs = [(target, None)]
            case _:
                continue
        for target, value in pairs:
            for name in (n.id for n in ast.walk(target) if isinstance(n, ast.Name)):
                bound.setdefault(name, []).append(value)
    return _all_literal(bound.get("answer", [None]), bound, 8)


def _all_literal(values: Sequence[ast.expr | None], bound: Bound, depth: int) -> bool:
    return depth > 0 and all(_literal(value, bound, depth) for value in values)


def _literal(node: ast.expr | None, bound: Bound, depth: int) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=operand):
            return _literal(operand, bound, depth)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.JoinedStr(values=parts):
            return all(_literal(part, bound, depth) for part in parts)
        case ast.Dict(keys=keys, values=values):
            return all(_literal(part, bound, depth) for part in (*keys, *values))
        case ast.FormattedValue(value=value):
            return _literal(value, bound, depth)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return name in CONVERSIONS and all(_literal(part, bound, depth) for part in arguments)
        case ast.Name(id=name):
            return name in bound and _all_literal(bound[name], bound, depth - 1)
        case _:
            return False


def _imported(tree: ast.Module) -> list[str]:
    """Names of the modules of skills that are imported."""
    found: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="skills", names=names):
                found += [alias.name for alias in names]
            case ast.ImportFrom(module=str(module)) if module.startswith("skills."):
                found.append(module.removeprefix("skills."))
            case ast.Import(names=names):
                found += [a.name.removeprefix("skills.") for a in names if a.name.startswith("skills.")]
    return found


def _variants(source: str, numbers: Collection[float], statement: str) -> Iterator[ast.Module]:
    """The program with one given changed everywhere, and without its assertions."""
    nodes = list(ast.walk(ast.parse(source)))
    given = sorted({number for node in nodes for number in _numbers_of(node)} & {float(n) for n in numbers})
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    quoted = [text for text in dict.fromkeys(texts) if len(text) > 1 and text in statement]
    pairs: list[tuple[float | str, Callable[[Any], Any]]] = [(number, change) for change in CHANGES for number in given]
    pairs += [(text, change) for change in SPELLINGS for text in quoted]
    for old, change in pairs[:MAX_VARIANTS]:
        yield _Change(old, change).visit(ast.parse(source))


def _numbers_of(node: ast.AST) -> list[float]:
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return []
    if isinstance(node.value, str):
        return [float(text) for text in re.findall(r"\d+(?:\.\d+)?", node.value)]
    return [float(node.value)] if isinstance(node.value, (int, float)) and abs(node.value) < 1e300 else []


class _Change(ast.NodeTransformer):
    """One given is another one: a number in literals and in the digits of strings, or a whole string."""

    def __init__(self, old: float | str, change: Callable[[Any], Any]) -> None:
        self.old, self.change = old, change

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        return ast.Pass()

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if node.value == self.old and type(node.value) is str:
            return ast.Constant(self.change(node.value))
        if isinstance(self.old, str) or self.old not in _numbers_of(node):
            return node
        return ast.Constant(self._digits(node.value) if isinstance(node.value, str) else self.change(node.value))

    def _digits(self, text: str) -> str:
        def other(found: re.Match[str]) -> str:
            number = (float if "." in found[0] else int)(found[0])
            return str(self.change(number)) if number == self.old else found[0]

        return re.sub(r"\d+(?:\.\d+)?", other, text)
