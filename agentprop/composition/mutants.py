"""A reference function → programs that differ from it in one place, as a hurried author's would.

Comparisons lose or gain their equality, plus and minus change places, a small constant is one more, a condition always
holds. A suite of tests is good if it fails every one of them that is not the same function in other words.

    >>> list(mutants("def solve(a, b):\\n    c = a < b\\n    return c + 1", "solve"))
    ['c = a < b: a < b -> a <= b', 'return c + 1: c + 1 -> c - 1', 'return c + 1: 1 -> 2']

Ours, after the usual operators of mutation testing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from agentprop.portable import parse_python

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip
COMBINED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
}  # fmt: skip
SMALL = 100
"""Constants up to which one more is a likely slip."""


def mutants(script: str, function: str) -> dict[str, str]:
    """Scripts in which one place of a function is changed, by a name that tells the change.

    A name gives the statement and the change in it; one that occurs twice is numbered. It survives edits elsewhere.
    """
    return next(mutants_of_each(script, [function]))


def mutants_of_each(script: str, functions: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the same for each of several functions."""
    tree = parse_python(script)
    whole = ast.unparse(tree)
    for function in functions:
        body = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
        yield _mutants_of(body, whole)


def _mutants_of(body: ast.FunctionDef, whole: str) -> dict[str, str]:
    before, _, after = whole.partition(ast.unparse(body))
    found: dict[str, str] = {}
    within = _statements(body)
    for node in [*ast.walk(body)]:
        for changed in _changes(node):
            name = f"{within[node]}: {_told(node)} -> {_told(changed)}"
            count = sum(known == name or known.startswith(f"{name} (") for known in found)
            found[f"{name} ({count + 1})" if count else name] = f"{before}{_with(body, node, changed)}{after}"
    return found


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in COMPARED:
            yield ast.Compare(node.left, [COMPARED[type(operator)]()], node.comparators)
        case ast.BinOp(op=operator) if type(operator) in COMBINED:
            yield ast.BinOp(node.left, COMBINED[type(operator)](), node.right)
        case ast.AugAssign(op=operator) if type(operator) in COMBINED:
            yield ast.AugAssign(node.target, COMBINED[type(operator)](), node.value)
        case ast.Constant(value=int(value)) if type(value) is int and value < SMALL:
            yield ast.Constant(value + 1)
        case ast.If():
            yield ast.If(ast.Constant(True), node.body, node.orelse)


def _statements(body: ast.FunctionDef) -> dict[ast.AST, str]:
    """Every node and the first line of its statement."""
    found: dict[ast.AST, str] = {}
    for statement in ast.walk(body):  # from the outside in, so that the innermost statement has the last word
        if isinstance(statement, ast.stmt):
            line = ast.unparse(statement).partition("\n")[0].removesuffix(":")
            found |= dict.fromkeys(ast.walk(statement), line)
    return found


def _told(node: ast.AST) -> str:
    """A node in one line; of a condition its test alone."""
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    return " ".join(ast.unparse(node).split())


def _with(body: ast.FunctionDef, node: ast.AST, changed: ast.AST) -> str:
    """A function's source with a node changed; it is as before afterwards, because a copy of it takes longer."""
    if type(node) is not type(changed):  # pragma: no cover - every change keeps the type
        raise TypeError(f"a {type(changed).__name__} cannot stand in place of a {type(node).__name__}")
    before = {field: getattr(node, field) for field in node._fields}
    try:
        for field in changed._fields:
            setattr(node, field, getattr(changed, field, before.get(field)))
        return ast.unparse(body)
    finally:
        for field, value in before.items():
            setattr(node, field, value)
